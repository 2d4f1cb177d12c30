"""A delivery that ends while the store is being looked through is not taken up a second time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chat.receiver import Receiver
from bot.store.database import Database
from handlers.conversation import Answer
from handlers.intents import Actor, Delivery, Help


class Conversation:
    """Answers nothing, once it is let."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.let = asyncio.Event()

    async def handle(self, delivery: Delivery) -> Answer:
        self.handled.append(delivery.id)
        await self.let.wait()
        return None


async def test_a_look_that_is_older_than_the_end_of_a_delivery(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, conversation = Database(sqlite_url), Conversation()
    await database.upgrade()
    receiver = Receiver(
        database=database,
        conversation=conversation,
        surfaces={"slack": None},
        language="en",
        now=lambda: datetime.now(UTC),
    )
    read = database.read

    async def slowly(function: Callable[..., Any], *args: Any) -> Any:
        found = await read(function, *args)
        conversation.let.set()
        await receiver.drain()
        return found

    await receiver.receive(Delivery("command:1", Actor("slack", "U0ADA"), Help()))
    while not conversation.handled:  # noqa: ASYNC110 - the work has no event for its beginning
        await asyncio.sleep(0.01)
    monkeypatch.setattr(database, "read", slowly)
    looking = asyncio.create_task(receiver.run())
    await asyncio.sleep(0.2)
    looking.cancel()
    await receiver.drain()
    await database.close()
    assert conversation.handled == ["command:1"]
