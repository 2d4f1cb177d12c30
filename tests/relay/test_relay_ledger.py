"""Whom departures gave a record lately."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from relay_cases import NOW, opened
from sqlalchemy import Connection, event

from bot.store import departures, ledger
from bot.store.database import Database
from bot.store.ledger import Planned
from handlers.departure import evolved
from handlers.events import Cancelled
from handlers.people import Person
from handlers.ports import LedgerOutcome, Place

LEADS = Place("d1", "zoho_crm", "Leads")
SINCE = NOW - timedelta(days=1)
RECORDS = ["000001", "000002"]


def _given(connection: Connection, departure_id: str, to: str, **mark: Any) -> None:
    opened(connection, departure_id)
    place = replace(LEADS, departure_id=departure_id)
    ledger.add(connection, place, [Planned(each, "x", "110", to) for each in RECORDS], at=NOW)
    if mark:
        ledger.mark(connection, place, RECORDS[:1], **{"outcome": LedgerOutcome.MOVED, "at": NOW, **mark})


def _cancel(connection: Connection, departure_id: str, *, minutes: int = 5) -> None:
    departure = departures.load(connection, departure_id)
    assert departure
    end = Cancelled(at=NOW + timedelta(minutes=minutes), by=Person("Ada Brandt", "ada@brightwater.example"))
    departures.append(connection, evolved(departure, (end,)), (end,), expected_revision=departure.revision)


async def _moves(database: Database, ids: list[str] = RECORDS, module: str = "Leads") -> dict[str, frozenset[str]]:
    return await database.read(ledger.moves, "zoho_crm", module, ids, since=SINCE)


async def test_what_departures_gave_away_and_are_giving_away(database: Database) -> None:
    await database.write(_given, "d1", "120", at=NOW)
    await database.write(_given, "d2", "121")
    assert await _moves(database) == {"000001": {"120", "121"}, "000002": {"120", "121"}}
    assert await _moves(database, ["000002", "999999"]) == {"000002": {"120", "121"}}
    assert await _moves(database, module="Deals") == {}


async def test_the_end_of_a_departure_leaves_what_it_moved(database: Database) -> None:
    await database.write(_given, "d1", "120", at=NOW)
    await database.write(_cancel, "d1")
    assert await _moves(database) == {"000001": {"120"}}


async def test_what_was_moved_before_is_not_told(database: Database) -> None:
    await database.write(_given, "d1", "120", at=SINCE - timedelta(seconds=1))
    assert await _moves(database) == {"000002": {"120"}}
    await database.write(_cancel, "d1", minutes=-60 * 25)
    assert await _moves(database) == {}


async def test_the_look_goes_straight_to_the_rows(sqlite_url: str) -> None:
    plans: list[str] = []

    def explain(connection: Connection) -> None:
        def note(_: object, cursor: Any, statement: str, parameters: Any, *__: object) -> None:
            plans.extend(
                row[3] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            )

        event.listen(connection, "before_cursor_execute", note)
        ledger.moves(connection, "zoho_crm", "Leads", RECORDS, since=SINCE)

    database = Database(sqlite_url)
    await database.upgrade()
    await database.write(explain)
    await database.close()
    (look,) = [plan for plan in plans if "ob_ledger" in plan]
    assert look.startswith("SEARCH ob_ledger USING PRIMARY KEY (departure_id=? AND system=? AND module=?")
