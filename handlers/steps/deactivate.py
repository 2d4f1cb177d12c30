"""Takes the log-in away. Records stay movable afterwards; a later activation is possible in the vendor's own page.

That the account was found active is written down before it is changed: where the answer to the change is lost, by a
crash or by the vendor, nobody could tell afterwards whether it was us. An undo lets in again only who was let out here.
"""

from typing import Final

from connectors.base import Ability, Way
from handlers.departure import Departure
from handlers.events import Outcome
from handlers.playbooks import StepKey
from handlers.ports import Cursor, Store
from handlers.steps.unit import Ended, Ending, Stopped, Unit

# Stands in the snapshots beside the modules: the account, found active.
_ACCOUNT: Final = "account"


async def deactivate(unit: Unit) -> Ending:
    """Deactivate the account and read it back; one that was inactive before is nothing to do.

    The connector is asked to all the same: it also ends what outlives the log-in, such as tokens.
    """
    leaver = unit.plan.leaver.id
    ours = await _was_active(unit.store, unit.departure, unit.plan.system) or await _note_if_active(unit)
    changed = await unit.connector.deactivate(leaver)
    return Ended(Outcome.DONE if ours or changed else Outcome.NOTHING_TO_DO, {"account": leaver})


async def deactivate_by_hand(unit: Unit) -> Ending:
    """Where the system tells its users it is asked what people did there; else a named person is believed."""
    if unit.connector.capabilities[Ability.DISCOVER].way is not Way.API:
        return Stopped("guided.deactivate")
    if await _note_if_active(unit):
        return Stopped("guided.active")
    seen = await _was_active(unit.store, unit.departure, unit.plan.system)
    return Ended(Outcome.DONE if seen else Outcome.NOTHING_TO_DO, {"account": unit.plan.leaver.id})


async def let_out_here(store: Store, departure: Departure, system: str) -> bool:
    """Whether the leaver could log in until this departure changed that, or may have."""
    done = (system, StepKey.DEACTIVATE, Outcome.DONE)
    steps = ((result.system, result.step, result.outcome) for result in departure.steps)
    return done in steps or await _was_active(store, departure, system)


async def _was_active(store: Store, departure: Departure, system: str) -> bool:
    return _ACCOUNT in await store.read(lambda tx: tx.cursors(departure.id, system))


async def _note_if_active(unit: Unit) -> bool:
    if not (await unit.connector.account(unit.plan.leaver.id)).active:
        return False
    if not await _was_active(unit.store, unit.departure, unit.plan.system):
        seen = Cursor(None, complete=True, started_at=unit.now())
        await unit.store.write(lambda tx: tx.add_page(unit.place(_ACCOUNT), {}, seen))
    return True
