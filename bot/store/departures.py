"""The cases and their events. Each event's row carries the hash of the one before: a changed or missing row shows."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, false, func, insert, literal, or_, select, update

from bot.store.dialects import one_at_a_time
from bot.store.tables import departures, events
from handlers.departure import FINAL_STATES, Departure, departure_from_json, departure_to_json
from handlers.events import Event, event_from_json, event_to_json
from handlers.ports import AlreadyOpen, Conflict

GENESIS: Final = "0" * 64
_NUMBERING: Final = 0x0FFB0A8D02


@dataclass(frozen=True)
class Entry:
    """One line of the audit trail. `event` is None once the purge has sealed it; `actor` None is the service itself."""

    seq: int
    at: datetime
    actor: str | None
    type: str
    event: Event | None
    hash: str


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
    key = literal("|") + departures.c.open_key + literal("|")
    about = [key.contains(f"|{system}:{account_id}|", autoescape=True) for system, account_id in accounts]
    query = select(departures.c.data).where(departures.c.open_key.is_not(None), or_(false(), *about))
    return tuple(departure_from_json(text) for text in connection.scalars(query.order_by(departures.c.number)))


def recent(connection: Connection, limit: int) -> tuple[Departure, ...]:
    """The newest, open or not, newest first."""
    query = select(departures.c.data).order_by(departures.c.number.desc()).limit(limit)
    return tuple(departure_from_json(text) for text in connection.scalars(query))


def create(connection: Connection, departure: Departure, happened: Sequence[Event]) -> Departure:
    """Store a new departure and give it the next number. Raises `AlreadyOpen`."""
    one_at_a_time(connection, _NUMBERING)
    other = connection.scalar(select(departures.c.id).where(departures.c.open_key == departure.open_key))
    if other is not None:
        raise AlreadyOpen(other)
    highest = connection.scalar(select(func.max(departures.c.number))) or 0
    departure = replace(departure, number=highest + 1)
    row = {"id": departure.id, "number": departure.number, "opened_at": departure.opened_at, "purged": False}
    connection.execute(insert(departures).values(**row, **_values(departure, happened)))
    _chain(connection, departure.id, happened, after=0)
    return departure


def append(connection: Connection, departure: Departure, happened: Sequence[Event], *, expected_revision: int) -> None:
    """Store `departure` as it is after the events. Raises `Conflict` when its revision was not the expected one."""
    if departure.revision != expected_revision + len(happened):
        raise ValueError(f"{len(happened)} events do not lead from {expected_revision} to {departure.revision}")
    changed = connection.execute(
        update(departures)
        .where(departures.c.id == departure.id, departures.c.revision == expected_revision)
        .values(**_values(departure, happened))
    )
    if changed.rowcount != 1:
        raise Conflict(departure.id)
    _chain(connection, departure.id, happened, after=expected_revision)


def history(connection: Connection, departure_id: str) -> tuple[Entry, ...]:
    """The audit trail, oldest first."""
    query = select(events).where(events.c.departure_id == departure_id).order_by(events.c.seq)
    return tuple(
        Entry(row.seq, row.at, row.actor, row.type, event_from_json(row.body) if row.body else None, row.hash)
        for row in connection.execute(query)
    )


def verify_chain(connection: Connection, departure_id: str) -> int | None:
    """The number of the first event that is missing or not what was written; None when the trail is whole.

    Of an event that the purge has sealed only the place in the chain can be checked.
    """
    query = select(events).where(events.c.departure_id == departure_id).order_by(events.c.seq)
    previous, seq = GENESIS, 0
    for seq, row in enumerate(connection.execute(query).mappings(), start=1):
        if row["seq"] != seq or row["previous_hash"] != previous:
            return seq
        if row["body"] is not None and row["hash"] != _hash(row):
            return seq
        previous = row["hash"]
    revision = connection.scalar(select(departures.c.revision).where(departures.c.id == departure_id)) or 0
    return None if seq == revision else seq + 1


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


def _chain(connection: Connection, departure_id: str, happened: Sequence[Event], *, after: int) -> None:
    """Write the events behind the one with the number `after`."""
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
    connection.execute(insert(events), rows)


_HASHED: Final = ("departure_id", "seq", "actor", "type", "body", "previous_hash")


def _hash(row: Any) -> str:
    """SHA-256, in hex, over the row in canonical JSON, which has the hash of the row before in it."""
    fields = {name: row[name] for name in _HASHED} | {"at": row["at"].astimezone(UTC).isoformat()}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
