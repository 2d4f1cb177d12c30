"""What happens to a departure by itself, and when: reminders, escalation, expiry, the start, re-checks. Pure.

No timer is set when somebody is asked: all times follow from what has happened so far. So none can be lost, and none
fires twice, because what it leads to is an event that moves it on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from handlers.cards.common import asked
from handlers.cards.rechecks import next_recheck
from handlers.departure import AFTER_RUN, ASKING, TRANSITIONS, Departure, State
from handlers.events import ItemSettled, Reminded
from handlers.practice import Practice, WorkingTime
from handlers.reminding import ALONE, HANDOVER, START, about_item, about_retention, days_left, for_handover, silent
from handlers.schedule import next_working
from handlers.texts import zone_of

_CAN_EXPIRE: Final = frozenset({State.SUCCESSOR, State.APPROVAL, State.MAILBOX})
_ITEM_PATIENCE: Final = 3  # times as long as for a question: these are things to do, often outside


class DueKind(StrEnum):
    START = "start"
    EXPIRE = "expire"
    REMIND = "remind"
    ESCALATE = "escalate"
    RECHECK = "recheck"


@dataclass(frozen=True)
class Due:
    """`about` says what a reminder is about. With a `zone`, it waits until somebody there is at work."""

    kind: DueKind
    at: datetime
    about: str = ""
    zone: str | None = None

    def moment(self, now: datetime, working: WorkingTime) -> datetime:
        """When it can happen, seen from `now`: what was missed in a night waits until morning."""
        at = max(self.at, now)
        return next_working(at, self.zone, working) if self.zone else at


def due(departure: Departure, practice: Practice) -> tuple[Due, ...]:
    """Everything that will happen by itself if nobody does anything, each thing the next time, in order."""
    parts = (_question, _expiry, _start, _retention, _items, _handover, _recheck)
    found = (each for part in parts for each in part(departure, practice))
    return tuple(sorted(found, key=lambda each: each.at))


def next_due(departure: Departure, practice: Practice) -> datetime | None:
    """When to look at it again; None while nothing happens by itself."""
    return min((each.at for each in due(departure, practice)), default=None)


def ripe(departure: Departure, practice: Practice, now: datetime) -> tuple[Due, ...]:
    """What happens now. After an end or a start, nothing of the rest is left to do."""
    working = practice.reminders.working
    found = [each for each in due(departure, practice) if each.moment(now, working) <= now]
    decisive = [each for each in found if each.kind in (DueKind.START, DueKind.EXPIRE)]
    if decisive:
        return (decisive[0],)
    # Of what reminds the same people of the same thing, the most urgent is enough.
    same = [each for each in found if each.kind is DueKind.REMIND and _of_question(departure, each.about)]
    most_urgent = max(same, key=lambda each: (days_left(each.about) is not None, each.at), default=None)
    return tuple(each for each in found if each is most_urgent or each not in same)


def _of_question(departure: Departure, about: str) -> bool:
    return about == departure.state or days_left(about) is not None


def _asked_first(departure: Departure) -> str:
    """The time zone by which the people who are asked now are reminded."""
    return next(iter(asked(departure, departure.state)), departure.admin).time_zone


def _question(departure: Departure, practice: Practice) -> Iterator[Due]:
    """Whoever is asked is reminded again and again; once, others are asked as well.

    The checklist has a date for each item, so its people are reminded by item.
    """
    if departure.state not in ASKING:
        return
    rules, zone, since = practice.reminders, _asked_first(departure), departure.since
    reminders = [each for each in departure.reminders if each.turn == departure.turn]
    if departure.state is State.CHECKLIST:
        since = max(since, min((item.due for item in departure.open_items), default=since))
    else:
        last = max((each.at for each in reminders if _of_question(departure, each.about)), default=since)
        yield _working(DueKind.REMIND, last + timedelta(hours=rules.after_hours), departure.state.value, zone, practice)
    if not departure.escalated and not any(each.about == ALONE for each in reminders):
        yield _working(DueKind.ESCALATE, since + timedelta(hours=rules.escalate_after_hours), "", zone, practice)


def _expiry(departure: Departure, practice: Practice) -> Iterator[Due]:
    """Only while nothing has been written; and not before the day that was named for the start."""
    if departure.state in _CAN_EXPIRE and not departure.written:
        at = departure.since + timedelta(days=practice.reminders.expire_after_days)
        yield Due(DueKind.EXPIRE, max(at, departure.due or at))


def _start(departure: Departure, practice: Practice) -> Iterator[Due]:
    if departure.state is not State.SCHEDULED:
        return
    start = departure.due or departure.since
    yield Due(DueKind.START, start)
    zone = departure.admin.time_zone
    before = _day_before(start, zone, practice.reminders.working)
    last = max((each.at for each in departure.reminders if each.about == START), default=departure.since)
    if last < before:
        yield Due(DueKind.REMIND, before, START, zone)


def _retention(departure: Departure, practice: Practice) -> Iterator[Due]:
    """The e-mails can be retained only for some time after the log-in was taken."""
    deadline, zone = departure.retention_until, _asked_first(departure)
    if departure.state is not State.BACKUP or deadline is None:
        return
    last = max((each.at for each in departure.reminders if days_left(each.about) is not None), default=departure.since)
    for days in practice.retention.remind_days_before:
        at = deadline - timedelta(days=days)
        if last < at:
            yield _working(DueKind.REMIND, at, about_retention(days), zone, practice)


def _items(departure: Departure, practice: Practice) -> Iterator[Due]:
    """What is to be done outside: when it is due, and now and then afterwards."""
    if not {Reminded, ItemSettled} <= TRANSITIONS[departure.state].keys():
        return
    patience = timedelta(hours=practice.reminders.after_hours * _ITEM_PATIENCE)
    for item in departure.open_items:
        about = about_item(item)
        last = max((each.at for each in departure.reminders if each.about == about), default=None)
        at = max(item.due, last + patience) if last else item.due
        yield _working(DueKind.REMIND, at, about, item.assignee.time_zone, practice)


def _handover(departure: Departure, practice: Practice) -> Iterator[Due]:
    """Once, if a successor does not say anything to the records."""
    told = any(each.about == HANDOVER for each in departure.reminders)
    if departure.state not in AFTER_RUN or told or departure.undoings or not silent(departure):
        return
    handed_over = next((prompt.asked_at for prompt in departure.prompts if prompt.kind in AFTER_RUN), departure.since)
    at = handed_over + timedelta(hours=practice.reminders.after_hours)
    yield _working(DueKind.REMIND, at, HANDOVER, for_handover(departure).time_zone, practice)


def _recheck(departure: Departure, _: Practice) -> Iterator[Due]:
    """Whether something came late: at the times that stood in the approved plan."""
    at = next_recheck(departure)
    if at:
        yield Due(DueKind.RECHECK, at)


def _working(kind: DueKind, at: datetime, about: str, zone: str, practice: Practice) -> Due:
    return Due(kind, next_working(at, zone, practice.reminders.working), about, zone)


def _day_before(at: datetime, zone: str, working: WorkingTime) -> datetime:
    """When the last working day before a day begins."""
    midnight = at.astimezone(zone_of(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight - timedelta(days=n) for n in range(1, 8))
    return next_working(next(day for day in days if day.isoweekday() in working.days), zone, working)
