"""Counts, module by module, that nothing is left; what arrived in the meantime moves by the same rule."""

from handlers.events import Outcome
from handlers.plan import Line
from handlers.ports import Cursor, LedgerOutcome, Place, Totals
from handlers.rules import RULES, moving, staying
from handlers.steps.transfer import move_next
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit


def all_lines(unit: Unit) -> tuple[Line, ...]:
    """Every module that can be counted, those where the leaver owned nothing when the plan was made included."""
    planned = {line.module: line for line in unit.plan.lines}
    inventory = (unit.departure.inventories or {})[unit.plan.system]
    empty = [
        Line(h.module.name, h.module.label, h.module.category, rule.part, moving(h), staying(h), rule.reason)
        for h in inventory.holdings
        for rule in [RULES[h.module.category]]
        if h.module.name not in planned
    ]
    return (*unit.plan.lines, *empty)


async def verify(unit: Unit) -> Ending:
    """Count by the query language. Ends only when each module is at zero, apart from what a person signed for."""
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    lines, ghosts = all_lines(unit), 0
    for line in lines:
        place = unit.place(line.module)
        if await move_next(unit, line):
            return More()
        left = await unit.connector.count(unit.plan.leaver.id, line.module, line.part)
        ghosts += left
        if left > signed_for(totals, place):
            return await _left_over(unit, line, left)
    return Ended(Outcome.DONE, {"ghosts": ghosts, "modules": len(lines)})


def signed_for(totals: dict[Place, Totals], place: Place) -> int:
    """Records that the vendor refused to move and that a named person took responsibility for."""
    return totals[place].count(LedgerOutcome.FAILED) if place in totals else 0


async def _left_over(unit: Unit, line: Line, left: int) -> Ending:
    """Add late arrivals to the ledger; where there are none, the vendor's count lags: look again, a few times."""
    place = unit.place(line.module)
    page = await unit.connector.owned(unit.plan.leaver.id, line.module, line.part)
    ids = [record.id for record in page.records]
    known = await unit.store.read(lambda tx: tx.known(place, ids))
    late = [record for record in page.records if record.id not in known]
    if late and not unit.settings.tolerance.allows(line.move, line.move + len(late)):
        return Stopped("problem.late_arrivals", len(late))
    if not late:
        if unit.memory.tried(f"verify:{place}") >= unit.settings.tries:
            return Stopped("problem.ghosts_left", left)
        return More(wait=unit.settings.patience, waiting="waiting.recount")
    cursors = await unit.store.read(lambda tx: tx.cursors(place.departure_id, place.system))
    cursor = cursors.get(line.module, Cursor(None, complete=True, started_at=unit.now()))
    owners = (unit.plan.leaver.id, unit.plan.successor.id)
    await unit.store.write(lambda tx: tx.add_page(place, late, owners=owners, cursor=cursor))
    unit.memory.guarded.pop(place, None)
    return More()
