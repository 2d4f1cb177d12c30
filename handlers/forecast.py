"""What a departure will cost before it begins: calls, the vendor's credits, time, automation that is set off. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from connectors.base import Connector, Cost, Limits, Reaction

# Seconds from one call to the next of a run: what a vendor across the internet takes, with the pauses between batches.
_PACE: Final = 0.7
_FIXED_CALLS: Final = 30  # the pre-checks, configuration, deactivation and counts that every run makes once


@dataclass(frozen=True)
class Forecast:
    """`credits_left` is None where the vendor does not tell. `reactions` are set off for the records that move."""

    seconds: int
    calls: int
    credits: int
    credits_left: int | None
    reactions: tuple[Reaction, ...] = ()

    @property
    def affordable(self) -> bool:
        return self.credits_left is None or self.credits <= self.credits_left

    @property
    def mailing(self) -> tuple[Reaction, ...]:
        return tuple(reaction for reaction in self.reactions if reaction.mails)


@dataclass(frozen=True)
class Batches:
    """What one record type needs: how many records are read, tagged, moved, and changed in other fields."""

    read: int
    tag: int
    move: int
    update: int


def forecast(
    batches: tuple[Batches, ...],
    limits: Limits,
    cost: Cost,
    *,
    quiet: bool,
    credits_left: int | None,
    reactions: tuple[Reaction, ...],
) -> Forecast:
    """`quiet` gives records away without setting off automation: smaller batches, no reactions."""
    calls = spent = 0
    for each in batches:
        write, write_cost = (limits.update, cost.update) if quiet else (limits.write, cost.write)
        sizes = ((each.read, limits.read, cost.read), (each.tag, limits.tag, cost.tag), (each.move, write, write_cost))
        for records, size, price in (*sizes, (each.update, limits.update, cost.update)):
            calls += ceil(records / size)
            spent += ceil(records / size) * price
        calls += 4  # counted before, verified, counted by the second path, and one look for foreign changes
        spent += 4 * cost.count
    calls += _FIXED_CALLS
    return Forecast(
        seconds=ceil(calls * _PACE),
        calls=calls,
        credits=spent + _FIXED_CALLS,
        credits_left=credits_left,
        reactions=() if quiet else reactions,
    )


def prices(connectors: Mapping[str, Connector]) -> dict[str, tuple[Limits, Cost]]:
    """What calls take and cost in each system."""
    return {system: (connector.limits, connector.cost) for system, connector in connectors.items()}
