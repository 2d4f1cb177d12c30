"""The proof: counts once more by a second, different read path, now that the account is inactive."""

from handlers.events import Outcome
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit
from handlers.steps.verify import all_lines, signed_for


async def recount(unit: Unit) -> Ending:
    """Ends only when the second path says zero too. It may lag behind the writes, so a rest is looked at again."""
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    lines, ghosts = all_lines(unit), 0
    for line in lines:
        left = await unit.connector.recount(unit.plan.leaver.id, line.module, line.part)
        ghosts += left
        if left > signed_for(totals, unit.place(line.module)):
            if unit.memory.tried("recount") >= unit.settings.tries:
                return Stopped("problem.ghosts_left", left)
            return More(wait=unit.settings.patience, waiting="waiting.recount")
    return Ended(Outcome.DONE, {"ghosts": ghosts, "modules": len(lines)})
