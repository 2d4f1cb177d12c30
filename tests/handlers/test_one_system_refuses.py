"""One connected system refuses or is silent: nobody is kept from the others, and nothing is left out without a word."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from fake_crm import LEAVER, SUCCESSOR, FakeCrm
from run_cases import RETAINED
from several_cases import ADA, PIPEDRIVE, TOMAS, ZOHO, Office
from test_finding_people import ADDRESS, EN, Reception, buttons

from bot.store.database import Database
from connectors.base import NotAuthorised, Unavailable
from handlers import cards
from handlers.commands import Approve, ConfirmMailbox, ConfirmSuccessor, Retry, SignException
from handlers.conversation import Answer, Reply
from handlers.departure import State
from handlers.elements import Card
from handlers.forecast import systems_of
from handlers.intents import Cancel, Press, ShowGhosts, Start, Status, Subject, SubjectKind
from handlers.people import Person
from handlers.plan import Handover, Method
from handlers.practice import Practice
from handlers.refusal import Refusal


@pytest.fixture
async def reception(sqlite_url: str) -> AsyncIterator[Reception]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield Reception(database)
    await database.close()


@pytest.fixture
async def office(sqlite_url: str) -> AsyncIterator[Office]:
    database = Database(sqlite_url)
    await database.upgrade()
    office = Office(database, ZOHO, PIPEDRIVE)
    for crm in office.crms.values():
        crm.give("Contacts", 5)
    yield office
    await database.close()


def silence(crm: FakeCrm, kind: type[NotAuthorised | Unavailable] = NotAuthorised) -> None:
    async def refuse(*_: Any, **__: Any) -> Any:
        raise kind("no", system=crm.system, code="REVOKED")

    for name in ("accounts", "account", "ghosts"):
        setattr(crm, name, refuse)


def card_of(answer: Answer) -> Card:
    assert isinstance(answer, Reply)
    return answer.card


class TestAStart:
    @pytest.mark.parametrize("kind", [NotAuthorised, Unavailable])
    async def test_names_the_system_and_goes_on_without_it_only_once_somebody_says_so(
        self, reception: Reception, kind: type[NotAuthorised | Unavailable]
    ) -> None:
        silence(reception.crms[PIPEDRIVE], kind)
        answer = await reception.asked(Start(ADDRESS, emergency=True))
        assert "Pipedrive" in card_of(answer).text
        assert await reception.opened() == ()
        (without,) = buttons(answer)
        started = card_of(await reception.asked(Press(without.token)))
        (departure,) = await reception.opened()
        assert list(departure.accounts) == [ZOHO]
        assert departure.emergency, "what was typed besides is not forgotten"
        assert [(each.system, each.by.name) for each in departure.left_out] == [(PIPEDRIVE, ADA.person.name)]
        assert "Not handed over: " in str(started)

    async def test_of_nobody_who_is_found_says_nothing_that_is_not_known(self, reception: Reception) -> None:
        del reception.crms[ZOHO].people[LEAVER.id]
        silence(reception.crms[PIPEDRIVE])
        with pytest.raises(NotAuthorised) as error:
            await reception.asked(Start(ADDRESS))
        assert error.value.system == PIPEDRIVE, "whoever asked is told which system it is"

    async def test_of_one_among_namesakes_is_without_it_too(self, reception: Reception) -> None:
        people = reception.crms[ZOHO].people
        people["777"] = replace(people[SUCCESSOR.id], id="777", name=LEAVER.name, email="a.kumar@brightwater.example")
        silence(reception.crms[PIPEDRIVE])
        first, _ = buttons(await reception.asked(Start(Subject(SubjectKind.NAME, LEAVER.name))))
        await reception.asked(Press(first.token))
        (departure,) = await reception.opened()
        assert [each.system for each in departure.left_out] == [PIPEDRIVE]


@pytest.mark.parametrize("silent", [ZOHO, PIPEDRIVE])
async def test_what_is_open_is_shown_and_cancelled_whichever_system_refuses(reception: Reception, silent: str) -> None:
    await reception.asked(Start(ADDRESS))
    silence(reception.crms[silent])
    assert LEAVER.name in card_of(await reception.asked(Status(ADDRESS))).text
    await reception.asked(Cancel(ADDRESS))
    assert await reception.opened() == ()


async def test_ghosts_are_counted_where_they_can_be_and_the_rest_is_named(reception: Reception) -> None:
    crm = reception.crms[ZOHO]
    crm.people[LEAVER.id] = replace(LEAVER, active=False)
    crm.give("Contacts", 3)
    silence(reception.crms[PIPEDRIVE])
    answer = await reception.asked(ShowGhosts())
    assert card_of(answer).text == " ".join(
        (EN.t("ghosts.text", n=3), EN.t("home.ghosts.missing", systems="Pipedrive"))
    )
    (start,) = buttons(answer)
    await reception.asked(Press(start.token))
    (departure,) = await reception.opened()
    assert [each.system for each in departure.left_out] == [PIPEDRIVE]


def test_it_is_not_called_our_fault() -> None:
    card = cards.vendor_error_card(EN, "ab12", system=PIPEDRIVE, away=False)
    assert card.text == "That did not work: Pipedrive has refused us."
    assert "ab12" in str(card.elements)


class TestAPlan:
    async def test_waits_a_while_for_what_is_away_then_asks_somebody(self, office: Office) -> None:
        away = Unavailable("away", system=PIPEDRIVE, code="503")
        office.crms[PIPEDRIVE].failures["inventory"] = [away] * 99
        await office.open()
        departure = await office.work()
        assert departure.state is State.ATTENTION
        assert departure.problem
        assert (departure.problem.system, departure.problem.key) == (PIPEDRIVE, "problem.no_answer")
        office.crms[PIPEDRIVE].failures.clear()
        await office.says(Retry(), ADA)
        assert (await office.work()).state is State.SUCCESSOR

    @pytest.mark.parametrize("silent", [ZOHO, PIPEDRIVE])
    async def test_goes_on_without_a_system_that_refuses_once_somebody_signs(self, office: Office, silent: str) -> None:
        refused = NotAuthorised("revoked", system=silent, code="401")
        office.crms[silent].failures["inventory"] = [refused] * 99
        await office.open()
        departure = await office.work()
        assert departure.problem
        assert departure.problem.system == silent
        with pytest.raises(Refusal, match=r"reason\.missing"):
            await office.says(SignException("  "), ADA)
        await office.says(SignException("Their licence has ended"), ADA)
        departure = await office.work()
        assert departure.state is State.SUCCESSOR
        (other,) = departure.accounts
        assert other != silent
        (left_out,) = departure.left_out
        assert (left_out.system, left_out.by, left_out.reason) == (silent, ADA.person, "Their licence has ended")
        assert left_out.account == replace(LEAVER, system=silent)
        await self._hand_over(office, other)
        departure = await office.work()
        assert office.owners(other) == {"Sofia": 5}
        assert office.owners(silent) == {"Amit": 5}
        view = cards.status_card(EN, departure, ADA, None, departure.since)
        assert "Their licence has ended" in str(view)

    async def test_the_only_system_cannot_be_left_out(self, sqlite_url: str) -> None:
        database = Database(sqlite_url)
        await database.upgrade()
        office = Office(database, ZOHO)
        office.crms[ZOHO].failures["inventory"] = [NotAuthorised("revoked", system=ZOHO, code="401")]
        await office.open()
        await office.work()
        with pytest.raises(Refusal, match=r"exception\.impossible"):
            await office.says(SignException("no"), ADA)
        await database.close()

    @staticmethod
    async def _hand_over(office: Office, system: str) -> None:
        handover = Handover(replace(SUCCESSOR, system=system))
        receivers = {f"{system}/{SUCCESSOR.id}": Person(SUCCESSOR.name, SUCCESSOR.email)}
        method = Method(Practice(), systems_of(office.crms))
        await office.says(ConfirmSuccessor({system: handover}, receivers, frozenset(), method), ADA)
        await office.says(Approve(str((await office.departure()).digest)), TOMAS)
        if (await office.departure()).state is State.MAILBOX:
            await office.says(ConfirmMailbox("checked", RETAINED), ADA)
