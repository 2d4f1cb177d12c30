"""The service lets happen by itself what has fallen due, also while it was away."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot_cases import settings_in, town

from bot.app import Service
from bot.store import departures
from connectors.base import Account
from handlers.departure import State, evolved, open_departure
from handlers.events import Opened, Planned
from handlers.people import Person

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
AMIT = Person("Amit Kumar", "amit@brightwater.example")
ADA = Person("Ada Brandt", "ada@brightwater.example")


async def test_what_nobody_decided_has_ended_soon_after_the_start(tmp_path: Path) -> None:
    """Stored by an earlier version, which knew of no times."""
    async with town(tmp_path / "town") as made:
        late = START + timedelta(days=31)
        service = Service(settings_in(made, tmp_path / "db"), now=lambda: late)
        await service.database.upgrade()
        account = Account("zoho_crm", "110", AMIT.name, str(AMIT.email), active=True)
        opened = Opened(at=START, by=ADA, leaver=AMIT, accounts={"zoho_crm": account}, admin=ADA)
        planned = Planned(at=START, inventories={}, lead=None, approvers=(), suggestion=None)
        waiting = evolved(open_departure("dep-1", opened), (planned,))
        await service.database.write(departures.create, waiting, (opened, planned))

        async def state() -> State | None:
            found = await service.database.read(departures.load, "dep-1")
            return found.state if found else None

        async with service.running():
            for _ in range(1000):
                if await state() is State.CANCELLED:
                    break
                await asyncio.sleep(0.01)
            trail = await service.database.read(departures.history, "dep-1")
        assert [(entry.type, entry.actor) for entry in trail[2:]] == [("cancelled", None)]
