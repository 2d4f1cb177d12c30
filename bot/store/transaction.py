"""What `handlers.ports` asks of a store, on one connection of ours."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.store import attachments, departures, inbox, ledger, outbox, progress, snapshots
from bot.store.database import Database
from connectors.base import Record, RowFailure
from handlers.cards import Channel, Posting
from handlers.departure import Departure, evolved
from handlers.elements import Card
from handlers.events import Event, Opened
from handlers.ports import (
    Conflict,
    Cursor,
    Held,
    Job,
    LedgerOutcome,
    Place,
    Planned,
    StoreUnavailable,
    Tagged,
    Totals,
    Transaction,
)
from handlers.progress import RunProgress

T = TypeVar("T")
CARD: TypeAdapter[Card] = TypeAdapter(Card)
_PROGRESS: TypeAdapter[RunProgress] = TypeAdapter(RunProgress)

Enqueue = Callable[[Connection, Job], None]


class StoreTransaction:
    """Implements `handlers.ports.Transaction`."""

    def __init__(
        self,
        connection: Connection,
        enqueue: Enqueue,
        now: Callable[[], datetime],
        *,
        attaching: Collection[str] = (),
        next_due: departures.NextDue = lambda _: None,
    ) -> None:
        self._connection = connection
        self._enqueue = enqueue
        self._now = now
        self._attaching = attaching
        self._next_due = next_due
        self.messages = False  # whether there is something new to post

    def departure(self, departure_id: str) -> Departure | None:
        return departures.load(self._connection, departure_id)

    def open_departures(self) -> tuple[Departure, ...]:
        return departures.open_all(self._connection)

    def open_with(self, accounts: Collection[tuple[str, str]]) -> tuple[Departure, ...]:
        return departures.open_with(self._connection, accounts)

    def ended_with(self, accounts: Collection[tuple[str, str]]) -> tuple[Departure, ...]:
        return departures.ended_with(self._connection, accounts)

    def due(self, now: datetime, limit: int) -> tuple[Departure, ...]:
        return departures.due(self._connection, now, limit)

    def earliest_due(self) -> datetime | None:
        return departures.earliest_due(self._connection)

    def look_again(self, departure: Departure, at: datetime | None) -> None:
        departures.look_again(self._connection, departure, at)

    def create(self, departure: Departure, opened: Opened) -> Departure:
        return departures.create(self._connection, departure, (opened,), next_due=self._next_due(departure))

    def append(self, departure: Departure, events: Sequence[Event]) -> Departure:
        after = evolved(departure, events)
        departures.append(
            self._connection, after, events, expected_revision=departure.revision, next_due=self._next_due(after)
        )
        return after

    def put(self, departure_id: str | None, postings: Sequence[Posting]) -> None:
        for posting in postings:
            for surface, recipient in _addresses(posting):
                self.messages |= outbox.put(
                    self._connection,
                    f"{posting.key}@{surface}",
                    departure_id=departure_id,
                    surface=surface,
                    recipient=recipient,
                    body=CARD.dump_json(posting.card).decode(),
                    now=self._now(),
                )
                if departure_id and surface in self._attaching and attachments.wanted(departure_id, posting):
                    key = f"{posting.key}@{surface}"
                    attachments.ask(self._connection, key, departure_id=departure_id, now=self._now())

    def put_once(self, departure_id: str | None, posting: Posting) -> None:
        for surface, recipient in _addresses(posting):
            self.messages |= outbox.put_once(
                self._connection,
                f"{posting.key}@{surface}",
                departure_id=departure_id,
                surface=surface,
                recipient=recipient,
                body=CARD.dump_json(posting.card).decode(),
                now=self._now(),
            )

    def enqueue(self, job: Job) -> None:
        self._enqueue(self._connection, job)

    def decided(self, delivery_id: str) -> None:
        if not inbox.decide(self._connection, delivery_id, None):
            raise Conflict(delivery_id)

    def progress(self, departure_id: str) -> RunProgress | None:
        stored = progress.load(self._connection, departure_id)
        return _PROGRESS.validate_json(stored.body) if stored else None

    def save_progress(self, departure_id: str, shown: RunProgress) -> None:
        body = _PROGRESS.dump_json(shown).decode()
        progress.save(self._connection, departure_id, body=body, now=self._now())

    def cursors(self, departure_id: str, system: str) -> dict[str, Cursor]:
        return snapshots.load_all(self._connection, departure_id, system)

    def add_page(self, place: Place, rows: Mapping[Place, Sequence[Planned]], cursor: Cursor) -> int:
        snapshots.save(self._connection, place, cursor)
        return sum(ledger.add(self._connection, each, planned, at=self._now()) for each, planned in rows.items())

    def receivers(self, place: Place, ids: Sequence[str]) -> dict[str, str]:
        return ledger.receivers(self._connection, place, ids)

    def planned(self, place: Place, ids: Sequence[str]) -> tuple[Planned, ...]:
        return ledger.planned(self._connection, place, ids)

    def given(self, place: Place, *, outcome: LedgerOutcome | None = None) -> Counter[str]:
        return ledger.given(self._connection, place, outcome=outcome)

    def batch(self, place: Place, *, outcome: LedgerOutcome, untagged: bool, limit: int) -> tuple[str, ...]:
        states = (Tagged.NO,) if untagged else tuple(Tagged)
        return ledger.batch(self._connection, place, outcome=outcome, limit=limit, tagged=states)

    def mark_tagged(self, place: Place, done: Sequence[str], refused: Sequence[str]) -> None:
        for ids, state in ((done, Tagged.YES), (refused, Tagged.REFUSED)):
            if ids:
                ledger.mark(self._connection, place, ids, at=self._now(), tagged=state)

    def settle(self, place: Place, ids: Sequence[str], outcome: LedgerOutcome, at: datetime) -> None:
        if ids:
            ledger.mark(self._connection, place, ids, at=at, outcome=outcome, only=_OPEN)

    def defer(self, place: Place, failures: Sequence[RowFailure], at: datetime) -> int:
        refused = [ledger.Refused(f.id, LedgerOutcome.DEFERRED, f.code) for f in failures]
        ledger.mark_rows(self._connection, place, refused, at=at)
        return ledger.most_attempts(self._connection, place, [f.id for f in failures]) if failures else 0

    def fail(self, place: Place, failures: Sequence[RowFailure], at: datetime) -> None:
        refused = [ledger.Refused(f.id, LedgerOutcome.FAILED, f.code) for f in failures]
        ledger.mark_rows(self._connection, place, refused, at=at)

    def give_up_deferred(self, place: Place, at: datetime) -> None:
        ledger.change_all(self._connection, place, before=LedgerOutcome.DEFERRED, after=LedgerOutcome.FAILED, at=at)

    def held(
        self, place: Place, *, outcomes: Collection[LedgerOutcome], after: str | None, limit: int
    ) -> tuple[Held, ...]:
        return ledger.held(self._connection, place, outcomes=outcomes, after=after, limit=limit)

    def refused(self, place: Place, *, fewer_than: int, after: str | None, limit: int) -> tuple[Held, ...]:
        return ledger.refused(self._connection, place, fewer_than=fewer_than, after=after, limit=limit)

    def give_back(self, place: Place, ids: Sequence[str], outcome: LedgerOutcome, at: datetime) -> None:
        if ids:
            ledger.mark(self._connection, place, ids, at=at, outcome=outcome, only=_GIVEN)

    def hand_on(self, place: Place, ids: Sequence[str], to: str, at: datetime) -> None:
        if ids:
            ledger.hand_on(self._connection, place, ids, to=to, at=at)

    def hold(self, place: Place, failures: Sequence[tuple[RowFailure, int]], at: datetime) -> None:
        refused = [(ledger.Refused(f.id, LedgerOutcome.MOVED, f.code), refusals) for f, refusals in failures]
        ledger.hold(self._connection, place, refused, at=at)

    def remaining(self, place: Place) -> int:
        return ledger.count(self._connection, place, _OPEN)

    def requeue_failed(self, departure_id: str, system: str) -> None:
        ledger.requeue_failed(self._connection, departure_id, system, at=self._now())

    def totals(self, departure_id: str) -> dict[Place, Totals]:
        return ledger.totals(self._connection, departure_id)

    def moved_since(self, departure_id: str, since: datetime) -> int:
        return ledger.moved_since(self._connection, departure_id, since)

    def known(self, place: Place, ids: Sequence[str]) -> frozenset[str]:
        return ledger.known(self._connection, place, ids)

    def labelled(self, place: Place, *, outcome: LedgerOutcome, limit: int) -> tuple[Record, ...]:
        ids = ledger.batch(self._connection, place, outcome=outcome, limit=limit)
        labels = ledger.labels(self._connection, place, ids)
        return tuple(Record(record_id, labels.get(record_id, record_id)) for record_id in ids)


_OPEN = (LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED)
_GIVEN = (LedgerOutcome.MOVED, LedgerOutcome.RETURNED)


def _addresses(posting: Posting) -> tuple[tuple[str, str], ...]:
    """(chat product, id there) of a recipient."""
    if isinstance(posting.recipient, Channel):
        return ((posting.recipient.surface, posting.recipient.id),)
    return tuple(posting.recipient.chat.items())


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable(type(error.orig).__name__) from error


class SqlStore:
    """Implements `handlers.ports.Store`. `on_messages` is called when a commit left something to post.

    In the chat products named by `attaching`, the report is to be added to the closed card. `next_due` says when
    something happens to a departure by itself.
    """

    def __init__(
        self,
        database: Database,
        enqueue: Enqueue,
        now: Callable[[], datetime],
        *,
        on_messages: Callable[[], None] = lambda: None,
        attaching: Collection[str] = (),
        next_due: departures.NextDue = lambda _: None,
    ) -> None:
        self._database = database
        self._enqueue = enqueue
        self._now = now
        self._on_messages = on_messages
        self._attaching = attaching
        self._next_due = next_due

    async def write(self, work: Callable[[Transaction], T]) -> T:
        with _reachable():
            result, messages = await self._database.write(self._do, work)
        if messages:
            self._on_messages()
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        with _reachable():
            return (await self._database.read(self._do, work))[0]

    def _do(self, connection: Connection, work: Callable[[Transaction], T]) -> tuple[T, bool]:
        transaction = StoreTransaction(
            connection, self._enqueue, self._now, attaching=self._attaching, next_due=self._next_due
        )
        return work(transaction), transaction.messages
