"""How far a run is, in numbers that come from the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.playbooks import StepKey


@dataclass(frozen=True)
class ModuleProgress:
    """Counts of ledger rows of one module; `planned` is how many rows the snapshot holds.

    `given` says how many of the moved ones went to each account, by its id; empty until the transfer is through.
    """

    system: str
    module: str
    label: str
    planned: int = 0
    tagged: int = 0
    moved: int = 0
    others: int = 0  # given to somebody else by a colleague in the meantime: left alone
    gone: int = 0  # deleted, merged or converted in the meantime
    failed: int = 0  # refused by the vendor
    returned: int = 0  # moved, and given back by an undo
    given_on: int = 0  # moved, and given to somebody else by a colleague before the undo: left alone
    given: Mapping[str, int] = field(default_factory=dict)

    @property
    def settled(self) -> int:
        return self.moved + self.returned + self.given_on + self.others + self.gone + self.failed


@dataclass(frozen=True)
class Whereabouts:
    """Where the run is in one system. `waiting` is a key of the text catalogue where it waits for the vendor; `until`
    is when it tries again, `failed_at` when it last failed, `waited` how many seconds it has been waiting by then, in
    `run`."""

    step: StepKey | None = None
    waiting: str | None = None
    until: datetime | None = None
    failed_at: datetime | None = None
    waited: float = 0.0
    run: int = 0


@dataclass(frozen=True)
class RunProgress:
    """`at` is by system. `agenda` says who got each record of the work-list, as "system/account id" by
    "system/module/record"."""

    at: Mapping[str, Whereabouts] = field(default_factory=dict)
    modules: tuple[ModuleProgress, ...] = ()
    agenda: Mapping[str, str] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """Sum of one count over all modules, such as "moved"."""
        return sum(getattr(module, name) for module in self.modules)
