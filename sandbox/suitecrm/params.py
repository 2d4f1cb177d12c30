"""Query strings as PHP reads them, and the checks of the options with their texts.

The texts are those of Symfony's OptionsResolver, with which the V8 API checks what it is given:
https://github.com/symfony/options-resolver/blob/5.4/OptionsResolver.php
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from sandbox.suitecrm.api import Json, Refused

_KEY: Final = re.compile(r"\[([^\]]*)\]")
_MOST: Final = 2**31  # beyond it the database would not count
_MODULE_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ID: Final = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def nested(pairs: Iterable[tuple[str, str]]) -> Json:
    """`a[b][c]=v` as `{"a": {"b": {"c": "v"}}}`; what comes later under the same name replaces what was there."""
    found: Json = {}
    for name, value in pairs:
        head, bracket, _ = name.partition("[")
        keys = [head, *_KEY.findall(name)] if bracket else [head]
        here = found
        for key in keys[:-1]:
            inner = here.get(key)
            if not isinstance(inner, dict):
                inner = here[key] = {}
            here = inner
        here[keys[-1]] = value
    return found


def flattened(values: Mapping[str, Any], prefix: str = "") -> str:
    """The query string again, as it stands in the links of a page: not encoded."""
    parts = []
    for name, value in values.items():
        key = f"{prefix}[{name}]" if prefix else name
        parts.append(flattened(value, key) if isinstance(value, Mapping) else f"{key}={unquote(str(value))}")
    return "&".join(parts)


def resolve(given: Mapping[str, Any], *, defined: Iterable[str], required: Iterable[str] = ()) -> None:
    """Raises Refused for options that do not exist or are missing."""
    names, missing = sorted(defined), sorted(name for name in required if name not in given)
    if unknown := sorted(set(given) - set(names)):
        subject = f'The option{"s" * (len(unknown) > 1)} "{_quoted(unknown)}" do{"" if len(unknown) > 1 else "es"}'
        raise Refused(f'{subject} not exist. Defined options are: "{_quoted(names)}".')
    if missing:
        verb = "s" * (len(missing) > 1), "are" if len(missing) > 1 else "is"
        raise Refused(f'The required option{verb[0]} "{_quoted(missing)}" {verb[1]} missing.')


def _quoted(names: list[str]) -> str:
    return '", "'.join(names)


def as_object(given: Mapping[str, Any], name: str) -> Json:
    """An option that is an array in PHP; empty where it is not given. Raises Refused."""
    value = given.get(name, {})
    if isinstance(value, dict):
        return value
    shown = f'"{value}"' if isinstance(value, str) else "null" if value is None else str(value)
    kind = {str: "string", type(None): "null", bool: "bool", list: "array"}.get(type(value), type(value).__name__)
    raise Refused(f'The option "{name}" with value {shown} is expected to be of type "array", but is of type "{kind}".')


def check_name(given: Mapping[str, Any], name: str) -> str:
    """A module or link name. Raises Refused."""
    return _checked(given, name, _MODULE_NAME)


def check_id(given: Mapping[str, Any]) -> str:
    """A record id: a GUID or a number. Raises Refused."""
    return _checked(given, "id", _ID)


def _checked(given: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = given[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Refused(f'The option "{name}" with value "{value}" is invalid.')
    return value


@dataclass(frozen=True)
class Page:
    """Without a size all rows come at once. A number that is not given counts as 0: so the first page's next is 1."""

    size: int | None = None
    number: int = 0

    @property
    def offset(self) -> int:
        return max(self.number - 1, 0) * (self.size or 0)


def page(query: Mapping[str, Any]) -> Page:
    """Raises Refused."""
    given = as_object(query, "page")
    if any(not isinstance(value, str) or not value.isdecimal() for value in given.values()):
        raise Refused('The option "page" with value array is invalid.')
    resolve(given, defined=("number", "size"))
    for name, value in given.items():
        if int(value) == 0:
            raise Refused(f'The option "{name}" with value "{value}" is invalid.')
    size, number = (min(int(given.get(name, 0)), _MOST) for name in ("size", "number"))
    return Page(size if "size" in given else None, number)
