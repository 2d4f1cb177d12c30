"""What an admin asks of a departure over several systems that is closed: part of an undo, and handing on."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fake_crm import COLLEAGUE, LEAD, LEAVER, SUCCESSOR
from several_cases import ADA, PIPEDRIVE, ZOHO, Office, now
from test_finding_people import ADDRESS, EN, Reception

from bot.store.database import Database
from handlers import cards
from handlers.checklist import ItemState
from handlers.commands import AnswerHandover, ConfirmBackup, SettleItem
from handlers.conversation import Fields, Reply, ShowForm
from handlers.departure import State
from handlers.elements import Actions, Button, PersonField
from handlers.events import HandoverReply
from handlers.intents import Action, Press, Start, Submit, Token, Undo
from handlers.people import Party


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield database
    await database.close()


@pytest.fixture
async def office(database: Database) -> Office:
    """Five contacts and two deals in each system are Sofia's; their ids are the same in both."""
    office = Office(database, ZOHO, PIPEDRIVE)
    for crm in office.crms.values():
        crm.give("Contacts", 5)
        crm.give("Deals", 2)
    await office.approve()
    await close(office)
    return office


async def close(office: Office) -> None:
    await office.work()
    await office.says(ConfirmBackup("retained"), ADA)
    for item in (await office.work()).checklist:
        await office.says(SettleItem(item.key, ItemState.DONE, "seen"), ADA)
    assert (await office.departure()).state is State.CLOSED


@pytest.fixture
def reception(database: Database, office: Office) -> Reception:
    made = Reception(database)
    made.crms, made.store = office.crms, office.store
    return made


def undo_button(answer: object) -> Button:
    assert isinstance(answer, Reply)
    actions = next(each for each in answer.card.elements if isinstance(each, Actions))
    return next(each for each in actions.buttons if each.token.action is Action.UNDO)


async def test_an_id_that_several_records_have_is_asked_back_with_what_to_type(
    office: Office, reception: Reception
) -> None:
    record = next(iter(office.crms[ZOHO].rows["Contacts"]))
    answer = await reception.asked(Undo(ADDRESS, record))
    assert isinstance(answer, Reply)
    places = f"{ZOHO}/Contacts/{record}, {PIPEDRIVE}/Contacts/{record}"
    assert answer.card.text == EN.t("undo.several_records", record=record, places=places)

    shown = await reception.asked(Undo(ADDRESS, f"{PIPEDRIVE}/contacts/{record}"))
    await reception.asked(Press(undo_button(shown).token))
    await office.work()
    assert (office.owners(ZOHO), office.owners(PIPEDRIVE)) == ({"Sofia": 7}, {"Amit": 1, "Sofia": 6})


async def test_a_button_of_an_earlier_version_gives_back_one_record_or_none(
    office: Office, reception: Reception
) -> None:
    record = next(iter(office.crms[ZOHO].rows["Contacts"]))
    turn = (await office.departure()).turn
    answer = await reception.asked(Press(Token(Action.UNDO, office.id, turn, record)))
    assert isinstance(answer, Reply)
    assert record in answer.card.text
    await office.work()
    assert (office.owners(ZOHO), office.owners(PIPEDRIVE)) == ({"Sofia": 7}, {"Sofia": 7})


async def test_a_module_is_shown_in_every_system_that_has_it(reception: Reception) -> None:
    shown = await reception.asked(Undo(ADDRESS, "Deals"))
    assert undo_button(shown).token.subject == f"{ZOHO}/Deals,{PIPEDRIVE}/Deals"
    assert isinstance(shown, Reply)
    assert shown.card.text == EN.t("undo.text", n=4, what="4 records", leaver=LEAVER.name)


async def test_the_newest_of_two_departures_over_different_systems_is_meant(
    office: Office, reception: Reception
) -> None:
    here, there = office.crms[ZOHO], office.crms[PIPEDRIVE]
    account = there.people.pop(LEAVER.id)
    here.people[LEAVER.id] = replace(LEAVER, active=True)
    here.give("Contacts", 3)
    await reception.asked(Start(ADDRESS))
    (departure,) = await reception.opened()
    assert list(departure.accounts) == [ZOHO]
    office.id = departure.id
    await office.agree()
    await close(office)
    there.people[LEAVER.id] = account
    shown = await reception.asked(Undo(ADDRESS, ""))
    assert undo_button(shown).token.departure == departure.id
    assert isinstance(shown, Reply)
    assert shown.card.text == EN.t("undo.text", n=3, what="3 records", leaver=LEAVER.name)


@pytest.fixture
async def button(office: Office) -> Token:
    """To hand on what Sofia has: she has proposed Ben, who is not in Pipedrive."""
    del office.crms[PIPEDRIVE].people[COLLEAGUE.id]
    departure = await office.departure()
    assert departure.successor
    await office.says(AnswerHandover(HandoverReply.PROPOSED, "Ben knows them"), Party(departure.successor, admin=False))
    departure = await office.departure()
    return Token(Action.HAND_ON, office.id, departure.turn, f"{ZOHO}/{SUCCESSOR.id}")


async def test_whoever_is_not_in_every_system_has_records_handed_on_with_somebody_else(
    office: Office, reception: Reception, button: Token
) -> None:
    opened = await reception.asked(Press(button))
    assert isinstance(opened, ShowForm)
    fields = [field for field in opened.form.fields if isinstance(field, PersonField)]
    assert [(field.name, field.optional) for field in fields] == [("successor", False), ("successor.pipedrive", True)]

    answer = await reception.asked(Submit(button, {"successor": COLLEAGUE.id}))
    assert isinstance(answer, Fields)
    assert list(answer.errors) == ["successor.pipedrive"]
    assert (await office.departure()).state is State.CLOSED

    chosen = {"successor": COLLEAGUE.id, "successor.pipedrive": LEAD.id}
    assert await reception.asked(Submit(button, chosen)) is None
    departure = await office.work()
    assert (office.owners(ZOHO), office.owners(PIPEDRIVE)) == ({"Ben": 7}, {"Tomás": 7})
    names = {key: person.name for key, person in departure.receivers.items()}
    assert names[f"{ZOHO}/{COLLEAGUE.id}"] == COLLEAGUE.name
    assert names[f"{PIPEDRIVE}/{LEAD.id}"] == LEAD.name
    posted = await office.store.read(
        lambda tx: cards.postings(departure, tx.progress(office.id), now=now(), channels=())
    )
    said = next(each.card.text for each in posted if ":returned:1:" in each.key)
    assert f"{COLLEAGUE.name} and {LEAD.name}" in said


async def test_a_person_who_leaves_the_field_empty_is_the_same_one_everywhere(
    office: Office, reception: Reception, button: Token
) -> None:
    assert await reception.asked(Submit(button, {"successor": LEAD.id, "successor.pipedrive": ""})) is None
    departure = await office.departure()
    assert departure.undoings[-1].people == {}
    assert departure.undoings[-1].person
    assert departure.undoings[-1].person.name == LEAD.name
