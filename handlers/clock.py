"""Lets happen by itself what has fallen due: reminds, asks others as well, ends what nobody decides, starts a run.

The store says which departures to look at; `handlers.due` says what is due; what follows is stored in one transaction,
as if a person had decided it. Several services on one store may look at once: whoever comes second finds a conflict.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from handlers import policy
from handlers.cards.common import asked, distinct
from handlers.consequences import HouseRules, jobs_for, messages_of
from handlers.decide import begin_run, case_of
from handlers.departure import Departure, State, evolved
from handlers.due import Due, DueKind, due, ripe
from handlers.events import Cancelled, Escalated, Event, Reminded
from handlers.people import Party, Person
from handlers.ports import Conflict, Job, JobName, People, Store, StoreUnavailable, Transaction
from handlers.practice import Practice
from handlers.refusal import Refusal
from handlers.reminding import ALONE

log = structlog.get_logger("offboard.clock")

_EVERY: Final = 20.0  # seconds; what people bring forward meanwhile is at most so much late
_AT_LEAST: Final = 1.0
_AT_ONCE: Final = 50  # departures in one look, so that people's clicks come in between
# Until when a departure is left alone whose work is under way elsewhere, or could not be done.
_LATER: Final = timedelta(minutes=15)

_RIGHT: Final = {
    State.APPROVAL: policy.may_approve,
    State.CHECKLIST: policy.may_settle,
}


def fire(departure: Departure, what: Due, now: datetime, *, others: Sequence[Person] = ()) -> tuple[Event, ...]:
    """What a thing that is due leads to. `others` can be asked as well; a re-check reports by an event of its own."""
    match what.kind:
        case DueKind.START:
            return begin_run(departure, now)
        case DueKind.EXPIRE:
            return (Cancelled(at=now, expired=True),)
        case DueKind.REMIND:
            return (Reminded(at=now, about=what.about),)
        case DueKind.ESCALATE:
            return (Escalated(at=now, to=tuple(others)) if others else Reminded(at=now, about=ALONE),)
        case DueKind.RECHECK:
            return ()


def others_for(departure: Departure, admins: Sequence[Person]) -> tuple[Person, ...]:
    """Who else can decide what is asked now: the lead, then the other admins, as far as a message reaches them."""
    right: Callable[[policy.Case, Party], object] = _RIGHT.get(departure.state, policy.may_confirm)
    may = partial(policy.may_plan, admins=admins) if departure.state is State.SUCCESSOR else right
    case = case_of(departure)
    found = []
    for person in distinct((*([departure.lead] if departure.lead else []), *admins)):
        try:
            may(case, Party(person, admin=any(map(person.same_as, admins))))
        except Refusal:
            continue
        if person.chat and not any(map(person.same_as, asked(departure, departure.state))):
            found.append(person)
    return tuple(found)


class Clock:
    """Raises nothing that is about one departure: it is logged with a reference, and tried again later."""

    def __init__(
        self,
        *,
        store: Store,
        people: People,
        rules: HouseRules,
        practice: Practice,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._people = people
        self._rules = rules
        self._practice = practice
        self._now = now
        self._sleep = sleep

    async def run(self) -> None:
        """One round: do what is due, then sleep until something falls due."""
        await self.tick()
        following = await self._store.read(lambda tx: tx.earliest_due())
        left = (following - self._now()).total_seconds() if following else _EVERY
        await self._sleep(min(max(left, _AT_LEAST), _EVERY))

    async def tick(self) -> None:
        """Let everything happen that is due. Raises `StoreUnavailable`: the next tick does it."""
        for departure in await self._store.read(lambda tx: tx.due(self._now(), _AT_ONCE)):
            try:
                await self._serve(departure)
            except Conflict:
                log.info("clock.overtaken", departure=departure.id)
            except StoreUnavailable:
                raise
            except Exception:  # the edge of the background work: one bad departure must not stop the others
                log.exception("clock.failed", departure=departure.id, reference=secrets.token_hex(4))
                await self._put_off(departure)

    async def _serve(self, departure: Departure) -> None:
        now = self._now()
        happening = ripe(departure, self._practice, now)
        others = await self._others(departure) if any(each.kind is DueKind.ESCALATE for each in happening) else ()
        events = [event for each in happening for event in fire(departure, each, now, others=others)]
        after = evolved(departure, events)
        messages = await messages_of(self._store, after, now=now, channels=self._rules.channels) if events else ()
        jobs = _jobs(after, happening) if happening else ()

        def commit(tx: Transaction) -> None:
            if events:
                tx.append(departure, events)
                tx.put(after.id, messages)
            for job in jobs:
                tx.enqueue(job)
            tx.look_again(after, self._again(after, now))

        await self._store.write(commit)
        for each in happening:
            log.info("clock.fired", departure=departure.id, kind=each.kind.value, about=each.about)

    def _again(self, departure: Departure, now: datetime) -> datetime | None:
        """When to look at it next. What is still due has left no mark yet: it is under way."""
        working = self._practice.reminders.working
        moments = [each.moment(now, working) for each in due(departure, self._practice)]
        return min((moment if moment > now else now + _LATER for moment in moments), default=None)

    async def _others(self, departure: Departure) -> tuple[Person, ...]:
        found = [await self._people.by_email(email) for email in sorted(self._rules.admins)]
        return others_for(departure, [person for person in found if person])

    async def _put_off(self, departure: Departure) -> None:
        await self._store.write(lambda tx: tx.look_again(departure, self._now() + _LATER))


def _jobs(after: Departure, happened: Sequence[Due]) -> tuple[Job, ...]:
    """The work that begins with it. A job that was asked for before is not begun again."""
    if any(each.kind is DueKind.RECHECK for each in happened):
        system = next(iter(after.accounts))
        return (Job(JobName.RECHECK, after.id, len(after.rechecks) + 1, system),)
    return jobs_for(after)
