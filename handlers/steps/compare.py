"""Is the world still what was approved, and can the work be done? Looked at before the first write.

One call for each module; only where a count has left the tolerance, the whole inventory is taken again, for the plan
that is shown then.
"""

from handlers.events import Outcome
from handlers.identity import leaving_of, own_of
from handlers.plan import differences, survey_for
from handlers.rules import receiver_problem
from handlers.steps.unit import Drifted, Ended, Ending, Stopped, Unit
from handlers.steps.verify import all_lines, count


async def compare(unit: Unit) -> Ending:
    """Invariant 1: no write without an approved plan that still holds within the tolerance."""
    problem = await _receivers_problem(unit)
    if problem:
        return problem
    if not await _within_tolerance(unit):
        fresh = await unit.connector.inventory(unit.plan.leaver.id, survey_for(unit.practice, unit.now()))
        found = differences(unit.plan, fresh, unit.settings.tolerance, unit.practice)
        if found:
            return Drifted(found, fresh)
    return _unaffordable(unit) or Ended(Outcome.DONE, {"records": unit.plan.move})


async def _receivers_problem(unit: Unit) -> Stopped | None:
    """Everybody who gets records could take them when they were chosen; can they still?"""
    modules = frozenset(line.module for line in unit.plan.lines if line.move)
    departures = await unit.store.read(lambda tx: tx.open_departures())
    leaving = leaving_of(departures, unit.settings.practice, but=unit.departure.id)
    own = own_of(unit.departure, unit.settings.practice)
    for receiver in unit.plan.receivers:
        account, fitness = await unit.connector.account(receiver.id), await unit.connector.fitness(receiver.id)
        problem = receiver_problem(
            unit.plan.leaver, account, fitness, modules=modules, now=unit.now(), leaving=leaving, own=own
        )
        if problem:
            return Stopped(f"problem.{problem}")
    return None


async def _within_tolerance(unit: Unit) -> bool:
    for line in all_lines(unit):
        if not unit.settings.tolerance.allows(line.affected, await count(unit, line)):
            return False
    return True


def _unaffordable(unit: Unit) -> Stopped | None:
    """A run that ends in the middle for want of calls leaves two owners for the rest of the day.

    The plan may be days old: what is left counts as the vendor's last answer told it.
    """
    forecast, left = unit.plan.forecast, unit.connector.credits_left
    if forecast is None or left is None or forecast.credits <= left:
        return None
    return Stopped("problem.credits", forecast.credits)
