"""When the store takes no writes for a while, nobody is told twice, nothing untrue, and nothing is lost."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

import bot.chat.receiver
from bot.app import _check_store
from bot.chat.receiver import Receiver
from bot.chat.surface import ChatPerson, Repeated, TryLater
from bot.store import outbox
from bot.store.database import Database
from bot.store.tables import inbox
from connectors.base import NotAuthorised, Unavailable
from handlers.conversation import Answer, Reply
from handlers.elements import Card
from handlers.intents import Actor, Delivery, Help, ReplyTo
from handlers.ports import StoreUnavailable

FULL = OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
ANSWER = Card("These are the commands")


class Conversation:
    """Fails as it is told to, then answers."""

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.handled = 0
        self.pause = 0.0

    async def handle(self, _delivery: Delivery) -> Answer:
        self.handled += 1
        await asyncio.sleep(self.pause)
        if self.faults:
            raise self.faults.pop(0)
        return Reply(ANSWER)


class Chat:
    """A surface that keeps what it is told to show."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def person(self, chat_id: str) -> ChatPerson:
        return ChatPerson(chat_id, "Ada", "ada@x.example", "en", "UTC", active=True, is_bot=False)

    async def reply(self, _actor: str, _to: ReplyTo, card: Card) -> None:
        self.told.append(card.text)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.chat.receiver, "_STORE_PAUSE", 0.01)
    monkeypatch.setattr(bot.chat.receiver, "_LOOK_EVERY", 0.01)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield database
    await database.close()


class Rig:
    def __init__(self, database: Database) -> None:
        self.conversation, self.chat, self.database = Conversation(), Chat(), database
        self.receiver = Receiver(
            database=database,
            conversation=self.conversation,  # type: ignore[arg-type]
            surfaces={"slack": self.chat},  # type: ignore[dict-item]
            language="en",
            now=lambda: datetime.now(UTC),
        )

    async def receives(self, until: Callable[[], bool]) -> None:
        """One delivery comes in; the service goes on until it is so."""
        await self.receiver.receive(Delivery("command:1", Actor("slack", "U0ADA"), Help()))
        running = asyncio.create_task(self.receiver.run())
        async with asyncio.timeout(20):
            while not until() or await self.unfinished():  # noqa: ASYNC110 - a table has no events
                await asyncio.sleep(0.01)
        running.cancel()
        await self.receiver.drain()

    async def unfinished(self) -> int:
        states = await self.database.read(lambda c: [row.state for row in c.execute(inbox.select())])
        return sum(state in ("new", "decided") for state in states)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


WAIT = "This takes a little longer: a connected system does not answer at the moment."


@pytest.mark.parametrize("fault", [StoreUnavailable("full"), FULL])
async def test_a_decision_that_could_not_be_stored_is_made_later_and_never_called_failed(
    rig: Rig, fault: Exception
) -> None:
    rig.conversation.faults = [fault] * 4
    await rig.receives(lambda: ANSWER.text in rig.chat.told)
    assert rig.chat.told == [WAIT, ANSWER.text]
    assert rig.conversation.handled == 5


async def test_an_answer_whose_end_could_not_be_noted_is_given_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    write, refused = rig.database.write, 3

    async def full(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal refused
        if function.__name__ == "finish" and refused:
            refused -= 1
            raise FULL
        return await write(function, *args, **kwargs)

    monkeypatch.setattr(rig.database, "write", full)
    await rig.receives(lambda: not refused)
    assert rig.chat.told == [ANSWER.text]


async def test_an_error_of_ours_is_told_once_though_the_store_is_full(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, refused = rig.database.write, 3

    async def full(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal refused
        if function.__name__ == "fail" and refused:
            refused -= 1
            raise FULL
        return await write(function, *args, **kwargs)

    monkeypatch.setattr(rig.database, "write", full)
    rig.conversation.faults = [RuntimeError("a bug")] * 4
    await rig.receives(lambda: not refused)
    assert len(rig.chat.told) == 1
    assert rig.chat.told[0].startswith("That did not work, and it is our fault.")


async def test_a_system_that_refuses_is_named_and_nobody_calls_it_our_fault(rig: Rig) -> None:
    rig.conversation.faults = [NotAuthorised("revoked", system="pipedrive", code="401")]
    await rig.receives(lambda: bool(rig.chat.told))
    assert rig.chat.told == ["That did not work: Pipedrive has refused us."]


async def test_whoever_hears_nothing_for_some_seconds_is_asked_for_patience_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.chat.receiver, "_SILENCE", 0.01)
    rig.conversation.pause = 0.1
    rig.conversation.faults = [Unavailable("away", system="zoho_crm", code="503", retry_after=0.01)]
    await rig.receives(lambda: ANSWER.text in rig.chat.told)
    assert rig.chat.told == [WAIT, ANSWER.text]


async def test_readiness_says_when_nothing_can_be_stored(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await _check_store(database)).passed

    async def full(*_args: Any) -> None:
        raise FULL

    monkeypatch.setattr(database, "write", full)
    check = await _check_store(database)
    assert not check.passed
    assert "disk" in check.advice


async def test_an_answer_that_cannot_be_shown_now_goes_by_the_outbox(rig: Rig, database: Database) -> None:
    async def reply(_actor: str, _to: ReplyTo, _card: Card) -> None:
        raise TryLater("locked", code="locked", retry_after=600.0)

    rig.chat.reply = reply  # type: ignore[method-assign]
    await rig.receives(lambda: bool(rig.conversation.handled))
    (message,) = await database.read(outbox.due, datetime.now(UTC), 10)
    assert (message.surface, message.recipient) == ("slack", "U0ADA")
    assert ANSWER.text in message.body


async def test_a_slow_chat_product_holds_nobody_up(rig: Rig) -> None:
    never = asyncio.Event()

    async def reply(_actor: str, _to: ReplyTo, _card: Card) -> None:
        await never.wait()

    rig.chat.reply = reply  # type: ignore[method-assign]
    for number in range(20):
        await rig.receiver.receive(Delivery(f"command:{number}", Actor("slack", "U0ADA"), Help()))
    async with asyncio.timeout(20):
        while rig.conversation.handled < 20:  # noqa: ASYNC110 - a count has no events
            await asyncio.sleep(0.01)
    never.set()
    await rig.receiver.drain()


async def test_a_delivery_that_comes_again_says_nothing_of_how_the_first_ended(rig: Rig) -> None:
    delivery = Delivery("cliq:1", Actor("slack", "U0BEN"), Help())
    assert await rig.receiver.ask(delivery, within=20.0) == Reply(ANSWER)
    assert await rig.receiver.ask(delivery, within=20.0) == Repeated()


async def test_what_could_not_be_stored_in_time_is_not_acknowledged(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_args: Any, **_kwargs: Any) -> bool:
        await asyncio.sleep(60)
        return True

    monkeypatch.setattr(rig.receiver._inbox, "add", slow)
    with pytest.raises(StoreUnavailable):
        await rig.receiver.ask(Delivery("cliq:1", Actor("slack", "U0BEN"), Help()), within=0.05)


async def test_an_answer_whose_asker_has_hung_up_is_shown_by_the_surface(rig: Rig) -> None:
    rig.conversation.pause = 0.1
    asking = asyncio.create_task(rig.receiver.ask(Delivery("cliq:1", Actor("slack", "U0ADA"), Help()), within=20.0))
    while not rig.conversation.handled:  # noqa: ASYNC110 - a count has no events
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await rig.receiver.drain()
    assert rig.chat.told == [ANSWER.text]
