"""Is the world still what was approved? Counts afresh before the first write."""

from handlers.events import Outcome
from handlers.plan import differences
from handlers.rules import successor_problem
from handlers.steps.unit import Drifted, Ended, Ending, Stopped, Unit


async def compare(unit: Unit) -> Ending:
    """Invariant 1: no write without an approved plan that still holds within the tolerance."""
    successor = await unit.connector.account(unit.plan.successor.id)
    problem = successor_problem(unit.plan.leaver, successor, frozenset())
    if problem:
        return Stopped(f"problem.{problem}")
    fresh = await unit.connector.inventory(unit.plan.leaver.id)
    found = differences(unit.plan, fresh, unit.settings.tolerance)
    if found:
        return Drifted(found, fresh)
    return Ended(Outcome.DONE, {"records": unit.plan.move})
