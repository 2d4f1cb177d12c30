"""Deliveries: stored once, many at a time, and worked off."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, func, select
from stored_cases import NOW

from bot.store import inbox
from bot.store.database import Database
from bot.store.inbox import Inbox, InboxState
from bot.store.tables import inbox as table


@pytest.fixture
def box(database: Database) -> Inbox:
    return Inbox(database)


async def _add(box: Inbox, delivery_id: str, body: str = "{}", after: float = 0) -> bool:
    return await box.add(delivery_id, "slack", body=body, received_at=NOW + timedelta(seconds=after))


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


async def test_the_first_delivery_counts_and_the_redelivery_is_known(database: Database, box: Inbox) -> None:
    assert await _add(box, "e1", body="first") is True
    assert await _add(box, "e1", body="again") is False
    (row,) = await database.read(inbox.unfinished, NOW, 10)
    assert (row.id, row.surface, row.body, row.state, row.attempts) == ("e1", "slack", "first", InboxState.NEW, 0)
    assert row.received_at == NOW


async def test_of_many_equal_deliveries_at_once_one_counts(box: Inbox, database: Database) -> None:
    other = Inbox(database)
    added = await asyncio.gather(*(_add(b, "e1") for b in (box, other) for _ in range(20)))
    assert sum(added) == 1


async def test_fifty_at_once_share_transactions(database: Database, box: Inbox) -> None:
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    added = await asyncio.gather(*(_add(box, f"e{n}") for n in range(50)))
    assert all(added)
    assert await database.read(_count) == 50
    assert len(commits) <= 2


async def test_who_comes_during_a_commit_is_in_the_next_one(database: Database, box: Inbox) -> None:
    async def late(number: int) -> bool:
        await asyncio.sleep(number / 5000)
        return await _add(box, f"late{number}")

    added = await asyncio.gather(*(late(n) for n in range(40)))
    assert all(added)
    assert await database.read(_count) == 40


async def test_a_delivery_that_cannot_be_stored_harms_no_neighbour(database: Database, box: Inbox) -> None:
    results = await asyncio.gather(
        _add(box, "good1"), _add(box, "bad", body="\ud800"), _add(box, "good2"), return_exceptions=True
    )
    assert results[0] is results[2] is True
    assert isinstance(results[1], UnicodeError)
    assert [row.id for row in await database.read(inbox.unfinished, NOW, 10)] == ["good1", "good2"]


async def test_a_caller_who_gives_up_does_not_take_the_others_along(database: Database, box: Inbox) -> None:
    first, second = asyncio.create_task(_add(box, "e1")), asyncio.create_task(_add(box, "e2"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is True
    assert await database.read(_count) == 2


async def test_an_outage_reaches_every_caller(sqlite_url: str) -> None:
    box = Inbox(Database(sqlite_url))
    results = await asyncio.gather(*(_add(box, f"e{n}") for n in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError] * 3


async def test_a_delivery_is_decided_once(database: Database, box: Inbox) -> None:
    await _add(box, "e1")
    assert await database.write(inbox.decide, "e1", "done!") is True
    assert await database.write(inbox.decide, "e1", "again!") is False
    (row,) = await database.read(inbox.unfinished, NOW, 10)
    assert (row.state, row.reply) == (InboxState.DECIDED, "done!")


async def test_a_finished_delivery_is_forgotten_but_known(database: Database, box: Inbox) -> None:
    await _add(box, "e1", body="what I said")
    await database.write(inbox.decide, "e1", "what I heard")
    await database.write(inbox.finish, "e1")
    assert await database.read(inbox.unfinished, NOW, 10) == ()
    row = await database.read(lambda c: c.execute(select(table.c.body, table.c.reply, table.c.state)).one())
    assert tuple(row) == ("", None, InboxState.DONE)
    assert await _add(box, "e1") is False


async def test_a_retry_waits_for_its_time(database: Database, box: Inbox) -> None:
    await _add(box, "e1")
    await database.write(inbox.retry, "e1", NOW + timedelta(minutes=1))
    assert await database.read(inbox.unfinished, NOW, 10) == ()
    (row,) = await database.read(inbox.unfinished, NOW + timedelta(minutes=1), 10)
    assert row.attempts == 1


async def test_a_failed_delivery_is_not_tried_again(database: Database, box: Inbox) -> None:
    await _add(box, "e1")
    await database.write(inbox.fail, "e1", "R-17")
    assert await database.read(inbox.unfinished, NOW + timedelta(days=1), 10) == ()
    assert await database.read(lambda c: c.scalar(select(table.c.reference))) == "R-17"


async def test_the_oldest_comes_first(database: Database, box: Inbox) -> None:
    for number in (2, 0, 1):
        await _add(box, f"e{number}", after=number)
    later = NOW + timedelta(minutes=1)
    assert [row.id for row in await database.read(inbox.unfinished, later, 2)] == ["e0", "e1"]
