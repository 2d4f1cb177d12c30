"""What a departure will cost before it begins: calls, the vendor's credits, time, automation that is set off. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from connectors.base import Ability, Capability, Connector, Price, Reaction, Work

# Seconds from one call to the next of a run: what a vendor across the internet takes, with the pauses between batches.
_PACE: Final = 0.7

Pricing = Callable[[Work, str, int], Price]


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
    """What one record type needs: how many records are read, moved, tagged by calls of their own, and changed in other
    fields. `counted` are those that the comparison will count; None where nothing is counted."""

    module: str
    read: int = 0
    move: int = 0
    tag: int = 0
    update: int = 0
    counted: int | None = None

    def works(self, *, quiet: bool) -> Iterator[tuple[Work, int]]:
        moving = Work.MOVE_QUIETLY if quiet else Work.MOVE
        batches = (Work.READ, self.read), (Work.LOOK, self.move), (Work.TAG, self.tag), (moving, self.move)
        yield from ((work, records) for work, records in (*batches, (Work.UPDATE, self.update)) if records)
        if self.counted is not None:  # before, and twice when all should be elsewhere
            yield from ((Work.COUNT, self.counted), (Work.COUNT, 0), (Work.RECOUNT, 0))


def forecast(
    batches: tuple[Batches, ...],
    price: Pricing,
    *,
    quiet: bool,
    credits_left: int | None,
    reactions: tuple[Reaction, ...],
) -> Forecast:
    """`quiet` gives records away without setting off automation: smaller batches, no reactions."""
    prices = [price(Work.ONCE, "", 0)]
    prices += [price(work, each.module, records) for each in batches for work, records in each.works(quiet=quiet)]
    calls = sum(each.calls for each in prices)
    return Forecast(
        seconds=ceil(calls * _PACE),
        calls=calls,
        credits=sum(each.credits for each in prices),
        credits_left=credits_left,
        reactions=() if quiet else reactions,
    )


@dataclass(frozen=True)
class SystemTerms:
    """What a plan needs to know of a system: what work costs there, and whether tags need calls of their own."""

    price: Pricing
    tags_along: bool
    capabilities: Mapping[Ability, Capability]


def systems_of(connectors: Mapping[str, Connector]) -> dict[str, SystemTerms]:
    return {key: SystemTerms(each.price, each.tags_along, each.capabilities) for key, each in connectors.items()}
