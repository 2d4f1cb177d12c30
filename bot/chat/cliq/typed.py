"""What a person typed, as Cliq hands it over, read as an intent.

Cliq lists the mentioned beside the text, and its documents do not say how a mention is spelled in the text: by name,
or as `{@id}` or `[Name](zohoid:id)` like those that an app writes. Each of them is read.
https://www.zoho.com/cliq/help/platform/mentions-object.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from handlers.intents import Intent, Misunderstood, Subject, SubjectKind, parse_command, parse_subject

_MARKUP: Final = re.compile(r"\{([@#])([^{}]+)\}|\[([^\[\]]*)\]\((?:zohoid|mail):([^()\s]+)\)")
_SPELLED_ELSE: Final = r"(?<!\S)@\S+(?!\S)"


@dataclass(frozen=True)
class Mentioned:
    """Somebody or something that Cliq lists as mentioned. `names` are all that it may be called by in the text."""

    id: str
    kind: str  # "user", "bot"
    names: tuple[str, ...]
    email: str = ""


def read_command(text: str, mentions: Sequence[Mentioned]) -> Intent:
    """Read a command line. Several people, a bot, a group, a channel or words beside a person are never guessed at."""
    typed = _as_typed(text, mentions)
    bare, marked = _without_markup(text)
    listed = [_person(m) for m in mentions]
    people = list(dict.fromkeys([*listed, *(_meant(target, mentions) for target in marked)]))
    match people:
        case []:
            return parse_command(typed)
        case [Subject() as person]:
            intent = parse_command(bare if marked else _without_name(bare, mentions), mention=person)
            return Misunderstood(typed) if isinstance(intent, Misunderstood) else intent
        case _:
            return Misunderstood(typed)


def read_called(text: str, mentions: Sequence[Mentioned]) -> Intent:
    """Read a line that calls the bot by its name: the rest is a command line."""
    bots = [m for m in mentions if m.kind == "bot"]
    if len(bots) != 1:
        return read_command(text, mentions)
    others = [m for m in mentions if m not in bots]
    unmarked = _MARKUP.sub(lambda found: " " if bots[0].id in found.groups() else found[0], text)
    return read_command(unmarked if unmarked != text else _without_name(text, bots), others)


def with_pick(text: str, title: str) -> str:
    """The command line with the picked suggestion in it, whether Cliq has written it into the text or not."""
    typed, picked = text.strip(), title.strip()
    if typed.lower().startswith(picked.lower()):
        return typed
    return picked if picked.lower().startswith(typed.lower()) else f"{picked} {typed}"


def _without_markup(text: str) -> tuple[str, list[str]]:
    """The text without mentions in markup, and whom those name: "#…" for a channel."""
    found = _MARKUP.findall(text)
    targets = [sign.removeprefix("@") + target + linked for sign, target, _, linked in found]
    return " ".join(_MARKUP.sub(" ", text).split()), targets


def _meant(target: str, mentions: Sequence[Mentioned]) -> Subject | None:
    """Whom a mention in markup means; None for a group, a channel or a bot."""
    listed = next((m for m in mentions if target == m.id or target.lower() == m.email), None)
    if listed:
        return _person(listed)
    if target.isdecimal():
        return Subject(SubjectKind.CHAT_ID, target)
    found = parse_subject(target)
    return found if found and found.kind is SubjectKind.EMAIL else None


def _person(mentioned: Mentioned) -> Subject | None:
    return Subject(SubjectKind.CHAT_ID, mentioned.id) if mentioned.kind == "user" else None


def _without_name(text: str, mentions: Iterable[Mentioned]) -> str:
    """The text without the name of the mentioned; where none stands in it, without one word after an "@".

    Somebody may be called as other words are ("Am", "Son On"), so that only one place is taken for the name: the first
    with an "@", else the first that does not begin a date.
    """
    names = sorted({name for m in mentions for name in (*m.names, m.email, m.id) if name}, key=len, reverse=True)
    called = "|".join(map(re.escape, names))
    for spelled in (rf"(?<!\w)@(?:{called})(?!\w)", rf"(?<!\w)(?:{called})(?!\w|\s+\d)", _SPELLED_ELSE):
        rest, found = re.subn(spelled, " ", text, count=1, flags=re.IGNORECASE)
        if found:
            return " ".join(rest.split())
    return " ".join(text.split())


def _as_typed(text: str, mentions: Iterable[Mentioned]) -> str:
    called = {m.id: m.names[0] for m in mentions if m.names}

    def label(markup: re.Match[str]) -> str:
        sign, target, name, linked = markup.groups()
        return f"{sign}{called.get(target, target)}" if sign else f"@{name or called.get(linked, linked)}"

    return " ".join(_MARKUP.sub(label, text).split())
