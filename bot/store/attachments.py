"""Files that are to be added to messages, each time once.

    waiting ──claim──▶ sending ──▶ sent
       ▲                 ├──retry──▶ waiting
       │                 └──give_up──▶ failed
       └── a crash leaves `sending`: `resume` makes it wait again, and whoever sends looks first whether it is there

What waits is due once its message stands in the chat product.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, text, update

from bot.store.dialects import insert
from bot.store.outbox import Message, OutboxState
from bot.store.tables import UNATTACHED, attachments, outbox
from handlers.cards import Posting
from handlers.people import Person


class AttachmentState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Pending:
    """Files that can be added now, to a message and for whom."""

    key: str
    departure_id: str
    attempts: int
    surface: str
    recipient: str
    channel: str
    message_id: str


def wanted(departure_id: str, posting: Posting) -> bool:
    """Whether a message is the closed card of a person: it carries the report."""
    return isinstance(posting.recipient, Person) and _closed(departure_id, posting.key)


def of_closed(message: Message) -> bool:
    """Whether a message says that a departure is closed, to a person or to a channel."""
    return message.departure_id is not None and _closed(message.departure_id, message.key)


def _closed(departure_id: str, key: str) -> bool:
    return key.startswith(f"{departure_id}:closed:")


def ask(connection: Connection, key: str, *, departure_id: str, now: datetime) -> None:
    """Have the files added to the message with this key; once, however often it is asked for."""
    values = {"key": key, "departure_id": departure_id, "state": AttachmentState.WAITING, "attempts": 0, "next_at": now}
    connection.execute(insert(connection, attachments).values(values).on_conflict_do_nothing(index_elements=["key"]))


def due(connection: Connection, now: datetime, limit: int) -> tuple[Pending, ...]:
    """What may be sent now: its message stands where the chat product can be told of it."""
    query = (
        select(
            attachments.c.key, attachments.c.departure_id, attachments.c.attempts, outbox.c.surface, outbox.c.recipient,
            outbox.c.channel, outbox.c.message_id,
        )
        .join(outbox, outbox.c.key == attachments.c.key)
        .where(
            text(f"ob_attachments.{UNATTACHED}"),
            attachments.c.state == AttachmentState.WAITING,
            attachments.c.next_at <= now,
            outbox.c.state == OutboxState.POSTED,
        )
        .order_by(attachments.c.next_at)
        .limit(limit)
    )  # fmt: skip
    return tuple(Pending(*row) for row in connection.execute(query))


def claim(connection: Connection, key: str) -> bool:
    """Take it before it is sent; False when another has."""
    waiting = (attachments.c.key == key, attachments.c.state == AttachmentState.WAITING)
    return connection.execute(update(attachments).where(*waiting).values(state=AttachmentState.SENDING)).rowcount == 1


def sent(connection: Connection, key: str) -> None:
    _change(connection, key, state=AttachmentState.SENT, error=None)


def retry(connection: Connection, key: str, *, next_at: datetime, error: str) -> None:
    """Try again later. `error` is a code, safe to show."""
    attempts = attachments.c.attempts + 1
    _change(connection, key, state=AttachmentState.WAITING, attempts=attempts, next_at=next_at, error=error)


def give_up(connection: Connection, key: str, error: str) -> None:
    _change(connection, key, state=AttachmentState.FAILED, attempts=attachments.c.attempts + 1, error=error)


def resume(connection: Connection, next_at: datetime) -> None:
    """What a crash left half-way, to be looked at from then on."""
    half = (text(UNATTACHED), attachments.c.state == AttachmentState.SENDING)
    connection.execute(update(attachments).where(*half).values(state=AttachmentState.WAITING, next_at=next_at))


def _change(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(update(attachments).where(attachments.c.key == key).values(**values))
