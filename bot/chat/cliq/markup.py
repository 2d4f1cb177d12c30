"""Words as Cliq's markdown. Text from outside stays text: https://www.zoho.com/cliq/help/restapi/v3/messageformat/

Cliq documents no way to escape a character. So the signs that open markup are defused, each in the way that harms the
text least: `{` and `]` get an invisible word joiner behind them, so that neither a mention `{@id}` nor a link
`[label](url)` begins there; `!`, `#`, `-` and `>` at the start of a line get one before them; `* _ ~ backtick \\` give
way to signs that look alike. An underscore between letters stays: addresses are copied, and it starts nothing there.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from handlers.elements import Inline, Link, Mention, Moment, Strong

MORE: Final = "…"
# Stands where Cliq wants a text and there is none.
NOTHING: Final = "–"
_JOINER: Final = "\u2060"
_LOOK_ALIKE: Final = str.maketrans({"*": "∗", "~": "∼", "`": "'", "\\": "∖"})
_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LINE_BREAK: Final = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_OPENING: Final = re.compile(r"[{\]]")
_LINE_START: Final = re.compile(r"^([^\S\n]*)([!#>-])", re.MULTILINE)
_BRACKETS: Final = str.maketrans("[]", "()")


def neutral(text: str) -> str:
    """The text without anything that Cliq would read as markup."""
    lines = _LINE_BREAK.sub("\n", text).translate(_LOOK_ALIKE)
    defused = _OPENING.sub(lambda sign: sign[0] + _JOINER, _UNDERSCORE.sub("ˍ", lines))
    return _LINE_START.sub(rf"\1{_JOINER}\2", defused)


def cut(text: str, limit: int) -> str:
    """The text, ended by "…" where it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + MORE


def cut_at_word(text: str, limit: int) -> str:
    """The same, ended behind a word where there is one in the last third."""
    if len(text) <= limit:
        return text
    end = max(text.rfind(" ", 0, limit), text.rfind("\n", 0, limit))
    return (text[:end].rstrip() if end > limit * 2 // 3 else text[: limit - 1]) + MORE


def plain(text: str, limit: int) -> str:
    """One line of at least one and at most `limit` characters, without markup."""
    return cut_at_word(neutral(_one_line(text)), limit)


def words(inlines: Iterable[Inline], limit: int) -> str:
    """The words as markdown of at most `limit` characters. What no longer fits is cut at "…", never inside markup."""
    said = ""
    for inline in inlines:
        piece = _markup(inline)
        room = limit - len(said) - len(MORE)
        if len(piece) > room:
            return said + (piece[: max(room, 0)] if isinstance(inline, str) else "") + MORE
        said += piece
    return said.strip()


def spoken(inlines: Iterable[Inline]) -> str:
    """The words where Cliq shows no markdown: in forms and widgets."""
    return "".join(map(_spoken, inlines)).strip()


def bold(text: str) -> str:
    """Bold in one line; nothing where the text is blank."""
    inner = neutral(" ".join(text.split()))
    return f"*{inner}*" if inner else ""


def safe(url: str) -> bool:
    """Whether a link goes to a page; Cliq opens other schemes in other programs."""
    return url.startswith(("https://", "http://"))


def address(url: str) -> str:
    """The URL without the characters that end a link in markdown."""
    return quote(url, safe="%/:?#@!$&'+,;=")


def _markup(inline: Inline) -> str:
    match inline:
        case str():
            return neutral(inline)
        case Strong(text):
            return bold(text)
        case Link(text, url):
            return f"[{_label(text)}]({address(url)})" if safe(url) else neutral(text)
        case Moment(fallback=fallback):
            return neutral(_one_line(fallback))
        case Mention(name, chat_id):
            # In this spelling nobody is notified: https://www.zoho.com/cliq/help/restapi/v3/mentions/
            return f"[{_label(name)}](zohoid:{chat_id})" if chat_id and chat_id.isalnum() else neutral(name)


def _spoken(inline: Inline) -> str:
    match inline:
        case str():
            return neutral(inline)
        case Strong(text) | Moment(fallback=text) | Mention(name=text):
            return neutral(" ".join(text.split()))
        case Link(text, url):
            return f"{neutral(text)} ({address(url)})" if safe(url) else neutral(text)


def _label(text: str) -> str:
    """What a link is called: a bracket in it would end the name early."""
    return neutral(_one_line(text).translate(_BRACKETS))


def _one_line(text: str) -> str:
    return " ".join(text.split()) or NOTHING
