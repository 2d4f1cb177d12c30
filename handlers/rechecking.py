"""Looks again some time after the end: what has reached the leaver since moves by the rule that was approved.

Deleted records come out of the recycle bin with their old owner, imports and late jobs name whom they always named.
What cannot be moved is told; nobody is asked, and nothing is undone. Where people undo the departure, or hand it on,
while such a look goes on, its last batch may reach the vendor behind theirs: then the look ends by doing to that batch
the same.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.base import Connector
from handlers.departure import RETURNING, Departure, State
from handlers.errand import errands_of
from handlers.events import Problem, Rechecked
from handlers.playbooks import StepKey
from handlers.ports import Store
from handlers.steps.give_back import give_back
from handlers.steps.recount import recount
from handlers.steps.unit import Ending, More, RunSettings, Stopped, Unit
from handlers.steps.verify import verify
from handlers.working import ENDED, Advance, Worker, log


class Rechecker(Worker):
    """The work of one re-check of one departure, in bounded units."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        settings: RunSettings,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(store=store, connectors=connectors, settings=settings, now=now)
        # What each system is through with, by departure and how many looks came before; losing it costs a look.
        self._found: dict[tuple[str, int], dict[str, Problem | None]] = {}

    async def advance(self, departure_id: str, number: int, system: str) -> Advance:
        """Do one unit of the re-check with this number, counted from 1."""
        departure = await self._load(departure_id)
        if departure is None or len(departure.rechecks) + 1 != number:
            return ENDED
        if departure.state in RETURNING:
            return Advance(ended=False, wait=self._settings.patience)
        if any(undoing.result and not undoing.given_up for undoing in departure.undoings[-1:]):
            return await self._guarded(departure, system, "recheck", self._follow)
        if departure.state is not State.CLOSED:
            return ENDED
        return await self._recheck(departure)

    async def _follow(self, departure: Departure, _: str) -> Advance:
        """What this look moved after an undo, or a hand-over to the next one, had passed goes the same way."""
        for errand in errands_of(departure, self._connectors):
            ending = await give_back(self._unit(departure, errand.plan.system))
            if isinstance(ending, More):
                return Advance(ended=False, wait=ending.wait)
            if isinstance(ending, Stopped):
                return await self._stop(departure, errand.plan.system, "recheck", ending)
            self._forget(departure, errand.plan.system)
        return ENDED

    async def _recheck(self, departure: Departure) -> Advance:
        """Every system, those first that answer: what is found in one keeps nobody from looking at the others."""
        found = self._found.setdefault((departure.id, len(departure.rechecks)), {})
        pending = [system for system in departure.accounts if system not in found]
        pending.sort(key=lambda system: "vendor" in self._memory(departure, system).tries)
        waits = []
        for system in pending:
            advance = await self._guarded(departure, system, "recheck", self._one)
            if not (advance.ended or advance.wait):
                return advance
            if advance.ended:
                found.setdefault(system, None)
            else:
                waits.append(advance.wait)
        if waits:
            return Advance(ended=False, wait=min(waits))
        await self._done(departure, found)
        return ENDED

    async def _one(self, departure: Departure, system: str) -> Advance:
        ending = await _look(self._unit(departure, system))
        if isinstance(ending, More):
            return Advance(ended=False, wait=ending.wait)
        return await self._stop(departure, system, "recheck", ending) if isinstance(ending, Stopped) else ENDED

    async def _stop(
        self, departure: Departure, system: str, step: str, stopped: Stopped, *, error: Exception | None = None
    ) -> Advance:
        """The departure stays closed: what was found is told once the other systems were looked at too."""
        if departure.undoings:
            log.error("recheck.behind", departure=departure.id, key=stopped.key, exc_info=error)
            return ENDED
        reference = secrets.token_hex(4)
        log.warning(
            "recheck.found", departure=departure.id, system=system, step=step, key=stopped.key, left=stopped.count,
            reference=reference, exc_info=error if stopped.key == "problem.unexpected" else None,
        )  # fmt: skip
        problem = Problem(reference, step, system, stopped.key, stopped.code, stopped.count)
        self._found.setdefault((departure.id, len(departure.rechecks)), {})[system] = problem
        await self._report(departure, system, always=True)
        return ENDED

    async def _done(self, departure: Departure, found: Mapping[str, Problem | None]) -> None:
        for key in departure.accounts:
            self._forget(departure, key)
        # From the ledger alone: progress may have been saved by a unit before, and the process killed since.
        since = departure.rechecks[-1].at if departure.rechecks else departure.closed_at or departure.since
        moved = await self._store.read(lambda tx: tx.moved_since(departure.id, since))
        problems = [problem for problem in found.values() if problem]
        looked = Rechecked(
            at=self._now(),
            number=len(departure.rechecks) + 1,
            moved=moved,
            left=sum(problem.count for problem in problems),
            problem=problems[0].key if problems else None,
            system=problems[0].system if problems else "",
            also=tuple(problems[1:]),
        )
        await self._report(departure, next(iter(departure.accounts)), always=True)
        await self._append(departure, looked)
        self._found.pop((departure.id, len(departure.rechecks)), None)


async def _look(unit: Unit) -> Ending:
    """By both ways of counting, as far as the system has them; late arrivals move in between."""
    first = await verify(unit)
    if isinstance(first, More | Stopped) or StepKey.RECOUNT in unit.plan.guided:
        return first
    return await recount(unit)
