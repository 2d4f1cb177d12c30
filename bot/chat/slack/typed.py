"""What a person typed behind the slash command, as Slack hands it over, read as an intent.

With `should_escape` Slack sends mentions as `<@U…>` or `<@U…|name>`, channels and groups in the same brackets,
addresses as links; `& < >` are entities. https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import html
import re
from typing import Final

from handlers.intents import Intent, Misunderstood, Subject, SubjectKind, parse_command

_MARKUP: Final = re.compile(r"<([^<>]+)>")
_PERSON: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
# An id typed by hand; a digit tells it from a name in capitals.
_BARE_ID: Final = re.compile(r"(?<!\S)([UW](?=[A-Z0-9]*\d)[A-Z0-9]{4,})(?!\S)")
_GROUP: Final = re.compile(r"<[!#][^<>]*>|<@(?![UW][A-Z0-9]+[|>])[^<>]*>")
_SLACKBOT: Final = "USLACKBOT"


def read_command(text: str) -> Intent:
    """Read the text of a command. Several people, a group, a channel or words beside a person are never guessed at."""
    marked = _BARE_ID.sub(r"<@\1>", text)
    people = _PERSON.findall(marked)
    if len(people) > 1 or _SLACKBOT in people or _GROUP.search(marked):
        return Misunderstood(_as_typed(marked))
    if not people:
        return parse_command(_as_typed(marked))
    person = Subject(SubjectKind.CHAT_ID, people[0])
    intent = parse_command(_as_typed(_PERSON.sub(" ", marked)), mention=person)
    return Misunderstood(_as_typed(marked)) if isinstance(intent, Misunderstood) else intent


def _as_typed(marked: str) -> str:
    return " ".join(html.unescape(_MARKUP.sub(_label, marked)).split())


def _label(markup: re.Match[str]) -> str:
    target, _, label = markup[1].partition("|")
    if target[0] in "@#!":
        return target[0].replace("!", "@") + (label or target[1:]).lstrip("@#")
    return label or target.removeprefix("mailto:").removeprefix("tel:")
