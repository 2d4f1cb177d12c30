"""Cliq locks for ten minutes after one call too many: what somebody asked meanwhile is decided afterwards."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from cliq_rig import Town
from sqlalchemy import select

import bot.chat.receiver
from bot.chat.receiver import Receiver
from bot.chat.surface import TryLater
from bot.store.database import Database
from bot.store.tables import inbox
from handlers.conversation import Answer, Reply
from handlers.elements import Card
from handlers.intents import Actor, Delivery, Help, ReplyTo
from handlers.texts import Texts

ANSWER = Card("These are the commands")


class Locked:
    """A conversation that needs a look-up which Cliq allows from `until` on."""

    def __init__(self, until: datetime) -> None:
        self.now, self.until = until - timedelta(minutes=10), until

    async def handle(self, _delivery: Delivery) -> Answer:
        if self.now < self.until:
            raise TryLater("locked", code="locked", retry_after=(self.until - self.now).total_seconds())
        return Reply(ANSWER)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield database
    await database.close()


async def test_a_delivery_outlives_the_lock(town: Town, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.chat.receiver, "_LOOK_EVERY", 0.01)
    conversation = Locked(datetime(2026, 11, 27, 12, tzinfo=UTC))
    receiver = Receiver(
        database=database,
        conversation=conversation,  # type: ignore[arg-type]
        surfaces={"cliq": town.surface},
        language="en",
        now=lambda: conversation.now,
    )
    delivery = Delivery("cliq:1", Actor("cliq", town.id("ada")), Help(), ReplyTo())
    waiting = await receiver.ask(delivery, within=5.0)
    assert isinstance(waiting, Reply)
    assert waiting.card.text == Texts("en").t("please_wait.text")
    again_at = await database.read(lambda connection: connection.execute(select(inbox.c.next_at)).scalar_one())
    assert again_at == conversation.until, "asking sooner would use up the tries"

    working = asyncio.create_task(receiver.run())
    conversation.now = conversation.until
    while not town.direct("ada"):  # noqa: ASYNC110 — the town's Cliq has no event to wait for here
        await asyncio.sleep(0.01)
    await receiver.drain()
    working.cancel()
    assert [message.text for message in town.direct("ada")] == [ANSWER.text]
