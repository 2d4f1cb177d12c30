"""Records in pages by key: each page begins behind the last id of the one before, whatever moved in the meantime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.base import Page, Record
from connectors.zoho import coql
from connectors.zoho.api import Api, Row
from connectors.zoho.modules import ModuleSpec

_BY_ID: Final = 20 * coql.IN_MAXIMUM  # a query takes 25 conditions


@dataclass(frozen=True)
class View:
    """How many records a page has, and what it tells of each besides id and label."""

    limit: int
    columns: Sequence[str] = ()
    idle_since: datetime | None = None


async def page(api: Api, spec: ModuleSpec, where: str, *, view: View, after: str | None) -> Page:
    """The records that the condition lets through, one call. Columns that the module lacks are not asked for."""
    behind = coql.compare("id", ">", after) if after else ""
    known = (column for column in view.columns if spec.has(column))
    judged = spec.activity.columns if view.idle_since else ()
    columns = tuple(dict.fromkeys(("id", *spec.label_fields, *known, *judged)))
    query = coql.select(columns, spec.name, coql.all_of(where, behind), order="id asc", limit=view.limit)
    rows, more = await api.select(query)
    records = tuple(_record(spec, row, view) for row in rows)
    return Page(records, records[-1].id if more and records else None)


async def values(api: Api, spec: ModuleSpec, ids: Sequence[str], column: str) -> Mapping[str, str | None]:
    """One column of these records, those that are still there: one call for a thousand of them."""
    found: dict[str, str | None] = {}
    for start in range(0, len(ids), _BY_ID):
        block = ids[start : start + _BY_ID]
        shown = await page(api, spec, coql.among("id", block), view=View(len(block), (column,)), after=None)
        found |= {record.id: record.fields[column] for record in shown.records}
    return found


def _record(spec: ModuleSpec, row: Row, view: View) -> Record:
    return Record(
        id=row["id"],
        label=spec.label_of(row),
        fields={column: text_of(row.get(column)) for column in view.columns},
        idle=view.idle_since is not None and spec.activity.is_idle(row, view.idle_since),
    )


def text_of(value: Any) -> str | None:
    """A value as text, the same in a record and as the name of a group; a lookup as the id it points to."""
    match value:
        case None | "":
            return None
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case Mapping():
            return text_of(value.get("id", value.get("name")))
        case list():
            return "; ".join(text for each in value if (text := text_of(each))) or None
        case _:
            return str(value)
