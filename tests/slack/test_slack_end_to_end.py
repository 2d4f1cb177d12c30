"""A person at their Slack client, the edge behind a real server, and what arrives at the door."""

import pytest
from slack_rig import Town

from bot.chat.surface import FieldErrors
from handlers.elements import Actions, Button, Card, Choice, Form, PersonField, TextField
from handlers.intents import Action, Help, Misunderstood, OpenHome, Press, Start, Subject, SubjectKind, Submit, Token
from sandbox.slack import Client

LOG = "C0CRMOFFBOARDINGLOG"
APPROVE = Token(Action.APPROVE, "dep1", 3, "9f2c")
DETAILS = Token(Action.DETAILS, "dep1", 3)
RETRY = Token(Action.RETRY, "dep1", 3)
SUCCESSOR = Token(Action.CHOOSE_SUCCESSOR, "dep1", 3)
CARD = Card("Approve?", (Actions((Button("Approve", APPROVE),), (Button("Details", DETAILS), Button("Retry", RETRY))),))
FORM = Form(
    SUCCESSOR,
    "Successor",
    "Save",
    "Back",
    fields=(PersonField("successor", "Successor"), TextField("note", "Note", optional=True)),
)


def whispered(client: Client, channel: str) -> list[str]:
    return [message.text for message in client.messages(channel) if message.only_for]


@pytest.mark.parametrize("labelled", [True, False])
async def test_a_command_arrives_and_its_author_sees_an_answer(town: Town, labelled: bool) -> None:
    town.workspace.labelled_mentions = labelled
    ada = town.client("U0ADA")
    await ada.command("C0GENERAL", "/offboard @amit")
    assert town.door.last().intent == Start(Subject(SubjectKind.CHAT_ID, "U0AMIT"))
    assert town.door.last().actor.id == "U0ADA"
    assert whispered(ada, "C0GENERAL") == ["I am on it."]
    assert ada.errors == []


async def test_the_answer_to_a_command_finds_its_way_back(town: Town) -> None:
    ada = town.client("U0ADA")
    await ada.command("C0GENERAL", "/offboard help")
    assert town.door.last().intent == Help()
    await town.surface.reply("U0ADA", town.door.last().reply, Card("This is what I can do."))
    assert whispered(ada, "C0GENERAL") == ["I am on it.", "This is what I can do."]


async def test_two_people_in_one_command_are_not_guessed_at(town: Town) -> None:
    await town.client("U0ADA").command("C0GENERAL", "/offboard @amit to @ben")
    assert isinstance(town.door.last().intent, Misunderstood)


async def test_a_person_sees_slacks_error_when_nothing_could_be_stored(town: Town) -> None:
    town.door.failure = ConnectionError("the database is gone")
    ada = town.client("U0ADA")
    await ada.command("C0GENERAL", "/offboard @amit")
    assert [notice.code for notice in ada.errors] == ["dispatch_failed"]


async def test_buttons_and_menu_entries_press_what_they_carry(town: Town) -> None:
    posted = await town.surface.post("U0TOMAS", CARD, key="k1")
    tomas = town.client("U0TOMAS")
    (message,) = tomas.messages(posted.channel)
    approve, menu = message.blocks[0]["elements"]
    await tomas.click(message=message, block_id=message.blocks[0]["block_id"], action_id=approve["action_id"])
    assert town.door.last().intent == Press(APPROVE)
    chosen = menu["options"][0]["value"]
    await tomas.click(message=message, block_id="ob:0", action_id=menu["action_id"], value=chosen)
    assert town.door.last().intent == Press(DETAILS)
    assert tomas.errors == []


async def test_a_double_click_is_two_deliveries_and_a_redelivery_is_the_same_one(town: Town) -> None:
    posted = await town.surface.post("U0TOMAS", CARD, key="k1")
    tomas = town.client("U0TOMAS")
    (message,) = tomas.messages(posted.channel)
    approve = message.blocks[0]["elements"][0]
    await tomas.click(message=message, block_id="ob:0", action_id=approve["action_id"], times=2)
    await town.workspace.redeliver_last()
    ids = [delivery.id for delivery in town.door.deliveries]
    assert len(ids) == 3
    assert len(set(ids)) == 2


async def test_a_form_is_filled_corrected_and_closed(town: Town) -> None:
    ada = town.client("U0ADA")
    await ada.command("C0GENERAL", "/offboard @amit")
    await town.surface.open_form(town.door.last().reply, FORM)
    (view,) = ada.modals()
    town.door.choices = (Choice("5000000000121", "Ben Carter"),)
    await ada.options(view=view, block_id="ob:field:successor", action_id="ob:input", query="be")
    values = {"ob:field:successor": {"ob:input": "5000000000121"}}
    town.door.errors = FieldErrors({"successor": "Ben is on leave."})
    assert await ada.submit(view.id, values) == {"ob:field:successor": "Ben is on leave."}
    town.door.errors = None
    assert await ada.submit(view.id, values) == {}
    assert ada.modals() == []
    assert town.door.last().intent == Submit(SUCCESSOR, {"successor": "5000000000121", "note": ""})
    assert len({delivery.id for delivery in town.door.deliveries}) == 3


async def test_opening_the_home_tab_and_the_shortcut_arrive(town: Town) -> None:
    ada = town.client("U0ADA")
    await ada.open_home()
    assert town.door.last().intent == OpenHome()
    first = town.door.last().id
    await town.workspace.redeliver_last()
    assert town.door.last().id == first
    await ada.shortcut("offboard_start")
    assert town.door.last().intent == Help()


async def test_slack_accepts_the_request_url(town: Town) -> None:
    assert await town.workspace.verify_request_url()


async def test_an_account_that_is_closed_is_an_event_that_is_ignored(town: Town) -> None:
    await town.workspace.deactivate("U0AMIT")
    assert town.door.deliveries == []
