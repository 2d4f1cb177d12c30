"""A store from before there were reports: every trail gets its head."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, insert, select
from stored_cases import Case, cancelled, interrupted, opened

from bot.store import departures
from bot.store.database import Database
from bot.store.tables import departures as table
from bot.store.tables import events

OLD = ("id", "number", "revision", "state", "open_key", "data", "opened_at", "updated_at", "closed_at", "purged")


def _rows(connection: Connection) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """What stood in the two tables then."""
    cases = connection.execute(select(*(table.c[name] for name in OLD))).mappings()
    return [dict(row) for row in cases], [dict(row) for row in connection.execute(select(events)).mappings()]


def _as_it_was(url: str, cases: list[dict[str, object]], trail: list[dict[str, object]]) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "bot.store:migrations")
        command.upgrade(config, "0002")
        connection.execute(insert(table), cases)
        connection.execute(insert(events), trail)
    engine.dispose()


async def test_old_trails_are_whole_with_their_head(sqlite_url: str, tmp_path: Path) -> None:
    now = Database(sqlite_url)
    await now.upgrade()
    first, second = opened("d1"), opened("d2", account="77")
    for each in (first, second):
        await now.write(departures.create, each.departure, each.events)
    ended: Case = first.then(interrupted(), cancelled())
    await now.write(departures.append, ended.departure, ended.events, expected_revision=1)
    heads = [(await now.read(departures.history, each))[-1].hash for each in ("d1", "d2")]
    cases, trail = await now.read(_rows)
    await now.close()
    old_url = f"sqlite:///{tmp_path}/old.sqlite3"
    await asyncio.to_thread(_as_it_was, old_url, cases, trail)
    old = Database(old_url)
    await old.upgrade()
    found = await old.read(lambda c: list(c.scalars(select(table.c.head).order_by(table.c.id))))
    assert found == heads
    assert [await old.read(departures.verify_chain, each) for each in ("d1", "d2")] == [None, None]
    await old.close()
