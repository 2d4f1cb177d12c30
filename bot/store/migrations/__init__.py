"""Brings the tables to their newest shape, with the revisions in `versions`."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from bot.store.dialects import one_at_a_time

_MIGRATING = 0x0FFB0A8D01


def migrate(connection: Connection) -> None:
    """Run what is missing inside the caller's transaction; processes that start together wait for one another."""
    one_at_a_time(connection, _MIGRATING)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "bot.store:migrations")
    command.upgrade(config, "head")
