"""The cases and their events. Each event's row carries the hash of the one before: a changed or missing row shows."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, insert, literal, or_, select, update

from bot.store.dialects import one_at_a_time
from bot.store.tables import departures, events
from handlers.departure import FINAL_STATES, Departure, State, departure_from_json, departure_to_json
from handlers.events import Event, HandOnStarted, UndoStarted, event_from_json, event_to_json
from handlers.ports import AlreadyOpen, Conflict, Entry

# When something happens by itself to a departure; None while nothing does.
NextDue = Callable[[Departure], datetime | None]

GENESIS: Final = "0" * 64
_NUMBERING: Final = 0x0FFB0A8D02


def load(connection: Connection, departure_id: str) -> Departure | None:
    return _one(connection, select(departures.c.data).where(departures.c.id == departure_id))


def open_by_key(connection: Connection, key: str) -> Departure | None:
    return _one(connection, select(departures.c.data).where(departures.c.open_key == key))


def open_all(connection: Connection) -> tuple[Departure, ...]:
    """All that are not closed or cancelled, oldest first."""
    query = select(departures.c.data).where(departures.c.open_key.is_not(None)).order_by(departures.c.number)
    return tuple(departure_from_json(text) for text in connection.scalars(query))


def open_with(connection: Connection, accounts: Collection[tuple[str, str]]) -> tuple[Departure, ...]:
    """Those of `open_all` that are about one of these accounts (system, id); the others are never unpacked."""
    query = select(departures.c.data).where(_about(accounts)).order_by(departures.c.number)
    return tuple(departure_from_json(text) for text in connection.scalars(query))


def _about(accounts: Collection[tuple[str, str]]) -> ColumnElement[bool]:
    """Open, and about one of these accounts."""
    key = literal("|") + departures.c.open_key + literal("|")
    about = [key.contains(f"|{system}:{account_id}|", autoescape=True) for system, account_id in accounts]
    return and_(departures.c.open_key.is_not(None), or_(false(), *about))


def ended_with(connection: Connection, accounts: Collection[tuple[str, str]]) -> tuple[Departure, ...]:
    """Closed ones about one of these accounts (system, id), newest first; without those that were purged."""
    about = [departures.c.data.contains(f'"id":"{account_id}"', autoescape=True) for _, account_id in accounts]
    query = select(departures.c.data).where(
        departures.c.state == State.CLOSED, departures.c.purged.is_(False), or_(false(), *about)
    )
    found = (departure_from_json(text) for text in connection.scalars(query.order_by(departures.c.number.desc())))
    wanted = set(accounts)
    return tuple(each for each in found if wanted & {(system, a.id) for system, a in each.accounts.items()})


def recent(connection: Connection, limit: int) -> tuple[Departure, ...]:
    """The newest, open or not, newest first."""
    query = select(departures.c.data).order_by(departures.c.number.desc()).limit(limit)
    return tuple(departure_from_json(text) for text in connection.scalars(query))


def due(connection: Connection, now: datetime, limit: int) -> tuple[Departure, ...]:
    """Those whose time has come, the longest overdue first."""
    query = select(departures.c.data).where(departures.c.next_due <= now).order_by(departures.c.next_due).limit(limit)
    return tuple(departure_from_json(text) for text in connection.scalars(query))


def earliest_due(connection: Connection) -> datetime | None:
    query = select(departures.c.next_due).where(departures.c.next_due.is_not(None))
    return connection.scalar(query.order_by(departures.c.next_due).limit(1))


def look_again(connection: Connection, departure: Departure, at: datetime | None) -> bool:
    """Set the time at which something happens by itself. False when the departure is no longer this one."""
    changed = connection.execute(
        update(departures)
        .where(departures.c.id == departure.id, departures.c.revision == departure.revision)
        .values(next_due=at)
    )
    return changed.rowcount == 1


def look_at_all(connection: Connection, next_due: NextDue) -> None:
    """Set all those times anew: rows from before there were any, and rules of the house that have changed."""
    wanted = or_(departures.c.open_key.is_not(None), departures.c.next_due.is_not(None))
    for text in connection.scalars(select(departures.c.data).where(wanted)).all():
        departure = departure_from_json(text)
        look_again(connection, departure, next_due(departure))


def create(
    connection: Connection, departure: Departure, happened: Sequence[Event], *, next_due: datetime | None = None
) -> Departure:
    """Store a new departure and give it the next number. Raises `AlreadyOpen`."""
    _only_open(connection, departure)
    highest = connection.scalar(select(func.max(departures.c.number))) or 0
    departure = replace(departure, number=highest + 1)
    row = {"id": departure.id, "number": departure.number, "opened_at": departure.opened_at, "purged": False}
    row["next_due"] = next_due
    chain = _chain(connection, departure.id, happened, after=0)
    connection.execute(insert(departures).values(**row, **_values(departure, happened), head=chain[-1]["hash"]))
    connection.execute(insert(events), chain)
    return departure


def _only_open(connection: Connection, departure: Departure) -> None:
    """Nobody else opens one for the same person until the transaction ends. Raises `AlreadyOpen`."""
    one_at_a_time(connection, _NUMBERING)
    about = _about([(account.system, account.id) for account in departure.accounts.values()])
    other = connection.scalar(select(departures.c.id).where(about, departures.c.id != departure.id).limit(1))
    if other is not None:
        raise AlreadyOpen(other)


def append(
    connection: Connection,
    departure: Departure,
    happened: Sequence[Event],
    *,
    expected_revision: int,
    next_due: datetime | None = None,
) -> None:
    """Store `departure` as it is after the events. Raises `Conflict` when its revision was not the expected one, and
    `AlreadyOpen` where one that had ended begins anew while another is open for the same person."""
    if departure.revision != expected_revision + len(happened):
        raise ValueError(f"{len(happened)} events do not lead from {expected_revision} to {departure.revision}")
    if isinstance(happened[0], UndoStarted | HandOnStarted):
        _only_open(connection, departure)
    chain = _chain(connection, departure.id, happened, after=expected_revision)
    changed = connection.execute(
        update(departures)
        .where(departures.c.id == departure.id, departures.c.revision == expected_revision)
        .values(**_values(departure, happened), head=chain[-1]["hash"], next_due=next_due)
    )
    if changed.rowcount != 1:
        raise Conflict(departure.id)
    connection.execute(insert(events), chain)


def history(connection: Connection, departure_id: str) -> tuple[Entry, ...]:
    """The audit trail, oldest first."""
    query = select(events).where(events.c.departure_id == departure_id).order_by(events.c.seq)
    return tuple(
        Entry(row.seq, row.at, row.actor, row.type, event_from_json(row.body) if row.body else None, row.hash)
        for row in connection.execute(query)
    )


def verify_chain(connection: Connection, departure_id: str) -> int | None:
    """The number of the first event that is missing or not what was written; None when the trail is whole.

    The departure's row knows how many events there are, and the hash of the newest. Of an event that the purge has
    sealed only the place in the chain can be checked; nobody else empties one.
    """
    query = select(events).where(events.c.departure_id == departure_id).order_by(events.c.seq)
    known = select(departures.c.revision, departures.c.head, departures.c.purged)
    stored = connection.execute(known.where(departures.c.id == departure_id)).one_or_none()
    previous, seq = GENESIS, 0
    for seq, row in enumerate(connection.execute(query).mappings(), start=1):
        if row["seq"] != seq or row["previous_hash"] != previous:
            return seq
        sealed = row["body"] is None and stored is not None and stored.purged
        if not sealed and row["hash"] != _hash(row):
            return seq
        previous = row["hash"]
    return None if stored is None or (stored.revision, stored.head) == (seq, previous) else seq + 1


def _one(connection: Connection, query: Select[str]) -> Departure | None:
    text = connection.scalar(query)
    return None if text is None else departure_from_json(text)


def _values(departure: Departure, happened: Sequence[Event]) -> dict[str, Any]:
    last = happened[-1].at
    return {
        "revision": departure.revision,
        "state": departure.state,
        "open_key": departure.open_key,
        "data": departure_to_json(departure),
        "updated_at": last,
        "closed_at": last if departure.state in FINAL_STATES else None,
    }


def _chain(connection: Connection, departure_id: str, happened: Sequence[Event], *, after: int) -> list[dict[str, Any]]:
    """The rows of the events behind the one with the number `after`."""
    previous = connection.scalar(
        select(events.c.hash).where(events.c.departure_id == departure_id, events.c.seq == after)
    )
    previous = previous or GENESIS
    rows = []
    for seq, event in enumerate(happened, start=after + 1):
        row = {
            "departure_id": departure_id,
            "seq": seq,
            "at": event.at,
            "actor": (event.by.email or event.by.name) if event.by else None,
            "type": event.type,
            "body": event_to_json(event),
            "previous_hash": previous,
        }
        previous = row["hash"] = _hash(row)
        rows.append(row)
    return rows


_HASHED: Final = ("departure_id", "seq", "actor", "type", "body", "previous_hash")


def _hash(row: Any) -> str:
    """SHA-256, in hex, over the row in canonical JSON, which has the hash of the row before in it."""
    fields = {name: row[name] for name in _HASHED} | {"at": row["at"].astimezone(UTC).isoformat()}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
