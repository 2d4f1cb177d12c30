"""Random secrets of this installation, made when first asked for."""

import secrets
from typing import Final

from sqlalchemy import Connection, select

from bot.store import tables
from bot.store.dialects import insert

_BYTES: Final = 32


def obtain(connection: Connection, name: str) -> bytes:
    """The secret with this name. Two processes that ask at once get the same."""
    new = {"name": name, "value": secrets.token_hex(_BYTES)}
    connection.execute(insert(connection, tables.secrets).values(new).on_conflict_do_nothing(index_elements=["name"]))
    return bytes.fromhex(connection.scalars(select(tables.secrets.c.value).where(tables.secrets.c.name == name)).one())
