"""Report and ledger come to the closed card once, whatever happens on the way."""

from collections.abc import AsyncIterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from report_cases import ADA, START, departure_of, story
from sqlalchemy import Connection, select
from structlog.testing import capture_logs

from bot.chat.attacher import Attacher
from bot.chat.surface import AnswerLost, Attachment, MessageRef, Refused, SurfaceError, TryLater
from bot.store import attachments, departures, outbox
from bot.store.database import Database
from bot.store.tables import attachments as table
from bot.store.tables import outbox as messages
from bot.store.transaction import CARD
from handlers.departure import evolve

KEY = "d7:closed:ada@brightwater.example@slack"


@dataclass
class Thread:
    """A chat product that takes files, and what stands in its threads; `fails` are raised one after the other."""

    fails: list[SurfaceError] = field(default_factory=list)
    taken: list[tuple[MessageRef, tuple[Attachment, ...]]] = field(default_factory=list)

    async def attach(self, message: MessageRef, files: Sequence[Attachment]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.taken.append((message, tuple(files)))


class Clock:
    def __init__(self) -> None:
        self.now = START + timedelta(days=3)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def _close(connection: Connection) -> None:
    """A departure that has been closed, with its card in Ada's direct messages."""
    told = story()
    departure = departures.create(connection, departure_of(told[:1]), told[:1])
    for event in told[1:]:
        departure = evolve(departure, event)
        departures.append(connection, departure, [event], expected_revision=departure.revision - 1)
    outbox.put(connection, KEY, departure_id="d7", surface="slack", recipient=ADA.chat["slack"], body="{}", now=START)
    outbox.claim(connection, KEY)
    outbox.posted(connection, KEY, 1, channel="D1", message_id="1.5")
    attachments.ask(connection, KEY, departure_id="d7", now=START)


@pytest.fixture(autouse=True)
async def logs() -> AsyncIterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def thread() -> Thread:
    return Thread()


@pytest.fixture
async def attacher(database: Database, thread: Thread, clock: Clock) -> Attacher:
    await database.write(_close)
    return Attacher(database, {"slack": thread}, language="en", now=clock)


async def _state(database: Database) -> tuple[str, str | None]:
    row = await database.read(lambda c: c.execute(select(table.c.state, table.c.error)).one())
    return row.state, row.error


async def test_both_files_come_in_the_language_of_their_reader(attacher: Attacher, thread: Thread) -> None:
    await attacher.send_due()
    await attacher.send_due()
    ((message, (report, ledger)),) = thread.taken
    assert message == MessageRef("D1", "1.5")
    assert (report.name, ledger.name) == ("report-0001.html", "ledger-0001.csv")
    assert 'lang="de"' in report.content.decode()  # Ada reads German
    assert ledger.content.decode("utf-8-sig").startswith("system,module,record_id")


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (TryLater("wait", code="ratelimited", retry_after=40.0), 40.0),
        (TryLater("down", code="unreachable"), 1.0),
        (AnswerLost("gone", code="internal_error"), 15.0),  # the file may yet appear
    ],
)
async def test_what_fails_for_now_is_tried_again_in_time(
    attacher: Attacher, thread: Thread, clock: Clock, error: SurfaceError, seconds: float
) -> None:
    thread.fails = [error]
    await attacher.send_due()
    clock.advance(seconds - 0.1)
    await attacher.send_due()
    assert thread.taken == []
    clock.advance(0.1)
    await attacher.send_due()
    assert len(thread.taken) == 1


async def _told(database: Database) -> list[tuple[str, str]]:
    """(recipient, text) of what was said about it."""
    query = select(messages.c.recipient, messages.c.body).where(messages.c.key.contains("unattached"))
    rows = await database.read(lambda c: c.execute(query).all())
    return [(recipient, CARD.validate_json(body).text) for recipient, body in rows]


async def test_without_the_scope_the_admin_is_told_how_to_add_it(
    attacher: Attacher, thread: Thread, database: Database
) -> None:
    thread.fails = [Refused("no", code="missing_scope")]
    await attacher.send_due()
    await attacher.send_due()
    assert thread.taken == []
    assert await _state(database) == ("failed", "missing_scope")
    ((recipient, text),) = await _told(database)
    assert recipient == ADA.chat["slack"]
    assert "files:write" in text
    assert "offboard export 1" in text


async def test_another_refusal_is_told_with_its_code(attacher: Attacher, thread: Thread, database: Database) -> None:
    thread.fails = [Refused("no", code="file_uploads_disabled")]
    await attacher.send_due()
    ((_, text),) = await _told(database)
    assert "file_uploads_disabled" in text


async def test_an_outage_that_does_not_end_is_told_at_last(
    attacher: Attacher, thread: Thread, clock: Clock, database: Database
) -> None:
    thread.fails = [TryLater("down", code="unreachable") for _ in range(40)]
    for _ in range(40):
        await attacher.send_due()
        clock.advance(700)
    assert await _state(database) == ("failed", "unreachable")
    assert len(thread.fails) == 28  # twelve tries over more than an hour
    assert len(await _told(database)) == 1


async def test_what_a_kill_left_half_way_is_looked_for_a_while_later(
    attacher: Attacher, thread: Thread, clock: Clock, database: Database
) -> None:
    await database.write(attachments.claim, KEY)
    await attacher.resume()
    await attacher.send_due()
    assert thread.taken == []
    clock.advance(15)
    await attacher.send_due()
    assert len(thread.taken) == 1
    assert await _state(database) == ("sent", None)


async def test_logs_name_the_departure_and_nobody(
    attacher: Attacher, thread: Thread, logs: list[MutableMapping[str, Any]]
) -> None:
    thread.fails = [TryLater("down", code="unreachable")]
    await attacher.send_due()
    assert [(entry["event"], entry["departure"], entry["code"]) for entry in logs] == [
        ("files.later", "d7", "unreachable")
    ]
    assert "brightwater" not in str(logs)
