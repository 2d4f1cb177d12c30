"""What a report is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.departure import Departure
from handlers.ports import Entry, Place, Totals


@dataclass(frozen=True)
class Case:
    """A departure with its audit trail and the sums of its ledger.

    `received` says how many records moved to which account: (system, account id). `broken` is the number of the first
    event that is missing or not what was written. `purged_at` is when the details about people were deleted.
    """

    departure: Departure
    trail: tuple[Entry, ...]
    totals: Mapping[Place, Totals]
    received: Mapping[tuple[str, str], int] = field(default_factory=dict)
    broken: int | None = None
    purged: bool = False
    purged_at: datetime | None = None
