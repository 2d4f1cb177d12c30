"""What a successor should look at first: the greatest deals, what is overdue, appointments, silent organisations.

Four calls, as long as none of the lists is longer than a page.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

from connectors.base import AgendaItem, AgendaKind, Part
from connectors.http import together
from connectors.pipedrive.api import Api, Row, if_offered
from connectors.pipedrive.lists import Lists
from connectors.pipedrive.modules import Spec
from connectors.pipedrive.rows import moment

_MOST: Final = 10  # of a kind
_NOON: Final = time(12, tzinfo=UTC)
CALLS: Final = 4


@dataclass(frozen=True)
class _Due:
    """When something is to be done; an appointment has a time of day, in UTC."""

    at: datetime
    appointment: bool


class Agenda:
    """For one owner at one time. `currency` is the company's; `url_of` makes a record's address from module and id."""

    def __init__(
        self, api: Api, lists: Lists, *, owner: str, currency: str, now: datetime, url_of: Callable[[str, str], str]
    ) -> None:
        self._api = api
        self._lists = lists
        self._owner = owner
        self._currency = currency
        self._now = now
        self._url_of = url_of

    async def items(self, specs: Mapping[str, Spec], *, until: datetime) -> tuple[AgendaItem, ...]:
        """At most ten of each kind, as far as the company has the modules."""
        deals, activities, tasks, silent = await together(
            (
                self._deals(specs["deals"]),
                self._activities(specs["activities"], until),
                self._tasks(specs["tasks"]),
                self._silent(specs["organizations"]),
            )
        )
        overdue = [item for item in (*activities, *tasks) if item.kind is AgendaKind.TASK]
        meetings = [item for item in activities if item.kind is AgendaKind.MEETING]
        return (*deals, *_soonest(overdue), *_soonest(meetings), *silent)

    async def _deals(self, spec: Spec) -> list[AgendaItem]:
        items = [
            self._item(AgendaKind.DEAL, spec, row, _day(row.get("expected_close_date")))
            async for row, _ in self._lists.owned(spec, self._owner, Part.OPEN)
        ]
        return heapq.nlargest(_MOST, items, key=lambda item: item.value or Decimal(0))

    async def _activities(self, spec: Spec, until: datetime) -> list[AgendaItem]:
        items = []
        async for row, _ in self._lists.owned(spec, self._owner, Part.OPEN):
            due = _due(row)
            if due and self._is_overdue(due):
                items.append(self._item(AgendaKind.TASK, spec, row, due.at))
            elif due and due.appointment and due.at <= until:
                items.append(self._item(AgendaKind.MEETING, spec, row, due.at))
        return items

    async def _tasks(self, spec: Spec) -> list[AgendaItem]:
        return await if_offered(self._overdue_tasks(spec)) or []

    async def _overdue_tasks(self, spec: Spec) -> list[AgendaItem]:
        found = [(row, _due(row)) async for row, _ in self._lists.owned(spec, self._owner, Part.OPEN)]
        overdue = ((row, due) for row, due in found if due and self._is_overdue(due))
        return [self._item(AgendaKind.TASK, spec, row, due.at) for row, due in overdue]

    async def _silent(self, spec: Spec) -> list[AgendaItem]:
        """By the last change of anything in them: the last contact no list tells."""
        params: dict[str, str | int] = {"owner_id": self._owner, "limit": _MOST}
        rows, _ = await self._api.page(spec.path, {**params, "sort_by": "update_time", "sort_direction": "asc"})
        return [self._item(AgendaKind.SILENT, spec, row, moment(row.get("update_time"))) for row in rows]

    def _is_overdue(self, due: _Due) -> bool:
        """What is to be done on a day is overdue when the day is over."""
        return due.at < self._now if due.appointment else due.at.date() < self._now.astimezone(UTC).date()

    def _item(self, kind: AgendaKind, spec: Spec, row: Row, due: datetime | None) -> AgendaItem:
        worth, record = spec.amount(row), str(row["id"])
        return AgendaItem(
            kind=kind,
            module=spec.name,
            record_id=record,
            label=spec.label_of(row),
            url=self._url_of(spec.name, record),
            due=due,
            value=worth[0] if worth and worth[1] == self._currency else None,
        )


def _soonest(items: list[AgendaItem]) -> list[AgendaItem]:
    return heapq.nsmallest(_MOST, items, key=lambda item: (item.due is None, item.due))


def _day(text: object) -> datetime | None:
    return datetime.combine(datetime.fromisoformat(str(text)).date(), _NOON) if text else None


def _due(row: Row) -> _Due | None:
    """The day at noon, or the day with its time of day."""
    day = _day(row.get("due_date"))
    if day is None:
        return None
    clock = row.get("due_time")
    return _Due(datetime.combine(day, time.fromisoformat(str(clock)), UTC), True) if clock else _Due(day, False)
