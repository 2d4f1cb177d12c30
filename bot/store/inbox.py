"""What came in from the chat products, each delivery once, stored before it is acknowledged.

    new ──decide──▶ decided ──finish──▶ done          (a retry leaves the state as it is and waits)
     └───────────────┴──fail──▶ failed

A finished row keeps its id alone, so that a redelivery is still known.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DataError

from bot.store.database import Database
from bot.store.dialects import insert
from bot.store.tables import UNFINISHED, inbox

_PROBE: Final = "probe"


class InboxState(StrEnum):
    NEW = "new"
    DECIDED = "decided"  # committed with its effects; the answer may still have to be given
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Received:
    """One delivery. `reply` is the answer that `decide` stored, if any."""

    id: str
    surface: str
    received_at: datetime
    body: str
    state: InboxState
    reply: str | None
    attempts: int


class Inbox:
    """Takes deliveries in, many per transaction: while one is being committed, the next ones gather."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._committing = asyncio.Lock()
        self._gathering: list[dict[str, Any]] | None = None
        self._flush: asyncio.Task[list[bool]] | None = None

    async def add(self, delivery_id: str, surface: str, *, body: str, received_at: datetime) -> bool:
        """Store a delivery; committed on return. True for the first of its id, False for a redelivery."""
        row = {"id": delivery_id, "surface": surface, "body": body, "received_at": received_at}
        if self._gathering is None or self._flush is None:
            self._gathering = []
            self._flush = asyncio.create_task(self._commit(self._gathering))
        rows, flush = self._gathering, self._flush
        place = len(rows)
        rows.append(row)
        try:
            return (await asyncio.shield(flush))[place]
        except (DataError, UnicodeError):
            # One row that the store cannot spell must not take its neighbours down: each tries by itself.
            return (await self._database.write(_insert, [row]))[0]

    async def _commit(self, rows: list[dict[str, Any]]) -> list[bool]:
        async with self._committing:
            self._gathering = None
            return await self._database.write(_insert, rows)


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> list[bool]:
    """Insert what is new; for each row whether it was."""
    values = [{**row, "state": InboxState.NEW, "attempts": 0, "next_at": row["received_at"]} for row in rows]
    statement = insert(connection, inbox).on_conflict_do_nothing().returning(inbox.c.id)
    inserted = set(connection.scalars(statement, values))
    fresh = []
    for row in rows:
        fresh.append(row["id"] in inserted)
        inserted.discard(row["id"])
    return fresh


def unfinished(connection: Connection, now: datetime, limit: int) -> tuple[Received, ...]:
    """What is not done and not waiting for a later try, oldest first."""
    query = (
        select(*(inbox.c[name] for name in Received.__dataclass_fields__))
        .where(text(UNFINISHED), inbox.c.next_at <= now)
        .order_by(inbox.c.received_at, inbox.c.id)
        .limit(limit)
    )
    return tuple(Received(**{**row, "state": InboxState(row["state"])}) for row in connection.execute(query).mappings())


def decide(connection: Connection, delivery_id: str, reply: str | None) -> bool:
    """Note the decision, in the transaction that has its effects. False when another has decided it already."""
    changed = connection.execute(
        update(inbox)
        .where(inbox.c.id == delivery_id, inbox.c.state == InboxState.NEW)
        .values(state=InboxState.DECIDED, reply=reply)
    )
    return changed.rowcount == 1


def finish(connection: Connection, delivery_id: str) -> None:
    """Done. What the person wrote and was answered is forgotten at once."""
    _change(connection, delivery_id, state=InboxState.DONE, body="", reply=None)


def retry(connection: Connection, delivery_id: str, next_at: datetime) -> None:
    _change(connection, delivery_id, attempts=inbox.c.attempts + 1, next_at=next_at)


def fail(connection: Connection, delivery_id: str, reference: str) -> None:
    """Give up. `reference` is what the person was told and what the log carries."""
    _change(connection, delivery_id, state=InboxState.FAILED, reference=reference)


def probe(connection: Connection) -> None:
    """Write something and take it back: raises what keeps a delivery from being stored."""
    now = datetime.now(UTC)
    row = {"id": _PROBE, "surface": "", "body": "", "received_at": now, "next_at": now, "attempts": 0}
    connection.execute(insert(connection, inbox).values(**row, state=InboxState.DONE).on_conflict_do_nothing())
    connection.execute(delete(inbox).where(inbox.c.id == _PROBE))


def _change(connection: Connection, delivery_id: str, **values: Any) -> None:
    connection.execute(update(inbox).where(inbox.c.id == delivery_id).values(**values))
