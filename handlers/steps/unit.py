"""What a step gets, and how one call of it can end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Connector, Inventory
from handlers.announcing import Announcement
from handlers.cards import Channel
from handlers.departure import Departure
from handlers.events import Event, Outcome
from handlers.plan import Difference, SystemPlan, Tolerance
from handlers.ports import Place, Store, Totals
from handlers.practice import Practice


@dataclass(frozen=True)
class RunSettings:
    """`per_record_notices`: up to this many records of a module are announced one by one.

    `patience`: seconds between two tries of something that the vendor refuses for now. `tries`: how often.
    `job_patience`: seconds in all that a job of the vendor's may run. `vendor_patience`: seconds without an answer
    before a person is asked; a daily allowance has renewed by then.
    """

    practice: Practice = field(default_factory=Practice)
    tolerance: Tolerance = field(default_factory=Tolerance)
    per_record_notices: int = 10
    channels: tuple[Channel, ...] = ()
    patience: float = 5.0
    tries: int = 6
    job_patience: float = 3600.0
    vendor_patience: float = 25 * 3600.0


@dataclass
class Memory:
    """What a process remembers of a run between units. Losing it costs a few reads, never correctness.

    `guarded` are the records for which we have looked for foreign changes; `recounted` is what the second count
    found in the modules that it is through with; `tries` counts fruitless looks of a step; `jobs` are the vendor's jobs
    that a step waits for, `waited` for how many seconds; `looked` is the last id up to which somebody's work by hand
    was looked at, `passed` that of a pass of an undo;
    `ready` are the systems in which whoever gets the records back is known to be able to own them.
    """

    guarded: dict[Place, frozenset[str]] = field(default_factory=dict)
    recounted: dict[Place, int] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)
    looked: dict[Place, str] = field(default_factory=dict)
    passed: dict[tuple[str, Place], str] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)

    def tried(self, what: str) -> int:
        self.tries[what] = self.tries.get(what, 0) + 1
        return self.tries[what]


@dataclass(frozen=True)
class Unit:
    departure: Departure
    plan: SystemPlan
    connector: Connector
    store: Store
    settings: RunSettings
    memory: Memory
    now: Callable[[], datetime]

    @property
    def practice(self) -> Practice:
        """The rules of the house as they hold in this system."""
        return self.settings.practice.of(self.plan.system)

    def place(self, module: str) -> Place:
        return Place(self.departure.id, self.plan.system, module)

    def of_lines(self, totals: Mapping[Place, Totals]) -> list[Totals]:
        """What the ledger says about owners in this system, other fields left out."""
        modules = {holding.module.name for holding in (self.departure.inventories or {})[self.plan.system].holdings}
        return [t for place, t in totals.items() if place.system == self.plan.system and place.module in modules]

    @property
    def announcement(self) -> Announcement:
        return Announcement(
            self.departure,
            self.plan,
            self.connector.record_url,
            self.settings.channels,
            self.settings.per_record_notices,
        )


@dataclass(frozen=True)
class More:
    """There is more to do, after `wait` seconds. `waiting` is a key of the text catalogue for a wait worth telling."""

    wait: float = 0.0
    waiting: str | None = None


@dataclass(frozen=True)
class Ended:
    """`found` are events beside the step's own: what later steps and people need to know."""

    outcome: Outcome
    evidence: dict[str, int | str]
    found: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Stopped:
    """A person must look. `key` is a key of the text catalogue, `count` how many records are concerned."""

    key: str
    count: int = 0
    code: str = ""
    found: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Drifted:
    differences: tuple[Difference, ...]
    inventory: Inventory


Ending = More | Ended | Stopped | Drifted
