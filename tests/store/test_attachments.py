"""Files that belong to messages: asked for with the message, due once it stands, sent once."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from stored_cases import ADA, NOW

from bot.store import attachments, outbox, secrets
from bot.store.attachments import Pending
from bot.store.database import Database
from bot.store.tables import attachments as table
from bot.store.transaction import SqlStore
from handlers.cards import Channel, Posting
from handlers.elements import Card
from handlers.people import Person
from handlers.ports import Job

KEY = "d1:closed:ada@brightwater.example@slack"
LATER = NOW + timedelta(minutes=1)
CARD = Card("closed")

pytestmark = pytest.mark.usefixtures("case")


def _no_jobs(_connection: Connection, job: Job) -> None:
    raise AssertionError(job)


async def _closed(database: Database, *, posted: bool = True) -> None:
    """The closed card is in the outbox, twice as after each event, and stands in the chat product."""
    store = SqlStore(database, _no_jobs, lambda: NOW, attaching={"slack"})
    postings = (
        Posting("d1:closed:ada@brightwater.example", ADA, CARD),
        Posting("d1:closed:noor@brightwater.example", Person("Noor", chat={"cliq": "77"}), CARD),
        Posting("d1:closed:C0LOG", Channel("C0LOG", "slack", "en", "UTC"), CARD),
        Posting("d1:case:ada@brightwater.example", ADA, CARD),
    )
    for _ in range(2):
        await store.write(lambda tx: tx.put("d1", postings))
    if posted:
        await database.write(outbox.claim, KEY)
        await database.write(outbox.posted, KEY, 1, channel="D1", message_id="1.5")


async def _states(database: Database) -> dict[str, tuple[str, int, str | None]]:
    query = select(table.c.key, table.c.state, table.c.attempts, table.c.error)
    rows = await database.read(lambda c: c.execute(query).all())
    return {key: (state, attempts, error) for key, state, attempts, error in rows}


async def test_only_a_persons_closed_card_where_files_are_taken_gets_them(database: Database) -> None:
    await _closed(database)
    assert await _states(database) == {KEY: ("waiting", 0, None)}


async def test_files_are_due_once_their_message_stands(database: Database) -> None:
    await _closed(database, posted=False)
    assert await database.read(attachments.due, NOW, 9) == ()
    await database.write(outbox.claim, KEY)
    await database.write(outbox.posted, KEY, 1, channel="D1", message_id="1.5")
    expected = Pending(KEY, "d1", 0, "slack", "U0ADA", "D1", "1.5")
    assert await database.read(attachments.due, NOW, 9) == (expected,)
    assert await database.read(attachments.due, NOW - timedelta(seconds=1), 9) == ()


async def test_one_of_two_takes_them(database: Database) -> None:
    await _closed(database)
    assert [await database.write(attachments.claim, KEY) for _ in range(2)] == [True, False]
    assert await database.read(attachments.due, LATER, 9) == ()


async def test_what_is_sent_is_never_due_again(database: Database) -> None:
    await _closed(database)
    await database.write(attachments.claim, KEY)
    await database.write(attachments.sent, KEY)
    await _closed(database, posted=False)  # the card is put anew after a later event
    await database.write(attachments.resume, NOW)
    assert await database.read(attachments.due, LATER, 9) == ()
    assert await _states(database) == {KEY: ("sent", 0, None)}


async def test_a_retry_waits_its_time_and_is_counted(database: Database) -> None:
    await _closed(database)
    await database.write(attachments.claim, KEY)
    await database.write(attachments.retry, KEY, next_at=LATER, error="ratelimited")
    assert await database.read(attachments.due, NOW, 9) == ()
    (pending,) = await database.read(attachments.due, LATER, 9)
    assert pending.attempts == 1
    assert await _states(database) == {KEY: ("waiting", 1, "ratelimited")}


async def test_what_a_crash_left_is_taken_up_later(database: Database) -> None:
    await _closed(database)
    await database.write(attachments.claim, KEY)
    await database.write(attachments.resume, LATER)
    assert await database.read(attachments.due, NOW, 9) == ()
    assert len(await database.read(attachments.due, LATER, 9)) == 1


async def test_what_is_refused_stays_so(database: Database) -> None:
    await _closed(database)
    await database.write(attachments.claim, KEY)
    await database.write(attachments.give_up, KEY, "missing_scope")
    assert await database.read(attachments.due, LATER, 9) == ()
    assert await _states(database) == {KEY: ("failed", 1, "missing_scope")}


async def test_a_secret_is_made_once_and_each_name_has_its_own(database: Database) -> None:
    first = await database.write(secrets.obtain, "reports")
    assert await database.write(secrets.obtain, "reports") == first
    assert await database.write(secrets.obtain, "other") != first
    assert len(first) == 32
