"""What an undo, or a hand-over to the real successor, has to do in one system; and what it finds there now."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.base import Connector
from handlers.departure import Departure, Undoing
from handlers.plan import SystemPlan
from handlers.ports import Held, LedgerOutcome, Place, Store
from handlers.undoing import covers, places_of
from handlers.working import plan_of

_PAGE: Final = 1000  # records of one look


@dataclass(frozen=True)
class Look:
    """What became of records since we moved them: they are as we left them, are where they should go already, or are
    somebody else's, deleted ones included."""

    ours: tuple[Held, ...]
    back: tuple[Held, ...]
    others: tuple[Held, ...]


@dataclass(frozen=True)
class Errand:
    """`plan` is the system's; what was asked for is the latest of the departure's undoings."""

    departure: Departure
    plan: SystemPlan
    connector: Connector

    @property
    def undoing(self) -> Undoing:
        return self.departure.undoings[-1]

    @property
    def receiver(self) -> str | None:
        """The account of the real successor, where records are handed on."""
        return self.undoing.to[self.plan.system].id if self.undoing.to else None

    @property
    def holder(self) -> str:
        """The account that has what is handed on."""
        return self.undoing.holders.get(self.plan.system, self.plan.successor.id)

    @property
    def places(self) -> tuple[Place, ...]:
        names = places_of(self.departure, self.plan)
        return tuple(
            Place(self.departure.id, self.plan.system, name)
            for name in names
            if covers(self.undoing, self.plan.system, name)
        )

    def wants(self, row: Held) -> bool:
        """Whether it is about this record: of all that one person has, else of those that were named."""
        if self.receiver:
            return row.owner_after == self.holder
        return not self.undoing.records or row.record_id in self.undoing.records

    def touched(self, row: Held) -> bool:
        """Whether its row has changed since this was asked for; before, another undo or nobody dealt with it."""
        return row.at >= self.undoing.at

    def target(self, row: Held) -> str:
        """The account, or value, that a record should have in the end."""
        return self.receiver or row.owner_before

    async def look(self, place: Place, rows: Sequence[Held]) -> Look:
        """What the records of these rows say now."""
        module, _, name = place.module.partition(".")
        ids = [row.record_id for row in rows]
        found = await self.connector.values(module, ids, name or self.connector.owner_field) if ids else {}
        says = {row: found[row.record_id] or "" for row in rows if row.record_id in found}
        back = tuple(row for row, value in says.items() if value == self.target(row))
        ours = tuple(row for row, value in says.items() if value == row.owner_after != self.target(row))
        settled = {*back, *ours}
        return Look(ours, back, tuple(row for row in rows if row not in settled))


def errands_of(departure: Departure, connectors: Mapping[str, Connector]) -> tuple[Errand, ...]:
    """One for each system in which the latest undoing has something to do. Raises `ValueError` where the plan is not
    the one that was approved."""
    undoing = departure.undoings[-1]
    named = set(undoing.to) or {module.partition("/")[0] for module in undoing.modules}
    return tuple(
        Errand(departure, plan, connectors[plan.system])
        for plan in plan_of(departure).systems
        if not named or plan.system in named
    )


async def pages(
    store: Store, errand: Errand, outcomes: Collection[LedgerOutcome]
) -> AsyncIterator[tuple[Place, tuple[Held, ...]]]:
    """The rows of all places in scope that have one of these outcomes."""
    for place in errand.places:
        rows = await _page(store, place, outcomes, after=None)
        while rows:
            yield place, rows
            rows = await _page(store, place, outcomes, after=rows[-1].record_id)


async def _page(
    store: Store, place: Place, outcomes: Collection[LedgerOutcome], *, after: str | None
) -> tuple[Held, ...]:
    return await store.read(lambda tx: tx.held(place, outcomes=outcomes, after=after, limit=_PAGE))
