"""Cliq's text markup as safe HTML. https://www.zoho.com/cliq/help/restapi/v3/messageformat/

Everything that is not markup is escaped: whatever a record or a person is called, it stays text.
"""

import re
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup, escape

from sandbox.page.mrkdwn import safe_url

_FENCE: Final = re.compile(r"```\n?(.+?)\n?```\n?", re.DOTALL)
_CODE: Final = re.compile(r"`([^`\n]+)`")
_LINK: Final = re.compile(r"\[([^\[\]\n]+)\]\(([^()\s]+)\)")
# https://www.zoho.com/cliq/help/restapi/v3/mentions/: the second kind notifies nobody
_MENTION: Final = re.compile(r"\{([@#])([^{}\s]+)\}")
_SILENT: Final = re.compile(r"(?:zohoid|mail):.+")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\ue000]*[^\s<>\ue000.,;:!?)\]}'\"]")
_QUOTE: Final = re.compile(r"(?:^(?:!|&gt;) ?[^\n]*(?:\n|$))+", re.MULTILINE)
_QUOTE_SIGN: Final = re.compile(r"^(?:!|&gt;) ?", re.MULTILINE)
_HEADING: Final = re.compile(r"^#{1,6} +([^\n]+)(?:\n|$)", re.MULTILINE)
_RULE: Final = re.compile(r"^-{3,}(?:\n|$)", re.MULTILINE)
_STYLES: Final = (
    (re.compile(r"(?<!\w)__(?=\S)([^\n]*?[^\s_])__(?!\w)"), "u"),
    *(
        (re.compile(rf"(?<![\w{mark}]){re.escape(mark)}(?=\S)([^{mark}\n]*?\S){re.escape(mark)}(?![\w{mark}])"), tag)
        for mark, tag in (("*", "strong"), ("_", "em"), ("~", "s"))
    ),
)
_KEPT: Final = re.compile("\ue000(\\d+)\ue001")
_PRIVATE: Final = {0xE000: None, 0xE001: None}


def markdown(text: object, names: Mapping[str, str]) -> Markup:
    """The text as a reader sees it. `names` maps what mentions carry, ids and addresses, to what they are called."""
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\ue000{len(kept) - 1}\ue001"

    raw = str(text).translate(_PRIVATE)
    raw = _FENCE.sub(lambda found: keep(f"<pre>{escape(found[1])}</pre>"), raw)
    raw = _CODE.sub(lambda found: keep(f"<code>{escape(found[1])}</code>"), raw)
    raw = _LINK.sub(lambda found: keep(_link(found[0], found[1], found[2])), raw)
    raw = _MENTION.sub(lambda found: keep(_mention(found[1] + names.get(found[2], found[2]))), raw)
    raw = _ADDRESS.sub(lambda found: keep(_anchor(found[0], found[0])), raw)
    html = str(escape(raw))
    html = _QUOTE.sub(lambda found: keep(_quote(found[0])), html)
    html = _HEADING.sub(lambda found: keep(f'<div class="c-heading">{_styled(found[1])}</div>'), html)
    html = _RULE.sub(lambda _: keep("<hr>"), html)
    html = _styled(html).replace("\n", "<br>")
    return Markup(_restored(html, kept))  # noqa: S704 - made of escaped text and tags of our own


def _link(whole: str, label: str, target: str) -> str:
    if _SILENT.fullmatch(target):
        return _mention("@" + label)
    url = safe_url(target)
    return _anchor(url, label) if url else str(escape(whole))


def _anchor(url: str, label: str) -> str:
    return f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(label)}</a>'


def _mention(shown: str) -> str:
    return f'<span class="mention">{escape(shown)}</span>'


def _quote(lines: str) -> str:
    inner = _styled(_QUOTE_SIGN.sub("", lines.rstrip("\n"))).replace("\n", "<br>")
    return f"<blockquote>{inner}</blockquote>"


def _styled(html: str) -> str:
    for pattern, tag in _STYLES:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    return html


def _restored(html: str, kept: list[str]) -> str:
    """Put back what was kept; a quote may hold kept pieces of its own."""
    while _KEPT.search(html):
        html = _KEPT.sub(lambda found: kept[int(found[1])], html)
    return html
