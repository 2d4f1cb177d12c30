"""Where the reading of a module's records stands, so that a run that was stopped goes on at the same page."""

from sqlalchemy import Connection, select

from bot.store.dialects import insert
from bot.store.tables import snapshots
from handlers.ports import Cursor, Place


def load_all(connection: Connection, departure_id: str, system: str) -> dict[str, Cursor]:
    """How far each module is whose reading has begun, by its name."""
    query = select(snapshots).filter_by(departure_id=departure_id, system=system)
    return {row.module: Cursor(row.after, row.complete, row.started_at) for row in connection.execute(query)}


def save(connection: Connection, place: Place, cursor: Cursor) -> None:
    """Note how far the reading is, in the transaction that adds the page to the ledger."""
    statement = insert(connection, snapshots).values(**vars(place), **vars(cursor))
    connection.execute(statement.on_conflict_do_update(index_elements=list(vars(place)), set_=vars(cursor)))
