"""What people do in a system's own page is looked at where the system tells; an undo lets in whom we let out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from fake_crm import LEAVER, SUCCESSOR
from several_cases import ADA, PIPEDRIVE, SANGAM, TOMAS, ZOHO, Office, now

from bot.store.database import Database
from connectors.base import Ability, NotAuthorised, Unavailable
from handlers.checklist import ItemState
from handlers.commands import ConfirmBackup, ConfirmByHand, Retry, SettleItem, SignException, StartUndo
from handlers.departure import Departure, State
from handlers.events import Outcome
from handlers.lockout import erasures, inbox_matters
from handlers.playbooks import StepKey
from handlers.rechecking import Rechecker
from handlers.refusal import Refusal
from handlers.returning import preview
from handlers.steps.unit import RunSettings

Make = Callable[..., Awaitable[Office]]


@pytest_asyncio.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    databases: list[Database] = []

    async def office(*systems: str) -> Office:
        database = Database(f"sqlite:///{tmp_path}/office.sqlite3")
        databases.append(database)
        await database.upgrade()
        made = Office(database, *systems)
        for crm in made.crms.values():
            crm.give("Contacts", 5)
            crm.give("Deals", 3)
            crm.give("Deals", 2, opened=False)
        return made

    yield office
    for database in databases:
        await database.close()


async def closed(office: Office) -> Departure:
    await office.approve()
    departure = await office.work()
    if departure.state is State.BACKUP:
        await office.says(ConfirmBackup("retained"), ADA)
        departure = await office.work()
    for item in departure.checklist:
        await office.says(SettleItem(item.key, ItemState.DONE, "seen"), ADA)
    departure = await office.departure()
    assert departure.state is State.CLOSED
    return departure


def by_people(office: Office) -> None:
    """All that is open goes to the successor."""
    for rows in office.crms[SANGAM].rows.values():
        for row in rows.values():
            row.owner = SUCCESSOR.id if row.open else row.owner


def inactive(office: Office, system: str) -> None:
    people = office.crms[system].people
    people[LEAVER.id] = replace(people[LEAVER.id], active=False)


class TestBySight:
    """Sangam tells its users here."""

    @pytest_asyncio.fixture
    async def office(self, make: Make) -> Office:
        office = await make(ZOHO, SANGAM)
        office.crms[SANGAM].guided.discard(Ability.DISCOVER)
        await office.approve()
        await office.work()
        return office

    async def test_nobodys_word_counts_against_what_the_system_shows(self, office: Office) -> None:
        by_people(office)
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert (departure.problem.key, departure.problem.step) == ("guided.active", StepKey.DEACTIVATE)
        with pytest.raises(Refusal, match=r"by_hand\.impossible"):
            await office.says(ConfirmByHand("done"), ADA)
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert departure.problem.key == "guided.active", "it is still active"
        inactive(office, SANGAM)
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert departure.problem.key == "guided.recount"
        (result,) = (r for r in departure.steps if (r.system, r.step) == (SANGAM, StepKey.DEACTIVATE))
        assert result.outcome is Outcome.DONE

    async def test_what_was_inactive_before_needs_nobody(self, office: Office) -> None:
        by_people(office)
        inactive(office, SANGAM)
        await office.says(Retry(), ADA)
        departure = await office.work()
        (result,) = (r for r in departure.steps if (r.system, r.step) == (SANGAM, StepKey.DEACTIVATE))
        assert result.outcome is Outcome.NOTHING_TO_DO

    async def test_nobody_is_asked_to_count_what_the_system_still_counts(self, office: Office) -> None:
        inactive(office, SANGAM)
        for _ in range(2):  # the transfer, and its proof
            await office.says(SignException("later"), TOMAS)
            departure = await office.work()
        assert departure.problem
        assert (departure.problem.step, departure.problem.key, departure.problem.count) == (
            StepKey.RECOUNT,
            "problem.ghosts_left",
            8,
        )
        with pytest.raises(Refusal, match=r"by_hand\.impossible"):
            await office.says(ConfirmByHand("none", 0), ADA)

    async def test_what_was_closed_meanwhile_need_not_be_moved(self, office: Office) -> None:
        for row in office.crms[SANGAM].rows["Deals"].values():
            row.open = False
        for row in office.crms[SANGAM].rows["Contacts"].values():
            row.owner = SUCCESSOR.id
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert departure.problem.step == StepKey.DEACTIVATE
        assert await office.outcomes(SANGAM) == {"moved": 5, "others": 3}


class TestInactiveBefore:
    @pytest_asyncio.fixture
    async def office(self, make: Make) -> Office:
        office = await make(ZOHO, PIPEDRIVE)
        inactive(office, PIPEDRIVE)
        await closed(office)
        return office

    async def test_the_connector_still_ends_what_outlives_the_log_in(self, make: Make) -> None:
        office = await make(ZOHO, PIPEDRIVE)
        inactive(office, PIPEDRIVE)
        crm, asked = office.crms[PIPEDRIVE], []
        crm.before["deactivate"] = lambda: asked.append(True)
        departure = await closed(office)
        assert asked == [True]
        (result,) = (r for r in departure.steps if (r.system, r.step) == (PIPEDRIVE, StepKey.DEACTIVATE))
        assert result.outcome is Outcome.NOTHING_TO_DO, "it was not us"
        assert erasures(departure) == {}

    async def test_an_undo_lets_in_only_who_was_let_out_here(self, office: Office) -> None:
        await office.says(StartUndo(), ADA)
        departure = await office.work()
        assert office.owners(ZOHO) == {"Amit": 10}
        assert office.crms[ZOHO].people[LEAVER.id].active
        assert not office.crms[PIPEDRIVE].people[LEAVER.id].active
        assert departure.problem
        assert (departure.problem.system, departure.problem.key) == (PIPEDRIVE, "problem.leaver_inactive")
        assert office.owners(PIPEDRIVE) == {"Sofia": 8, "Amit": 2}, "nobody inactive is given records"
        people = office.crms[PIPEDRIVE].people
        people[LEAVER.id] = replace(people[LEAVER.id], active=True)
        await office.says(Retry(), ADA)
        assert (await office.work()).state is State.UNDONE
        assert office.owners(PIPEDRIVE) == {"Amit": 10}

    async def test_where_nothing_went_away_an_undo_has_nothing_to_ask(self, make: Make) -> None:
        office = await make(ZOHO, PIPEDRIVE)
        inactive(office, PIPEDRIVE)
        for rows in office.crms[PIPEDRIVE].rows.values():
            rows.clear()
        await closed(office)
        await office.says(StartUndo(), ADA)
        assert (await office.work()).state is State.UNDONE
        assert not office.crms[PIPEDRIVE].people[LEAVER.id].active

    async def test_the_preview_promises_no_log_in_that_was_not_taken(self, make: Make) -> None:
        office = await make(PIPEDRIVE)
        inactive(office, PIPEDRIVE)
        found = await preview(office.store, office.crms, await closed(office))
        assert not found.let_in


async def test_no_erasure_is_announced_while_an_undo_is_stopped_elsewhere(make: Make) -> None:
    office = await make(ZOHO, PIPEDRIVE)
    assert erasures(await closed(office))
    office.crms[ZOHO].failures["values"] = [NotAuthorised("no", system=ZOHO, code="X")]
    await office.says(StartUndo(), ADA)
    departure = await office.work()
    assert departure.state is State.ATTENTION
    assert office.crms[PIPEDRIVE].people[LEAVER.id].active
    assert erasures(departure) == {}
    assert not inbox_matters(departure)


class TestRechecks:
    @pytest_asyncio.fixture
    async def office(self, make: Make) -> Office:
        office = await make(ZOHO, PIPEDRIVE)
        await closed(office)
        return office

    async def look(self, office: Office, units: int = 60, **settings: float) -> Departure:
        rules = RunSettings(tries=3, **{"patience": 0.0, **settings})  # type: ignore[arg-type]
        checker = Rechecker(store=office.store, connectors=office.crms, settings=rules, now=now)
        for _ in range(units):
            if (await checker.advance(office.id, 1, ZOHO)).ended:
                return await office.departure()
        raise AssertionError("it never ends")

    async def test_a_system_that_refuses_does_not_hide_the_others(self, office: Office) -> None:
        office.crms[PIPEDRIVE].give("Contacts", 3)
        office.crms[ZOHO].failures["count"] = [NotAuthorised("no", system=ZOHO, code="X")] * 50
        departure = await self.look(office)
        (found,) = departure.rechecks
        assert (found.moved, found.left, found.problem, found.system) == (3, 0, "problem.not_authorised", ZOHO)
        assert office.owners(PIPEDRIVE) == {"Sofia": 11, "Amit": 2}

    async def test_each_system_that_could_not_be_looked_at_is_named(self, office: Office) -> None:
        office.crms[PIPEDRIVE].give("Contacts", 40)
        office.crms[ZOHO].failures["count"] = [NotAuthorised("no", system=ZOHO, code="X")] * 50
        (found,) = (await self.look(office)).rechecks
        assert (found.system, found.left) == (ZOHO, 40)
        (also,) = found.also
        assert (also.system, also.key, also.count) == (PIPEDRIVE, "problem.late_arrivals", 40)

    async def test_one_that_never_answers_is_told_in_the_end(self, office: Office) -> None:
        office.crms[PIPEDRIVE].give("Contacts", 3)
        office.crms[ZOHO].failures["count"] = [Unavailable("away", system=ZOHO, code="DNS")] * 500
        (found,) = (await self.look(office, vendor_patience=0.0, patience=1.0)).rechecks
        assert (found.moved, found.problem, found.system) == (3, "problem.unavailable", ZOHO)
