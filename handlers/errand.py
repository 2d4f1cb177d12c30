"""What an undo, or a hand-over to the real successor, has to do in one system; and what it finds there now."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.base import Connector, parted
from handlers.departure import Departure, Undoing
from handlers.plan import SystemPlan
from handlers.ports import Held, LedgerOutcome, Place, Store
from handlers.undoing import covers, names_record, places_of
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

    def wants(self, place: Place, row: Held) -> bool:
        """Whether it is about this record: of all that one person has, else of those that were named."""
        if self.receiver:
            return row.owner_after == self.holder
        return names_record(self.undoing, place.system, place.module, row.record_id)

    def touched(self, row: Held) -> bool:
        """Whether its row has changed since this was asked for; before, another undo or nobody dealt with it."""
        return row.at >= self.undoing.at

    def target(self, place: Place, row: Held) -> str:
        """The account, or value, that a record should have in the end."""
        return self.receiver or (row.owner_before if "." in place.module else next(iter(parted(row.owner_before)), ""))

    def instead_of(self, place: Place, row: Held) -> str:
        """The account whose place that one takes; empty where the record was theirs already, before they got it."""
        theirs_before = "." not in place.module and row.owner_after in parted(row.owner_before)[1:]
        return "" if theirs_before else row.owner_after

    def _state(self, place: Place, row: Held, value: str) -> str:
        """What the record says now: "ours", "back" or "others". Of several owners each counts for itself."""
        target = self.target(place, row)
        if "." in place.module:
            return "back" if value == target else "ours" if value == row.owner_after else "others"
        owners = parted(value)
        leaves = row.owner_after != target and row.owner_after in owners and self.instead_of(place, row)
        if target in owners and not leaves:
            return "back"
        return "ours" if row.owner_after in owners else "others"

    async def look(self, place: Place, rows: Sequence[Held]) -> Look:
        """What the records of these rows say now."""
        module, _, name = place.module.partition(".")
        ids = [row.record_id for row in rows]
        found = await self.connector.values(module, ids, name or self.connector.owner_field) if ids else {}
        says = {row: found[row.record_id] or "" for row in rows if row.record_id in found}
        states = {row: self._state(place, row, value) for row, value in says.items()}
        back = tuple(row for row, state in states.items() if state == "back")
        ours = tuple(row for row, state in states.items() if state == "ours")
        settled = {*back, *ours}
        return Look(ours, back, tuple(row for row in rows if row not in settled))


def errands_of(departure: Departure, connectors: Mapping[str, Connector]) -> tuple[Errand, ...]:
    """One for each system in which the latest undoing has something to do. Raises `ValueError` where the plan is not
    the one that was approved."""
    return tuple(
        Errand(departure, plan, connectors[plan.system])
        for plan in plan_of(departure).systems
        if departure.undoings[-1].concerns(plan.system)
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
