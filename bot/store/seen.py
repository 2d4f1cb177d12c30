"""Events that are taken in and dealt with at once: finished rows of the inbox, so that a repetition is known."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from bot.store.dialects import insert
from bot.store.inbox import InboxState
from bot.store.tables import inbox


def unseen(connection: Connection, ids: Collection[str], source: str, *, at: datetime) -> frozenset[str]:
    """Note these events; which of them are new."""
    if not ids:
        return frozenset()
    common = {"surface": source, "received_at": at, "body": "", "state": InboxState.DONE, "attempts": 0, "next_at": at}
    statement = insert(connection, inbox).on_conflict_do_nothing().returning(inbox.c.id)
    return frozenset(connection.scalars(statement, [{"id": each, **common} for each in ids]))
