"""The work behind a departure: makes the inventory, then goes through the playbook one unit at a time."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Account, Connector, Inventory, MailboxKind, Unavailable
from handlers import policy
from handlers.consequences import HouseRules
from handlers.departure import Departure, State
from handlers.events import (
    Closed,
    Event,
    Outcome,
    Planned,
    Proven,
    RunEnded,
    StepEnded,
    StepResult,
    Voided,
)
from handlers.forecast import systems_of
from handlers.identity import leaving_of, own_of
from handlers.mails import mailbox_kinds
from handlers.people import Person
from handlers.plan import Method, digest, handovers_of, make_plan, survey_for
from handlers.playbooks import READING, StepKey
from handlers.ports import People, Store
from handlers.practice import Practice
from handlers.rules import moving, suggest_successor
from handlers.steps.baseline import baseline
from handlers.steps.compare import compare
from handlers.steps.configuration import configuration, tap
from handlers.steps.deactivate import deactivate, deactivate_by_hand
from handlers.steps.fields import fields
from handlers.steps.guided import transfer_by_hand
from handlers.steps.mails import mails
from handlers.steps.recount import recount, recount_by_hand
from handlers.steps.snapshot import snapshot
from handlers.steps.tag import tag
from handlers.steps.transfer import transfer
from handlers.steps.unit import Drifted, Ended, Ending, More, RunSettings, Stopped, Unit
from handlers.steps.verify import verify
from handlers.working import ENDED, Advance, Worker, culprit_of, log, plan_of, side_by_side

STEPS: Final[dict[StepKey, Callable[[Unit], Awaitable[Ending]]]] = {
    StepKey.COMPARE: compare,
    StepKey.BASELINE: baseline,
    StepKey.TAP: tap,
    StepKey.SNAPSHOT: snapshot,
    StepKey.TAG: tag,
    StepKey.TRANSFER: transfer,
    StepKey.FIELDS: fields,
    StepKey.VERIFY: verify,
    StepKey.CONFIGURATION: configuration,
    StepKey.DEACTIVATE: deactivate,
    StepKey.RECOUNT: recount,
    StepKey.MAILS: mails,
}


# The same where a person does it in the system's own page.
GUIDED: Final[dict[StepKey, Callable[[Unit], Awaitable[Ending]]]] = {
    StepKey.TRANSFER: transfer_by_hand,
    StepKey.DEACTIVATE: deactivate_by_hand,
    StepKey.RECOUNT: recount_by_hand,
}
_BARRIER_PAUSE: Final = 0.5  # seconds
_BARRIER_TRIES: Final = 120


class Runner(Worker):
    """Makes plans and runs them."""

    def __init__(
        self,
        *,
        store: Store,
        people: People,
        connectors: Mapping[str, Connector],
        rules: HouseRules,
        settings: RunSettings,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(store=store, connectors=connectors, settings=settings, now=now)
        self._people = people
        self._rules = rules

    async def plan(self, departure_id: str, turn: int, system: str) -> Advance:
        """Count what the leaver owns and ask for a successor."""
        departure = await self._load(departure_id)
        if departure is None or departure.state is not State.PLANNING or departure.turn != turn:
            return ENDED
        return await self._guarded(departure, system, "plan", self._plan)

    async def advance(self, departure_id: str, run: int, system: str) -> Advance:
        """Do one unit of the next step of a system's playbook."""
        departure = await self._load(departure_id)
        if departure is None or departure.work is not State.RUNNING or departure.run != run:
            return ENDED
        step = departure.next_step(system)
        if departure.stopped(system) or (step is None and departure.state is not State.RUNNING):
            return ENDED
        if step is None:
            return await self._guarded(departure, system, "end", self._finish)
        if self._should_wait(departure, system, step):
            return Advance(ended=False, wait=_BARRIER_PAUSE)
        return await self._guarded(departure, system, step, self._advance)

    async def _has_begun(self, departure: Departure) -> bool:
        """Whether any system has gone on behind what only reads: then what was approved is being done there, and a new
        approval of all could name somebody else for what is under way."""
        if departure.state is State.ATTENTION or any(result.step not in READING for result in departure.steps):
            return True
        if any(self._memory(departure, each).tries.get("barrier", 0) > _BARRIER_TRIES for each in departure.accounts):
            return True
        return bool(await self._store.read(lambda tx: tx.totals(departure.id)))

    def _should_wait(self, departure: Departure, system: str, step: StepKey) -> bool:
        """Nothing is written before all systems were compared with the plan: a drift in one voids the approval of all.

        One that cannot be asked for longer holds up nobody.
        """
        if step in READING or not any(departure.next_step(other) is StepKey.COMPARE for other in departure.working_in):
            return False
        return self._memory(departure, system).tried("barrier") <= _BARRIER_TRIES

    async def _finish(self, departure: Departure, system: str) -> Advance:
        """Whoever sees the last step of the last system ended ends the run."""
        self._forget(departure, system)
        if not departure.working_in:
            await self._append(departure, *self._end(departure))
        return ENDED

    def _end(self, departure: Departure) -> tuple[Event, ...]:
        """What the end of a run leads to: the retention of the mails is due, or else all is proven."""
        now = self._now()
        retains = any(StepKey.RETENTION in system.steps for system in plan_of(departure).systems)
        if departure.backup is None and retains:
            return (RunEnded(at=now, retention_until=_retention_until(departure, self._settings.practice)),)
        return (Proven(at=now),) if departure.open_items else (Proven(at=now), Closed(at=now))

    # Planning

    async def _plan(self, departure: Departure, system: str) -> Advance:
        practice = self._settings.practice
        try:
            inventories, known = await self._counted(departure)
        except Unavailable as error:
            if self._memory(departure, system).tried("planning") <= self._settings.tries:
                raise
            culprit = culprit_of(departure, error, system)
            return await self._stop(departure, culprit, "plan", Stopped("problem.no_answer", code=error.code))
        first = inventories[system].account
        lead = await self._lead(inventories, known)
        approvers = await self._approvers(departure, lead)
        if not approvers:
            return await self._stop(departure, system, "plan", Stopped("problem.no_approver"))
        open_ones = await self._store.read(lambda tx: tx.open_departures())
        leaving = leaving_of(open_ones, practice, but=departure.id)
        suggestion = suggest_successor(first, known[system], leaving, own_of(departure, practice))
        planned = Planned(
            at=self._now(), inventories=inventories, lead=lead, approvers=approvers, suggestion=suggestion,
            moves=_moves(inventories, practice),
        )  # fmt: skip
        await self._append(departure, planned)
        return ENDED

    async def _counted(self, departure: Departure) -> tuple[dict[str, Inventory], dict[str, tuple[Account, ...]]]:
        """What the leaver owns, and who has an account, in every system."""
        practice, now = self._settings.practice, self._now()
        taken = await side_by_side(
            self._connectors[key].inventory(account.id, survey_for(practice.of(key), now))
            for key, account in departure.accounts.items()
        )
        known = await side_by_side(self._connectors[key].accounts() for key in departure.accounts)
        keys = tuple(departure.accounts)
        return dict(zip(keys, taken, strict=True)), dict(zip(keys, known, strict=True))

    async def _lead(
        self, inventories: Mapping[str, Inventory], known: Mapping[str, Sequence[Account]]
    ) -> Person | None:
        """Whom the leaver reports to, by the first system that tells."""
        managers = (
            account
            for system, inventory in inventories.items()
            for account in known[system]
            if account.id == inventory.account.manager_id and account.active
        )
        manager = next(managers, None)
        if manager is None:
            return None
        return await self._people.by_email(manager.email) or Person(manager.name, manager.email)

    async def _approvers(self, departure: Departure, lead: Person | None) -> tuple[Person, ...]:
        found = [await self._people.by_email(email) for email in sorted(self._rules.admins)]
        case = policy.Case(departure.leaver, departure.admin, lead)
        return policy.approvers(case, [person for person in found if person])

    # Running

    async def _advance(self, departure: Departure, system: str) -> Advance:
        step = departure.next_step(system) or StepKey.COMPARE
        work = GUIDED[step] if step in plan_of(departure).system(system).guided else STEPS[step]
        ending = await work(self._unit(departure, system))
        match ending:
            case More(wait, waiting):
                await self._report(departure, system, waiting=waiting, wait=wait)
                return Advance(ended=False, wait=wait)
            case Ended(outcome, evidence, found):
                result = StepResult(system, step, outcome, evidence, self._now())
                counts = {name: n for name, n in evidence.items() if isinstance(n, int)}
                log.info("step.ended", departure=departure.id, system=system, step=step, outcome=outcome, **counts)
                await self._report(departure, system, always=True)
                await self._append(departure, *found, StepEnded(at=self._now(), result=result), of=system)
                return Advance(ended=False)
            case Stopped():
                return await self._stop(departure, system, step, ending)
            case Drifted(differences) if await self._has_begun(departure):
                changed = sum(abs(each.now - each.planned) for each in differences)
                return await self._stop(departure, system, step, Stopped("problem.drifted", changed))
            case Drifted(differences, inventory):
                fresh = {**(departure.inventories or {}), system: inventory}
                method = Method(self._settings.practice, systems_of(self._connectors), emergency=departure.emergency)
                redone = make_plan(fresh, handovers_of(plan_of(departure)), self._now(), method)
                voided = Voided(
                    at=self._now(), differences=differences, inventories=fresh, plan=redone, digest=digest(redone)
                )
                await self._append(departure, voided)
                return ENDED


def _retention_until(departure: Departure, practice: Practice) -> datetime | None:
    """Until when the e-mails can be retained: there is a mailbox, and somebody took the log-in away."""
    retaining = {each.system for each in plan_of(departure).systems if StepKey.RETENTION in each.steps}
    deactivated = [r for r in departure.steps if r.step is StepKey.DEACTIVATE and r.system in retaining]
    ended = [result.at for result in deactivated if result.outcome is not Outcome.SKIPPED]
    if not ended or mailbox_kinds(departure) == (MailboxKind.NONE,):
        return None
    return min(ended) + timedelta(days=practice.retention.days)


def _moves(inventories: Mapping[str, Inventory], practice: Practice) -> dict[str, int]:
    return {
        f"{system}/{holding.module.name}": moving(holding, practice.of(system))
        for system, inventory in inventories.items()
        for holding in inventory.holdings
    }
