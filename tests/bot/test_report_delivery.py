"""From the transaction that closes a departure to the files in Slack: all parts as the service connects them."""

from pathlib import Path

import pytest
from bot_cases import settings_in
from report_cases import departure_of, story
from sqlalchemy import Connection

from bot.app import Service
from bot.store import departures
from handlers.cards import Posting
from handlers.departure import evolve
from handlers.elements import Card, Paragraph
from handlers.people import Person
from sandbox.people import BY_KEY
from sandbox.slack.model import Message
from sandbox.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")
CARD = Card("Amit Kumar's departure is closed", (Paragraph(("Closed",)),))


def _recipient(key: str) -> Person:
    person = BY_KEY[key]
    return Person(person.name, person.email, {"slack": str(person.slack_id)})


def _close(connection: Connection) -> None:
    told = story()
    departure = departures.create(connection, departure_of(told[:1]), told[:1])
    for event in told[1:]:
        departure = evolve(departure, event)
        departures.append(connection, departure, [event], expected_revision=departure.revision - 1)


def _shared(town: Town) -> list[Message]:
    return [m for channel in town.workspace.channels.values() for m in channel.messages.values() if m.files]


async def test_files_stand_below_the_closed_card_once(town: Town, tmp_path: Path) -> None:
    service = Service(settings_in(town, tmp_path / "offboard.sqlite3"))
    await service.database.upgrade()
    try:
        await service.database.write(_close)
        ada = _recipient("ada")
        posting = Posting(f"d7:closed:{ada.email}", ada, CARD)
        await service.conversation._store.write(lambda tx: tx.put("d7", [posting]))
        await service.attacher.send_due()
        assert _shared(town) == []  # the card comes first
        await service.poster.post_due()
        for _ in range(2):
            await service.attacher.send_due()
        (reply,) = _shared(town)
        card = town.workspace.channels[reply.channel].messages[str(reply.thread_ts)]
        assert card.text == CARD.text
        assert [file["name"] for file in reply.files] == ["report-0001.html", "ledger-0001.csv"]
        content = town.workspace.files[reply.files[0]["id"]].content or b""
        assert b"Amit Kumar" in content
    finally:
        for part in (*service.surfaces.values(), *service.connectors.values()):
            await part.aclose()
        await service.database.close()
