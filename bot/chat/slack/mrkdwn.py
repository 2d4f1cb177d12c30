"""Words as Slack's text objects. Outside text is escaped and never parsed: `& < >` become entities, and `verbatim`
keeps Slack from finding links, channels and mentions in it. https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from handlers.elements import Inline, Link, Mention, Moment, Strong

Json = dict[str, Any]

MORE: Final = "…"
# Slack refuses an empty text object; this stands for a text that is empty or blank.
_NOTHING: Final = "–"
_HALF_ENTITY: Final = re.compile(r"&[a-z]*$")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """The text, ended by "…" where it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + MORE


def escaped(text: str, limit: int) -> str:
    """The text escaped, in at most `limit` characters."""
    whole = escape(text)
    return whole if len(whole) <= limit else _HALF_ENTITY.sub("", whole[: limit - 1]) + MORE


def plain(text: str, limit: int) -> Json:
    """A `plain_text` object: never parsed, at least one and at most `limit` characters."""
    return {"type": "plain_text", "text": cut(text.strip() or _NOTHING, limit), "emoji": False}


def marked(text: str) -> Json:
    """A `mrkdwn` object around text that is escaped already."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def words(inlines: Iterable[Inline], limit: int) -> str:
    """The words as mrkdwn of at most `limit` characters. What no longer fits is cut at "…", never inside markup."""
    said = ""
    for inline in inlines:
        piece = _markup(inline)
        room = limit - len(said) - len(MORE)
        if len(piece) > room:
            begun = _HALF_ENTITY.sub("", piece[:room]) if isinstance(inline, str) else ""
            return said + begun + MORE
        said += piece
    return said.strip()


def _markup(inline: Inline) -> str:
    match inline:
        case str():
            return escape(inline)
        case Strong(text):
            return bold(text)
        case Link(text, url):
            return f"<{address(url)}|{escape(_one_line(text))}>" if safe(url) else escape(text)
        case Moment(at, fallback):
            # https://docs.slack.dev/messaging/formatting-message-text#date-formatting
            stamp = int(at.timestamp())
            return f"<!date^{stamp}^{{date_short_pretty}} {{time}}|{escape(_one_line(fallback))}>"
        case Mention(name, chat_id):
            return f"<@{chat_id}>" if chat_id else escape(name)


def bold(text: str) -> str:
    """Bold in one line; an asterisk inside would end it early."""
    inner = escape(" ".join(text.replace("*", "∗").split()))
    return f"*{inner}*" if inner else ""


def safe(url: str) -> bool:
    """Whether a link goes to a page; Slack opens other schemes in other programs."""
    return url.startswith(("https://", "http://"))


def address(url: str) -> str:
    """The URL without the characters that end a link in mrkdwn."""
    return escape(quote(url, safe="%/:?#[]@!$&'()*+,;=~"))


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "¦").split()) or _NOTHING
