"""Times that people type, in their own zone and over changes of the clocks, and the hours in which they work."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handlers.practice import WorkingTime
from handlers.refusal import Refusal
from handlers.schedule import next_working, parse_when
from handlers.texts import Texts

BERLIN = "Europe/Berlin"
OFFICE = WorkingTime()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# What people type


@pytest.mark.parametrize(
    "typed",
    [
        "2026-12-31 18:00",
        "2026-12-31",
        "2026-12-31T18:00",
        " 2026-12-31   18.00 ",
        "31.12.2026 18:00",
        "31.12.2026",
        "31. 12. 2026, 18:00",
        "31.12.2026 um 18:00 Uhr",
        "31.12.2026 um 18.00 uhr",
        "31.12.2026 18 Uhr",
    ],
)
def test_a_time_is_read_in_all_its_spellings(typed: str) -> None:
    assert parse_when(typed, BERLIN) == utc("2026-12-31 17:00")


@pytest.mark.parametrize(
    ("typed", "zone", "at"),
    [
        ("2026-12-31 18:00", "America/New_York", "2026-12-31 23:00"),
        ("2026-12-31 18:00", "Asia/Kathmandu", "2026-12-31 12:15"),
        ("1.7.2026 9:05", BERLIN, "2026-07-01 07:05"),
        ("2028-02-29", "UTC", "2028-02-29 18:00"),
        ("2199-06-01 00:00", "UTC", "2199-06-01 00:00"),
        ("9998-12-31 23:59", "America/New_York", "9999-01-01 04:59"),
    ],
)
def test_the_time_is_that_of_whoever_typed_it(typed: str, zone: str, at: str) -> None:
    assert parse_when(typed, zone) == utc(at)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "Europe", "x" * 300])
def test_whoever_has_no_known_zone_types_utc_and_works_by_it(zone: str) -> None:
    assert parse_when("2026-12-31 18:00", zone) == utc("2026-12-31 18:00")
    assert next_working(utc("2026-12-31 18:00"), zone, OFFICE) == utc("2027-01-01 09:00")


@pytest.mark.parametrize(
    "typed",
    [
        "", "tomorrow", "31st of December", "2026-12", "2026-13-01", "2026-02-30", "2027-02-29", "31.12.26",
        "2026-12-31 24:00", "2026-12-31 18:60", "2026-12-31 6 pm", "2026-12-31 18", "2026-12-31 18:00 now",
        "12/31/2026", "2026-12-31 18:00 UTC", "2026-12-3118:00", "31.12. am 1.1.2027", "31.12.2026um 18:00",
        "0000-01-01", "0001-01-01", "9999-12-31 23:59",
    ],
)  # fmt: skip
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_what_is_no_time_is_said_back(typed: str, zone: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_when(typed, zone)
    assert (refused.value.key, refused.value.field, refused.value.values) == (
        "schedule.unreadable",
        "when",
        {"text": typed},
    )


def test_what_is_said_back_is_no_novel() -> None:
    with pytest.raises(Refusal) as refused:
        parse_when("2026-12-31 " + "x" * 5000, BERLIN)
    assert len(Texts("de").t(refused.value.key, **refused.value.values)) < 250


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("2027-03-28 02:00", BERLIN),
        ("28.03.2027 02:59", BERLIN),
        ("2027-03-14 02:30", "America/New_York"),
        ("2027-10-03 02:15", "Australia/Lord_Howe"),  # by half an hour
        ("2011-12-30 18:00", "Pacific/Apia"),  # the whole day
    ],
)
def test_a_time_that_the_clocks_skip_is_refused(typed: str, zone: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_when(typed, zone)
    assert (refused.value.key, refused.value.field) == ("schedule.skipped", "when")
    assert typed in Texts("en").t(refused.value.key, **refused.value.values)


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("2027-03-28 01:59", "2027-03-28 00:59"),
        ("2027-03-28 03:00", "2027-03-28 01:00"),
        ("2026-10-25 01:59", "2026-10-24 23:59"),
        ("2026-10-25 02:30", "2026-10-25 00:30"),  # the first of two
        ("2026-10-25 03:00", "2026-10-25 02:00"),
    ],
)
def test_around_a_change_of_the_clocks_the_first_moment_counts(typed: str, at: str) -> None:
    assert parse_when(typed, BERLIN) == utc(at)


ZONES = st.sampled_from([BERLIN, "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
DATES = st.dates(date(2026, 1, 1), date(2036, 1, 1))
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@given(DATES, CLOCKS, ZONES)
def test_what_is_read_shows_on_the_clock_of_the_typist(day: date, clock: time, zone: str) -> None:
    typed = f"{day} {clock:%H:%M}"
    with suppress(Refusal):
        read = parse_when(typed, zone)
        assert f"{read.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" == typed
        assert parse_when(f"{day:%d.%m.%Y} um {clock:%H:%M} Uhr", zone) == read


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(Refusal):
        assert parse_when(text, BERLIN).tzinfo is UTC


# When somebody is at work


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2026-11-26 08:00", "2026-11-26 08:00"),  # Thursday, 9 in Berlin
        ("2026-11-26 15:59", "2026-11-26 15:59"),
        ("2026-11-26 05:30", "2026-11-26 08:00"),
        ("2026-11-26 16:00", "2026-11-27 08:00"),
        ("2026-11-27 16:00", "2026-11-30 08:00"),  # over the weekend
        ("2026-11-28 10:00", "2026-11-30 08:00"),
        ("2027-03-26 17:00", "2027-03-29 07:00"),  # the clocks went forward
        ("2026-10-23 17:00", "2026-10-26 08:00"),  # the clocks went back
    ],
)
def test_work_goes_on_when_people_are_there(at: str, then: str) -> None:
    assert next_working(utc(at), BERLIN, OFFICE) == utc(then)


def test_one_hour_a_week_is_found() -> None:
    sundays = WorkingTime(days=(7,), begin=time(10), end=time(11))
    assert next_working(utc("2026-11-29 10:00"), BERLIN, sundays) == utc("2026-12-06 09:00")


@pytest.mark.parametrize(
    ("begin", "end", "at", "then"),
    [
        (time(2, 30), time(6), "2027-03-28 00:00", "2027-03-28 01:30"),  # begins in the hour that is skipped
        (time(2, 15), time(2, 45), "2027-03-27 12:00", "2027-04-03 00:15"),  # lies in it wholly
        (time(2, 30), time(6), "2026-10-25 00:10", "2026-10-25 00:30"),  # begins in the hour that comes twice
        (time(2, 30), time(6), "2026-10-25 01:10", "2026-10-25 01:30"),
    ],
)
def test_work_at_night_follows_the_clock_on_the_wall(begin: time, end: time, at: str, then: str) -> None:
    weekend = WorkingTime(days=(6, 7), begin=begin, end=end)
    assert next_working(utc(at), BERLIN, weekend) == utc(then)


def test_a_time_that_is_on_no_clock_is_not_taken_for_an_earlier_one() -> None:
    skipped = datetime(2027, 3, 28, 2, 30, tzinfo=ZoneInfo(BERLIN))
    early = WorkingTime(days=(7,), begin=time(3), end=time(6))
    assert next_working(skipped, BERLIN, early) == skipped.astimezone(UTC)


def _in_order(clocks: Iterable[time]) -> tuple[time, time]:
    begin, end = sorted(clocks)
    return begin, end


SPANS = st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1]).map(_in_order)
WORKING = st.builds(
    lambda days, span: WorkingTime(days=tuple(sorted(days)), begin=span[0], end=span[1]),
    st.sets(st.integers(1, 7), min_size=1),
    SPANS,
)
# Around the nights in which clocks change more often than chance would have it.
CHANGES = [utc(day) for day in ("2026-10-25", "2027-03-28", "2026-11-01 06:00", "2027-03-14 07:00", "2011-12-30 10:00")]
MOMENTS = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.one_of(st.sampled_from(CHANGES), DATES.map(lambda day: datetime.combine(day, time(), UTC))),
    st.integers(-3 * 1440, 3 * 1440),
)


@given(MOMENTS, ZONES, WORKING)
@example(utc("2026-10-25 01:10"), BERLIN, WorkingTime(days=(7,), begin=time(2, 30), end=time(3)))
@example(utc("2027-03-27 12:00"), BERLIN, WorkingTime(days=(7,), begin=time(2, 15), end=time(2, 45)))
@example(utc("2011-12-30 09:30"), "Pacific/Apia", WorkingTime(days=(5,)))
def test_the_next_working_moment(at: datetime, zone: str, working: WorkingTime) -> None:
    found = next_working(at, zone, working)
    wall = found.astimezone(ZoneInfo(zone))
    assert found >= at, "never before"
    assert wall.isoweekday() in working.days
    assert working.begin <= wall.time() < working.end
    assert next_working(found, zone, working) == found, "already at work"
    assert found - at < timedelta(days=15), "nobody waits for more than two weeks"


@given(MOMENTS, ZONES)
def test_whoever_is_at_work_is_not_kept_waiting(at: datetime, zone: str) -> None:
    always = WorkingTime(days=(1, 2, 3, 4, 5, 6, 7), begin=time(0), end=time(23, 59, 59, 999999))
    assert next_working(at, zone, always) == at
