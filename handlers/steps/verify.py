"""Counts, module by module, that nothing is left; what arrived in the meantime moves by the same rule."""

from collections.abc import Sequence
from typing import Final

from handlers.events import Outcome
from handlers.plan import Line
from handlers.playbooks import StepKey
from handlers.ports import Cursor, LedgerOutcome, Place, Totals
from handlers.rules import rule_for
from handlers.steps.fields import change_next
from handlers.steps.guided import transfer_by_hand
from handlers.steps.snapshot import add_records, read_page
from handlers.steps.transfer import move_next
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit

# Steps that a person can sign for with records refused.
_SIGNED: Final = (StepKey.TRANSFER, StepKey.FIELDS)


def all_lines(unit: Unit) -> tuple[Line, ...]:
    """Every module of which something moves by rule, those where the leaver owned nothing at plan time included."""
    planned = {line.module: line for line in unit.plan.lines}
    inventory = (unit.departure.inventories or {})[unit.plan.system]
    empty = [
        Line(h.module.name, h.module.label, h.module.category, rule.part, move=0, keep=0, reason=rule.reason)
        for h in inventory.holdings
        for rule in [rule_for(h.module, unit.practice)]
        if h.module.name not in planned
    ]
    return tuple(line for line in (*unit.plan.lines, *empty) if line.part)


async def count(unit: Unit, line: Line) -> int:
    """How many records of a line are still the leaver's."""
    return await unit.connector.count(unit.plan.leaver.id, line.module, line.part) if line.part else 0


async def verify(unit: Unit) -> Ending:
    """Count by the query language. Ends only when each module is at zero, apart from what a person signed for."""
    lines, ghosts = all_lines(unit), 0
    moving_on = await _move_on(unit, lines)  # what arrived late
    if moving_on:
        return moving_on
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    refused = _refused_since_signed(unit, totals)
    if refused > 0:
        return Stopped("problem.rows_refused", refused)
    for line in lines:
        left = await count(unit, line)
        ghosts += left
        signed = signed_for(unit, totals, line.module)
        if left > signed:
            return await _left_over(unit, line, totals, left - signed)
    return Ended(Outcome.DONE, {"ghosts": ghosts, "modules": len(lines)})


async def _move_on(unit: Unit, lines: Sequence[Line]) -> Ending | None:
    if StepKey.TRANSFER not in unit.plan.guided:
        return await move_next(unit, lines) or await change_next(unit)
    seen = await transfer_by_hand(unit)
    return None if isinstance(seen, Ended) else seen


def _refused_since_signed(unit: Unit, totals: dict[Place, Totals]) -> int:
    """Records that the vendor refused to move or change later on, for which nobody has taken responsibility yet."""
    mine = (t for place, t in totals.items() if place.system == unit.plan.system)
    refused = sum(t.count(LedgerOutcome.FAILED) for t in mine)
    signed = (
        result.evidence["left"]
        for result in unit.departure.steps
        if (result.system, result.outcome) == (unit.plan.system, Outcome.SKIPPED) and result.step in _SIGNED
    )
    return refused - sum(left for left in signed if isinstance(left, int))


def signed_for(unit: Unit, totals: dict[Place, Totals], module: str) -> int:
    """Records that the vendor refused to move, or to close, and that a named person took responsibility for."""
    dead = unit.plan.dead.get(module)
    places = (unit.place(module), *([unit.place(f"{module}.{dead.field}")] if dead else []))
    return sum(totals[place].count(LedgerOutcome.FAILED) for place in places if place in totals)


async def _left_over(unit: Unit, line: Line, totals: dict[Place, Totals], left: int) -> Ending:
    """Add late arrivals to the ledger; where there are none, the vendor's count lags: look again, a few times."""
    place = unit.place(line.module)
    page = await read_page(unit, line)
    ids = [record.id for record in page.records]
    known = await unit.store.read(lambda tx: tx.known(place, ids))
    late = [record for record in page.records if record.id not in known]
    listed = totals[place].rows if place in totals else 0
    if late and not unit.settings.tolerance.allows(line.move, listed + max(left, len(late))):
        return Stopped("problem.late_arrivals", max(left, len(late)))
    cursors = await unit.store.read(lambda tx: tx.cursors(place.departure_id, place.system))
    cursor = cursors.get(line.module, Cursor(None, complete=True, started_at=unit.now()))
    if not (late and await add_records(unit, line, late, cursor)):  # what is to be closed as dead is known elsewhere
        if unit.memory.tried(f"verify:{place}") >= unit.settings.tries:
            return Stopped("problem.ghosts_left", left)
        return More(wait=unit.settings.patience, waiting="waiting.recount")
    unit.memory.guarded.pop(place, None)
    return More()
