"""The work behind a departure: makes the inventory, then goes through the playbook one unit at a time."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Account, Connector, Inventory, MailboxKind
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
from handlers.forecast import prices
from handlers.mails import mailbox_kinds
from handlers.people import Person
from handlers.plan import Method, digest, handovers_of, make_plan, survey_for
from handlers.playbooks import StepKey
from handlers.ports import People, Store
from handlers.practice import Practice
from handlers.rules import moving, suggest_successor
from handlers.steps.baseline import baseline
from handlers.steps.compare import compare
from handlers.steps.configuration import configuration, tap
from handlers.steps.deactivate import deactivate
from handlers.steps.fields import fields
from handlers.steps.mails import mails
from handlers.steps.recount import recount
from handlers.steps.snapshot import snapshot
from handlers.steps.tag import tag
from handlers.steps.transfer import transfer
from handlers.steps.unit import Drifted, Ended, Ending, More, RunSettings, Stopped, Unit
from handlers.steps.verify import verify
from handlers.working import ENDED, Advance, Worker, log, plan_of

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

    async def plan(self, departure_id: str, turn: int) -> Advance:
        """Count what the leaver owns and ask for a successor."""
        departure = await self._load(departure_id)
        if departure is None or departure.state is not State.PLANNING or departure.turn != turn:
            return ENDED
        return await self._guarded(departure, "plan", self._plan)

    async def advance(self, departure_id: str, run: int) -> Advance:
        """Do one unit of the next step of the playbook."""
        departure = await self._load(departure_id)
        if departure is None or departure.state is not State.RUNNING or departure.run != run:
            return ENDED
        following = departure.next_step()
        if following is None:
            return await self._guarded(departure, "end", self._finish)
        return await self._guarded(departure, following[1], self._advance)

    async def _finish(self, departure: Departure) -> Advance:
        self._memories.pop(departure.id, None)
        await self._append(departure, *self._end(departure))
        return ENDED

    def _end(self, departure: Departure) -> tuple[Event, ...]:
        """What the end of a run leads to: the retention of the mails is due, or else all is proven."""
        now = self._now()
        if departure.backup is None:
            return (RunEnded(at=now, retention_until=_retention_until(departure, self._settings.practice)),)
        return (Proven(at=now),) if departure.open_items else (Proven(at=now), Closed(at=now))

    # Planning

    async def _plan(self, departure: Departure) -> Advance:
        inventories: dict[str, Inventory] = {}
        for system, account in departure.accounts.items():
            survey = survey_for(self._settings.practice, self._now())
            inventories[system] = await self._connectors[system].inventory(account.id, survey)
        system, account = next((s, inventory.account) for s, inventory in inventories.items())
        accounts = await self._connectors[system].accounts()
        lead = await self._lead(account, accounts)
        approvers = await self._approvers(departure, lead)
        if not approvers:
            return await self._stop(departure, "plan", Stopped("problem.no_approver"))
        open_ones = await self._store.read(lambda tx: tx.open_departures())
        leaving = frozenset(a.email.lower() for d in open_ones for a in d.accounts.values())
        suggestion = suggest_successor(account, accounts, leaving)
        planned = Planned(
            at=self._now(), inventories=inventories, lead=lead, approvers=approvers, suggestion=suggestion,
            moves=_moves(inventories, self._settings.practice),
        )  # fmt: skip
        await self._append(departure, planned)
        return ENDED

    async def _lead(self, account: Account, accounts: tuple[Account, ...]) -> Person | None:
        manager = next((a for a in accounts if a.id == account.manager_id and a.active), None)
        if manager is None:
            return None
        return await self._people.by_email(manager.email) or Person(manager.name, manager.email)

    async def _approvers(self, departure: Departure, lead: Person | None) -> tuple[Person, ...]:
        found = [await self._people.by_email(email) for email in sorted(self._rules.admins)]
        case = policy.Case(departure.leaver, departure.admin, lead)
        return policy.approvers(case, [person for person in found if person])

    # Running

    async def _advance(self, departure: Departure) -> Advance:
        system, step = departure.next_step() or ("", StepKey.COMPARE)
        ending = await STEPS[step](self._unit(departure, system))
        match ending:
            case More(wait, waiting):
                await self._report(departure, waiting=waiting, wait=wait)
                return Advance(ended=False, wait=wait)
            case Ended(outcome, evidence, found):
                result = StepResult(system, step, outcome, evidence, self._now())
                counts = {name: n for name, n in evidence.items() if isinstance(n, int)}
                log.info("step.ended", departure=departure.id, step=step, outcome=outcome, **counts)
                await self._report(departure, always=True)
                await self._append(departure, *found, StepEnded(at=self._now(), result=result))
                return Advance(ended=False)
            case Stopped():
                return await self._stop(departure, step, ending)
            case Drifted(differences, inventory):
                fresh = {**(departure.inventories or {}), system: inventory}
                method = Method(self._settings.practice, prices(self._connectors), emergency=departure.emergency)
                redone = make_plan(fresh, handovers_of(plan_of(departure)), self._now(), method)
                voided = Voided(
                    at=self._now(), differences=differences, inventories=fresh, plan=redone, digest=digest(redone)
                )
                await self._append(departure, voided)
                return ENDED


def _retention_until(departure: Departure, practice: Practice) -> datetime | None:
    """Until when the e-mails can be retained: there is a mailbox, and somebody took the log-in away."""
    ended = [r.at for r in departure.steps if r.step is StepKey.DEACTIVATE and r.outcome is not Outcome.SKIPPED]
    if not ended or mailbox_kinds(departure) == (MailboxKind.NONE,):
        return None
    return min(ended) + timedelta(days=practice.retention.days)


def _moves(inventories: Mapping[str, Inventory], practice: Practice) -> dict[str, int]:
    return {
        f"{system}/{holding.module.name}": moving(holding, practice)
        for system, inventory in inventories.items()
        for holding in inventory.holdings
    }
