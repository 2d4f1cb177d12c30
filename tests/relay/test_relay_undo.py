"""Owner changes that an undo or a handing on makes are ours, and are not told as somebody else's."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from relay_cases import NOW, opened
from sqlalchemy import Connection, update

from bot.store import ledger
from bot.store.database import Database
from bot.store.tables import departures
from connectors.base import Account
from handlers.departure import Departure, State, Undoing, departure_to_json
from handlers.ports import LedgerOutcome, Place, Planned

LEADS = Place("d1", "zoho_crm", "Leads")
SINCE = NOW - timedelta(days=1)
LONG_AGO = NOW - timedelta(days=20)
RECORD = "000001"
NOOR = Account("zoho_crm", "130", "Noor Haddad", "noor@brightwater.example", active=True)


def _stand(connection: Connection, state: State, outcome: LedgerOutcome, *, at: datetime = LONG_AGO) -> None:
    """A departure that gave a lead from 110 to 120 long ago, with what has become of it since."""
    departure = opened(connection)
    ledger.add(connection, LEADS, [Planned(RECORD, "x", "110", "120")], at=LONG_AGO)
    ledger.mark(connection, LEADS, [RECORD], outcome=outcome, at=at)
    _set(connection, departure, state)


def _set(connection: Connection, departure: Departure, state: State) -> None:
    to = {"zoho_crm": NOOR} if state is State.HANDING_ON else {}
    asked = replace(departure, state=state, undoings=(Undoing(departure.admin, NOW, to=to),))
    ended = NOW if state in (State.CLOSED, State.UNDONE) else None
    connection.execute(update(departures).values(state=state, data=departure_to_json(asked), closed_at=ended))


async def _ours(database: Database) -> set[str]:
    found = await database.read(ledger.moves, "zoho_crm", "Leads", [RECORD], since=SINCE)
    return set(found.get(RECORD, ()))


@pytest.mark.parametrize(
    ("state", "outcome", "ours"),
    [
        (State.UNDOING, LedgerOutcome.MOVED, {"110"}),  # it may be back already, only not noted yet
        (State.HANDING_ON, LedgerOutcome.MOVED, {"130"}),
        (State.CLOSED, LedgerOutcome.MOVED, set()),
        (State.UNDOING, LedgerOutcome.KEPT, set()),
        (State.UNDONE, LedgerOutcome.KEPT, set()),
        (State.UNDONE, LedgerOutcome.RETURNED, set()),
    ],
)
async def test_what_may_happen_while_work_goes_on(
    database: Database, state: State, outcome: LedgerOutcome, ours: set[str]
) -> None:
    await database.write(_stand, state, outcome)
    assert await _ours(database) == ours


async def test_a_record_that_went_back_lately_is_expected_with_the_leaver(database: Database) -> None:
    await database.write(_stand, State.UNDONE, LedgerOutcome.RETURNED, at=NOW)
    assert await _ours(database) == {"110"}


async def test_a_record_that_was_handed_on_lately_is_expected_with_the_real_successor(database: Database) -> None:
    await database.write(_stand, State.CLOSED, LedgerOutcome.MOVED)
    await database.write(ledger.hand_on, LEADS, [RECORD], to="130", at=NOW)
    assert await _ours(database) == {"130"}
