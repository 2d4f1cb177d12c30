"""What a successor should look at first: a call for each kind, more where records that are done lie in between.

SuiteCRM does not say when somebody last spoke with a customer, so that no account is named as silent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from connectors.base import AgendaItem, AgendaKind
from connectors.http import together
from connectors.suitecrm.api import Api, Row, Where, db_time, moment_of, text_of
from connectors.suitecrm.inventory import amount
from connectors.suitecrm.modules import Metadata, ModuleSpec
from connectors.suitecrm.records import mine

_MOST: Final = 10  # of a kind
_NOON: Final = time(12, tzinfo=UTC)  # a date without a time is then the same day from Honolulu to Auckland
_PAGE: Final = 100
_PAGES: Final = 5  # looked through for those that are still open


@dataclass(frozen=True)
class _Wanted:
    """The open records of a module to show: those that `where` lets through, in this order. `due` is a column."""

    kind: AgendaKind
    due: str
    sort: str
    where: Sequence[Where] = ()


class Agenda:
    """For one owner at one time. `url_of` makes a record's address from module and id."""

    def __init__(self, api: Api, *, owner: str, now: datetime, url_of: Callable[[str, str], str]) -> None:
        self._api = api
        self._owner = owner
        self._now = now
        self._url_of = url_of

    async def items(self, metadata: Metadata, *, until: datetime) -> tuple[AgendaItem, ...]:
        """At most ten of each kind; none of a module that the installation does not have."""
        start = "date_start"
        window = (Where(start, "gte", db_time(self._now)), Where(start, "lte", db_time(until)))
        overdue = (Where("date_due", "lt", db_time(self._now)), Where("date_due", "gt", ""))
        looks = {
            "Opportunities": _Wanted(AgendaKind.DEAL, "date_closed", "-amount"),
            "Tasks": _Wanted(AgendaKind.TASK, "date_due", "date_due", overdue),
            "Meetings": _Wanted(AgendaKind.MEETING, start, start, window),
        }
        asked = [self._look(metadata.covered[name], each) for name, each in looks.items() if name in metadata.covered]
        return tuple(item for found in await together(asked) for item in found)

    async def _look(self, spec: ModuleSpec, wanted: _Wanted) -> list[AgendaItem]:
        if not {wanted.due, wanted.sort.lstrip("-")} <= spec.fields:
            return []
        value = (spec.value_field,) if spec.value_field else ()
        columns = (*spec.label_fields, *spec.phase.columns, wanted.due, *value)
        items: dict[str, AgendaItem] = {}
        for number in range(1, _PAGES + 1):
            page = await self._api.listed(
                spec.name,
                (mine(self._owner), *wanted.where),
                fields=columns,
                sort=wanted.sort,
                size=_PAGE,
                number=number,
            )
            items |= {row["id"]: self._item(spec, row, wanted) for row in page.rows if spec.phase.is_open(row)}
            if len(items) >= _MOST or number >= page.pages:
                break
        return list(items.values())[:_MOST]

    def _item(self, spec: ModuleSpec, row: Row, wanted: _Wanted) -> AgendaItem:
        return AgendaItem(
            kind=wanted.kind,
            module=spec.name,
            record_id=row["id"],
            label=spec.label_of(row),
            url=self._url_of(spec.name, row["id"]),
            due=_due(row.get(wanted.due)),
            value=amount(row.get(spec.value_field)) if spec.value_field else None,
        )


def _due(value: Any) -> datetime | None:
    """The time, or for a date its noon."""
    moment = moment_of(value)
    if moment is not None:
        return moment
    try:
        return datetime.combine(date.fromisoformat(text_of(value) or ""), _NOON)
    except ValueError:
        return None
