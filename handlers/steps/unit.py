"""What a step gets, and how one call of it can end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Connector, Inventory
from handlers.cards import Channel
from handlers.departure import Departure
from handlers.events import Outcome
from handlers.plan import Difference, SystemPlan, Tolerance
from handlers.ports import Place, Store


@dataclass(frozen=True)
class RunSettings:
    """`per_record_notices`: up to this many records of a module are announced one by one.

    `patience`: seconds between two tries of something that the vendor refuses for now. `tries`: how often.
    """

    tolerance: Tolerance = field(default_factory=Tolerance)
    per_record_notices: int = 10
    channels: tuple[Channel, ...] = ()
    patience: float = 5.0
    tries: int = 6


@dataclass
class Memory:
    """What a process remembers of a run between units. Losing it costs a few reads, never correctness.

    `guarded` is the last id up to which we looked for foreign changes; `recounted` is what the second count
    found in the modules that it is through with; `tries` counts fruitless looks of a step.
    """

    guarded: dict[Place, str] = field(default_factory=dict)
    recounted: dict[Place, int] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

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

    def place(self, module: str) -> Place:
        return Place(self.departure.id, self.plan.system, module)


@dataclass(frozen=True)
class More:
    """There is more to do, after `wait` seconds. `waiting` is a key of the text catalogue for a wait worth telling."""

    wait: float = 0.0
    waiting: str | None = None


@dataclass(frozen=True)
class Ended:
    outcome: Outcome
    evidence: dict[str, int | str]


@dataclass(frozen=True)
class Stopped:
    """A person must look. `key` is a key of the text catalogue, `count` how many records are concerned."""

    key: str
    count: int = 0
    code: str = ""


@dataclass(frozen=True)
class Drifted:
    differences: tuple[Difference, ...]
    inventory: Inventory


Ending = More | Ended | Stopped | Drifted
