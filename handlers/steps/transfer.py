"""Gives the records of the ledger to the successor, batch by batch.

Before each stretch of `limits.look` records one look asks the vendor which of them a colleague has given to somebody
else or closed since the snapshot; those are left alone. Rows that the vendor refuses for now come again at the end, a
few times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from connectors.base import BatchResult, Part, RowReason, Unavailable
from handlers.announcing import announce, announce_all
from handlers.events import Outcome
from handlers.plan import Line
from handlers.ports import LedgerOutcome, Transaction
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit

# The vendor's clock and ours may differ; looking a little further back costs nothing.
_CLOCK_SKEW: Final = timedelta(minutes=5)


async def transfer(unit: Unit) -> Ending:
    """Move one batch of the first module that has records left."""
    return await move_next(unit, unit.plan.lines) or await transferred(unit)


async def move_next(unit: Unit, lines: Sequence[Line]) -> More | None:
    """Move the next batch, those that were refused for now at the very end. None when every record is settled."""
    for line in lines:
        batch = await _batch(unit, line.module, LedgerOutcome.PLANNED)
        if batch:
            await _move(unit, line, batch)
            return More()
    for line in lines:
        batch = await _batch(unit, line.module, LedgerOutcome.DEFERRED)
        if batch:
            return await _move_deferred(unit, line, batch)
    return None


@dataclass(frozen=True)
class _Batch:
    """Records, in ascending order, that go to the same account."""

    to: str
    ids: tuple[str, ...]


async def _batch(unit: Unit, module: str, outcome: LedgerOutcome) -> _Batch | None:
    limits, place = unit.connector.limits, unit.place(module)
    limit = limits.update if unit.plan.chosen.quiet else limits.write

    def read(tx: Transaction) -> _Batch | None:
        ids = tx.batch(place, outcome=outcome, untagged=False, limit=limit)
        to = tx.receivers(place, ids) if ids else {}
        return _Batch(to[ids[0]], tuple(each for each in ids if to[each] == to[ids[0]])) if ids else None

    return await unit.store.read(read)


async def _move(unit: Unit, line: Line, batch: _Batch) -> int:
    """Move these records, except those that others have changed. Returns the most attempts of a refused row."""
    place, ids = unit.place(line.module), batch.ids
    if not unit.memory.guarded.get(place, frozenset()).issuperset(ids):
        taken = await _taken_by_others(unit, line, ids)
        ids = tuple(record_id for record_id in ids if record_id not in taken)
    if not ids:
        return await _write_down(unit, line, BatchResult(()))
    try:
        tag = unit.plan.tag if unit.connector.tags_along else None
        result = await unit.connector.change_owner(line.module, ids, batch.to, quiet=unit.plan.chosen.quiet, tag=tag)
    except Unavailable:
        unit.memory.guarded.pop(place, None)  # it may have been done or not: look again before it is repeated
        raise
    return await _write_down(unit, line, result)


async def _taken_by_others(unit: Unit, line: Line, ids: tuple[str, ...]) -> frozenset[str]:
    """Look at the next stretch, from these records on; write down and return what a colleague gave away or closed.

    What whoever is to get it has already may have been moved by us, without our having seen the answer.
    """
    place = unit.place(line.module)
    limit = unit.connector.limits.look
    planned = await unit.store.read(
        lambda tx: tx.batch(place, outcome=LedgerOutcome.PLANNED, untagged=False, limit=limit)
    )
    stretch = planned if frozenset(planned).issuperset(ids) else ids
    found = await left_since(unit, line, stretch)
    to = await unit.store.read(lambda tx: tx.receivers(place, list(found)))
    taken, now = frozenset(each for each in to if found[each] != to[each]), unit.now()
    await unit.store.write(lambda tx: tx.settle(place, sorted(taken), LedgerOutcome.OTHERS, now))
    unit.memory.guarded[place] = frozenset(stretch)
    return taken


async def left_since(unit: Unit, line: Line, ids: Sequence[str]) -> Mapping[str, str]:
    """Which of these records have left what the leaver has to hand over since the snapshot, with whose they are."""
    cursors = await unit.store.read(lambda tx: tx.cursors(unit.departure.id, unit.plan.system))
    return await unit.connector.moved_away(
        unit.plan.leaver.id,
        line.module,
        line.part or Part.ALL,
        since=cursors[line.module].started_at - _CLOCK_SKEW,
        ids=ids,
    )


async def _write_down(unit: Unit, line: Line, result: BatchResult) -> int:
    """Store the outcome of every row; announce the module when this was its last batch."""
    place, now = unit.place(line.module), unit.now()
    later = [f for f in result.failed if f.reason.may_pass_later]
    gone = [f.id for f in result.failed if f.reason is RowReason.GONE]
    refused = [f for f in result.failed if not f.reason.may_pass_later and f.reason is not RowReason.GONE]

    tagged = frozenset(result.done) - frozenset(result.untagged) if unit.connector.tags_along and unit.plan.tag else ()

    def write(tx: Transaction) -> int:
        tx.settle(place, result.done, LedgerOutcome.MOVED, now)
        tx.mark_tagged(place, sorted(tagged), [])
        tx.settle(place, gone, LedgerOutcome.GONE, now)
        tx.fail(place, refused, now)
        attempts = tx.defer(place, later, now)
        if not tx.remaining(place):
            announce(tx, unit.announcement, line)
        return attempts

    return await unit.store.write(write)


async def _move_deferred(unit: Unit, line: Line, batch: _Batch) -> More:
    place = unit.place(line.module)
    unit.memory.guarded.pop(place, None)  # time has passed since the last look
    attempts = await _move(unit, line, batch)
    if attempts >= unit.settings.tries:
        now = unit.now()

        def give_up(tx: Transaction) -> None:
            tx.give_up_deferred(place, now)
            announce(tx, unit.announcement, line)

        await unit.store.write(give_up)
        return More()
    return More(wait=unit.settings.patience, waiting="waiting.locked") if attempts else More()


async def transferred(unit: Unit) -> Ending:
    mine = unit.of_lines(await unit.store.read(lambda tx: tx.totals(unit.departure.id)))

    def count(outcome: LedgerOutcome) -> int:
        return sum(t.count(outcome) for t in mine)

    # A release may have come between the look at the departure and the end of its last batch.
    await unit.store.write(lambda tx: announce_all(tx, unit.announcement))
    if count(LedgerOutcome.FAILED):
        return Stopped("problem.rows_refused", count(LedgerOutcome.FAILED))
    evidence: dict[str, int | str] = {
        "moved": count(LedgerOutcome.MOVED),
        "others": count(LedgerOutcome.OTHERS),
        "gone": count(LedgerOutcome.GONE),
    }
    return Ended(Outcome.DONE if mine else Outcome.NOTHING_TO_DO, evidence)
