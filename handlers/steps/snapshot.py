"""Writes down, before anything is changed, which records belong to the leaver and to whom each goes: the ledger that
all later steps obey."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from connectors.base import Module, Page, Record, joined
from handlers.events import Outcome
from handlers.plan import Line, modules_of
from handlers.ports import Cursor, Place, Planned
from handlers.practice import StaleAction
from handlers.steps.unit import Ended, Ending, More, Unit


async def snapshot(unit: Unit) -> Ending:
    """Read one page of the first module that is not complete, into the ledger."""
    cursors = await unit.store.read(lambda tx: tx.cursors(unit.departure.id, unit.plan.system))
    for line in in_order(unit):
        cursor = cursors.get(line.module)
        if line.affected and not (cursor and cursor.complete):
            await _read_page(unit, line, cursor)
            return More()
    totals = await unit.store.read(lambda tx: tx.totals(unit.departure.id))
    records = sum(t.rows for place, t in totals.items() if place.system == unit.plan.system)
    return Ended(Outcome.DONE if records else Outcome.NOTHING_TO_DO, {"records": records})


def in_order(unit: Unit) -> tuple[Line, ...]:
    """The plan's lines, parents before what belongs with them: a contact goes where its account goes."""
    modules = _modules(unit)
    lines = list(unit.plan.lines)
    ordered: list[Line] = []
    while lines:
        left = {line.module for line in lines}
        ready = [line for line in lines if not _waits_for(modules[line.module], left - {line.module})]
        ordered += ready or lines  # modules that belong with each other come as they are
        lines = [line for line in lines if line not in ordered]
    return tuple(ordered)


def _waits_for(module: Module, left: set[str]) -> bool:
    return any(left & set(parent.modules) for parent in module.parents)


def _modules(unit: Unit) -> dict[str, Module]:
    return modules_of((unit.departure.inventories or {})[unit.plan.system])


async def _read_page(unit: Unit, line: Line, cursor: Cursor | None) -> None:
    started_at = cursor.started_at if cursor else unit.now()
    page = await read_page(unit, line, after=cursor.after if cursor else None)
    moved_on = Cursor(page.after, page.after is None, started_at)
    await add_records(unit, line, page.records, moved_on)


async def read_page(unit: Unit, line: Line, *, after: str | None = None) -> Page:
    """One page of the leaver's records that a line is about, with all that decides where each goes."""
    if line.part is None:
        return Page((), None)
    dead, stale = unit.plan.dead.get(line.module), unit.plan.chosen.stale
    columns = (*unit.plan.router.columns(_modules(unit)[line.module]), *((dead.field,) if dead else ()))
    return await unit.connector.owned(
        unit.plan.leaver.id,
        line.module,
        line.part,
        after=after,
        columns=tuple(dict.fromkeys(columns)),
        idle_since=None if stale is StaleAction.MOVE else unit.plan.chosen.idle_since,
    )


async def add_records(unit: Unit, line: Line, records: Sequence[Record], cursor: Cursor) -> int:
    """Put records into the ledger, each with the account that gets it; how many were new."""
    module, place = _modules(unit)[line.module], unit.place(line.module)
    parents = await _parents(unit, module, records)
    given = await unit.store.read(lambda tx: tx.given(place))
    rows: defaultdict[Place, list[Planned]] = defaultdict(list)
    for record in records:
        dead = unit.plan.dead.get(line.module) if record.idle else None
        if dead:
            status = record.fields.get(dead.field) or ""
            rows[unit.place(f"{line.module}.{dead.field}")].append(Planned(record.id, record.label, status, dead.value))
            continue
        to = _allocated(unit, record, given)
        to = to or unit.plan.router.receiver(module, record, parent=parents.get(record.id), given=given)
        before = joined((unit.plan.leaver.id, *record.shared_with))
        rows[place].append(Planned(record.id, record.label, before, to))
    return await unit.store.write(lambda tx: tx.add_page(place, rows, cursor))


def _allocated(unit: Unit, record: Record, given: Counter[str]) -> str | None:
    """Who gets a record that nobody has followed up, where these are shared out: whoever got least so far."""
    people = unit.plan.chosen.allocate_to if unit.plan.chosen.stale is StaleAction.ALLOCATE else ()
    if not record.idle or not people:
        return None
    to = min(people, key=lambda account: given[account.id]).id
    given[to] += 1
    return to


async def _parents(unit: Unit, module: Module, records: Sequence[Record]) -> dict[str, str]:
    """Record id to who gets the record that it belongs with, where that is in the ledger."""
    found: dict[str, str] = {}
    if not unit.plan.router.routes or not unit.plan.together:
        return found
    for parent in reversed(module.parents):  # the closest is looked up last, and wins
        pointed = {record.id: to for record in records if (to := record.fields.get(parent.field))}
        for name in parent.modules:
            receivers = await _receivers(unit, name, pointed.values())
            found |= {record_id: receivers[to] for record_id, to in pointed.items() if to in receivers}
    return found


async def _receivers(unit: Unit, module: str, ids: Iterable[str]) -> dict[str, str]:
    wanted = sorted(set(ids))
    return await unit.store.read(lambda tx: tx.receivers(unit.place(module), wanted))
