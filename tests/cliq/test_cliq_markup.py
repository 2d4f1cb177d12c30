"""Words in, Cliq's markdown out: what is ours is markup, what comes from outside is text."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chat.cliq.markup import bold, cut_at_word, neutral, plain, spoken, words
from handlers.elements import Link, Mention, Moment, Strong

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
J = "\u2060"


@pytest.mark.parametrize(
    ("inline", "markup"),
    [
        (Strong("2 * 2"), "*2 ∗ 2*"),
        (Strong(" two\nlines "), "*two lines*"),
        (
            Link("[Test] Deal", "https://crm.example/a?b=(1)&c=[x]*"),
            "[(Test) Deal](https://crm.example/a?b=%281%29&c=%5Bx%5D%2A)",
        ),
        (Link("", "https://crm.example"), "[–](https://crm.example)"),
        (Link("Deal", "javascript:alert(1)"), "Deal"),
        (Moment(NOON, "30 Nov, 12:00 UTC"), "30 Nov, 12:00 UTC"),
        (Mention("Amit [Kumar]", "631830849"), "[Amit (Kumar)](zohoid:631830849)"),
        (Mention("Amit {@all}", "1) {@all}"), f"Amit {{{J}@all}}"),
        (Mention("Amit"), "Amit"),
    ],
)
def test_each_kind_of_word_has_its_markup(inline: Any, markup: str) -> None:
    assert words((inline,), 500) == markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{@all} {@631830849} {#O32}", f"{{{J}@all}} {{{J}@631830849}} {{{J}#O32}}"),
        ("[Amit](zohoid:631830849)", f"[Amit]{J}(zohoid:631830849)"),
        ("[Test] Deal", f"[Test]{J} Deal"),
        ("*b* ~s~ `c` _i_ __u__", "∗b∗ ∼s∼ 'c' ˍiˍ ˍˍuˍˍ"),
        ("amit_kumar@brightwater.example", "amit_kumar@brightwater.example"),
        ("!quote\n# head\r\n---\u2028> x", f"{J}!quote\n{J}# head\n{J}---\n{J}> x"),
        ("Wait! No. #7 - 3 > 2", "Wait! No. #7 - 3 > 2"),
        ("TOWN\\amit", "TOWN∖amit"),
    ],
)
def test_text_from_outside_is_never_markup_and_stays_readable(text: str, shown: str) -> None:
    assert neutral(text) == shown
    assert words((text,), 500) == shown
    assert spoken((text,)) == shown


def test_two_harmless_texts_make_no_markup_together() -> None:
    assert "](" not in words(("[Amit]", "(zohoid:631830849)"), 500)
    assert "{@" not in words(("{", "@all}"), 500)


def test_a_long_text_ends_in_an_ellipsis_and_never_inside_markup() -> None:
    assert words(("x" * 50,), 20) == "x" * 19 + "…"
    assert words(("x" * 15, Link("Deal", "https://crm.example")), 20) == "x" * 15 + "…"
    assert words(("x" * 20, "y"), 20) == "x" * 19 + "…"


def test_where_there_is_room_for_words_none_is_cut_in_two() -> None:
    assert cut_at_word("The quick brown fox jumps", 20) == "The quick brown fox…"
    assert cut_at_word("A " + "x" * 30, 20) == "A " + "x" * 17 + "…"
    assert cut_at_word("short", 20) == "short"
    assert plain(" \n ", 20) == "–"
    assert plain("one\ntwo", 20) == "one two"
    assert bold("  ") == ""


def test_without_markdown_a_link_is_named_with_its_address() -> None:
    said = ("By ", Mention("Ada", "1307"), ", ", Strong("now"), ": ", Link("Deal 7", "https://crm.example/7"))
    assert spoken(said) == "By Ada, now: Deal 7 (https://crm.example/7)"
