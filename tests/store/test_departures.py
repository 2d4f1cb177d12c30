"""The cases: numbered, one for each leaver, changed by one person at a time, with a trail that shows tampering."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Executable, delete, update
from stored_cases import ADA, NOW, Case, cancelled, interrupted, opened

from bot.store import departures
from bot.store.database import Database
from bot.store.tables import events
from handlers.departure import State
from handlers.ports import AlreadyOpen, Conflict


async def _append(database: Database, case: Case, expected: int) -> None:
    await database.write(departures.append, case.departure, case.events, expected_revision=expected)


async def test_a_departure_comes_back_as_it_was_stored(database: Database, case: Case) -> None:
    assert case.departure.number == 1
    assert await database.read(departures.load, "d1") == case.departure
    assert await database.read(departures.open_by_key, "zoho_crm:5000000000000110") == case.departure
    assert await database.read(departures.load, "d2") is None


async def test_open_departures_are_found_by_account(database: Database) -> None:
    cases = [opened("d1", account="501"), opened("d2", account="50"), opened("d3", account="5_1")]
    for each in cases:
        await database.write(departures.create, each.departure, each.events)
    closed = opened("d4", account="77").then(cancelled())
    await database.write(departures.create, opened("d4", account="77").departure, opened("d4", account="77").events)
    await _append(database, closed, 1)

    async def found(*accounts: tuple[str, str]) -> list[str]:
        return [departure.id for departure in await database.read(departures.open_with, accounts)]

    assert await found(("zoho_crm", "50")) == ["d2"]
    assert await found(("zoho_crm", "5_1"), ("zoho_crm", "501")) == ["d1", "d3"]
    assert await found(("desk", "50"), ("zoho_crm", "77")) == []
    assert await found() == []


async def test_departures_are_numbered_without_gaps(database: Database) -> None:
    cases = [opened(f"d{n}", account=f"50000000000002{n:02d}") for n in range(8)]
    created = await asyncio.gather(*(database.write(departures.create, c.departure, c.events) for c in cases))
    assert sorted(d.number for d in created) == list(range(1, 9))


@pytest.mark.usefixtures("case")
async def test_a_leaver_has_one_open_departure(database: Database) -> None:
    second = opened("d2")
    with pytest.raises(AlreadyOpen) as refusal:
        await database.write(departures.create, second.departure, second.events)
    assert refusal.value.departure_id == "d1"


async def test_two_who_open_at_once_get_one_departure(database: Database) -> None:
    cases = [opened(f"d{n}") for n in range(6)]
    results = await asyncio.gather(
        *(database.write(departures.create, c.departure, c.events) for c in cases), return_exceptions=True
    )
    assert sum(isinstance(result, AlreadyOpen) for result in results) == 5
    assert len(await database.read(departures.open_all)) == 1


async def test_after_a_cancellation_the_leaver_can_leave_again(database: Database, case: Case) -> None:
    await _append(database, case.then(cancelled()), expected=1)
    again = opened("d2")
    created = await database.write(departures.create, again.departure, again.events)
    assert created.number == 2
    assert [d.id for d in await database.read(departures.open_all)] == ["d2"]
    assert [d.id for d in await database.read(departures.recent, 5)] == ["d2", "d1"]
    assert [d.id for d in await database.read(departures.recent, 1)] == ["d2"]


async def test_events_move_the_departure_and_stay_as_its_history(database: Database, case: Case) -> None:
    after = case.then(interrupted(), cancelled())
    await _append(database, after, expected=1)
    stored = await database.read(departures.load, "d1")
    assert stored == after.departure
    assert stored.state is State.CANCELLED
    history = await database.read(departures.history, "d1")
    assert [(e.seq, e.type, e.actor) for e in history] == [
        (1, "opened", ADA.email),
        (2, "interrupted", None),
        (3, "cancelled", ADA.email),
    ]
    assert [e.event for e in history[1:]] == list(after.events)
    assert [e.at for e in history] == [NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)]


async def test_of_two_who_decide_at_once_one_wins(database: Database, case: Case) -> None:
    after = case.then(cancelled())
    results = await asyncio.gather(*(_append(database, after, expected=1) for _ in range(6)), return_exceptions=True)
    assert [type(r) for r in results if r is not None] == [Conflict] * 5
    assert len(await database.read(departures.history, "d1")) == 2
    assert await database.read(departures.verify_chain, "d1") is None


async def test_events_that_do_not_lead_to_the_departure_are_refused(database: Database, case: Case) -> None:
    after = case.then(interrupted(), cancelled())
    with pytest.raises(ValueError, match="do not lead"):
        await database.write(departures.append, after.departure, after.events[:1], expected_revision=1)


async def _is_noticed(database: Database, tampering: Executable, at: int) -> None:
    """The tampering shows at event number `at`, and not before it was done; it is taken back afterwards."""

    def tamper(connection: Connection) -> tuple[int | None, int | None]:
        before = departures.verify_chain(connection, "d1")
        undo = connection.begin_nested()
        connection.execute(tampering)
        found = departures.verify_chain(connection, "d1")
        undo.rollback()
        return before, found

    assert await database.write(tamper) == (None, at)


async def test_a_changed_event_shows(database: Database, case: Case) -> None:
    await _append(database, case.then(interrupted(), cancelled()), expected=1)
    second = update(events).where(events.c.seq == 2)
    emptied = {"body": None, "actor": "somebody@else", "type": "approved", "at": NOW}
    for changed in ({"actor": "somebody@else"}, {"type": "approved"}, {"body": "{}"}, {"at": NOW}, emptied):
        await _is_noticed(database, second.values(**changed), at=2)
    await _is_noticed(database, update(events).values(hash="0" * 64).where(events.c.seq == 3), at=3)


async def test_a_missing_event_shows_even_the_last(database: Database, case: Case) -> None:
    await _append(database, case.then(interrupted(), cancelled()), expected=1)
    for missing in (1, 2, 3):
        await _is_noticed(database, delete(events).where(events.c.seq == missing), at=missing)
