"""Reports by link: for whoever was sent one, for a time, and for nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from report_cases import ADA, START, departure_of, story
from sqlalchemy import Connection, select

from bot.chat.poster import Poster
from bot.chat.surface import MessageRef
from bot.reports import Reports
from bot.store import departures, outbox
from bot.store.database import Database
from bot.store.outbox import Message
from bot.store.purge import purge
from bot.store.tables import outbox as messages
from bot.store.transaction import CARD
from handlers.departure import evolve
from handlers.elements import Actions, Card, LinkButton, Paragraph
from handlers.events import Opened

CLOSED_AT = START + timedelta(hours=len(story()) - 1)
READER = replace(ADA, chat={"cliq": "55", "slack": "U0ADA"}, language="de", time_zone="Europe/Berlin")
CARD_OF = Card("closed", (Paragraph(("Closed",)),))


class Clock:
    def __init__(self) -> None:
        self.now = CLOSED_AT + timedelta(days=1)

    def __call__(self) -> datetime:
        return self.now


def _close(connection: Connection, departure_id: str = "d7", *, upto: int | None = None) -> None:
    told = tuple(replace(e, admin=READER) if isinstance(e, Opened) else e for e in story())[:upto]
    first = replace(departure_of(told[:1]), id=departure_id)
    departure = departures.create(connection, first, told[:1])
    for event in told[1:]:
        departure = evolve(departure, event)
        departures.append(connection, departure, [event], expected_revision=departure.revision - 1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def reports(database: Database, clock: Clock) -> Reports:
    await database.write(_close)
    made = Reports(database, public_url="https://offboard.example.com/", surfaces={"cliq"}, now=clock)
    await made.start()
    return made


@pytest.fixture
async def browser(reports: Reports) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(reports.router())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://offboard.example.com") as client:
        yield client


async def test_a_link_opens_the_report_in_its_readers_language(reports: Reports, browser: httpx.AsyncClient) -> None:
    page = await browser.get(reports.link("d7", READER))
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'lang="de"' in page.text
    assert "Zeiten gelten für Europe/Berlin" in page.text


async def test_the_other_link_is_the_ledger(reports: Reports, browser: httpx.AsyncClient) -> None:
    file = await browser.get(reports.link("d7", READER, suffix=".csv"))
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="ledger-0001.csv"'
    assert file.content.decode("utf-8-sig").startswith("system,module,record_id")


@pytest.mark.parametrize("suffix", ["", ".csv"])
async def test_nothing_is_kept_and_nothing_loaded(reports: Reports, browser: httpx.AsyncClient, suffix: str) -> None:
    headers = (await browser.get(reports.link("d7", READER, suffix=suffix))).headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


async def test_whatever_is_wrong_gets_the_same_answer(
    reports: Reports, browser: httpx.AsyncClient, database: Database
) -> None:
    await database.write(_close, "d8", upto=3)
    path = urlsplit(reports.link("d7", READER)).path
    signature = path.rpartition("/")[2]
    flipped = ("B" if signature[0] != "B" else "C") + signature[1:]
    wrong = [
        f"/reports/d7/{flipped}",
        f"/reports/d7/{signature[:-1]}",
        f"/reports/d7/{signature}.csv.csv",
        f"/reports/d7/{signature}.pdf",
        "/reports/d7/%C3%BC",
        f"/reports/d9/{signature}",  # of another departure
        urlsplit(reports.link("d9", READER)).path,  # signed, and not there
        urlsplit(reports.link("d8", READER)).path,  # signed, and not closed
    ]
    answers = [await browser.get(each) for each in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, '{"detail":"Not Found"}')}
    assert (await browser.get(path)).status_code == 200


async def test_a_link_ends_after_three_months(reports: Reports, browser: httpx.AsyncClient, clock: Clock) -> None:
    link = reports.link("d7", READER)
    clock.now = CLOSED_AT + timedelta(days=90)
    assert (await browser.get(link)).status_code == 200
    clock.now += timedelta(seconds=1)
    assert (await browser.get(link)).status_code == 404


async def test_links_hold_over_a_restart_and_not_for_another_installation(
    reports: Reports, database: Database, clock: Clock, sqlite_url: str
) -> None:
    again = Reports(database, public_url="https://offboard.example.com", surfaces={"cliq"}, now=clock)
    await again.start()
    assert again.link("d7", READER) == reports.link("d7", READER)
    other = Database(f"{sqlite_url}.other")
    await other.upgrade()
    stranger = Reports(other, public_url="https://offboard.example.com", surfaces={"cliq"}, now=clock)
    await stranger.start()
    assert stranger.link("d7", READER) != reports.link("d7", READER)
    await other.close()


async def test_before_the_start_no_link_opens(database: Database, clock: Clock) -> None:
    asleep = Reports(database, public_url="https://offboard.example.com", surfaces={"cliq"}, now=clock)
    app = FastAPI()
    app.include_router(asleep.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://x.example") as client:
        assert (await client.get(urlsplit(asleep.link("d7", READER)).path)).status_code == 404


async def test_after_the_purge_a_link_names_nobody(
    reports: Reports, browser: httpx.AsyncClient, database: Database
) -> None:
    await database.write(purge, CLOSED_AT + timedelta(days=2), at=CLOSED_AT + timedelta(days=2))
    page = await browser.get(reports.link("d7", READER))
    assert page.status_code == 200
    assert "Amit" not in page.text


def _message(**changes: object) -> Message:
    message = Message(
        seq=1, key="d7:closed:ada@brightwater.example@cliq", departure_id="d7", surface="cliq", recipient="55", body="",
        version=1, posted_version=0, channel=None, message_id=None, attempts=0, created_at=START,
    )  # fmt: skip
    return replace(message, **changes)  # type: ignore[arg-type]


async def test_the_closed_card_of_a_person_gets_both_links(reports: Reports) -> None:
    dressed = await reports.dressed(_message(), CARD_OF)
    assert dressed == Card(
        "closed",
        (
            Paragraph(("Closed",)),
            Actions(
                (
                    LinkButton("Bericht öffnen", reports.link("d7", READER)),
                    LinkButton("Register (CSV)", reports.link("d7", READER, suffix=".csv")),
                )
            ),
        ),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"surface": "slack", "recipient": "U0ADA"},  # takes files
        {"recipient": "crm-log", "key": "d7:closed:crm-log@cliq"},  # a channel, where many read
        {"recipient": "99"},  # a person who does not run the departure
        {"key": "d7:case:ada@brightwater.example@cliq"},
        {"departure_id": None},
        {"departure_id": "d9", "key": "d9:closed:ada@brightwater.example@cliq"},
    ],
)
async def test_no_other_card_gets_links(reports: Reports, changes: dict[str, str | None]) -> None:
    assert await reports.dressed(_message(**changes), CARD_OF) == CARD_OF


async def test_without_a_public_address_there_is_no_link(reports: Reports, database: Database, clock: Clock) -> None:
    del reports
    private = Reports(database, public_url=None, surfaces={"cliq"}, now=clock)
    await private.start()
    assert await private.dressed(_message(), CARD_OF) == CARD_OF


class Cliq:
    """A chat product that keeps what was posted."""

    name = "cliq"
    edit_every = 0.0

    def __init__(self) -> None:
        self.posted: list[Card] = []

    async def place(self, recipient: str) -> str | None:
        return f"chat-{recipient}"

    async def post(self, recipient: str, card: Card, *, key: str) -> MessageRef:
        self.posted.append(card)
        return MessageRef(f"chat-{recipient}", key)


async def test_the_link_is_on_the_posted_card_and_not_in_the_outbox(
    reports: Reports, database: Database, clock: Clock
) -> None:
    cliq = Cliq()
    poster = Poster(database, {"cliq": cliq}, now=clock, dress=reports.dressed)  # type: ignore[dict-item]
    body = CARD.dump_json(CARD_OF).decode()
    key = "d7:closed:ada@brightwater.example@cliq"
    await database.write(outbox.put, key, departure_id="d7", surface="cliq", recipient="55", body=body, now=START)
    await poster.post_due()
    (card,) = cliq.posted
    assert "/reports/d7/" in str(card)
    assert "/reports/" not in await database.read(lambda c: c.scalar(select(messages.c.body)) or "")
