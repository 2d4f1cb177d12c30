"""Slack's text markup as safe HTML. https://docs.slack.dev/messaging/formatting-message-text

Everything that is not markup is escaped: whatever a record or a person is called, it stays text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from html import unescape
from typing import Final

from babel.dates import format_date, format_time, format_timedelta
from markupsafe import Markup, escape

_EMOJI: Final = {
    "alarm_clock": "⏰", "arrow_right": "➡️", "bell": "🔔", "busts_in_silhouette": "👥", "calendar": "📅",
    "card_index_dividers": "🗂️", "chart_with_upwards_trend": "📈", "clipboard": "📋", "construction": "🚧",
    "email": "📧", "envelope": "✉️", "exclamation": "❗", "eyes": "👀", "file_folder": "📁", "ghost": "👻",
    "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "inbox_tray": "📥", "information_source": "ℹ️", "key": "🔑",
    "large_blue_circle": "🔵", "large_green_circle": "🟢", "large_yellow_circle": "🟡", "link": "🔗", "lock": "🔒",
    "mag": "🔍", "mailbox": "📫", "memo": "📝", "no_entry": "⛔", "no_entry_sign": "🚫", "outbox_tray": "📤",
    "package": "📦", "pushpin": "📌", "question": "❓", "raising_hand": "🙋", "red_circle": "🔴", "rocket": "🚀",
    "rotating_light": "🚨", "shield": "🛡️", "tada": "🎉", "thumbsup": "👍", "thumbsdown": "👎", "+1": "👍", "-1": "👎",
    "unlock": "🔓", "warning": "⚠️", "wastebasket": "🗑️", "wave": "👋", "white_check_mark": "✅", "heavy_check_mark": "✔️",
    "white_circle": "⚪", "wrench": "🔧", "x": "❌", "zap": "⚡", "leftwards_arrow_with_hook": "↩️", "repeat": "🔁",
}  # fmt: skip

_DATE_FORMATS: Final = {"date_num": "yyyy-MM-dd", "date": "long", "date_short": "medium", "date_long": "full"}
_NEAR: Final = {0: "today", 1: "tomorrow", -1: "yesterday"}
_STAMP: Final = re.compile(r"\d{1,11}")
_SAFE_URL: Final = re.compile(r"(https?://|mailto:)[^\s\"'<>]+\Z", re.IGNORECASE)
_TOKEN: Final = re.compile(r"<([^<>\n]+)>|(https?://[^\s<>|]+[^\s<>|.,;:!?)\]}'\"])")
_FENCE: Final = re.compile(r"```(.+?)```", re.DOTALL)
_CODE: Final = re.compile(r"`([^`\n]+)`")
_STYLES: Final = tuple(
    (re.compile(rf"(?<![\w{mark}]){re.escape(mark)}(?=\S)([^{mark}\n]*?\S){re.escape(mark)}(?![\w{mark}])"), tag)
    for mark, tag in (("*", "strong"), ("_", "em"), ("~", "s"))
)
_QUOTE: Final = re.compile(r"(?:^&gt; ?[^\n]*(?:\n|$))+", re.MULTILINE)
_SHORTCODE: Final = re.compile(r":([a-z0-9_+-]+):")
_BREAK: Final = re.compile(r"<[bh]r>|</(?:pre|blockquote|div)>")
_TAG: Final = re.compile(r"<[^<>]+>")
_KEPT: Final = re.compile("\ue000(\\d+)\ue001")
_PRIVATE: Final = {0xE000: None, 0xE001: None}


@dataclass(frozen=True)
class Reader:
    """Who looks: their language and time zone decide how dates read. `names` maps Slack ids to names."""

    locale: str = "en_US"
    zone: tzinfo = UTC
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    names: Mapping[str, str] = field(default_factory=dict)


def safe_url(url: object) -> str | None:
    """The address when it may stand in a link: http, https or mailto; else None."""
    return url if isinstance(url, str) and _SAFE_URL.match(url) else None


def emoji(text: str) -> str:
    return _SHORTCODE.sub(lambda found: _EMOJI.get(found[1], found[0]), text)


def plain(text: str) -> Markup:
    """A `plain_text` object: emoji shortcodes and line breaks, nothing else."""
    return Markup(str(escape(emoji(_decoded(text)))).replace("\n", "<br>"))  # noqa: S704 - escaped just before


def mrkdwn(text: str, reader: Reader) -> Markup:
    """A `mrkdwn` object: styles, code, quotes, links, mentions and dates; all else escaped."""
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\ue000{len(kept) - 1}\ue001"

    text = text.translate(_PRIVATE)
    text = _FENCE.sub(lambda found: keep(f"<pre>{_literal(found[1].strip(chr(10)))}</pre>"), text)
    text = _CODE.sub(lambda found: keep(f"<code>{_literal(found[1])}</code>"), text)
    text = _TOKEN.sub(lambda found: keep(_token(found[1] or found[2], reader)), text)
    html = str(escape(emoji(_decoded(text))))
    html = _QUOTE.sub(lambda found: keep(_quote(found[0])), html)
    html = _styled(html).replace("\n", "<br>")
    return Markup(_restore(html, kept))  # noqa: S704 - made of escaped text and tags of our own


def words(html: Markup) -> str:
    """What somebody reads of markup in either app, for a place that shows text alone: no styles, no addresses."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", html))).rstrip("\n")


def slack_date(timestamp: float, pattern: str, reader: Reader) -> str:
    """The text of `<!date^timestamp^pattern>` as the reader sees it.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    at = datetime.fromtimestamp(timestamp, tz=UTC).astimezone(reader.zone)
    return re.sub(r"\{(\w+)\}", lambda found: _date_part(found[1], at, reader) or found[0], pattern)


def _date_part(name: str, at: datetime, reader: Reader) -> str | None:
    if name in ("time", "time_secs"):
        return format_time(at, "HH:mm:ss" if name == "time_secs" else "HH:mm", locale=reader.locale)
    if name == "ago":
        return format_timedelta(at - reader.now(), add_direction=True, locale=reader.locale)
    days = (at.date() - reader.now().astimezone(reader.zone).date()).days
    if name.endswith("_pretty") and days in _NEAR:
        return _NEAR[days]
    style = _DATE_FORMATS.get(name.removesuffix("_pretty"))
    return format_date(at, style, locale=reader.locale) if style else None


def _decoded(text: str) -> str:
    """Slack knows these three escapes and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _literal(text: str) -> str:
    return str(escape(_decoded(text)))


def _styled(html: str) -> str:
    for pattern, tag in _STYLES:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    return html


def _quote(lines: str) -> str:
    inner = "<br>".join(_styled(line.removeprefix("&gt;").strip()) for line in lines.splitlines())
    return f"<blockquote>{inner}</blockquote>"


def _restore(html: str, kept: list[str]) -> str:
    """Put back what was kept; a quote may hold kept pieces of its own."""
    while _KEPT.search(html):
        html = _KEPT.sub(lambda found: kept[int(found[1])], html)
    return html


def _token(inner: str, reader: Reader) -> str:
    """One `<...>`: a mention, a date or a link. What is none of these stays as it was typed."""
    target, _, label = inner.partition("|")
    if inner[0] in "@#":
        known = reader.names.get(target[1:]) or _decoded(label) or target[1:]
        return f'<span class="mention">{escape(inner[0] + known)}</span>'
    if inner.startswith("!date^"):
        return _date(target, label, reader)
    if inner[0] == "!":
        known = _decoded(label) or "@" + target[1:].split("^")[0]
        return f'<span class="mention">{escape(known)}</span>'
    url = safe_url(_decoded(target))
    if url is None:
        return str(escape(_decoded(f"<{inner}>")))
    shown = plain(label) if label else escape(url.removeprefix("mailto:"))
    return f'<a href="{escape(url)}" target="_blank" rel="noopener">{shown}</a>'


def _date(target: str, fallback: str, reader: Reader) -> str:
    _, _, rest = target.partition("^")
    stamp, _, pattern = rest.partition("^")
    pattern = pattern.partition("^")[0]
    if not _STAMP.fullmatch(stamp):
        return str(escape(_decoded(fallback)))
    shown = escape(slack_date(float(stamp), pattern, reader))
    return f'<time datetime="{datetime.fromtimestamp(float(stamp), tz=UTC).isoformat()}">{shown}</time>'
