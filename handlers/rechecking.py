"""Looks again some time after the end: what has reached the leaver since moves by the rule that was approved.

Deleted records come out of the recycle bin with their old owner, imports and late jobs name whom they always named.
What cannot be moved is told; nobody is asked, and nothing is undone. Where people undo the departure, or hand it on,
while such a look goes on, its last batch may reach the vendor behind theirs: then the look ends by doing to that batch
the same.
"""

from handlers.departure import RETURNING, Departure, State
from handlers.errand import errands_of
from handlers.events import Rechecked
from handlers.steps.give_back import give_back
from handlers.steps.recount import recount
from handlers.steps.unit import Ending, More, Stopped, Unit
from handlers.steps.verify import verify
from handlers.working import ENDED, Advance, Worker, log


class Rechecker(Worker):
    """The work of one re-check of one departure, in bounded units."""

    async def advance(self, departure_id: str, number: int) -> Advance:
        """Do one unit of the re-check with this number, counted from 1."""
        departure = await self._load(departure_id)
        if departure is None or len(departure.rechecks) + 1 != number:
            return ENDED
        if departure.state in RETURNING:
            return Advance(ended=False, wait=self._settings.patience)
        if any(undoing.result and not undoing.given_up for undoing in departure.undoings[-1:]):
            return await self._guarded(departure, "recheck", self._follow)
        if departure.state is not State.CLOSED:
            return ENDED
        return await self._guarded(departure, "recheck", self._recheck)

    async def _follow(self, departure: Departure) -> Advance:
        """What this look moved after an undo, or a hand-over to the next one, had passed goes the same way."""
        for errand in errands_of(departure, self._connectors):
            ending = await give_back(self._unit(departure, errand.plan.system))
            if isinstance(ending, More):
                return Advance(ended=False, wait=ending.wait)
            if isinstance(ending, Stopped):
                return await self._stop(departure, "recheck", ending)
        self._memories.pop(departure.id, None)
        return ENDED

    async def _recheck(self, departure: Departure) -> Advance:
        for system in departure.accounts:
            ending = await _look(self._unit(departure, system))
            if isinstance(ending, More):
                return Advance(ended=False, wait=ending.wait)
            if isinstance(ending, Stopped):
                return await self._stop(departure, "recheck", ending)
        await self._done(departure)
        return ENDED

    async def _stop(
        self, departure: Departure, step: str, stopped: Stopped, *, error: Exception | None = None
    ) -> Advance:
        """The departure stays closed: what was found is told, with a reference where it is our fault."""
        if departure.undoings:
            log.error("recheck.behind", departure=departure.id, key=stopped.key, exc_info=error)
            return ENDED
        log.warning(
            "recheck.found", departure=departure.id, step=step, key=stopped.key, left=stopped.count,
            exc_info=error if stopped.key == "problem.unexpected" else None,
        )  # fmt: skip
        await self._done(departure, stopped)
        return ENDED

    async def _done(self, departure: Departure, stopped: Stopped | None = None) -> None:
        self._memories.pop(departure.id, None)
        # From the ledger alone: progress may have been saved by a unit before, and the process killed since.
        since = departure.rechecks[-1].at if departure.rechecks else departure.closed_at or departure.since
        moved = await self._store.read(lambda tx: tx.moved_since(departure.id, since))
        found = Rechecked(
            at=self._now(),
            number=len(departure.rechecks) + 1,
            moved=moved,
            left=stopped.count if stopped else 0,
            problem=stopped.key if stopped else None,
        )
        await self._report(departure, always=True)
        await self._append(departure, found)


async def _look(unit: Unit) -> Ending:
    """By both ways of counting; late arrivals move in between."""
    first = await verify(unit)
    if isinstance(first, More | Stopped):
        return first
    return await recount(unit)
