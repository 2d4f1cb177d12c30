"""Texts in the reader's language, zone and way of writing numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from handlers.elements import Link, Mention, Moment, Strong
from handlers.texts import Texts

NOON = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)


def test_numbers_money_and_plurals_follow_the_language() -> None:
    english, german = Texts("en"), Texts("de")
    assert (english.number(12345), german.number(12345)) == ("12,345", "12.345")
    assert english.money(Decimal("1234567.4"), "EUR") == "€1,234,567"
    assert german.money(Decimal("1234567.4"), "EUR") == "1.234.567\N{NO-BREAK SPACE}€"
    assert german.money(Decimal(5000), None) == "5.000"
    assert english.t("notice.records", n=1) == "1 record"
    assert english.t("notice.records", n=1200) == "1,200 records"
    assert german.t("notice.records", n=0) == "0 Datensätze"


def test_a_moment_is_written_in_the_readers_zone_and_keeps_its_instant() -> None:
    moment = Texts("de", "Asia/Kolkata").moment(NOON)
    assert moment == Moment(NOON, "05.05.2026, 04:00")
    assert Texts("en", "America/New_York").date(NOON) == "May 4, 2026"


def test_durations_and_lists() -> None:
    assert Texts("de").duration(NOON, NOON + timedelta(days=3)) == "3 Tage"
    assert Texts("en").listed(["a", "b", "c"], either=True) == "a, b, or c"
    assert Texts("de").listed(["a", "b", "c"]) == "a, b und c"


def test_parts_take_the_places_of_placeholders() -> None:
    words = Texts("en").words("fact.by", who=(Mention("Ada", "U1"), " or ", Strong("Bo")), at=Link("now", "https://x"))
    assert words == (Mention("Ada", "U1"), " or ", Strong("Bo"), ", ", Link("now", "https://x"))


def test_braces_in_a_name_are_only_a_name() -> None:
    assert Texts("en").t("started.text", leaver="{who}{0}") == "{who}{0}'s departure has started."
    assert Texts("en").words("samples", module="{x}") == ("{x}", ", for example:")


def test_unknown_languages_and_zones_are_read_as_english_and_utc() -> None:
    for zone in ("Atlantis/Poseidonis", "Europe", "America", "x" * 5000, "../Berlin", ""):
        assert Texts("fr", zone).moment(NOON).fallback == Texts("en").moment(NOON).fallback
    assert Texts("fr").t("list.empty") == "No departure is open."


def test_unknown_keys_and_unfilled_placeholders_are_refused_at_once() -> None:
    with pytest.raises(KeyError):
        Texts("en").t("no.such.key")
    with pytest.raises(KeyError):
        Texts("en").t("started.text")
    with pytest.raises(KeyError):
        Texts("en").words("started.text")
