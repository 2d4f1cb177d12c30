"""Writes down, before anything is changed, which records belong to the leaver: the ledger that all later steps obey."""

from handlers.events import Outcome
from handlers.plan import Line
from handlers.ports import Cursor
from handlers.steps.unit import Ended, Ending, More, Unit


async def snapshot(unit: Unit) -> Ending:
    """Read one page of the first module that is not complete, into the ledger."""
    cursors = await unit.store.read(lambda tx: tx.cursors(unit.departure.id, unit.plan.system))
    for line in unit.plan.lines:
        cursor = cursors.get(line.module)
        if line.move and not (cursor and cursor.complete):
            await _read_page(unit, line, cursor)
            return More()
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    records = sum(t.rows for place, t in totals.items() if place.system == unit.plan.system)
    return Ended(Outcome.DONE if records else Outcome.NOTHING_TO_DO, {"records": records})


async def _read_page(unit: Unit, line: Line, cursor: Cursor | None) -> None:
    started_at = cursor.started_at if cursor else unit.now()
    after = cursor.after if cursor else None
    page = await unit.connector.owned(unit.plan.leaver.id, line.module, line.part, after=after)
    moved_on = Cursor(page.after, page.after is None, started_at)
    owners = (unit.plan.leaver.id, unit.plan.successor.id)
    await unit.store.write(
        lambda tx: tx.add_page(unit.place(line.module), page.records, owners=owners, cursor=moved_on)
    )
