"""Is the world still what was approved? Counts afresh before the first write: one call for each module.

Only where a count has left the tolerance, the whole inventory is taken again, for the plan that is shown then.
"""

from handlers.events import Outcome
from handlers.plan import differences
from handlers.rules import successor_problem
from handlers.steps.unit import Drifted, Ended, Ending, Stopped, Unit
from handlers.steps.verify import all_lines


async def compare(unit: Unit) -> Ending:
    """Invariant 1: no write without an approved plan that still holds within the tolerance."""
    successor = await unit.connector.account(unit.plan.successor.id)
    problem = successor_problem(unit.plan.leaver, successor, frozenset())
    if problem:
        return Stopped(f"problem.{problem}")
    if not await _within_tolerance(unit):
        fresh = await unit.connector.inventory(unit.plan.leaver.id)
        found = differences(unit.plan, fresh, unit.settings.tolerance)
        if found:
            return Drifted(found, fresh)
    return Ended(Outcome.DONE, {"records": unit.plan.move})


async def _within_tolerance(unit: Unit) -> bool:
    for line in all_lines(unit):
        now = await unit.connector.count(unit.plan.leaver.id, line.module, line.part)
        if not unit.settings.tolerance.allows(line.move, now):
            return False
    return True
