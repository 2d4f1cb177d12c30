"""Reading records: in pages by key, by their ids, and as counts by two different paths.

Each page begins behind the last id of the one before, whatever moved in the meantime. There is no `in`: where records
are asked for by id, the stretch of ids that they lie in is, or each of them alone, whichever takes fewer calls.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from connectors.base import Page, Part, Record
from connectors.http import together
from connectors.suitecrm.api import PAGE, Api, Row, Where, db_time, moment_of, text_of
from connectors.suitecrm.modules import CHANGED, OWNER, ModuleSpec
from connectors.suitecrm.phases import Phase

SKEW_ALLOWED: Final = timedelta(minutes=2)  # between the installation's clock and ours
_SINGLES: Final = 20  # records read alone at most cost what a page of 200 does


@dataclass(frozen=True)
class View:
    """How many records a page has, and what it tells of each besides id and label."""

    limit: int
    columns: Sequence[str] = ()
    idle_since: datetime | None = None

    def fields(self, spec: ModuleSpec) -> tuple[str, ...]:
        """The fields to ask for; SuiteCRM refuses those that it does not know."""
        known = (column for column in self.columns if column in spec.fields)
        changed = (CHANGED,) if self.idle_since else ()
        return tuple(dict.fromkeys(("id", *spec.label_fields, *spec.phase.columns, *known, *changed)))


def mine(account_id: str) -> Where:
    return Where(OWNER, "eq", account_id)


async def page(
    api: Api, spec: ModuleSpec, where: Where, *, part: Part = Part.ALL, view: View, after: str | None
) -> Page:
    """The records of the part among the next `view.limit` that the condition lets through: one call."""
    behind = (Where("id", "gt", after),) if after else ()
    found = await api.listed(spec.name, (where, *behind), fields=view.fields(spec), size=view.limit)
    records = tuple(_record(spec, row, view) for row in found.rows if belongs(spec.phase, row, part))
    return Page(records, found.rows[-1]["id"] if found.pages > 1 else None)


def belongs(phase: Phase, row: Row, part: Part) -> bool:
    return part is Part.ALL or phase.is_open(row) is (part is Part.OPEN)


async def by_ids(
    api: Api, module: str, ids: Sequence[str], *, fields: Collection[str], also: Sequence[Where] = ()
) -> dict[str, Row]:
    """What is there of these records, by id; with `also`, of those that fulfil it, or more.

    In an installation where the records lie close together, one call; in one where others' lie between them, one for
    each.
    """
    if not ids:
        return {}
    stretch = (Where("id", "gte", min(ids)), Where("id", "lte", max(ids)), *also)
    first = await api.listed(module, stretch, fields=fields)
    if first.pages > max(1, len(ids) // _SINGLES):
        alone = await together(api.one(module, each, fields=fields) for each in ids)
        return {row["id"]: row for row in alone if row}
    rows = list(first.rows)
    if first.pages > 1:
        rows += await api.everything(module, (*stretch, Where("id", "gt", rows[-1]["id"])), fields=fields)
    asked = frozenset(ids)
    return {row["id"]: row for row in rows if row["id"] in asked}


async def values(api: Api, spec: ModuleSpec, ids: Sequence[str], name: str) -> Mapping[str, str | None]:
    """One field of these records, those that are still there."""
    rows = await by_ids(api, spec.name, ids, fields=(name,) if name in spec.fields else ())
    return {each: text_of(rows[each].get(name)) for each in ids if each in rows}


async def moved_away(
    api: Api, spec: ModuleSpec, owner: str, part: Part, *, since: datetime, ids: Sequence[str]
) -> Mapping[str, str]:
    """Those of the records that were changed since then, and are not the owner's, or not in the part, any more.

    One call as long as few records of the installation were changed in the meantime.
    """
    changed = Where(CHANGED, "gte", db_time(since - SKEW_ALLOWED))
    rows = await by_ids(api, spec.name, ids, fields=(OWNER, *spec.phase.columns), also=(changed,))
    left = (row for row in rows.values() if row.get(OWNER) != owner or not belongs(spec.phase, row, part))
    return {row["id"]: text_of(row.get(OWNER)) or "" for row in left}


async def count(api: Api, spec: ModuleSpec, owner: str, part: Part) -> int:
    """By the database: how many rows fulfil a condition, without a record being loaded.

    Only what is there can be counted, so that the open ones are what is left of all: one call for all of them, and one
    for each value that tells.
    """
    counts = () if part is Part.ALL else spec.phase.counts
    wanted = ((), *(where for _, where in counts))
    everything, *asked = await together(api.total(spec.name, (mine(owner), *where)) for where in wanted)
    still_open = everything + sum(times * number for (times, _), number in zip(counts, asked, strict=True))
    return everything - still_open if part is Part.CLOSED else still_open


async def recount(api: Api, spec: ModuleSpec, owner: str, part: Part) -> int:
    """By the records: each of the owner's is loaded by SuiteCRM and judged here.

    `count` asks the database for a number, and trusts the filters by status; this path trusts neither. What it reads
    are whole beans, through SuiteCRM's access rules, whereas a count is a plain `SELECT COUNT(*)` on the table:
    https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/BeanDecorator/BeanManager.php (`countRecords`). It
    does not lag: there is no index behind it.
    """
    rows = await api.everything(spec.name, (mine(owner),), fields=spec.phase.columns)
    return sum(belongs(spec.phase, row, part) for row in rows)


def calls_of_reading(records: int) -> int:
    """What it costs to read that many rows; that there are none takes a call as well."""
    return max(1, ceil(records / PAGE))


def _record(spec: ModuleSpec, row: Row, view: View) -> Record:
    return Record(
        id=row["id"],
        label=spec.label_of(row),
        fields={column: text_of(row.get(column)) for column in view.columns},
        idle=view.idle_since is not None and is_idle(row, view.idle_since),
    )


def is_idle(row: Row, since: datetime) -> bool:
    """SuiteCRM notes when anything of a record was changed, not when somebody last spoke with the customer."""
    changed = moment_of(row.get(CHANGED))
    return changed is None or changed < since
