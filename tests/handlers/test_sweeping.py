"""The weekly message about ghosts: at its time, once, and only where there is something to tell."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

import pytest
from domain_cases import ADA, NOOR
from fake_crm import LEAVER, FakeCrm
from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import outbox
from bot.store.transaction import SqlStore
from connectors.base import Unavailable
from handlers.consequences import HouseRules
from handlers.ghosts import GhostWatch
from handlers.people import Person
from handlers.practice import Sweep
from handlers.sweeping import Sweeper, latest_sweep

MONDAY = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)  # nine o'clock in Berlin
RULES = Sweep(weekday=1, at=time(9))


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (MONDAY, MONDAY),
        (MONDAY - timedelta(seconds=1), MONDAY - timedelta(days=7)),
        (MONDAY + timedelta(days=6, hours=23), MONDAY),
        (datetime(2026, 3, 30, 6, 59, tzinfo=UTC), datetime(2026, 3, 23, 8, 0, tzinfo=UTC)),  # the clocks changed
        (datetime(2026, 3, 30, 7, 0, tzinfo=UTC), datetime(2026, 3, 30, 7, 0, tzinfo=UTC)),
    ],
)
def test_the_last_sweep_is_by_the_clock_of_the_house(now: datetime, moment: datetime) -> None:
    assert latest_sweep(now, RULES, "Europe/Berlin") == moment


class _Admins:
    async def by_email(self, email: str) -> Person | None:
        return {str(ADA.email): ADA, str(NOOR.email): NOOR}.get(email)

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        raise AssertionError((surface, chat_id))


class Rig:
    def __init__(self, database: Database) -> None:
        self.at = MONDAY
        self.crm = FakeCrm()
        self.database = database
        store = SqlStore(database, lambda *_: None, self.now)
        rules = HouseRules(frozenset({str(ADA.email), str(NOOR.email), "gone@brightwater.example"}))
        self.watch = GhostWatch({"zoho_crm": self.crm}, now=self.now)
        self.make = lambda: Sweeper(
            store=store, people=_Admins(), rules=rules, ghosts=self.watch, sweep=RULES, zone="Europe/Berlin",
            now=self.now,
        )  # fmt: skip

    def now(self) -> datetime:
        return self.at

    async def keys(self) -> list[str]:
        query = select(outbox.c.key).order_by(outbox.c.key)
        return await self.database.read(lambda connection: list(connection.scalars(query)))


@pytest.fixture
async def rig(sqlite_url: str) -> AsyncIterator[Rig]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield Rig(database)
    await database.close()


THIS_WEEK = ["sweep:2026-W19:ada@brightwater.example@slack", "sweep:2026-W19:noor@brightwater.example@slack"]


async def test_each_admin_gets_one_message_a_week_whoever_tells_it(rig: Rig) -> None:
    rig.crm.give("Deals", 3)
    await rig.crm.deactivate(LEAVER.id)
    first = rig.make()
    for sweeper in (first, first, rig.make()):
        await sweeper.tell()
    assert await rig.keys() == THIS_WEEK
    rig.at += timedelta(days=7)
    await first.tell()
    assert len(await rig.keys()) == 4


async def test_where_nobody_left_anything_it_is_silent(rig: Rig) -> None:
    rig.crm.give("Deals", 3)
    await rig.make().tell()
    assert await rig.keys() == []


async def test_a_system_that_does_not_answer_is_counted_later(rig: Rig) -> None:
    rig.crm.give("Deals", 3)
    await rig.crm.deactivate(LEAVER.id)
    rig.crm.failures["ghosts"] = [Unavailable("away", system="zoho_crm", code="503")]
    sweeper = rig.make()
    await sweeper.tell()
    assert await rig.keys() == []
    await sweeper.tell()
    assert await rig.keys() == THIS_WEEK


async def test_two_days_later_the_next_week_is_near_enough(rig: Rig) -> None:
    rig.crm.give("Deals", 3)
    await rig.crm.deactivate(LEAVER.id)
    rig.at += timedelta(days=2, minutes=1)
    await rig.make().tell()
    assert await rig.keys() == []
