"""Counting what an account owns: each list of the owner's is read once, to its end, and told from it whatever is asked.

On top comes one reading of a whole module for those that have fields with users in them.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from connectors.base import Account, Holding, NotCovered, Part, Reference, ReferenceKind, Sample, Survey, UserField
from connectors.http import together
from connectors.pipedrive.api import Api, Row, if_offered
from connectors.pipedrive.counts import SUMMARY
from connectors.pipedrive.fields import Fields
from connectors.pipedrive.lists import Lists, is_idle
from connectors.pipedrive.modules import Spec
from connectors.pipedrive.rows import text_of, value_of

_SAMPLES: Final = 3  # records of a module
_HAZARDS: Final = {ReferenceKind.CRITERIA: "hazard.views", ReferenceKind.UNKNOWN: "hazard.configuration_unknown"}
# Notes keep their author: they are history. https://developers.pipedrive.com/docs/api/v1/Notes
_NOTES: Final = NotCovered("notes", "Notes", "not_covered.history")


@dataclass
class Tally:
    """What has been counted of one module so far. `values` is by currency; `best` are candidates for samples."""

    open: int = 0
    closed: int = 0
    archived: int = 0
    idle: int = 0
    values: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    best: list[tuple[Decimal, str, Row]] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """`archived` counts records that stay where they are because nothing can be changed in them."""

    holdings: tuple[Holding, ...]
    not_covered: tuple[NotCovered, ...]
    archived: int


class Surveyor:
    """Counts for one owner. `currency` is the company's; `url_of` makes a record's address from module and id."""

    def __init__(
        self, api: Api, lists: Lists, fields: Fields, *, owner: str, currency: str, url_of: Callable[[str, str], str]
    ) -> None:
        self._api = api
        self._lists = lists
        self._fields = fields
        self._owner = owner
        self._currency = currency
        self._url_of = url_of

    async def holdings(self, specs: Collection[Spec], survey: Survey, *, former: bool) -> Found:
        """One for each module that the company has, in their order. `former` doubts an empty list of the owner's."""
        counted = await together(self._tally(spec, survey, former=former) for spec in specs)
        tallies = list(zip(specs, counted, strict=True))
        covered = [(spec, tally) for spec, tally in tallies if tally is not None]
        missing = (spec.module for spec, tally in tallies if tally is None)
        return Found(
            tuple(await together(self._holding(spec, tally) for spec, tally in covered)),
            (_NOTES, *(NotCovered(each.name, each.label, "not_covered.no_api") for each in missing)),
            sum(tally.archived for _, tally in covered),
        )

    async def user_fields(self, specs: Collection[Spec]) -> tuple[UserField, ...]:
        """Where other fields name the owner, in records of anybody."""
        found = await together(self._named(spec) for spec in specs)
        return tuple(each for fields in found for each in fields if each.count)

    async def _tally(self, spec: Spec, survey: Survey, *, former: bool) -> Tally | None:
        counting = self._counted(spec, survey, doubting=former)
        return await if_offered(counting) if spec.feature else await counting

    async def _counted(self, spec: Spec, survey: Survey, *, doubting: bool) -> Tally:
        tally = Tally(groups={column: Counter() for column in survey.group_by.get(spec.name, ())})
        async for row, archived in self._lists.owned(spec, self._owner, Part.ALL, doubting=doubting):
            if archived or not spec.is_open(row):
                tally.closed += 1
                tally.archived += archived
            else:
                self._add(spec, tally, row, survey.idle_since)
        return tally

    def _add(self, spec: Spec, tally: Tally, row: Row, idle_since: datetime | None) -> None:
        """Count an open record."""
        tally.open += 1
        tally.idle += idle_since is not None and is_idle(row, idle_since)
        for column, groups in tally.groups.items():
            groups[text_of(value_of(row, column)) or ""] += 1
        worth = spec.amount(row)
        if worth:
            tally.values[worth[1]] += worth[0]
        mine = worth[0] if worth and worth[1] == self._currency else Decimal(0)
        heapq.heappush(tally.best, (mine, f"{text_of(row.get('add_time'))} {row['id']}", row))
        if len(tally.best) > _SAMPLES:
            heapq.heappop(tally.best)

    async def _holding(self, spec: Spec, tally: Tally) -> Holding:
        return Holding(
            module=await self._fields.module(spec),
            open=tally.open,
            closed=tally.closed,
            open_value=await self._value(spec, tally) if spec.module.value_field else None,
            samples=tuple(self._sample(spec, row) for _, _, row in sorted(tally.best, reverse=True)),
            idle=tally.idle,
            groups={column: dict(groups) for column, groups in tally.groups.items()},
        )

    async def _value(self, spec: Spec, tally: Tally) -> Decimal | None:
        """In the company's currency. What is in others Pipedrive converts for deals alone.

        https://developers.pipedrive.com/docs/api/v1/Deals#getDealsSummary
        """
        if not tally.values.keys() - {self._currency}:
            return tally.values[self._currency]
        if spec.name != "deals" or spec.house:
            return None
        summary = await self._api.one(SUMMARY, user_id=self._owner, status="open")
        converted = summary.get("total_currency_converted_value")
        return None if converted is None else Decimal(str(converted))

    def _sample(self, spec: Spec, row: Row) -> Sample:
        worth = spec.amount(row)
        value = worth[0] if worth and worth[1] == self._currency else None
        return Sample(str(row["id"]), spec.label_of(row), self._url_of(spec.name, str(row["id"])), value)

    async def _named(self, spec: Spec) -> list[UserField]:
        columns = {field.code: field.label for field in await self._fields.of(spec) if field.names_user}
        if not columns:
            return []
        counted: Counter[str] = Counter()
        async for row in self._lists.everybodys(spec, columns):
            counted.update(column for column in columns if text_of(value_of(row, column)) == self._owner)
        label = spec.module.label
        return [UserField(spec.name, label, column, name, counted[column]) for column, name in columns.items()]


def hazards(account: Account, found: Found, references: Collection[Reference]) -> tuple[str, ...]:
    """Keys of the text catalogue. Which automation an owner change sets off Pipedrive's API does not tell."""
    applies = {
        "hazard.not_confirmed": not account.confirmed,
        "hazard.pipedrive_archived": found.archived > 0,
        "hazard.pipedrive_private_mail": account.active,
        "hazard.reactions_unknown": True,
    }
    named = {_HAZARDS[each.kind] for each in references if each.kind in _HAZARDS}
    return tuple(sorted(named.union(hazard for hazard, does in applies.items() if does)))
