"""What differs between the components that we want and those that Cliq has: pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from manifests.cliq import Component, Handler, Kind

# https://www.zoho.com/cliq/help/restapi/v3/functions/ and …/v3/bots/: neither can be updated.
_FIXED: Final = ("execution_type", "function_type")
# No answer is documented to show it. What else is not shown has not been set.
_UNSHOWN: Final = frozenset({"channel_participation"})
_SECRETS: Final = re.compile(r"(?<==)[^&]+")
_WHERE: Final = {Kind.COMMAND: "Commands", Kind.BOT: "Bots", Kind.FUNCTION: "Functions"}


@dataclass(frozen=True)
class Found:
    """A component as Cliq has it. `handlers` says for each type which permissions it has; None: not known."""

    id: str
    fields: Mapping[str, Any]
    handlers: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

    @property
    def unique_name(self) -> str | None:
        """A bot's, given by Cliq and kept for ever."""
        name = self.fields.get("unique_name")
        return str(name) if name else None


@dataclass(frozen=True)
class Change:
    """What makes one component as it should be; `found` is None where it has to be made. None of it: nothing to do."""

    wanted: Component
    found: Found | None
    fields: Mapping[str, Any] = field(default_factory=dict)
    add: tuple[Handler, ...] = ()
    permit: tuple[Handler, ...] = ()
    obstacle: str = ""

    @property
    def needed(self) -> bool:
        return self.found is None or bool(self.fields or self.add or self.permit)

    def __str__(self) -> str:
        title = self.wanted.title
        if self.found is None:
            return f"+ {title}"
        if self.needed:
            return f"~ {title}: {', '.join(self._parts(self.found))}"
        return f"! {title}" if self.obstacle else f"= {title}"

    def _parts(self, found: Found) -> Iterator[str]:
        for name, value in self.fields.items():
            yield f"{name} {_from_to(found.fields.get(name), value)}"
        for handler in self.add:
            yield f"new {handler.type}"
        for handler in self.permit:
            yield f"permissions of {handler.type} → {', '.join(handler.permissions)}"


def plan_changes(wanted: Sequence[Component], found: Mapping[str, Sequence[Found]]) -> tuple[Change, ...]:
    """A change for each wanted component, in order. `found` holds by title those that Cliq has of that name.

    More than one of a name, and what Cliq never changes, are obstacles: a person has to clear them away.
    """
    return tuple(_change(component, found.get(component.title, ())) for component in wanted)


def _change(wanted: Component, found: Sequence[Found]) -> Change:
    if not found:
        return Change(wanted, None)
    obstacle = _obstacle(wanted, found)
    if obstacle:
        return Change(wanted, found[0], obstacle=obstacle)
    add, permit = handler_changes(wanted, found[0])
    return Change(wanted, found[0], _differing(wanted.fields, found[0].fields), add, permit)


def handler_changes(wanted: Component, found: Found) -> tuple[tuple[Handler, ...], tuple[Handler, ...]]:
    """Handlers that are missing, and those with other permissions. Handlers that we do not know are left alone."""
    missing = tuple(each for each in wanted.handlers if each.type not in found.handlers)
    known = [each for each in wanted.handlers if each.type in found.handlers]
    return missing, tuple(each for each in known if found.handlers[each.type] != frozenset(each.permissions))


def _obstacle(wanted: Component, found: Sequence[Found]) -> str:
    where = f"in Cliq (Bots & Tools > {_WHERE[wanted.kind]})"
    if len(found) > 1:
        return f"There are {len(found)} {wanted.kind}s named {wanted.name}. Rename or delete all but one {where}."
    for name in _FIXED:
        value = found[0].fields.get(name)
        if value is not None and value != wanted.fields.get(name, value):
            return (
                f"The {wanted.title} has the {name} {value}; it must be {wanted.fields[name]}, and Cliq "
                f"never changes that. Rename or delete it {where}."
            )
    return ""


def _differing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What to send; nothing where only what cannot be seen might differ."""
    unseen = _UNSHOWN - found.keys()
    different = {
        name: value for name, value in wanted.items() if name not in _FIXED and _plain(found.get(name)) != _plain(value)
    }
    return different if different.keys() - unseen else {}


def _plain(value: Any) -> Any:
    """Lists without their order; numbers and words alike."""
    return sorted(map(str, value)) if isinstance(value, list) else str(value)


def _from_to(old: Any, new: Any) -> str:
    before, after = (masked(_shown(value)) for value in (old, new))
    return "(another secret)" if before == after else f"{before} → {after}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "nothing" if value is None else str(value)


def masked(text: str) -> str:
    """The text without the values in the query of a URL: one of them is a secret."""
    plain, mark, query = text.partition("?")
    return plain + mark + _SECRETS.sub("…", query)
