"""Whose departure an undo is about, where names are not unique."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import pytest
import undo_cases
from fake_crm import LEAVER, FakeCrm
from run_cases import NobodyElse
from undo_cases import ADA, SYSTEM, UndoDesk, now

from bot.store.database import Database
from bot.store.transaction import SqlStore
from connectors.base import Account
from handlers.consequences import HouseRules
from handlers.conversation import Answer, Conversation, Reply
from handlers.ghosts import GhostWatch
from handlers.intents import Actor, Delivery, Subject, SubjectKind, Undo
from handlers.people import Person
from handlers.steps.unit import RunSettings
from handlers.texts import Texts

TWIN: Final = replace(LEAVER, id="111", email="amit.kumar@brightwater.example")
EN: Final = Texts("en")


class Admins(NobodyElse):
    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        del surface, chat_id
        return ADA.person


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield database
    await database.close()


@pytest.fixture
async def crm(database: Database, monkeypatch: pytest.MonkeyPatch) -> FakeCrm:
    """Two people of one name, whose departures are closed, with records in other hands."""
    crm = FakeCrm()
    crm.people[TWIN.id] = TWIN
    for number, account in enumerate((LEAVER, TWIN), start=1):
        monkeypatch.setattr(undo_cases, "LEAVER", account)
        desk = UndoDesk(SqlStore(database, lambda *_: None, now), crm, f"dep-{number}")
        await desk.open()
        await desk.moved("Contacts", crm.give("Contacts", number, to=account))
    return crm


async def asked(database: Database, crm: FakeCrm, subject: Subject) -> Answer:
    store = SqlStore(database, lambda *_: None, now)
    rules = HouseRules(frozenset({str(ADA.person.email)}))
    conversation = Conversation(
        store=store, people=Admins(), connectors={SYSTEM: crm}, rules=rules, ghosts=GhostWatch({SYSTEM: crm}, now=now),
        settings=RunSettings(), now=now,
    )  # fmt: skip
    return await conversation.handle(Delivery("1", Actor("slack", "U0ADA"), Undo(subject, "")))


async def test_a_name_that_two_people_bear_is_asked_back(database: Database, crm: FakeCrm) -> None:
    answer = await asked(database, crm, Subject(SubjectKind.NAME, LEAVER.name))
    assert isinstance(answer, Reply)
    assert answer.card.text == EN.t("status.several", name=LEAVER.name)


@pytest.mark.parametrize(("account", "records"), [(LEAVER, 1), (TWIN, 2)])
async def test_an_address_says_which(database: Database, crm: FakeCrm, account: Account, records: int) -> None:
    answer = await asked(database, crm, Subject(SubjectKind.EMAIL, account.email))
    assert isinstance(answer, Reply)
    assert answer.card.text == EN.t("undo.text", n=records, what=EN.t("notice.records", n=records), leaver=LEAVER.name)


async def test_two_departures_of_one_person_are_no_riddle(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = FakeCrm()
    monkeypatch.setattr(undo_cases, "LEAVER", LEAVER)
    for number in (1, 2):
        desk = UndoDesk(SqlStore(database, lambda *_: None, now), crm, f"dep-{number}")
        await desk.open()
        await desk.moved("Contacts", crm.give("Contacts", number))
    answer = await asked(database, crm, Subject(SubjectKind.NAME, LEAVER.name))
    assert isinstance(answer, Reply)
    assert answer.card.text == EN.t("undo.text", n=2, what="2 records", leaver=LEAVER.name), "the newest"
