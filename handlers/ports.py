"""What the conversation and the work need from the service around them. `bot` implements these."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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


@dataclass(frozen=True)
class Job:
    """Durable work to be started with the transaction that asks for it. `id` makes it once: asking twice starts one."""

    name: JobName
    departure_id: str
    serial: int  # the turn of a plan, the run of a run
    system: str  # work on one system runs one after the other

    @property
    def id(self) -> str:
        return f"{self.departure_id}:{self.name}:{self.serial}"


class LedgerOutcome(StrEnum):
    PLANNED = "planned"
    DEFERRED = "deferred"  # refused for now, to be tried again
    MOVED = "moved"
    OTHERS = "others"
    GONE = "gone"
    FAILED = "failed"


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


class Transaction(Protocol):
    """Everything that one transaction can do; all of it takes effect together or not at all."""

    def departure(self, departure_id: str) -> Departure | None: ...
    def open_departures(self) -> tuple[Departure, ...]: ...
    def open_with(self, accounts: Collection[tuple[str, str]]) -> tuple[Departure, ...]:
        """Open departures about one of these accounts: (system, account id)."""

    def create(self, departure: Departure, opened: Opened) -> Departure:
        """Store a new departure and give it its number. Raises `AlreadyOpen`."""

    def append(self, departure: Departure, events: Sequence[Event]) -> Departure:
        """Apply and store events. Raises `Conflict` when the stored revision is not the given one."""

    def put(self, departure_id: str | None, postings: Sequence[Posting]) -> None:
        """Say which messages should exist and what they show; the outbox posts and edits them."""

    def put_once(self, departure_id: str, posting: Posting) -> None:
        """A message that is posted once and never edited."""

    def enqueue(self, job: Job) -> None: ...
    def decided(self, delivery_id: str) -> None:
        """The delivery had its effect: a replay after a crash must not decide again."""

    def progress(self, departure_id: str) -> RunProgress | None: ...
    def save_progress(self, departure_id: str, progress: RunProgress) -> None: ...

    def cursors(self, departure_id: str, system: str) -> dict[str, Cursor]: ...
    def add_page(self, place: Place, records: Sequence[Record], *, owners: tuple[str, str], cursor: Cursor) -> int:
        """Add ledger rows (before, after), ignore known ones, move the cursor. Returns how many were new."""

    def batch(self, place: Place, *, outcome: LedgerOutcome, untagged: bool, limit: int) -> tuple[str, ...]:
        """Ids in ascending order; `untagged` leaves out rows that have the tag or were refused it."""

    def span(self, place: Place, *, limit: int) -> tuple[str, str] | None:
        """First and last id of the next `limit` planned rows."""

    def mark_tagged(self, place: Place, done: Sequence[str], refused: Sequence[str]) -> None: ...
    def settle(self, place: Place, ids: Sequence[str], outcome: LedgerOutcome, at: datetime) -> None:
        """Set the outcome of rows that are still planned or deferred; ids without such a row are passed over."""

    def defer(self, place: Place, failures: Sequence[RowFailure], at: datetime) -> int:
        """Rows that were refused for now: count the attempt. Returns the highest number of attempts among them."""

    def fail(self, place: Place, failures: Sequence[RowFailure], at: datetime) -> None: ...
    def give_up_deferred(self, place: Place, at: datetime) -> None:
        """Rows that were refused too often count as failed."""

    def remaining(self, place: Place) -> int:
        """How many rows are still planned or deferred."""

    def requeue_failed(self, departure_id: str) -> None:
        """A person asked to try again: refused rows count as planned once more."""

    def totals(self, departure_id: str) -> dict[Place, Totals]: ...
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
