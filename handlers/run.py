"""The work behind a departure: makes the inventory, then goes through the playbook one unit at a time.

The engine calls `plan` or `advance` until they say that there is nothing more; each call does one bounded piece, stores
it, and can be cut off at any instant. Everything that decides what comes next is read from the store.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from connectors.base import Account, Connector, ConnectorError, Inventory, NotAuthorised, QuotaExhausted, Unavailable
from handlers.cards import Posting
from handlers.conversation import HouseRules, messages_of
from handlers.departure import Departure, State, evolve
from handlers.events import Event, Interrupted, Planned, Problem, RunEnded, StepEnded, StepResult, Voided
from handlers.people import Person
from handlers.plan import Plan, digest, make_plan
from handlers.playbooks import StepKey
from handlers.ports import Conflict, People, Place, Store, StoreUnavailable, Totals, Transaction
from handlers.ports import LedgerOutcome as Row
from handlers.progress import ModuleProgress, RunProgress
from handlers.rules import suggest_successor
from handlers.steps.compare import compare
from handlers.steps.deactivate import deactivate
from handlers.steps.recount import recount
from handlers.steps.snapshot import snapshot
from handlers.steps.tag import tag
from handlers.steps.transfer import transfer
from handlers.steps.unit import Drifted, Ended, Ending, Memory, More, RunSettings, Stopped, Unit
from handlers.steps.verify import verify

log = structlog.get_logger("offboard.run")

STEPS: Final[dict[StepKey, Callable[[Unit], Awaitable[Ending]]]] = {
    StepKey.COMPARE: compare,
    StepKey.SNAPSHOT: snapshot,
    StepKey.TAG: tag,
    StepKey.TRANSFER: transfer,
    StepKey.VERIFY: verify,
    StepKey.DEACTIVATE: deactivate,
    StepKey.RECOUNT: recount,
}

_REPORT_EVERY: Final = 1.0  # seconds between two looks at the ledger's totals for the progress card
_LONGEST_WAIT: Final = 300.0  # seconds
_DOUBLINGS: Final = 12


@dataclass(frozen=True)
class Advance:
    """Whether the work is at its end for now, and else how many seconds to wait before the next unit."""

    ended: bool
    wait: float = 0.0


ENDED: Final = Advance(ended=True)


class Runner:
    """Does the durable work. One instance per process; its memory speeds things up and is never needed to be right."""

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
        self._store = store
        self._people = people
        self._connectors = connectors
        self._rules = rules
        self._settings = settings
        self._now = now
        self._memories: dict[str, tuple[int, Memory]] = {}  # by departure: the run, and what it remembers
        self._reported: dict[str, float] = {}

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
            self._memories.pop(departure_id, None)
            await self._append(departure, RunEnded(at=self._now()))
            return ENDED
        return await self._guarded(departure, following[1], self._advance)

    async def _load(self, departure_id: str) -> Departure | None:
        return await self._store.read(lambda tx: tx.departure(departure_id))

    async def _guarded(
        self, departure: Departure, step: str, work: Callable[[Departure], Awaitable[Advance]]
    ) -> Advance:
        """Turn every failure into what it asks for: wait and go on, or stop and tell a person."""
        memory = self._memory(departure)
        try:
            advance = await work(departure)
        except Conflict:
            return Advance(ended=False)
        except StoreUnavailable:
            raise  # the engine calls again
        except Unavailable as error:
            return await self._wait_for_vendor(departure, step, error, memory)
        except ConnectorError as error:
            key = "problem.not_authorised" if isinstance(error, NotAuthorised) else "problem.rejected"
            return await self._stop(departure, step, Stopped(key, code=error.code), error=error)
        except Exception as error:  # noqa: BLE001 — the durable-step boundary: a fault of ours must reach a person
            return await self._stop(departure, step, Stopped("problem.unexpected"), error=error)
        memory.tries.pop("vendor", None)
        return advance

    def _memory(self, departure: Departure) -> Memory:
        """A new run begins without memories: what was tried too often before is tried anew."""
        run, memory = self._memories.get(departure.id, (-1, Memory()))
        if run != departure.run:
            memory = Memory()
            self._memories[departure.id] = departure.run, memory
        return memory

    async def _wait_for_vendor(self, departure: Departure, step: str, error: Unavailable, memory: Memory) -> Advance:
        backoff = self._settings.patience * 2 ** min(memory.tried("vendor") - 1, _DOUBLINGS)
        wait = min(max(error.retry_after or 0.0, backoff), _LONGEST_WAIT)
        waiting = "waiting.quota" if isinstance(error, QuotaExhausted) else "waiting.vendor"
        log.warning("vendor.unavailable", departure=departure.id, step=step, code=error.code, wait=round(wait, 1))
        await self._report(departure, waiting=waiting, wait=wait, always=True)
        return Advance(ended=False, wait=wait)

    async def _stop(
        self, departure: Departure, step: str, stopped: Stopped, *, error: Exception | None = None
    ) -> Advance:
        self._memories.pop(departure.id, None)  # whoever goes on begins with all patience and looks at all anew
        reference = secrets.token_hex(4)
        log.error(
            "departure.stopped", departure=departure.id, step=step, key=stopped.key, code=stopped.code,
            reference=reference, exc_info=error if stopped.key == "problem.unexpected" else None,
        )  # fmt: skip
        system = next(iter(departure.accounts))
        problem = Problem(reference, step, system, stopped.key, stopped.code, stopped.count)
        await self._report(departure, always=True)
        await self._append(departure, Interrupted(at=self._now(), problem=problem))
        return ENDED

    async def _append(self, departure: Departure, event: Event) -> Departure:
        messages = await self._messages(evolve(departure, event))

        def commit(tx: Transaction) -> Departure:
            after = tx.append(departure, (event,))
            tx.put(after.id, messages)
            return after

        return await self._store.write(commit)

    async def _messages(self, departure: Departure) -> tuple[Posting, ...]:
        return await messages_of(self._store, departure, now=self._now(), channels=self._rules.channels)

    # Planning

    async def _plan(self, departure: Departure) -> Advance:
        inventories: dict[str, Inventory] = {}
        for system, account in departure.accounts.items():
            inventories[system] = await self._connectors[system].inventory(account.id)
        system, account = next((s, inventory.account) for s, inventory in inventories.items())
        accounts = await self._connectors[system].accounts()
        lead = await self._lead(account, accounts)
        approvers = await self._approvers(departure, lead)
        if not approvers:
            return await self._stop(departure, "plan", Stopped("problem.no_approver"))
        open_ones = await self._store.read(lambda tx: tx.open_departures())
        leaving = frozenset(a.email.lower() for d in open_ones for a in d.accounts.values())
        suggestion = suggest_successor(account, accounts, leaving)
        await self._append(
            departure,
            Planned(at=self._now(), inventories=inventories, lead=lead, approvers=approvers, suggestion=suggestion),
        )
        return ENDED

    async def _lead(self, account: Account, accounts: tuple[Account, ...]) -> Person | None:
        manager = next((a for a in accounts if a.id == account.manager_id and a.active), None)
        if manager is None:
            return None
        return await self._people.by_email(manager.email) or Person(manager.name, manager.email)

    async def _approvers(self, departure: Departure, lead: Person | None) -> tuple[Person, ...]:
        """The lead, if they can be asked in chat and did not start the departure; else every other admin."""
        if lead and lead.chat and not lead.same_as(departure.admin) and not lead.same_as(departure.leaver):
            return (lead,)
        found = [await self._people.by_email(email) for email in sorted(self._rules.admins)]
        return tuple(
            person
            for person in found
            if person and person.chat and not person.same_as(departure.admin) and not person.same_as(departure.leaver)
        )

    # Running

    async def _advance(self, departure: Departure) -> Advance:
        system, step = departure.next_step() or ("", StepKey.COMPARE)
        plan = _plan_of(departure)
        unit = Unit(
            departure=departure,
            plan=plan.system(system),
            connector=self._connectors[system],
            store=self._store,
            settings=self._settings,
            memory=self._memory(departure),
            now=self._now,
        )
        ending = await STEPS[step](unit)
        match ending:
            case More(wait, waiting):
                await self._report(departure, waiting=waiting, wait=wait)
                return Advance(ended=False, wait=wait)
            case Ended(outcome, evidence):
                result = StepResult(system, step, outcome, evidence, self._now())
                log.info("step.ended", departure=departure.id, step=step, outcome=outcome, **evidence)
                await self._report(departure, always=True)
                await self._append(departure, StepEnded(at=self._now(), result=result))
                return Advance(ended=False)
            case Stopped():
                return await self._stop(departure, step, ending)
            case Drifted(differences, inventory):
                fresh = {**(departure.inventories or {}), system: inventory}
                redone = make_plan(fresh, {s.system: s.successor for s in plan.systems}, self._now())
                voided = Voided(
                    at=self._now(), differences=differences, inventories=fresh, plan=redone, digest=digest(redone)
                )
                await self._append(departure, voided)
                return ENDED

    async def _report(
        self, departure: Departure, *, waiting: str | None = None, wait: float = 0.0, always: bool = False
    ) -> None:
        """Bring the progress and the cards that show it up to date, at most once a second."""
        last, now = self._reported.get(departure.id, 0.0), time.monotonic()
        if not always and not waiting and now - last < _REPORT_EVERY:
            return
        self._reported[departure.id] = now
        following = departure.next_step()
        until = self._now() + timedelta(seconds=wait) if waiting else None

        progress = RunProgress(
            step=following[1] if following else None,
            modules=_module_progress(departure, await self._store.read(lambda tx: tx.totals(departure.id))),
            waiting=waiting,
            until=until,
        )
        await self._store.write(lambda tx: tx.save_progress(departure.id, progress))
        messages = await self._messages(departure)
        await self._store.write(lambda tx: tx.put(departure.id, messages))


def _plan_of(departure: Departure) -> Plan:
    if departure.plan is None or digest(departure.plan) != departure.digest:
        raise ValueError("a run without the plan that was approved")
    return departure.plan


def _module_progress(departure: Departure, totals: dict[Place, Totals]) -> tuple[ModuleProgress, ...]:
    """The plan's modules in their order, each with what the ledger says."""
    found = []
    for plan in departure.plan.systems if departure.plan else ():
        for line in plan.lines:
            total = totals.get(Place(departure.id, plan.system, line.module))
            if line.move or total:
                found.append(_one_module(ModuleProgress(plan.system, line.module, line.label), line.move, total))
    return tuple(found)


def _one_module(empty: ModuleProgress, planned: int, total: Totals | None) -> ModuleProgress:
    if total is None:
        return replace(empty, planned=planned)
    return replace(
        empty,
        planned=max(planned, total.rows),
        tagged=total.tagged,
        moved=total.count(Row.MOVED),
        others=total.count(Row.OTHERS),
        gone=total.count(Row.GONE),
        failed=total.count(Row.FAILED),
    )
