"""The proof: counts once more by a second, different read path, now that the account is inactive."""

from handlers.events import Outcome
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit
from handlers.steps.verify import all_lines, count, signed_for


async def recount(unit: Unit) -> Ending:
    """Ends only when the second path says zero too. It may lag behind the writes, so a rest is looked at again."""
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    lines, counted = all_lines(unit), unit.memory.recounted
    for line in lines:
        place = unit.place(line.module)
        if place in counted or line.part is None:
            continue
        left = await unit.connector.recount(unit.plan.leaver.id, line.module, line.part)
        if left > signed_for(unit, totals, line.module):
            if unit.memory.tried("recount") >= unit.settings.tries:
                return Stopped("problem.ghosts_left", left)
            return More(wait=unit.settings.patience, waiting="waiting.recount")
        counted[place] = left
    return Ended(Outcome.DONE, {"ghosts": sum(counted.values()), "modules": len(lines)})


async def recount_by_hand(unit: Unit) -> Ending:
    """Nobody is asked to count what the system itself still counts."""
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    left = sum([max(0, await count(unit, line) - signed_for(unit, totals, line.module)) for line in all_lines(unit)])
    return Stopped("problem.ghosts_left", left) if left else Stopped("guided.recount")
