"""What a successor should look at first: one call for each kind, and one more for the silent accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from connectors.base import AgendaItem, AgendaKind, Part
from connectors.http import together
from connectors.zoho.api import Api, Row
from connectors.zoho.coql import all_of, compare, empty, filled, select
from connectors.zoho.modules import Metadata, ModuleSpec

_MOST: Final = 10  # of a kind
_NOON: Final = time(12, tzinfo=UTC)  # a date without a time is then the same day from Honolulu to Auckland


@dataclass(frozen=True)
class _Wanted:
    """The open records of a module to show: those that `condition` lets through, in this order. `due` is a column."""

    kind: AgendaKind
    due: str
    order: str
    condition: str = ""


class Agenda:
    """For one owner at one time. `url_of` makes a record's address from module and id."""

    def __init__(self, api: Api, *, owner: str, now: datetime, url_of: Callable[[str, str], str]) -> None:
        self._api = api
        self._mine = compare("Owner", "=", owner)
        self._now = now
        self._url_of = url_of

    async def items(self, metadata: Metadata, *, until: datetime) -> tuple[AgendaItem, ...]:
        """At most ten of each kind; none of a module that the organisation does not have."""
        looks = {"Deals": self._deals, "Tasks": self._tasks, "Accounts": self._accounts}
        asked = [look(metadata.covered[name]) for name, look in looks.items() if name in metadata.covered]
        if "Events" in metadata.covered:
            asked.append(self._meetings(metadata.covered["Events"], until))
        return tuple(item for found in await together(asked) for item in found)

    async def _deals(self, spec: ModuleSpec) -> list[AgendaItem]:
        order = f"{spec.value_field or 'id'} desc"
        return await self._look(spec, _Wanted(AgendaKind.DEAL, "Closing_Date", order))

    async def _tasks(self, spec: ModuleSpec) -> list[AgendaItem]:
        if not spec.has("Due_Date"):
            return []
        overdue = compare("Due_Date", "<", self._now.astimezone(UTC).date().isoformat())
        return await self._look(spec, _Wanted(AgendaKind.TASK, "Due_Date", "Due_Date asc", overdue))

    async def _meetings(self, spec: ModuleSpec, until: datetime) -> list[AgendaItem]:
        start = "Start_DateTime"
        window = all_of(compare(start, ">=", self._now), compare(start, "<=", until))
        return await self._look(spec, _Wanted(AgendaKind.MEETING, start, f"{start} asc", window))

    async def _accounts(self, spec: ModuleSpec) -> list[AgendaItem]:
        """Those that nobody ever worked on before those whose last contact lies furthest back.

        Two calls, because where an order by COQL puts the empty ones is not documented.
        """
        if not spec.tells_activity:
            return []
        last = spec.activity.field
        never = await self._look(spec, _Wanted(AgendaKind.SILENT, last, "id asc", empty(last)))
        if len(never) == _MOST:
            return never
        known = await self._look(spec, _Wanted(AgendaKind.SILENT, last, f"{last} asc", filled(last)))
        return [*never, *known][:_MOST]

    async def _look(self, spec: ModuleSpec, wanted: _Wanted) -> list[AgendaItem]:
        still_open = all_of(self._mine, spec.phase.where(Part.OPEN, self._now) or "")
        extra = (column for column in (wanted.due, spec.value_field) if column and spec.has(column))
        columns = tuple(dict.fromkeys(("id", *spec.label_fields, *extra)))
        where = all_of(still_open, wanted.condition)
        rows, _ = await self._api.select(select(columns, spec.name, where, order=wanted.order, limit=_MOST))
        return [self._item(spec, row, wanted) for row in rows]

    def _item(self, spec: ModuleSpec, row: Row, wanted: _Wanted) -> AgendaItem:
        value = row.get(spec.value_field) if spec.value_field else None
        return AgendaItem(
            kind=wanted.kind,
            module=spec.name,
            record_id=row["id"],
            label=spec.label_of(row),
            url=self._url_of(spec.name, row["id"]),
            due=_moment(row.get(wanted.due)),
            value=None if value is None else Decimal(str(value)),
        )


def _moment(text: str | None) -> datetime | None:
    """The time, or for a date its noon."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else datetime.combine(date.fromisoformat(text), _NOON)
