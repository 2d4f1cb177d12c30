"""The service as a whole: what it forgets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot_cases import settings_with

from bot.app import Service
from bot.store import departures, inbox
from bot.store.inbox import Inbox
from connectors.base import Account
from handlers.departure import evolved, open_departure
from handlers.events import Cancelled, Opened
from handlers.people import Person

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
AMIT = Person("Amit Kumar", "amit@brightwater.example")
ADA = Person("Ada Brandt", "ada@brightwater.example")


async def test_people_are_forgotten_when_their_time_is_over(tmp_path: Path) -> None:
    clock = [START]
    service = Service(settings_with(database_url=f"sqlite:///{tmp_path}/db", retention_days=30), now=lambda: clock[0])
    await service.database.upgrade()
    account = Account("zoho_crm", "110", AMIT.name, str(AMIT.email), active=True)
    opened = Opened(at=START, by=ADA, leaver=AMIT, accounts={"zoho_crm": account}, admin=ADA)
    cancelled = Cancelled(at=START, by=ADA)
    ended = evolved(open_departure("dep-1", opened), (cancelled,))
    await service.database.write(departures.create, ended, (opened, cancelled))
    received = Inbox(service.database)
    await received.add("click:1", "slack", body="{}", received_at=START)
    await service.database.write(inbox.finish, "click:1")

    async def kept() -> bool:
        found = await service.database.read(departures.load, "dep-1")
        trail = await service.database.read(departures.history, "dep-1")
        return AMIT.name in str(found) and any(entry.event for entry in trail)

    clock[0] = START + timedelta(days=29)
    await service.purge()
    assert await kept()
    clock[0] = START + timedelta(days=31)
    await service.purge()
    assert not await kept()
    assert await service.database.read(departures.verify_chain, "dep-1") is None, "the trail is still whole"
    assert await received.add("click:1", "slack", body="{}", received_at=START), "old deliveries are gone too"
    await service.slack.aclose()
    await service.database.close()
