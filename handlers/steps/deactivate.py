"""Takes the log-in away. Records stay movable afterwards; a later activation is possible in the vendor's own page."""

from handlers.events import Outcome
from handlers.steps.unit import Ended, Ending, Unit


async def deactivate(unit: Unit) -> Ending:
    """Deactivate the account and read it back; an account that was inactive before is nothing to do."""
    done = await unit.connector.deactivate(unit.plan.leaver.id)
    return Ended(Outcome.DONE if done else Outcome.NOTHING_TO_DO, {"account": unit.plan.leaver.id})
