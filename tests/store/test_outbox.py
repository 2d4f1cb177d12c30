"""Messages: posted once, edited to their newest body, and found again after a crash."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from stored_cases import NOW

from bot.store import outbox
from bot.store.database import Database
from bot.store.outbox import Message, OutboxState
from bot.store.tables import outbox as table


async def _put(database: Database, key: str = "k1", body: str = "hello", *, once: bool = False) -> bool:
    put = outbox.put_once if once else outbox.put
    return await database.write(put, key, departure_id=None, surface="slack", recipient="U0ADA", body=body, now=NOW)


async def _due(database: Database, minutes: float = 0) -> list[Message]:
    return list(await database.read(outbox.due, NOW + timedelta(minutes=minutes), 10))


async def _claim(database: Database, key: str = "k1") -> Message | None:
    return await database.write(outbox.claim, key)


async def _posted(database: Database, message: Message | None) -> None:
    assert message
    await database.write(outbox.posted, message.key, message.version, channel="C1", message_id="1.5")


async def _post(database: Database, key: str = "k1") -> None:
    await _posted(database, await _claim(database, key))


async def _state(database: Database, key: str = "k1") -> str | None:
    return await database.read(lambda c: c.scalar(select(table.c.state).where(table.c.key == key)))


async def test_messages_are_due_in_the_order_of_their_creation(database: Database) -> None:
    for key in ("z", "a", "m"):
        assert await _put(database, key) is True
    await _put(database, "z", "newer")
    assert [message.key for message in await _due(database)] == ["z", "a", "m"]
    assert [m.key for m in await database.read(outbox.due, NOW, 2)] == ["z", "a"]
    (first, *_) = await _due(database)
    assert (first.body, first.surface, first.recipient, first.created_at) == ("newer", "slack", "U0ADA", NOW)
    assert first.message_id is None


async def test_of_many_who_claim_a_message_one_gets_it(database: Database) -> None:
    await _put(database)
    claimed = await asyncio.gather(*(_claim(database) for _ in range(6)))
    assert sum(message is not None for message in claimed) == 1
    assert await _due(database) == []


async def test_a_posted_message_is_said_and_done(database: Database) -> None:
    await _put(database)
    await _post(database)
    assert await _due(database) == []
    assert await _put(database) is False
    assert await _due(database) == []


async def test_another_body_is_an_edit_of_the_same_message(database: Database) -> None:
    await _put(database, body="step 1")
    await _post(database)
    assert await _put(database, body="step 2") is True
    assert await _put(database, body="step 3") is True
    (edit,) = await _due(database)
    assert (edit.body, edit.version, edit.posted_version) == ("step 3", 3, 1)
    assert (edit.channel, edit.message_id) == ("C1", "1.5")
    await _post(database)
    assert await _due(database) == []


async def test_a_body_that_changes_while_it_is_posted_is_edited_next(database: Database) -> None:
    await _put(database, body="old")
    in_flight = await _claim(database)
    await _put(database, body="new")
    assert await _due(database) == []
    await _posted(database, in_flight)
    (edit,) = await _due(database)
    assert (edit.body, edit.posted_version, edit.message_id) == ("new", 1, "1.5")


async def test_what_is_said_once_is_never_edited(database: Database) -> None:
    assert await _put(database, body="first", once=True) is True
    assert await _put(database, body="second", once=True) is False
    (message,) = await _due(database)
    assert (message.body, message.version) == ("first", 1)


async def test_a_retry_waits_for_its_time_and_counts(database: Database) -> None:
    await _put(database)
    await _claim(database)
    await database.write(outbox.retry, "k1", next_at=NOW + timedelta(minutes=5), error="ratelimited")
    await _put(database, body="newer")
    assert await _due(database, minutes=4) == []
    (message,) = await _due(database, minutes=5)
    assert (message.attempts, message.body) == (1, "newer")


async def test_a_given_up_message_starts_again_with_a_new_body(database: Database) -> None:
    await _put(database)
    await _claim(database)
    await database.write(outbox.give_up, "k1", "channel_not_found")
    assert await _due(database, minutes=60) == []
    assert await _state(database) == OutboxState.FAILED
    await _put(database, body="another")
    (message,) = await _due(database)
    assert (message.body, message.attempts) == ("another", 0)


@pytest.mark.parametrize("found", [True, False])
async def test_after_a_crash_what_was_being_posted_is_asked_about(database: Database, *, found: bool) -> None:
    for key in ("waiting", "posted", "half-way"):
        await _put(database, key)
    await _post(database, "posted")
    await _claim(database, "half-way")
    (message,) = await database.read(outbox.interrupted)
    assert message.key == "half-way"
    if found:
        await _posted(database, message)
    else:
        await database.write(outbox.retry, "half-way", next_at=NOW, error="crash")
    assert await database.read(outbox.interrupted) == ()
    assert ["half-way" in m.key for m in await _due(database)] == ([False] if found else [False, True])
