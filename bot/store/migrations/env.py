"""Run by Alembic: https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file"""

from typing import Final

from alembic import context

from bot.store.tables import PREFIX, metadata

VERSION_TABLE: Final = f"{PREFIX}schema_version"


def _ours(name: str | None, type_: str, _parents: object) -> bool:
    """The engine library keeps its own tables in this database: they are none of our business."""
    return type_ != "table" or (name or "").startswith(PREFIX)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_name=_ours,
)
context.run_migrations()
