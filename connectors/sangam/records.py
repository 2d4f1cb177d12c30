"""Reading an owner's records: always all of them, by the one condition that is documented, and judged here."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import ceil
from typing import Any, Final

from connectors.base import Page, Part, Record, Rejected
from connectors.sangam.api import PAGE, Api, Row, equals
from connectors.sangam.errors import SYSTEM
from connectors.sangam.modules import ModuleSpec

_CHANGED: Final = "date_modified"
_IDS_AT_ONCE: Final = 25


async def owned_rows(api: Api, spec: ModuleSpec, owner: str) -> list[Row]:
    """Whose each is, is looked at once more: a tenant that does not understand a condition may answer everything.

    Raises `Rejected` where records do not tell their owner.
    """
    rows = await api.everything(spec.name, equals(spec.name, spec.owner, owner))
    if any(spec.owner not in row for row in rows):
        raise Rejected(f"Records of {spec.name} do not tell their owner", system=SYSTEM, code="OWNER_NOT_TOLD")
    return [row for row in rows if spec.owner_of(row) == owner]


def belongs(spec: ModuleSpec, row: Row, part: Part) -> bool:
    return part is Part.ALL or spec.is_open(row) is (part is Part.OPEN)


async def page(
    api: Api,
    spec: ModuleSpec,
    owner: str,
    *,
    part: Part,
    limit: int,
    after: str | None,
    columns: Sequence[str],
    idle_since: datetime | None,
) -> Page:
    """So many of the part's records behind an id; all of the owner's are read for it."""
    rows = [row for row in await owned_rows(api, spec, owner) if belongs(spec, row, part)]
    behind = [row for row in rows if after is None or row["id"] > after]
    shown = behind[:limit]
    records = tuple(
        Record(
            id=row["id"],
            label=spec.label_of(row),
            fields={column: spec.value_of(row, column) for column in columns},
            idle=idle_since is not None and is_idle(row, idle_since),
        )
        for row in shown
    )
    return Page(records, records[-1].id if len(behind) > limit else None)


async def by_ids(api: Api, spec: ModuleSpec, ids: Sequence[str]) -> dict[str, Row]:
    """Those of the records that are there: some at once, and what that did not find, one by one, should the tenant not
    take more than one condition."""
    found: dict[str, Row] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        block = ids[start : start + _IDS_AT_ONCE]
        query = " OR ".join(equals(spec.name, "id", each) for each in block)
        found |= {row["id"]: row for row in await api.page(spec.name, query, 0)}
    for each in ids:
        if each not in found:
            found |= {row["id"]: row for row in await api.page(spec.name, equals(spec.name, "id", each), 0)}
    return {each: found[each] for each in ids if each in found}


async def moved_away(api: Api, spec: ModuleSpec, owner: str, part: Part, ids: Sequence[str]) -> Mapping[str, str]:
    """Which of the records are not the owner's, or not in the part, any more: by what is left of the owner's, and for
    the others by their ids."""
    mine = {row["id"]: row for row in await owned_rows(api, spec, owner)}
    closed = {each: owner for each in ids if each in mine and not belongs(spec, mine[each], part)}
    rows = await by_ids(api, spec, [each for each in ids if each not in mine])
    return closed | {each: spec.owner_of(row) or "" for each, row in rows.items()}


def calls_of_reading(records: int) -> int:
    """A page that is not full is the last, so that full ones have an empty one behind them."""
    return records // PAGE + 1


def calls_of_looking_up(records: int) -> int:
    return ceil(records / _IDS_AT_ONCE)


def is_idle(row: Row, since: datetime) -> bool:
    """Sangam CRM notes when anything of a record was changed, not when somebody last spoke with the customer."""
    changed = moment_of(row.get(_CHANGED))
    return changed is None or changed < since


def moment_of(value: Any) -> datetime | None:
    """A time, or the midnight of a date; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(str(value or ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def amount(value: Any) -> Decimal | None:
    """A sum of money: a number, or a text with or without commas."""
    try:
        found = Decimal(str(value).replace(",", "")) if value not in (None, "") else None
    except InvalidOperation:
        return None
    return found if found is None or found.is_finite() else None
