"""A vendor that never answers again: after a day of waiting somebody is asked, whatever was restarted meanwhile."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio
from run_cases import NobodyElse
from several_cases import ADA, PIPEDRIVE, TOMAS, ZOHO, Office

from bot.store.database import Database
from connectors.base import QuotaExhausted, Unavailable
from handlers.commands import Retry, SignException
from handlers.consequences import HouseRules
from handlers.departure import Departure, State
from handlers.due import due
from handlers.practice import Practice
from handlers.run import Runner
from handlers.steps.unit import RunSettings

_A_DAY = 2.4  # hours that stand for a day, so that there are not too many units
GONE = Unavailable("no such host", system=PIPEDRIVE, code="NO_ANSWER")
_SETTINGS = RunSettings(patience=60.0, tries=3, vendor_patience=RunSettings().vendor_patience * _A_DAY / 24)


class Waiting:
    """The run in Pipedrive, with a clock that goes on by what each unit asks to wait."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.time = datetime.now(UTC)
        self.restart()

    def restart(self) -> None:
        """A process that remembers nothing."""
        rules = HouseRules(frozenset({str(ADA.person.email)}))
        self.runner = Runner(
            store=self.office.store, people=NobodyElse(), connectors=self.office.crms, rules=rules,
            settings=_SETTINGS, now=lambda: self.time,
        )  # fmt: skip

    async def wait(self, *, hours: float) -> Departure:
        """Work until so much (shortened) time has passed, or nothing more is to do."""
        departure, end = await self.office.departure(), self.time + timedelta(hours=hours * _A_DAY / 24)
        while self.time < end:
            advance = await self.runner.advance(departure.id, departure.run, PIPEDRIVE)
            if advance.ended:
                break
            self.time += timedelta(seconds=advance.wait)
        return await self.office.departure()


@pytest_asyncio.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[Waiting]:
    database = Database(f"sqlite:///{tmp_path}/gone.sqlite3")
    await database.upgrade()
    office = Office(database, ZOHO, PIPEDRIVE)
    for crm in office.crms.values():
        crm.give("Contacts", 9)
    await office.approve()
    office.crms[PIPEDRIVE].failures["change_owner"] = [GONE] * 2000
    await office.work(only=ZOHO)
    yield Waiting(office)
    await database.close()


async def test_after_a_day_somebody_is_asked_and_reminded(waiting: Waiting) -> None:
    departure = await waiting.wait(hours=23.5)
    assert departure.state is State.RUNNING, "an allowance of a day may have to renew first"
    departure = await waiting.wait(hours=6)
    assert departure.problem
    assert (departure.state, departure.problem.system, departure.problem.key) == (
        State.ATTENTION,
        PIPEDRIVE,
        "problem.unavailable",
    )
    assert departure.problem.code == "NO_ANSWER"
    assert due(departure, Practice())
    assert departure.next_step(ZOHO) is None, "the other system was through long before"
    await waiting.office.says(SignException("Closed for good"), TOMAS)


async def test_it_goes_on_where_it_answers_again(waiting: Waiting) -> None:
    assert (await waiting.wait(hours=26)).state is State.ATTENTION
    await waiting.office.says(Retry(), ADA)
    departure = await waiting.wait(hours=20)
    assert departure.state is State.RUNNING, "a new try has all patience"
    waiting.office.crms[PIPEDRIVE].failures.clear()
    await waiting.wait(hours=1)
    assert waiting.office.owners(PIPEDRIVE) == {"Sofia": 9}


async def test_an_outage_that_ended_does_not_count_for_the_next(waiting: Waiting) -> None:
    failures = waiting.office.crms[PIPEDRIVE].failures
    await waiting.wait(hours=20)
    failures["change_owner"] = []
    failures["count"] = [GONE] * 2000
    departure = await waiting.wait(hours=20)
    assert departure.state is State.RUNNING
    assert (await waiting.wait(hours=6)).state is State.ATTENTION


async def test_restarts_do_not_begin_it_anew_and_a_service_that_is_off_does_not_wait(waiting: Waiting) -> None:
    await waiting.wait(hours=12)
    waiting.time += timedelta(days=5)
    waiting.restart()
    departure = await waiting.wait(hours=12)
    assert departure.state is State.RUNNING, "for five days nobody had looked"
    for _ in range(2):
        waiting.restart()
        departure = await waiting.wait(hours=3)
    assert departure.state is State.ATTENTION


async def test_the_allowance_of_a_day_is_waited_for(waiting: Waiting) -> None:
    used_up = QuotaExhausted("used up", system=PIPEDRIVE, code="DAILY_BUDGET", retry_after=3600.0)
    waiting.office.crms[PIPEDRIVE].failures["change_owner"] = [used_up] * 2000
    departure = await waiting.wait(hours=24)
    assert departure.state is State.RUNNING
    waiting.office.crms[PIPEDRIVE].failures.clear()
    await waiting.wait(hours=1)
    assert waiting.office.owners(PIPEDRIVE) == {"Sofia": 9}
