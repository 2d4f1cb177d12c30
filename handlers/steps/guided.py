"""The hand-over of records that a person does in the system's own page, because its API cannot: it is looked at."""

from handlers.announcing import announce
from handlers.plan import Line
from handlers.ports import Held, LedgerOutcome, Transaction
from handlers.steps.transfer import left_since, transferred
from handlers.steps.unit import Ending, More, Stopped, Unit

_OPEN = (LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED)


async def transfer_by_hand(unit: Unit) -> Ending:
    """See which records have changed hands; while some have not, a person is asked to see to them."""
    for line in unit.plan.lines:
        rows = await _unseen(unit, line)
        if rows:
            await _see(unit, line, rows)
            return More()
    unit.memory.looked.clear()
    left = await unit.store.read(lambda tx: sum(tx.remaining(unit.place(line.module)) for line in unit.plan.lines))
    return Stopped("guided.transfer", left) if left else await transferred(unit)


async def _unseen(unit: Unit, line: Line) -> tuple[Held, ...]:
    place, limit = unit.place(line.module), unit.connector.limits.write
    after = unit.memory.looked.get(place)
    return await unit.store.read(lambda tx: tx.held(place, outcomes=_OPEN, after=after, limit=limit))


async def _see(unit: Unit, line: Line, rows: tuple[Held, ...]) -> None:
    """Write down whose these records are now. Those that are still the leaver's stay planned, unless they were closed
    meanwhile and so need not move any more."""
    place, now, leaver = unit.place(line.module), unit.now(), unit.plan.leaver.id
    ids = [row.record_id for row in rows]
    owners = await unit.connector.values(line.module, ids, unit.connector.owner_field)
    moved = [row.record_id for row in rows if owners.get(row.record_id) == row.owner_after]
    gone = [each for each in ids if each not in owners]
    others = [each for each in ids if each in owners and owners[each] != leaver and each not in moved]
    still = [each for each in ids if owners.get(each) == leaver]
    others += [each for each in (await left_since(unit, line, still) if still else {}) if each in still]

    def write(tx: Transaction) -> None:
        tx.settle(place, moved, LedgerOutcome.MOVED, now)
        tx.settle(place, gone, LedgerOutcome.GONE, now)
        tx.settle(place, others, LedgerOutcome.OTHERS, now)
        if not tx.remaining(place):
            announce(tx, unit.announcement, line)

    await unit.store.write(write)
    unit.memory.looked[place] = ids[-1]
