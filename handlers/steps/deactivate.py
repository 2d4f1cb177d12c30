"""Takes the log-in away. Records stay movable afterwards; a later activation is possible in the vendor's own page."""

from typing import Final

from handlers.events import Outcome
from handlers.ports import Cursor
from handlers.steps.unit import Ended, Ending, Unit

# Stands in the snapshots beside the modules: the account, found active.
_ACCOUNT: Final = "account"


async def deactivate(unit: Unit) -> Ending:
    """Deactivate the account and read it back; an account that was inactive before is nothing to do.

    That it was active is written down before it is changed: where the answer to the change is lost, by a crash or by
    the vendor, nobody could tell afterwards whether it was us.
    """
    leaver = unit.plan.leaver.id
    cursors = await unit.store.read(lambda tx: tx.cursors(unit.departure.id, unit.plan.system))
    if _ACCOUNT not in cursors:
        if not (await unit.connector.account(leaver)).active:
            return Ended(Outcome.NOTHING_TO_DO, {"account": leaver})
        seen = Cursor(None, complete=True, started_at=unit.now())
        await unit.store.write(lambda tx: tx.add_page(unit.place(_ACCOUNT), {}, seen))
    await unit.connector.deactivate(leaver)
    return Ended(Outcome.DONE, {"account": leaver})
