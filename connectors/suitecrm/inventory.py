"""Counting what an account owns: every record of a module is read once, 200 to a call, and judged here.

That tells open from closed, the value, samples, idle ones and groups all at once. Other fields that can hold a user
take a call each.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from heapq import nlargest
from typing import Any, Final

from connectors.base import Holding, Sample, Survey, UserField
from connectors.http import together
from connectors.suitecrm.api import Api, Row, Where, text_of
from connectors.suitecrm.modules import CHANGED, ModuleSpec
from connectors.suitecrm.records import is_idle, mine

_SAMPLES: Final = 3  # records of a module


@dataclass
class _Tally:
    """What the rows of a module add up to, row by row."""

    spec: ModuleSpec
    survey: Survey
    open: int = 0
    closed: int = 0
    value: Decimal = Decimal(0)
    idle: int = 0
    greatest: list[Row] = field(default_factory=list)
    groups: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, rows: Collection[Row]) -> None:
        unfinished = [row for row in rows if self.spec.phase.is_open(row)]
        self.open += len(unfinished)
        self.closed += len(rows) - len(unfinished)
        self.value += sum((self.value_of(row) or Decimal(0) for row in unfinished), Decimal(0))
        if self.survey.idle_since:
            self.idle += sum(is_idle(row, self.survey.idle_since) for row in unfinished)
        for column in self.survey.group_by.get(self.spec.name, ()):
            group = self.groups.setdefault(column, Counter())
            group.update(text_of(row.get(column)) or "" for row in unfinished)
        self.greatest = nlargest(_SAMPLES, (*self.greatest, *unfinished), key=self._rank)

    def value_of(self, row: Row) -> Decimal | None:
        return amount(row.get(self.spec.value_field)) if self.spec.value_field else None

    def _rank(self, row: Row) -> tuple[Decimal, str]:
        """The open records with the greatest value, or those changed last where the module has no value."""
        return self.value_of(row) or Decimal(0), str(row.get(CHANGED) or "")


class Surveyor:
    """Counts for one owner. `url_of` makes a record's address from module and id."""

    def __init__(self, api: Api, *, owner: str, url_of: Callable[[str, str], str]) -> None:
        self._api = api
        self._owner = owner
        self._url_of = url_of

    async def holdings(self, specs: Collection[ModuleSpec], survey: Survey) -> tuple[Holding, ...]:
        """One for each module, in their order."""
        return tuple(await together(self._holding(spec, survey) for spec in specs))

    async def user_fields(self, specs: Collection[ModuleSpec]) -> tuple[UserField, ...]:
        """Where other fields name the owner, in records of anybody."""
        found = await together(self._named(spec, name) for spec in specs for name in spec.user_fields)
        return tuple(each for each in found if each.count)

    async def _named(self, spec: ModuleSpec, name: str) -> UserField:
        count = await self._api.total(spec.name, (Where(name, "eq", self._owner),))
        return UserField(spec.name, spec.module.label, name, name, count)

    async def _holding(self, spec: ModuleSpec, survey: Survey) -> Holding:
        asked = (column for column in survey.group_by.get(spec.name, ()) if column in spec.fields)
        value = (spec.value_field,) if spec.value_field else ()
        changed = (CHANGED,) if CHANGED in spec.fields else ()
        columns = (*spec.label_fields, *spec.phase.columns, *value, *changed, *asked)
        tally = _Tally(spec, survey)
        behind: tuple[Where, ...] = ()
        while True:
            page = await self._api.listed(spec.name, (mine(self._owner), *behind), fields=columns)
            tally.add(page.rows)
            if page.pages <= 1:
                break
            behind = (Where("id", "gt", page.rows[-1]["id"]),)
        return Holding(
            module=spec.module,
            open=tally.open,
            closed=tally.closed,
            open_value=tally.value if spec.value_field else None,
            samples=tuple(self._sample(spec, row, tally) for row in tally.greatest),
            idle=tally.idle,
            groups=_plain(tally.groups),
        )

    def _sample(self, spec: ModuleSpec, row: Row, tally: _Tally) -> Sample:
        url = self._url_of(spec.name, row["id"])
        return Sample(id=row["id"], label=spec.label_of(row), url=url, value=tally.value_of(row))


def amount(value: Any) -> Decimal | None:
    """A sum of money as answers have it: a number, or a text."""
    try:
        found = Decimal(str(value)) if value not in (None, "") else None
    except InvalidOperation:
        return None
    return found if found is None or found.is_finite() else None


def _plain(groups: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {column: dict(counted) for column, counted in groups.items() if counted}
