"""Slack's markup becomes safe HTML, and reads as it does in Slack."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.page.mrkdwn import Reader, mrkdwn, plain, words

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
READER = Reader(now=lambda: NOON, names={"U1": "Ada Brandt", "C1": "general"})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("`*raw* &lt;`", "<code>*raw* &lt;</code>"),
        ("```a\n*b*```", "<pre>a\n*b*</pre>"),
        ("one\ntwo", "one<br>two"),
        ("&gt; said *he*\nthen", "<blockquote>said <strong>he</strong></blockquote>then"),
        ("<@U1> in <#C1>", '<span class="mention">@Ada Brandt</span> in <span class="mention">#general</span>'),
        ("<@U9|nine>", '<span class="mention">@nine</span>'),
        ("<!here>", '<span class="mention">@here</span>'),
        ("AT&amp;T &lt;3", "AT&amp;T &lt;3"),
        (":white_check_mark: :no_such_thing:", "✅ :no_such_thing:"),
        (
            "*<https://a.example/x?a=1&amp;b=2|the deal>*",
            '<strong><a href="https://a.example/x?a=1&amp;b=2" target="_blank" rel="noopener">the deal</a></strong>',
        ),
    ],
)
def test_markup_reads_as_in_slack(text: str, html: str) -> None:
    assert mrkdwn(text, READER) == html


def test_a_bare_address_becomes_a_link_without_the_full_stop() -> None:
    assert mrkdwn("see https://a.example/b.", READER).endswith(">https://a.example/b</a>.")


@pytest.mark.parametrize(
    ("pattern", "locale", "read"),
    [
        ("{date_num}", "en_US", "2026-11-23"),
        ("{date_short_pretty} at {time}", "en_US", "tomorrow at 01:30"),
        ("{date_long}", "de_DE", "Montag, 23. November 2026"),
        ("{date_short}", "en_US", "Nov 23, 2026"),
        ("{ago}", "en_US", "in 12 hours"),
        ("{unheard_of}", "en_US", "{unheard_of}"),
    ],
)
def test_dates_read_in_the_readers_language_and_zone(pattern: str, locale: str, read: str) -> None:
    reader = Reader(locale, ZoneInfo("Europe/Berlin"), lambda: NOON)
    at = int(datetime(2026, 11, 23, 0, 30, tzinfo=UTC).timestamp())
    assert f">{read}</time>" in mrkdwn(f"<!date^{at}^{pattern}|soon>", reader)


def test_a_date_that_is_none_shows_its_fallback() -> None:
    assert mrkdwn("<!date^99999999999999^{date}|some day>", READER) == "some day"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<javascript:alert(1)|click>",
        '<https://a.example/"onmouseover=alert(1)|x>',
        '<@U1"><img src=x onerror=alert(1)>',
        "`</code><script>`",
        "<!date^1700000000^<b>|<i>>",
        "\ue0000\ue001<data:text/html,x|y>",
    ],
)
def test_no_text_becomes_html_of_its_own(text: str) -> None:
    html = mrkdwn(text, READER)
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert '"onmouseover' not in html


@given(st.text(alphabet="<>&*_~`!@#|^\"'= \nax:/", max_size=60))
def test_whatever_is_typed_only_known_tags_come_out(text: str) -> None:
    rest = mrkdwn(text, READER)
    plain_tags = ("strong", "em", "s", "code", "pre", "blockquote")
    for tag in (*plain_tags, "time", "span", "a"):
        rest = rest.replace(f"</{tag}>", "")  # type: ignore[assignment]
    opened = [piece.split(">")[0] for piece in rest.split("<")[1:]]
    allowed = (
        "strong",
        "em",
        "s",
        "code",
        "pre",
        "blockquote",
        "br",
        'span class="mention"',
        "a href=",
        "time datetime=",
    )
    assert all(piece.startswith(allowed) for piece in opened)
    assert all(" on" not in piece for piece in opened)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("*Please note:* <@U1> asks &amp; _waits_", "Please note: @Ada Brandt asks & waits"),
        ("<https://a.example/x?a=1|Sakura: Flow meter &lt;M9&gt;>", "Sakura: Flow meter <M9>"),
        ("<!date^1795348800^{date_short_pretty} {time}|some day>", "today 12:00"),
        ("<!date^99999999999999^{date}|some day>", "some day"),
        ("one\n&gt; *two*\n```three```four", "one\ntwo\nthree\nfour"),
    ],
)
def test_without_styles_the_same_words_are_read(text: str, read: str) -> None:
    assert words(mrkdwn(text, READER)) == read


def test_plain_text_is_not_markup() -> None:
    assert plain("*not bold* <@U1> &lt;b&gt;") == "*not bold* &lt;@U1&gt; &lt;b&gt;"
