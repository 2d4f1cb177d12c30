"""Somebody is found in every system: by their address, by an alias of the house, or by asking."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final

import pytest
from fake_crm import LEAVER, SUCCESSOR, FakeCrm
from run_cases import NobodyElse
from several_cases import ADA, PIPEDRIVE, ZOHO, crm_for, now

from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.transaction import SqlStore
from handlers.consequences import HouseRules
from handlers.conversation import Answer, Conversation, Reply
from handlers.departure import Departure
from handlers.elements import Actions, Button
from handlers.ghosts import GhostWatch
from handlers.intents import Action, Actor, Delivery, Intent, Press, Start, StartOf, Subject, SubjectKind, Token
from handlers.people import Person
from handlers.practice import Practice
from handlers.steps.unit import RunSettings
from handlers.texts import Texts

ADDRESS: Final = Subject(SubjectKind.EMAIL, LEAVER.email)
OTHER: Final = "a.kumar@brightwater.example"
EN: Final = Texts("en")


class Admins(NobodyElse):
    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        del surface, chat_id
        return ADA.person


class Reception:
    """Two systems, and what an admin asks of them."""

    def __init__(self, database: Database) -> None:
        self.crms: dict[str, FakeCrm] = {system: crm_for(system) for system in (ZOHO, PIPEDRIVE)}
        self.store = SqlStore(database, lambda *_: None, now)
        self._inbox = Inbox(database)
        self._asked = 0

    def known_as(self, system: str, email: str) -> None:
        people = self.crms[system].people
        people[LEAVER.id] = replace(people[LEAVER.id], email=email)

    async def asked(self, intent: Intent, aliases: Mapping[str, tuple[str, ...]] | None = None) -> Answer:
        self._asked += 1
        await self._inbox.add(str(self._asked), "slack", body="{}", received_at=now())
        conversation = Conversation(
            store=self.store, people=Admins(), connectors=self.crms, ghosts=GhostWatch(self.crms, now=now), now=now,
            rules=HouseRules(frozenset({str(ADA.person.email)})),
            settings=RunSettings(practice=Practice(aliases=dict(aliases or {}))),
        )  # fmt: skip
        return await conversation.handle(Delivery(str(self._asked), Actor("slack", "U0ADA"), intent))

    async def opened(self) -> tuple[Departure, ...]:
        return await self.store.read(lambda tx: tx.open_departures())


@pytest.fixture
async def reception(sqlite_url: str) -> AsyncIterator[Reception]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield Reception(database)
    await database.close()


def buttons(answer: Answer) -> list[Button]:
    assert isinstance(answer, Reply)
    return [each for e in answer.card.elements if isinstance(e, Actions) for each in e.buttons]


async def test_one_address_finds_all_accounts(reception: Reception) -> None:
    await reception.asked(Start(ADDRESS))
    (departure,) = await reception.opened()
    assert {system: account.id for system, account in departure.accounts.items()} == {
        ZOHO: LEAVER.id,
        PIPEDRIVE: LEAVER.id,
    }


async def test_whoever_is_in_one_system_alone_is_off_boarded_there(reception: Reception) -> None:
    del reception.crms[PIPEDRIVE].people[LEAVER.id]
    await reception.asked(Start(ADDRESS))
    (departure,) = await reception.opened()
    assert list(departure.accounts) == [ZOHO]


@pytest.mark.parametrize("typed", [LEAVER.email, OTHER.upper()])
async def test_an_alias_of_the_house_finds_another_address(reception: Reception, typed: str) -> None:
    reception.known_as(PIPEDRIVE, OTHER)
    aliases = {LEAVER.email: (OTHER,)}
    await reception.asked(Start(Subject(SubjectKind.EMAIL, typed)), aliases)
    (departure,) = await reception.opened()
    assert [account.email for account in departure.accounts.values()] == [LEAVER.email, OTHER]


async def test_the_same_name_under_another_address_is_asked_about(reception: Reception) -> None:
    reception.known_as(PIPEDRIVE, OTHER)
    answer = await reception.asked(Start(ADDRESS))
    assert await reception.opened() == (), "nothing begins before somebody has answered"
    together, without = buttons(answer)
    assert together.token.action is Action.START
    await reception.asked(Press(without.token))
    (departure,) = await reception.opened()
    assert list(departure.accounts) == [ZOHO]


async def test_the_answer_that_it_is_the_same_person_opens_one_departure_over_both(reception: Reception) -> None:
    reception.known_as(PIPEDRIVE, OTHER)
    together, _ = buttons(await reception.asked(Start(ADDRESS)))
    await reception.asked(Press(together.token))
    (departure,) = await reception.opened()
    assert [account.email for account in departure.accounts.values()] == [LEAVER.email, OTHER]


@pytest.mark.parametrize(("emergency", "when"), [(True, ""), (False, "2099-12-31 18:00")])
async def test_what_was_typed_besides_is_not_forgotten_while_somebody_answers(
    reception: Reception, emergency: bool, when: str
) -> None:
    reception.known_as(PIPEDRIVE, OTHER)
    together, _ = buttons(await reception.asked(Start(ADDRESS, when=when, emergency=emergency)))
    await reception.asked(Press(together.token))
    (departure,) = await reception.opened()
    assert departure.emergency is emergency
    assert (departure.due is not None and departure.due.year == 2099) is bool(when)


async def test_nobody_opens_a_second_one_by_another_of_the_accounts(reception: Reception) -> None:
    reception.known_as(PIPEDRIVE, OTHER)
    together, without = buttons(await reception.asked(Start(ADDRESS)))
    await reception.asked(Press(together.token))
    answer = await reception.asked(Press(without.token))
    assert isinstance(answer, Reply)
    assert answer.card.text == EN.t("already.text", leaver=LEAVER.name, admin=ADA.person.name)
    assert len(await reception.opened()) == 1


async def test_two_people_of_one_name_are_two_choices_each_with_all_their_accounts(reception: Reception) -> None:
    for crm in reception.crms.values():
        crm.people["777"] = replace(crm.people[SUCCESSOR.id], id="777", name=LEAVER.name, email=OTHER)
    first, second = buttons(await reception.asked(Start(Subject(SubjectKind.NAME, LEAVER.name))))
    assert first.token.subject.count("+") == second.token.subject.count("+") == 1
    await reception.asked(Press(second.token))
    (departure,) = await reception.opened()
    assert {account.id for account in departure.accounts.values()} == {"777"}


async def test_an_account_that_was_made_up_opens_nothing(reception: Reception) -> None:
    reception.known_as(PIPEDRIVE, OTHER)
    together, _ = buttons(await reception.asked(Start(ADDRESS)))
    forged = replace(together.token, subject=together.token.subject.replace(LEAVER.id, "999"))
    answer = await reception.asked(Press(forged))
    assert isinstance(answer, Reply)
    assert await reception.opened() == ()


async def test_a_second_account_in_one_system_is_named_and_left_alone(reception: Reception) -> None:
    crm = reception.crms[PIPEDRIVE]
    crm.people["999"] = replace(crm.people[LEAVER.id], id="999")
    answer = await reception.asked(Start(ADDRESS))
    (departure,) = await reception.opened()
    assert [each.id for each in departure.further] == ["999"]
    assert isinstance(answer, Reply)
    assert "Another account of the same person in " in str(answer.card)
    assert "999" in str(answer.card)


async def test_whoever_leaves_decides_nothing_under_an_alias_either(reception: Reception) -> None:
    answer = await reception.asked(Start(ADDRESS), {LEAVER.email: (str(ADA.person.email),)})
    assert isinstance(answer, Reply)
    assert answer.card.text == EN.t("denied.leaver")
    assert await reception.opened() == ()


async def test_accounts_of_two_people_are_never_opened_as_one(reception: Reception) -> None:
    for accounts in (
        (f"{ZOHO}/{LEAVER.id}", f"{PIPEDRIVE}/{SUCCESSOR.id}"),
        (f"{ZOHO}/{LEAVER.id}", f"{ZOHO}/{SUCCESSOR.id}"),
    ):
        forged = Token(Action.START, subject=StartOf(accounts).encode())
        assert isinstance(await reception.asked(Press(forged)), Reply)
    assert await reception.opened() == ()


async def test_the_system_in_which_somebody_cannot_be_locked_out_is_named(reception: Reception) -> None:
    people = reception.crms[PIPEDRIVE].people
    people[LEAVER.id] = replace(people[LEAVER.id], protected="account_owner")
    answer = await reception.asked(Start(ADDRESS))
    assert isinstance(answer, Reply)
    assert answer.card.text == EN.t("protected.account_owner", name=LEAVER.name, system="Pipedrive")
