"""After their time people are forgotten; numbers and the seals of the trail stay."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select
from stored_cases import ADA, AMIT, NOW, Case, cancelled, interrupted, opened

from bot.store import attachments, departures, inbox, ledger, outbox
from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.ledger import Planned
from bot.store.purge import anonymous, purge
from bot.store.tables import events, metadata
from connectors.base import Account
from handlers.cards.verdict import Standing, standing
from handlers.departure import Decision, State, Undoing
from handlers.events import Outcome, Rechecked, Returned, StepResult
from handlers.playbooks import StepKey
from handlers.ports import LedgerOutcome, Place, Totals

MONTH = timedelta(days=30)
LEADS = Place("d1", "zoho_crm", "Leads")
PERSONAL = ("Amit", "Kumar", "Ada", "Brandt", "brightwater", "U0A", "Acme", "whisper")


@pytest.fixture
async def full(database: Database, case: Case) -> Database:
    """A cancelled departure with everything that hangs on it."""
    after = case.then(interrupted(), cancelled())
    message = {"surface": "slack", "recipient": "U0ADA", "now": NOW}
    await database.write(departures.append, after.departure, after.events, expected_revision=1)
    await database.write(ledger.add, LEADS, [Planned("000001", "Acme Ltd", "110", "120")], at=NOW)
    await database.write(outbox.put, "card", departure_id="d1", body=f"{AMIT.name} leaves", **message)
    await database.write(outbox.put, "answer", departure_id=None, body="whisper", **message)
    await database.write(attachments.ask, f"d1:closed:{ADA.email}@slack", departure_id="d1", now=NOW)
    await Inbox(database).add("e1", "slack", body="whisper", received_at=NOW)
    await database.write(inbox.fail, "e1", "R-1")
    return database


def _everything(connection: Connection) -> str:
    return " ".join(str(connection.execute(select(table)).all()) for table in metadata.sorted_tables)


async def _purge(database: Database, before: Any) -> int:
    return await database.write(purge, before, at=before)


async def test_nothing_personal_is_left(full: Database) -> None:
    before = await full.read(_everything)
    assert [word for word in PERSONAL if word not in before] == []
    assert await _purge(full, NOW + MONTH) == 1
    left = await full.read(_everything)
    assert [word for word in PERSONAL if word in left] == []


async def test_numbers_and_the_trail_stay(full: Database) -> None:
    await _purge(full, NOW + MONTH)
    departure = await full.read(departures.load, "d1")
    assert departure
    assert (departure.number, departure.state, departure.revision) == (1, State.CANCELLED, 3)
    history = await full.read(departures.history, "d1")
    assert [(e.type, e.actor, e.event) for e in history] == [
        ("opened", "removed", None),
        ("interrupted", None, None),
        ("cancelled", "removed", None),
    ]
    assert await full.read(ledger.totals, "d1") == {LEADS: Totals({LedgerOutcome.PLANNED: 1}, 0)}


async def test_a_purged_trail_still_shows_tampering(full: Database) -> None:
    await _purge(full, NOW + MONTH)
    assert await full.read(departures.verify_chain, "d1") is None
    await full.write(lambda c: c.execute(events.update().where(events.c.seq == 2).values(hash="0" * 64)))
    assert await full.read(departures.verify_chain, "d1") == 3


async def test_a_purged_message_is_not_posted_any_more(full: Database) -> None:
    assert len(await full.read(outbox.due, NOW, 10)) == 2
    await _purge(full, NOW + MONTH)
    assert await full.read(outbox.due, NOW + 2 * MONTH, 10) == ()


async def test_what_ended_later_is_kept_and_a_purge_is_done_once(full: Database) -> None:
    assert await _purge(full, NOW + timedelta(minutes=2)) == 0
    departure = await full.read(departures.load, "d1")
    assert departure
    assert departure.leaver == AMIT
    assert await _purge(full, NOW + MONTH) == 1
    assert await _purge(full, NOW + MONTH) == 0


async def test_an_open_departure_and_unfinished_deliveries_are_never_purged(database: Database) -> None:
    first = opened()
    await database.write(departures.create, first.departure, first.events)
    await Inbox(database).add("e1", "slack", body="whisper", received_at=NOW)
    assert await _purge(database, NOW + MONTH) == 0
    assert [d.admin for d in await database.read(departures.open_all)] == [ADA]
    assert len(await database.read(inbox.unfinished, NOW, 10)) == 1


def test_of_a_departure_only_numbers_and_ids_are_left() -> None:
    step = StepResult("zoho_crm", StepKey.VERIFY, Outcome.SKIPPED, {"reason": "Kumar said so", "left": 3}, NOW)
    departure = replace(
        opened().departure, lead=ADA, successor=ADA, sent_back="Ada said no", mailbox_note="whisper", steps=(step,),
        approved=Decision("approved", ADA, NOW), digest="f00d",
    )  # fmt: skip
    left = anonymous(departure)
    assert [word for word in PERSONAL if word in repr(left)] == []
    assert (left.id, left.digest, left.steps) == ("d1", "f00d", (replace(step, evidence={"left": 3}),))


def test_what_was_found_and_undone_after_the_end_stays() -> None:
    look = Rechecked(at=NOW, number=1, moved=0, left=30, problem="problem.late_arrivals")
    back = Undoing(ADA, NOW, modules=("zoho_crm/Leads",), result=Returned(at=NOW, records=3, others=0, failed=0))
    account = Account("zoho_crm", "130", ADA.name, str(ADA.email), active=True)
    handed_on = Undoing(ADA, NOW, to={"zoho_crm": account}, person=ADA)
    departure = replace(opened().departure, state=State.CLOSED, rechecks=(look,), undoings=(handed_on, back))
    left = anonymous(departure)
    assert [word for word in PERSONAL if word in repr(left)] == []
    assert standing(left) is Standing.PART_BACK
    assert standing(replace(left, undoings=())) is Standing.LEFT
