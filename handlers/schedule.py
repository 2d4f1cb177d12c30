"""Times that people type, and the hours in which they work. Pure.

People live in their own zone; what leaves this module is UTC, as all times of a departure are.
"""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, time, timedelta
from typing import Final

from handlers.practice import WorkingTime
from handlers.refusal import Refusal
from handlers.texts import zone_of

_ISO: Final = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ]+(?P<time>.+))?")
_GERMAN: Final = re.compile(
    r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})(?:,?\s+(?:um\s+)?(?P<time>.+))?", re.IGNORECASE
)
_TIME: Final = re.compile(r"(\d{1,2})(?:[:.](\d{2})(?:\s*Uhr)?|\s*Uhr)", re.IGNORECASE)
_UNLESS_TYPED: Final = "18:00"


def parse_when(text: str, zone: str) -> datetime:
    """Read "2026-12-31 18:00" or "31.12.2026 18:00" as a time in `zone`; without a time of day it is 18:00.

    Of a time that the clocks there pass twice it is the first. Raises `Refusal` for one that they skip, and for
    anything else.
    """
    local = _read(text.strip(), zone)
    if local is None:
        raise Refusal("schedule.unreadable", field="when", text=text[:40])
    if _real(local) != local:
        raise Refusal("schedule.skipped", field="when", text=text[:40])
    return local.astimezone(UTC)


def _read(text: str, zone: str) -> datetime | None:
    match = _ISO.fullmatch(text) or _GERMAN.fullmatch(text)
    at = _TIME.fullmatch(match["time"] or _UNLESS_TYPED) if match else None
    if match is None or at is None:
        return None
    day = int(match["year"]), int(match["month"]), int(match["day"])
    if not MINYEAR < day[0] < MAXYEAR:  # elsewhere it could be in a year that cannot be written
        return None
    try:
        return datetime(*day, int(at[1]), int(at[2] or 0), tzinfo=zone_of(zone))
    except ValueError:
        return None


def next_working(at: datetime, zone: str, working: WorkingTime) -> datetime:
    """The first moment from `at` on at which somebody in `zone` is at work."""
    day = _real(at.astimezone(zone_of(zone)))
    moment = max(day, _at(day, working.begin))
    while not _is_working(moment, working):
        day += timedelta(days=1)
        moment = _at(day, working.begin)
    return moment.astimezone(UTC)


def _is_working(local: datetime, working: WorkingTime) -> bool:
    return local.isoweekday() in working.days and working.begin <= local.time() < working.end


def _at(day: datetime, clock: time) -> datetime:
    """The time of day, on the same pass of a clock that is put back."""
    return _real(datetime.combine(day, clock.replace(tzinfo=day.tzinfo, fold=day.fold)))


def _real(local: datetime) -> datetime:
    """What the clocks show then: later, where they skip the time."""
    return local.astimezone(UTC).astimezone(local.tzinfo)
