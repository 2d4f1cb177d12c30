"""What the conversation and the work need from the service around them. `bot` implements these."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol, TypeVar

from connectors.base import Record, RowFailure
from handlers.cards import Posting
from handlers.departure import Departure
from handlers.events import Event, Opened
from handlers.people import Person
from handlers.progress import RunProgress

T = TypeVar("T")


class Conflict(Exception):
    """Somebody else changed the departure since it was read: load it again and decide anew."""


class AlreadyOpen(Exception):
    """The leaver has an open departure; `departure_id` names it."""

    def __init__(self, departure_id: str) -> None:
        super().__init__(departure_id)
        self.departure_id = departure_id


class StoreUnavailable(Exception):
    """The database cannot be reached now; nothing was stored. Whoever works durably tries again by itself."""


class JobName(StrEnum):
    PLAN = "plan"
    RUN = "run"
    RETURN = "return"  # an undo, or a hand-over to the real successor
    RECHECK = "recheck"


@dataclass(frozen=True)
class Job:
    """Durable work to be started with the transaction that asks for it. `id` makes it once: asking twice starts one."""

    name: JobName
    departure_id: str
    serial: int  # the turn of a plan, the run of a run or a return, the number of a re-check
    system: str  # work on one system runs one after the other

    @property
    def id(self) -> str:
        return f"{self.departure_id}:{self.name}:{self.serial}:{self.system}"


class LedgerOutcome(StrEnum):
    PLANNED = "planned"
    DEFERRED = "deferred"  # refused for now, to be tried again
    MOVED = "moved"
    OTHERS = "others"
    GONE = "gone"
    FAILED = "failed"
    RETURNED = "returned"  # moved, and given back
    KEPT = "kept"  # moved, and somebody else's by the time of the undo: left alone


@dataclass(frozen=True)
class Cursor:
    """How far the snapshot of one module is: read on behind `after`; `started_at` is when its first page was read."""

    after: str | None
    complete: bool
    started_at: datetime


@dataclass(frozen=True)
class Place:
    """One module of one system of one departure: the key of its ledger rows."""

    departure_id: str
    system: str
    module: str


@dataclass(frozen=True)
class Totals:
    """Ledger rows of one place by outcome, and how many of them carry the tag."""

    outcomes: dict[LedgerOutcome, int]
    tagged: int

    def count(self, outcome: LedgerOutcome) -> int:
        return self.outcomes.get(outcome, 0)

    @property
    def rows(self) -> int:
        return sum(self.outcomes.values())


class Tagged(IntEnum):
    NO = 0
    YES = 1
    REFUSED = 2


@dataclass(frozen=True)
class LedgerRow:
    """What became of one record. `attempts` counts the refusals; `at` is when the row changed last."""

    system: str
    module: str
    record_id: str
    label: str | None
    owner_before: str
    owner_after: str
    outcome: LedgerOutcome
    tagged: Tagged
    attempts: int
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Entry:
    """One line of the audit trail. `event` is None once the purge has sealed it; `actor` None is the service itself."""

    seq: int
    at: datetime
    actor: str | None
    type: str
    event: Event | None
    hash: str


@dataclass(frozen=True)
class Planned:
    """A record as the snapshot found it. `owner_before` and `owner_after` are account ids of the system, the former the
    leaver's and behind it those of whoever shared the record with them (`joined`); where a place
    is a field ("Leads.Lead_Status"), its values."""

    record_id: str
    label: str
    owner_before: str
    owner_after: str


@dataclass(frozen=True)
class Held:
    """A row as work after the run sees it. `refusals` says how often its return was refused for now, `handed_on`
    whether whoever got it gave it to somebody else by us, `at` when the row changed last."""

    record_id: str
    owner_before: str
    owner_after: str
    outcome: LedgerOutcome
    at: datetime
    refusals: int = 0
    handed_on: bool = False


class Transaction(Protocol):
    """Everything that one transaction can do; all of it takes effect together or not at all."""

    def departure(self, departure_id: str) -> Departure | None: ...
    def open_departures(self) -> tuple[Departure, ...]: ...
    def open_with(self, accounts: Collection[tuple[str, str]]) -> tuple[Departure, ...]:
        """Open departures about one of these accounts: (system, account id)."""

    def ended_with(self, accounts: Collection[tuple[str, str]]) -> tuple[Departure, ...]:
        """Closed departures about one of these accounts, the newest first; those that were purged are left out."""

    def due(self, now: datetime, limit: int) -> tuple[Departure, ...]:
        """Departures to which something may happen by itself by now; what has waited longest comes first."""

    def earliest_due(self) -> datetime | None:
        """When the first of all departures is to be looked at."""

    def look_again(self, departure: Departure, at: datetime | None) -> None:
        """Say when to look at it again, where nothing says so that happened; of no effect once something else has."""

    def create(self, departure: Departure, opened: Opened) -> Departure:
        """Store a new departure and give it its number. Raises `AlreadyOpen`."""

    def append(self, departure: Departure, events: Sequence[Event]) -> Departure:
        """Apply and store events. Raises `Conflict` when the stored revision is not the given one, and `AlreadyOpen`
        where one that had ended begins anew while another is open for the same person."""

    def put(self, departure_id: str | None, postings: Sequence[Posting]) -> None:
        """Say which messages should exist and what they show; the outbox posts and edits them."""

    def put_once(self, departure_id: str | None, posting: Posting) -> None:
        """A message that is posted once and never edited."""

    def enqueue(self, job: Job) -> None: ...
    def decided(self, delivery_id: str) -> None:
        """The delivery had its effect: a replay after a crash must not decide again."""

    def progress(self, departure_id: str) -> RunProgress | None: ...
    def save_progress(self, departure_id: str, progress: RunProgress) -> None: ...

    def cursors(self, departure_id: str, system: str) -> dict[str, Cursor]: ...
    def add_page(self, place: Place, rows: Mapping[Place, Sequence[Planned]], cursor: Cursor) -> int:
        """Add ledger rows of one page, ignore known ones, move the cursor of `place`. Returns how many were new."""

    def batch(self, place: Place, *, outcome: LedgerOutcome, untagged: bool, limit: int) -> tuple[str, ...]:
        """Ids in ascending order; `untagged` leaves out rows that have the tag or were refused it."""

    def receivers(self, place: Place, ids: Sequence[str]) -> dict[str, str]:
        """To whom, or to what value, these records go; ids without a row are left out."""

    def planned(self, place: Place, ids: Sequence[str]) -> tuple[Planned, ...]:
        """These rows as the snapshot found them, by record id."""

    def given(self, place: Place, *, outcome: LedgerOutcome | None = None) -> Counter[str]:
        """How many records of a place go to each account; with an outcome, how many of those."""

    def mark_tagged(self, place: Place, done: Sequence[str], refused: Sequence[str]) -> None: ...
    def settle(self, place: Place, ids: Sequence[str], outcome: LedgerOutcome, at: datetime) -> None:
        """Set the outcome of rows that are still planned or deferred; ids without such a row are passed over."""

    def defer(self, place: Place, failures: Sequence[RowFailure], at: datetime) -> int:
        """Rows that were refused for now: count the attempt. Returns the highest number of attempts among them."""

    def fail(self, place: Place, failures: Sequence[RowFailure], at: datetime) -> None: ...
    def give_up_deferred(self, place: Place, at: datetime) -> None:
        """Rows that were refused too often count as failed."""

    def held(
        self, place: Place, *, outcomes: Collection[LedgerOutcome], after: str | None, limit: int
    ) -> tuple[Held, ...]:
        """Rows with one of these outcomes in ascending order of id, from behind `after` on."""

    def refused(self, place: Place, *, fewer_than: int, after: str | None, limit: int) -> tuple[Held, ...]:
        """The same of moved rows whose return was refused for now, fewer than so many times."""

    def give_back(self, place: Place, ids: Sequence[str], outcome: LedgerOutcome, at: datetime) -> None:
        """Set the outcome of moved or returned rows; ids without such a row are passed over."""

    def hand_on(self, place: Place, ids: Sequence[str], to: str, at: datetime) -> None:
        """Moved rows whose record somebody else has got since, by us."""

    def hold(self, place: Place, failures: Sequence[tuple[RowFailure, int]], at: datetime) -> None:
        """Why moved rows could not be given back, and how often that was tried; zero: it is not tried again."""

    def remaining(self, place: Place) -> int:
        """How many rows are still planned or deferred."""

    def requeue_failed(self, departure_id: str, system: str) -> None:
        """A person asked to try again: refused rows of a system count as planned once more."""

    def totals(self, departure_id: str) -> dict[Place, Totals]: ...
    def moved_since(self, departure_id: str, since: datetime) -> int:
        """How many rows have moved after that time; what was handed on, or refused to go back, moved before."""

    def known(self, place: Place, ids: Sequence[str]) -> frozenset[str]:
        """Which of these ids are in the ledger."""

    def labelled(self, place: Place, *, outcome: LedgerOutcome, limit: int) -> tuple[Record, ...]: ...


class Store(Protocol):
    """Transactions. A function given to either must be quick and do nothing but use the transaction."""

    async def write(self, work: Callable[[Transaction], T]) -> T: ...
    async def read(self, work: Callable[[Transaction], T]) -> T: ...


class People(Protocol):
    """Who is who in the chat products."""

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        """None for somebody unknown and for bots."""

    async def by_email(self, email: str) -> Person | None: ...
