"""What is to be said in the chat products, each message once.

    waiting ──claim──▶ posting ──posted──▶ posted ──put: another body──▶ waiting (an edit of the same message)
       ▲                 ├──retry──▶ waiting
       │                 └──give_up──▶ failed
       └── a crash leaves `posting`: `interrupted` finds the row, and the chat product is asked whether it was posted

A message has a desired body with a version. Bodies that change faster than they are posted are skipped.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, case, select, text, update

from bot.store.dialects import insert
from bot.store.tables import UNPOSTED, outbox


class OutboxState(StrEnum):
    WAITING = "waiting"
    POSTING = "posting"
    POSTED = "posted"
    FAILED = "failed"


@dataclass(frozen=True)
class Message:
    """A message to post or, where it has a `message_id`, to edit. `body` is the newest, of `version`."""

    seq: int
    key: str
    departure_id: str | None
    surface: str
    recipient: str
    body: str
    version: int
    posted_version: int
    channel: str | None
    message_id: str | None
    attempts: int
    created_at: datetime


_COLUMNS = tuple(outbox.c[name] for name in Message.__dataclass_fields__)


def put(
    connection: Connection,
    key: str,
    *,
    departure_id: str | None,
    surface: str,
    recipient: str,
    body: str,
    now: datetime,
) -> bool:
    """Say this under `key`: post it, or edit what was posted there. False when it says so already.

    Surface and recipient of a key never change.
    """
    if put_once(connection, key, departure_id=departure_id, surface=surface, recipient=recipient, body=body, now=now):
        return True
    changed = connection.execute(
        update(outbox)
        .where(outbox.c.key == key, outbox.c.body != body)
        .values(
            body=body,
            version=outbox.c.version + 1,
            # A row being posted stays with its poster, whose `posted` will see the newer version.
            state=case((outbox.c.state == OutboxState.POSTING, outbox.c.state), else_=OutboxState.WAITING),
            # After a refusal a new text is a new start; otherwise the waiting time that a retry set is kept.
            attempts=case((outbox.c.state == OutboxState.FAILED, 0), else_=outbox.c.attempts),
            next_at=case((outbox.c.state == OutboxState.FAILED, now), else_=outbox.c.next_at),
        )
    )
    return changed.rowcount == 1


def put_once(
    connection: Connection,
    key: str,
    *,
    departure_id: str | None,
    surface: str,
    recipient: str,
    body: str,
    now: datetime,
) -> bool:
    """Say this once under `key`, never to be edited. False when the key was there already, whatever its body."""
    statement = (
        insert(connection, outbox)
        .values(
            key=key,
            departure_id=departure_id,
            surface=surface,
            recipient=recipient,
            body=body,
            version=1,
            posted_version=0,
            state=OutboxState.WAITING,
            attempts=0,
            next_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def due(connection: Connection, now: datetime, limit: int) -> tuple[Message, ...]:
    """What waits and may be posted now, in order of creation."""
    query = (
        select(*_COLUMNS)
        .where(text(UNPOSTED), outbox.c.state == OutboxState.WAITING, outbox.c.next_at <= now)
        .order_by(outbox.c.seq)
        .limit(limit)
    )
    return tuple(_message(row) for row in connection.execute(query).mappings())


def standing(connection: Connection, surface: str, channel: str, message_id: str) -> Message | None:
    """The message that stands there, as it should stand by now."""
    place = (outbox.c.surface == surface, outbox.c.channel == channel, outbox.c.message_id == message_id)
    row = connection.execute(select(*_COLUMNS).where(*place)).mappings().first()
    return _message(row) if row else None


def known_channel(connection: Connection, surface: str, recipient: str) -> str | None:
    """The channel in which an earlier message to this recipient stands."""
    query = select(outbox.c.channel).where(
        outbox.c.surface == surface, outbox.c.recipient == recipient, outbox.c.channel.is_not(None)
    )
    found: str | None = connection.execute(query.limit(1)).scalar()
    return found


def claim(connection: Connection, key: str) -> Message | None:
    """Take a waiting message before it is posted, in its newest version. None when another has taken it."""
    statement = (
        update(outbox)
        .where(outbox.c.key == key, outbox.c.state == OutboxState.WAITING)
        .values(state=OutboxState.POSTING)
        .returning(*_COLUMNS)
    )
    row = connection.execute(statement).mappings().one_or_none()
    return _message(row) if row else None


def posted(connection: Connection, key: str, version: int, *, channel: str, message_id: str) -> None:
    """`version` stands in the chat product, as this message. A newer one that came meanwhile waits for its edit."""
    _change(
        connection,
        key,
        posted_version=version,
        channel=channel,
        message_id=message_id,
        state=case((outbox.c.version == version, OutboxState.POSTED), else_=OutboxState.WAITING),
        attempts=0,
        error=None,
    )


def placed(connection: Connection, key: str, channel: str) -> None:
    """Where the message will stand, known before it is posted."""
    _change(connection, key, channel=channel)


def retry(connection: Connection, key: str, *, next_at: datetime, error: str) -> None:
    """It was surely not posted: try again later. `error` is a code, safe to show."""
    _change(connection, key, state=OutboxState.WAITING, attempts=outbox.c.attempts + 1, next_at=next_at, error=error)


def give_up(connection: Connection, key: str, error: str) -> None:
    _change(connection, key, state=OutboxState.FAILED, attempts=outbox.c.attempts + 1, error=error)


def interrupted(connection: Connection) -> tuple[Message, ...]:
    """What a crash left half-way: posted or not. To be asked at start, before anything else is posted."""
    query = select(*_COLUMNS).where(text(UNPOSTED), outbox.c.state == OutboxState.POSTING).order_by(outbox.c.seq)
    return tuple(_message(row) for row in connection.execute(query).mappings())


def _change(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(update(outbox).where(outbox.c.key == key).values(**values))


def _message(row: RowMapping) -> Message:
    return Message(**row)
