"""When something happens by itself to a departure: kept beside it, found by its time, on SQLite and on Postgres."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event
from stored_cases import NOW, Case, cancelled, interrupted, opened

from bot.store import departures
from bot.store.database import Database
from bot.store.transaction import SqlStore
from handlers.departure import Departure, State

SOON = NOW + timedelta(hours=1)


def _hourly(departure: Departure) -> datetime | None:
    """An hour after the latest change; nothing once it has ended."""
    return None if departure.state is State.CANCELLED else departure.since + timedelta(hours=1)


@pytest.fixture
def store(database: Database) -> SqlStore:
    return SqlStore(database, lambda *_: None, lambda: NOW, next_due=_hourly)


async def _create(store: SqlStore, case: Case) -> Departure:
    return await store.write(lambda tx: tx.create(case.departure, case.events[0]))  # type: ignore[arg-type]


async def _due(store: SqlStore, at: datetime, limit: int = 10) -> list[str]:
    """In order; two of one moment are in none."""
    return [departure.id for departure in await store.read(lambda tx: tx.due(at, limit))]


async def test_departures_are_found_when_their_time_has_come(store: SqlStore) -> None:
    first = await _create(store, opened("d1", account="1"))
    await _create(store, opened("d2", account="2"))
    assert await _due(store, SOON - timedelta(seconds=1)) == []
    assert set(await _due(store, SOON)) == {"d1", "d2"}
    await store.write(lambda tx: tx.append(first, [interrupted(minutes=30)]))
    assert await _due(store, SOON) == ["d2"]
    assert await _due(store, SOON + timedelta(minutes=30)) == ["d2", "d1"]
    assert await _due(store, SOON + timedelta(minutes=30), limit=1) == ["d2"]
    assert await store.read(lambda tx: tx.earliest_due()) == SOON


async def test_what_has_ended_is_found_no_more(store: SqlStore) -> None:
    departure = await _create(store, opened())
    await store.write(lambda tx: tx.append(departure, [cancelled()]))
    assert await _due(store, NOW + timedelta(days=999)) == []
    assert await store.read(lambda tx: tx.earliest_due()) is None


async def test_it_can_be_looked_at_later_unless_somebody_was_faster(store: SqlStore) -> None:
    departure = await _create(store, opened())
    await store.write(lambda tx: tx.look_again(departure, SOON + timedelta(minutes=15)))
    assert await _due(store, SOON) == []
    await store.write(lambda tx: tx.append(departure, [interrupted(minutes=0)]))
    await store.write(lambda tx: tx.look_again(departure, None))
    assert await _due(store, SOON) == ["d1"]


async def test_at_the_start_every_time_is_set_by_the_rules_of_today(database: Database, store: SqlStore) -> None:
    """Departures from before there were times, and a house that has changed its mind."""
    old, ended = opened("d1", account="1"), opened("d2", account="2")
    await database.write(departures.create, old.departure, old.events)
    await _create(store, ended)
    assert await _due(store, SOON) == ["d2"]
    await database.write(departures.look_at_all, _hourly)
    assert set(await _due(store, SOON)) == {"d1", "d2"}
    await database.write(departures.look_at_all, lambda _: None)
    assert await store.read(lambda tx: tx.earliest_due()) is None


async def test_the_look_goes_straight_to_what_is_due(sqlite_url: str) -> None:
    plans: list[str] = []

    def explain(connection: Connection) -> None:
        def note(_: object, cursor: Any, statement: str, parameters: Any, *__: object) -> None:
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(row[3] for row in rows)

        event.listen(connection, "before_cursor_execute", note)
        departures.due(connection, NOW, 10)
        departures.earliest_due(connection)

    database = Database(sqlite_url)
    await database.upgrade()
    await database.write(explain)
    await database.close()
    assert plans == [
        "SEARCH ob_departures USING INDEX ob_departures_due (next_due<?)",
        "SEARCH ob_departures USING COVERING INDEX ob_departures_due (next_due>?)",
    ]
