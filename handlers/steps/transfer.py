"""Gives the records of the ledger to the successor, batch by batch.

Before each stretch of `_STRETCH` records one look asks the vendor which of them a colleague has given to somebody else
since the snapshot; those are left alone. Rows that the vendor refuses for now come again at the end, a few times.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from connectors.base import BatchResult, Record, RowReason, Unavailable
from handlers import cards
from handlers.cards import Channel
from handlers.events import Outcome
from handlers.plan import Line
from handlers.ports import LedgerOutcome, Place, Transaction
from handlers.progress import ModuleProgress
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit

_STRETCH: Final = 10_000
# The vendor's clock and ours may differ; looking a little further back costs nothing.
_CLOCK_SKEW: Final = timedelta(minutes=5)


async def transfer(unit: Unit) -> Ending:
    """Move one batch of the first module that has records left."""
    return await move_next(unit, unit.plan.lines) or await _end(unit)


async def move_next(unit: Unit, lines: Sequence[Line]) -> More | None:
    """Move the next batch, those that were refused for now at the very end. None when every record is settled."""
    for line in lines:
        ids = await _batch(unit, line.module, LedgerOutcome.PLANNED)
        if ids:
            await _move(unit, line, ids)
            return More()
    for line in lines:
        ids = await _batch(unit, line.module, LedgerOutcome.DEFERRED)
        if ids:
            return await _move_deferred(unit, line, ids)
    return None


async def _batch(unit: Unit, module: str, outcome: LedgerOutcome) -> tuple[str, ...]:
    place, limit = unit.place(module), unit.connector.limits.write
    return await unit.store.read(lambda tx: tx.batch(place, outcome=outcome, untagged=False, limit=limit))


async def _move(unit: Unit, line: Line, ids: tuple[str, ...]) -> int:
    """Move these records, except those that somebody else owns by now. Returns the most attempts of a refused row."""
    place = unit.place(line.module)
    if ids[-1] > unit.memory.guarded.get(place, ""):
        taken = await _taken_by_others(unit, place, ids)
        ids = tuple(record_id for record_id in ids if record_id not in taken)
    if not ids:
        return await _write_down(unit, line, BatchResult(()))
    try:
        result = await unit.connector.change_owner(line.module, ids, unit.plan.successor.id)
    except Unavailable:
        unit.memory.guarded.pop(place, None)  # it may have been done or not: look again before it is repeated
        raise
    return await _write_down(unit, line, result)


async def _taken_by_others(unit: Unit, place: Place, ids: tuple[str, ...]) -> frozenset[str]:
    """Look at the next stretch, from these records on; write down and return whom a colleague gave to somebody else."""
    span = await unit.store.read(lambda tx: tx.span(place, limit=_STRETCH))
    first, last = min(span[0], ids[0]) if span else ids[0], max(span[1], ids[-1]) if span else ids[-1]
    cursors = await unit.store.read(lambda tx: tx.cursors(place.departure_id, place.system))
    taken = await unit.connector.moved_away(
        place.module,
        owners=(unit.plan.leaver.id, unit.plan.successor.id),
        since=cursors[place.module].started_at - _CLOCK_SKEW,
        first=first,
        last=last,
    )
    now = unit.now()
    await unit.store.write(lambda tx: tx.settle(place, sorted(taken), LedgerOutcome.OTHERS, now))
    unit.memory.guarded[place] = last
    return taken


async def _write_down(unit: Unit, line: Line, result: BatchResult) -> int:
    """Store the outcome of every row; announce the module when this was its last batch."""
    place, now = unit.place(line.module), unit.now()
    later = [f for f in result.failed if f.reason.may_pass_later]
    gone = [f.id for f in result.failed if f.reason is RowReason.GONE]
    refused = [f for f in result.failed if not f.reason.may_pass_later and f.reason is not RowReason.GONE]

    def write(tx: Transaction) -> int:
        tx.settle(place, result.done, LedgerOutcome.MOVED, now)
        tx.settle(place, gone, LedgerOutcome.GONE, now)
        tx.fail(place, refused, now)
        attempts = tx.defer(place, later, now)
        if not tx.remaining(place):
            _announce(tx, unit, line)
        return attempts

    return await unit.store.write(write)


async def _move_deferred(unit: Unit, line: Line, ids: tuple[str, ...]) -> More:
    place = unit.place(line.module)
    unit.memory.guarded.pop(place, None)  # time has passed since the last look
    attempts = await _move(unit, line, ids)
    if attempts >= unit.settings.tries:
        now = unit.now()

        def give_up(tx: Transaction) -> None:
            tx.give_up_deferred(place, now)
            _announce(tx, unit, line)

        await unit.store.write(give_up)
        return More()
    return More(wait=unit.settings.patience, waiting="waiting.locked") if attempts else More()


def _announce(tx: Transaction, unit: Unit, line: Line) -> None:
    """Tell the log channels: one notice for the module, and one for each record where they are few."""
    place = unit.place(line.module)
    totals = tx.totals(unit.departure.id)[place]
    moved = totals.count(LedgerOutcome.MOVED)
    if not unit.settings.channels or not moved:
        return
    few = tx.labelled(place, outcome=LedgerOutcome.MOVED, limit=unit.settings.per_record_notices + 1)
    progress = ModuleProgress(place.system, line.module, line.label, planned=totals.rows, moved=moved)
    for channel in unit.settings.channels:
        for notice in _notices(unit, line, progress, few, channel):
            tx.put_once(unit.departure.id, notice)


def _notices(
    unit: Unit, line: Line, progress: ModuleProgress, few: Sequence[Record], channel: Channel
) -> Iterator[cards.Posting]:
    key = f"{unit.departure.id}:owner:{progress.system}:{line.module}"
    url = unit.connector.record_url(line.module, few[0].id)
    notice = cards.owner_change_notice(channel, unit.departure, unit.plan, progress, url)
    yield cards.Posting(key, channel, notice)
    for record in few if progress.moved <= unit.settings.per_record_notices else ():
        url = unit.connector.record_url(line.module, record.id)
        notice = cards.record_notice(channel, unit.plan, line.label, record, url)
        yield cards.Posting(f"{key}:{record.id}", channel, notice)


async def _end(unit: Unit) -> Ending:
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    mine = [t for place, t in totals.items() if place.system == unit.plan.system]

    def count(outcome: LedgerOutcome) -> int:
        return sum(t.count(outcome) for t in mine)

    if count(LedgerOutcome.FAILED):
        return Stopped("problem.rows_refused", count(LedgerOutcome.FAILED))
    evidence: dict[str, int | str] = {
        "moved": count(LedgerOutcome.MOVED),
        "others": count(LedgerOutcome.OTHERS),
        "gone": count(LedgerOutcome.GONE),
    }
    return Ended(Outcome.DONE if mine else Outcome.NOTHING_TO_DO, evidence)
