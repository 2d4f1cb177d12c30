"""Changes fields other than the owner: those that name the leaver, and the status of records that are closed as dead.

Each such field is a place of the ledger of its own, with the value before and after, so that an undo can restore it.
"""

from connectors.base import BatchResult, RowReason, parted
from handlers.events import Outcome
from handlers.plan import FieldLine
from handlers.ports import Cursor, LedgerOutcome, Place, Planned, Transaction
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit


async def fields(unit: Unit) -> Ending:
    """Note one page of records whose field names the leaver, or change one batch."""
    for line in unit.plan.fields:
        if line.move and await _note_page(unit, line):
            return More()
    return await change_next(unit) or await _end(unit)


async def _note_page(unit: Unit, line: FieldLine) -> bool:
    """Put the next page into the ledger; False when all have been read."""
    cursors = await unit.store.read(lambda tx: tx.cursors(unit.departure.id, unit.plan.system))
    cursor, place = cursors.get(line.place), unit.place(line.place)
    if cursor and cursor.complete:
        return False
    leaver, to = unit.plan.leaver.id, unit.plan.successor.id
    page = await unit.connector.named(leaver, line.module, line.field, after=cursor.after if cursor else None)
    started_at = cursor.started_at if cursor else unit.now()
    rows = [Planned(record.id, record.label, leaver, to) for record in page.records]
    moved_on = Cursor(page.after, page.after is None, started_at)
    await unit.store.write(lambda tx: tx.add_page(place, {place: rows}, moved_on))
    return True


async def change_next(unit: Unit) -> More | None:
    """Change the next batch of fields. None when every one is settled."""
    for place in _places(unit):
        for outcome in (LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED):
            ids = await _batch(unit, place, outcome)
            if ids:
                return await _change(unit, place, ids)
    return None


def _places(unit: Unit) -> list[Place]:
    named = [line.place for line in unit.plan.fields if line.move]
    return [unit.place(name) for name in (*named, *(f"{module}.{d.field}" for module, d in unit.plan.dead.items()))]


async def _batch(unit: Unit, place: Place, outcome: LedgerOutcome) -> tuple[str, ...]:
    limit = unit.connector.limits.update
    return await unit.store.read(lambda tx: tx.batch(place, outcome=outcome, untagged=False, limit=limit))


async def _change(unit: Unit, place: Place, ids: tuple[str, ...]) -> More:
    """Change these records, except those whose field says something else by now."""
    module, _, name = place.module.partition(".")
    rows = await unit.store.read(lambda tx: tx.planned(place, ids))
    value, now = rows[0].owner_after, unit.now()
    found = await unit.connector.values(module, ids, name)
    foreign = await _foreign(unit, place, ids)
    still = [row for row in rows if row.record_id in found and row.record_id not in foreign]
    done = tuple(row.record_id for row in still if found[row.record_id] == value)
    ours = tuple(row.record_id for row in still if (found[row.record_id] or "") == row.owner_before)
    others = [each for each in found if each not in ours and each not in done]
    result = await unit.connector.update(module, ours, {name: value}) if ours else BatchResult(())
    later = [f for f in result.failed if f.reason.may_pass_later]
    refused = [f for f in result.failed if not f.reason.may_pass_later and f.reason is not RowReason.GONE]
    gone = [f.id for f in result.failed if f.reason is RowReason.GONE] + [each for each in ids if each not in found]

    def write(tx: Transaction) -> int:
        tx.settle(place, (*result.done, *done), LedgerOutcome.MOVED, now)
        tx.settle(place, others, LedgerOutcome.OTHERS, now)
        tx.settle(place, gone, LedgerOutcome.GONE, now)
        tx.fail(place, refused, now)
        attempts = tx.defer(place, later, now)
        if attempts >= unit.settings.tries:
            tx.give_up_deferred(place, now)
        return attempts

    return More(wait=unit.settings.patience if await unit.store.write(write) else 0.0)


async def _foreign(unit: Unit, place: Place, ids: tuple[str, ...]) -> frozenset[str]:
    """Records to be closed as dead that have become somebody else's; who is named in a field may own it or not."""
    if place.module in {line.place for line in unit.plan.fields}:
        return frozenset()
    module, owner = place.module.partition(".")[0], unit.connector.owner_field
    owners = await unit.connector.values(module, ids, owner)
    return frozenset(each for each, account in owners.items() if unit.plan.leaver.id not in parted(account))


async def _end(unit: Unit) -> Ending:
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    mine = [totals[place] for place in _places(unit) if place in totals]
    failed = sum(t.count(LedgerOutcome.FAILED) for t in mine)
    if failed:
        return Stopped("problem.fields_refused", failed)
    evidence: dict[str, int | str] = {
        "changed": sum(t.count(LedgerOutcome.MOVED) for t in mine),
        "others": sum(t.count(LedgerOutcome.OTHERS) for t in mine),
        "by_hand": sum(1 for line in unit.plan.fields if not line.move),
    }
    return Ended(Outcome.DONE if mine else Outcome.NOTHING_TO_DO, evidence)
