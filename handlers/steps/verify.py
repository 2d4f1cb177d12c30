"""Counts, module by module, that nothing is left; what arrived in the meantime moves by the same rule."""

from handlers.events import Outcome
from handlers.plan import Line
from handlers.playbooks import StepKey
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
    lines, ghosts = all_lines(unit), 0
    moving_on = await move_next(unit, lines)  # what arrived late
    if moving_on:
        return moving_on
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    refused = _refused_since_signed(unit, totals)
    if refused > 0:
        return Stopped("problem.rows_refused", refused)
    for line in lines:
        left = await unit.connector.count(unit.plan.leaver.id, line.module, line.part)
        ghosts += left
        signed = signed_for(totals, unit.place(line.module))
        if left > signed:
            return await _left_over(unit, line, totals, left - signed)
    return Ended(Outcome.DONE, {"ghosts": ghosts, "modules": len(lines)})


def _refused_since_signed(unit: Unit, totals: dict[Place, Totals]) -> int:
    """Records that the vendor refused to move after the transfer, for which nobody has taken responsibility yet."""
    refused = sum(t.count(LedgerOutcome.FAILED) for place, t in totals.items() if place.system == unit.plan.system)
    signed = (
        result.evidence["left"]
        for result in unit.departure.steps
        if (result.system, result.step, result.outcome) == (unit.plan.system, StepKey.TRANSFER, Outcome.SKIPPED)
    )
    return refused - sum(left for left in signed if isinstance(left, int))


def signed_for(totals: dict[Place, Totals], place: Place) -> int:
    """Records that the vendor refused to move and that a named person took responsibility for."""
    return totals[place].count(LedgerOutcome.FAILED) if place in totals else 0


async def _left_over(unit: Unit, line: Line, totals: dict[Place, Totals], left: int) -> Ending:
    """Add late arrivals to the ledger; where there are none, the vendor's count lags: look again, a few times."""
    place = unit.place(line.module)
    page = await unit.connector.owned(unit.plan.leaver.id, line.module, line.part)
    ids = [record.id for record in page.records]
    known = await unit.store.read(lambda tx: tx.known(place, ids))
    late = [record for record in page.records if record.id not in known]
    listed = totals[place].rows if place in totals else 0
    if late and not unit.settings.tolerance.allows(line.move, listed + max(left, len(late))):
        return Stopped("problem.late_arrivals", max(left, len(late)))
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
