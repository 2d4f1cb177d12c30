"""How far a departure's run is, for the card that shows it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.store.dialects import insert
from bot.store.tables import progress


@dataclass(frozen=True)
class Progress:
    """`body` is what the run says about itself, as JSON."""

    body: str
    updated_at: datetime


def load(connection: Connection, departure_id: str) -> Progress | None:
    query = select(progress.c.body, progress.c.updated_at).filter_by(departure_id=departure_id)
    row = connection.execute(query).one_or_none()
    return Progress(row.body, row.updated_at) if row else None


def save(connection: Connection, departure_id: str, *, body: str, now: datetime) -> None:
    """Replace what is known."""
    values = {"body": body, "updated_at": now}
    statement = insert(connection, progress).values(departure_id=departure_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["departure_id"], set_=values))
