"""Marks every record of the ledger with the leaver's name, so that the successor can tell them from their own."""

from handlers.events import Outcome
from handlers.ports import LedgerOutcome, Place
from handlers.steps.unit import Ended, Ending, More, Unit


async def tag(unit: Unit) -> Ending:
    """Tag one batch. A record that refuses its tag still moves: a missing tag is told, it stops nothing."""
    if unit.plan.tag is None:
        return Ended(Outcome.NOTHING_TO_DO, {"records": 0})
    for line in unit.plan.lines:
        place = unit.place(line.module)
        ids = await _untagged(unit, place)
        if ids:
            return await _tag(unit, place, ids, unit.plan.tag)
    mine = unit.of_lines(await unit.store.read(lambda tx: tx.totals(unit.departure.id)))
    tagged = sum(t.tagged for t in mine)
    refused = sum(t.rows for t in mine) - tagged
    evidence: dict[str, int | str] = {"tag": unit.plan.tag, "records": tagged, "refused": refused}
    return Ended(Outcome.DONE if mine else Outcome.NOTHING_TO_DO, evidence)


async def _untagged(unit: Unit, place: Place) -> tuple[str, ...]:
    limit = unit.connector.limits.tag
    return await unit.store.read(lambda tx: tx.batch(place, outcome=LedgerOutcome.PLANNED, untagged=True, limit=limit))


async def _tag(unit: Unit, place: Place, ids: tuple[str, ...], name: str) -> Ending:
    result = await unit.connector.tag(place.module, ids, name)
    again = [f.id for f in result.failed if f.reason.may_pass_later]
    refused = [f.id for f in result.failed if not f.reason.may_pass_later]
    if again and not result.done and unit.memory.tried(f"tag:{again[0]}") >= unit.settings.tries:
        refused, again = refused + again, []
    await unit.store.write(lambda tx: tx.mark_tagged(place, result.done, refused))
    return More(wait=unit.settings.patience if again and not result.done else 0.0)
