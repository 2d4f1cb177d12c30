"""What all durable work on a departure has in common: one bounded unit per call, and a reaction to each failure.

The engine calls a worker until it says that there is nothing more; each call does one piece, stores it, and can be cut
off at any instant. Everything that decides what comes next is read from the store.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog

from connectors.base import Connector, ConnectorError, NotAuthorised, QuotaExhausted, Unavailable
from handlers.cards import Posting
from handlers.consequences import messages_of
from handlers.departure import Departure, State, evolved
from handlers.events import Event, Interrupted, Problem
from handlers.plan import Plan, SystemPlan
from handlers.playbooks import StepKey
from handlers.ports import Conflict, Place, Store, StoreUnavailable, Totals, Transaction
from handlers.ports import LedgerOutcome as Row
from handlers.progress import ModuleProgress, RunProgress, Whereabouts
from handlers.steps.unit import Memory, RunSettings, Stopped, Unit

log = structlog.get_logger("offboard.run")

_REPORT_EVERY: Final = 1.0  # seconds between two looks at the ledger's totals for the progress card
_LONGEST_WAIT: Final = 300.0  # seconds
_LONGEST_GAP: Final = 900.0  # seconds between two failures that one outage explains; the rest the service was off
_DOUBLINGS: Final = 12


@dataclass(frozen=True)
class Advance:
    """Whether the work is at its end for now, and else how many seconds to wait before the next unit."""

    ended: bool
    wait: float = 0.0


ENDED: Final = Advance(ended=True)
T = TypeVar("T")


class Worker:
    """One instance per process; its memory speeds things up and is never needed to be right."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        settings: RunSettings,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._connectors = connectors
        self._settings = settings
        self._now = now
        self._memories: dict[tuple[str, str], tuple[int, Memory]] = {}  # of a departure in a system, in which run
        self._reported: dict[str, float] = {}

    async def _load(self, departure_id: str) -> Departure | None:
        return await self._store.read(lambda tx: tx.departure(departure_id))

    async def _guarded(
        self, departure: Departure, system: str, step: str, work: Callable[[Departure, str], Awaitable[Advance]]
    ) -> Advance:
        """Turn every failure into what it asks for: wait and go on, or stop and tell a person."""
        memory = self._memory(departure, system)
        try:
            advance = await work(departure, system)
        except Conflict:
            return Advance(ended=False)
        except StoreUnavailable:
            raise  # the engine calls again
        except Unavailable as error:
            return await self._wait_for_vendor(departure, system, step, error, memory)
        except ConnectorError as error:
            key = "problem.not_authorised" if isinstance(error, NotAuthorised) else "problem.rejected"
            culprit = culprit_of(departure, error, system)
            return await self._stop(departure, culprit, step, Stopped(key, code=error.code), error=error)
        except Exception as error:  # noqa: BLE001 — the durable-step boundary: a fault of ours must reach a person
            return await self._stop(departure, system, step, Stopped("problem.unexpected"), error=error)
        if memory.tries.pop("vendor", None):
            await self._report(departure, system, always=True)  # the next outage is another one
        return advance

    def _memory(self, departure: Departure, system: str) -> Memory:
        """A new run begins without memories: what was tried too often before is tried anew."""
        run, memory = self._memories.get((departure.id, system), (-1, Memory()))
        if run != departure.run:
            memory = Memory()
            self._memories[departure.id, system] = departure.run, memory
        return memory

    def _forget(self, departure: Departure, system: str) -> None:
        self._memories.pop((departure.id, system), None)

    async def _wait_for_vendor(
        self, departure: Departure, system: str, step: str, error: Unavailable, memory: Memory
    ) -> Advance:
        backoff = self._settings.patience * 2 ** min(memory.tried("vendor") - 1, _DOUBLINGS)
        wait = min(max(error.retry_after or 0.0, backoff), _LONGEST_WAIT)
        waiting = "waiting.quota" if isinstance(error, QuotaExhausted) else "waiting.vendor"
        waited = await self._waited(departure, system)
        if waited >= self._settings.vendor_patience:
            return await self._stop(departure, system, step, Stopped("problem.unavailable", code=error.code))
        log.warning(
            "vendor.unavailable", departure=departure.id, system=system, step=step, code=error.code, wait=round(wait, 1)
        )
        await self._report(departure, system, waiting=waiting, wait=wait, waited=waited, always=True)
        return Advance(ended=False, wait=wait)

    async def _waited(self, departure: Departure, system: str) -> float:
        """For how many seconds the vendor has been away, whatever process saw it; none while no process was there."""
        progress = await self._store.read(lambda tx: tx.progress(departure.id))
        here = progress.at.get(system) if progress else None
        if here is None or here.failed_at is None or here.run != departure.run:
            return 0.0
        gap = (self._now() - here.failed_at).total_seconds()
        return here.waited + min(max(gap, 0.0), _LONGEST_GAP)

    async def _stop(
        self, departure: Departure, system: str, step: str, stopped: Stopped, *, error: Exception | None = None
    ) -> Advance:
        self._forget(departure, system)  # whoever goes on begins with all patience and looks at all anew
        reference = secrets.token_hex(4)
        log.error(
            "departure.stopped", departure=departure.id, system=system, step=step, key=stopped.key, code=stopped.code,
            reference=reference, exc_info=error if stopped.key == "problem.unexpected" else None,
        )  # fmt: skip
        problem = Problem(reference, step, system, stopped.key, stopped.code, stopped.count)
        await self._report(departure, system, always=True)
        await self._append(departure, *stopped.found, Interrupted(at=self._now(), problem=problem), of=system)
        return ENDED

    async def _append(self, departure: Departure, *events: Event, of: str | None = None) -> Departure:
        """Store events. Raises `Conflict` where the departure is another one by now; for events `of` one system, only
        where the work there is another one: the other systems go on at the same time."""
        while True:
            try:
                return await self._append_once(departure, *events)
            except Conflict:
                fresh = await self._load(departure.id) if of else None
                if fresh is None or of is None or _work_in(fresh, of) != _work_in(departure, of):
                    raise
                departure = fresh

    async def _append_once(self, departure: Departure, *events: Event) -> Departure:
        messages = await self._messages(evolved(departure, events))

        def commit(tx: Transaction) -> Departure:
            after = tx.append(departure, events)
            tx.put(after.id, messages)
            return after

        return await self._store.write(commit)

    async def _messages(self, departure: Departure) -> tuple[Posting, ...]:
        return await messages_of(self._store, departure, now=self._now(), channels=self._settings.channels)

    def _unit(self, departure: Departure, system: str) -> Unit:
        return Unit(
            departure=departure,
            plan=plan_of(departure).system(system),
            connector=self._connectors[system],
            store=self._store,
            settings=self._settings,
            memory=self._memory(departure, system),
            now=self._now,
        )

    async def _report(
        self,
        departure: Departure,
        system: str,
        *,
        waiting: str | None = None,
        wait: float = 0.0,
        waited: float | None = None,
        always: bool = False,
    ) -> None:
        """Bring the progress and the cards that show it up to date, at most once a second."""
        last, now = self._reported.get(departure.id, 0.0), time.monotonic()
        if not always and not waiting and now - last < _REPORT_EVERY:
            return
        self._reported[departure.id] = now
        departure = await self._load(departure.id) or departure  # other systems may have gone on meanwhile
        until = self._now() + timedelta(seconds=wait) if waiting else None
        step = departure.next_step(system) if departure.work is State.RUNNING else None
        failed_at = None if waited is None else self._now()
        here = Whereabouts(step, waiting, until, failed_at, waited or 0.0, departure.run)
        modules = await self._store.read(lambda tx: _module_progress(departure, tx))
        agenda = await self._store.read(lambda tx: _agenda(departure, tx))

        def save(tx: Transaction) -> None:
            before = tx.progress(departure.id) or RunProgress()
            tx.save_progress(departure.id, RunProgress({**before.at, system: here}, modules, agenda))

        await self._store.write(save)
        messages = await self._messages(departure)

        def put(tx: Transaction) -> None:
            now = tx.departure(departure.id)
            if now is None or now.revision == departure.revision:  # else whatever has happened brought its own
                tx.put(departure.id, messages)

        await self._store.write(put)


def culprit_of(departure: Departure, error: ConnectorError, system: str) -> str:
    """The system that has failed in work on `system`. Planning asks all side by side; what stands behind one of them,
    such as the server that gives out its tokens, is no system of the departure."""
    return error.system if error.system in departure.accounts else system


async def side_by_side(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in the order of the calls. All are heard to the end before the first error is raised."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    failed = [each for each in found if isinstance(each, BaseException)]
    if failed:
        raise next((each for each in failed if not isinstance(each, Unavailable)), failed[0])
    return [each for each in found if not isinstance(each, BaseException)]


def _work_in(departure: Departure, system: str) -> tuple[object, ...]:
    """What the work in one system goes by."""
    return departure.work, departure.next_step(system), departure.stopped(system), len(departure.undoings)


def plan_of(departure: Departure) -> Plan:
    if departure.plan is None or not departure.is_as_signed:
        raise ValueError("a run without the plan that was approved")
    return departure.plan


def _module_progress(departure: Departure, tx: Transaction) -> tuple[ModuleProgress, ...]:
    """The plan's modules in their order, each with what the ledger says."""
    totals, found = tx.totals(departure.id), []
    for plan in departure.plan.systems if departure.plan else ():
        for line in plan.lines:
            total = totals.get(Place(departure.id, plan.system, line.module))
            if line.move or total:
                found.append(_one_module(ModuleProgress(plan.system, line.module, line.label), line.move, total))
        found += _other_fields(departure, plan, totals)
    if all(result.step is not StepKey.TRANSFER for result in departure.steps):
        return tuple(found)
    return tuple(replace(each, given=_given(departure, each, tx)) for each in found)


def _agenda(departure: Departure, tx: Transaction) -> dict[str, str]:
    """Whose each record of the work-list is now, once the transfer is through."""
    if not any(result.step is StepKey.TRANSFER for result in departure.steps):
        return {}
    found: dict[str, str] = {}
    for system, items in departure.agenda.items():
        for module in {item.module for item in items}:
            ids = [item.record_id for item in items if item.module == module]
            receivers = tx.receivers(Place(departure.id, system, module), ids)
            found |= {f"{system}/{module}/{each}": f"{system}/{to}" for each, to in receivers.items()}
    return found


def _given(departure: Departure, module: ModuleProgress, tx: Transaction) -> dict[str, int]:
    """How many records each account has got."""
    place = Place(departure.id, module.system, module.module)
    return dict(tx.given(place, outcome=Row.MOVED)) if module.moved else {}


def _other_fields(departure: Departure, plan: SystemPlan, totals: dict[Place, Totals]) -> Iterator[ModuleProgress]:
    """Fields besides the owner, as far as the ledger has them."""
    modules = {line.module: line.label for line in plan.lines}
    labels = {f.place: (f"{modules.get(f.module, f.module)}: {f.label}", f.count) for f in plan.fields}
    labels |= {
        f"{line.module}.{plan.dead[line.module].field}": (f"{line.label}: {plan.dead[line.module].value}", line.close)
        for line in plan.lines
        if line.module in plan.dead
    }
    for name, (label, planned) in labels.items():
        total = totals.get(Place(departure.id, plan.system, name))
        if total:
            yield _one_module(ModuleProgress(plan.system, name, label), planned, total)


def _one_module(empty: ModuleProgress, planned: int, total: Totals | None) -> ModuleProgress:
    if total is None:
        return replace(empty, planned=planned)
    return replace(
        empty,
        planned=max(planned, total.rows),
        tagged=total.tagged,
        moved=total.count(Row.MOVED),
        returned=total.count(Row.RETURNED),
        given_on=total.count(Row.KEPT),
        others=total.count(Row.OTHERS),
        gone=total.count(Row.GONE),
        failed=total.count(Row.FAILED),
    )
