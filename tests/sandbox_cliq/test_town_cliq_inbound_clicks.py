"""Buttons of messages: what a click tells the app, and what an answer does to the message."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cliq_inbound_rig import Rig, button, form, rig, text

from sandbox.cliq.answers import NOT_SHOWN
from sandbox.cliq.forms import NotOnScreen

ASKING = {"title": "Approve?", "description": "412 records move", "input": "Comment"}


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


def asking(**confirm: Any) -> dict[str, Any]:
    made = button()
    return made | {"action": made["action"] | {"confirm": ASKING | confirm}}


async def test_a_click_carries_the_key_the_arguments_and_the_message(town: Rig) -> None:
    approve = button(hint="Approve the transfer", arguments={"case_id": "OB-17"})
    message = town.posted({"text": "Approve?", "buttons": [approve]})
    tomas = town.person("tomas")
    await tomas.click(message, "approve")
    sent, params = town.app.last, town.app.params
    assert (sent["type"], sent["name"], sent["handler"]) == ("function", "offboardbutton", {"type": "button_handler"})
    assert params["event"] == "click"
    assert params["target"] == {"name": "Approve", "hint": "Approve the transfer"}
    assert params["arguments"] == {"key": "approve", "case_id": "OB-17"}
    assert (params["message"]["id"], params["message"]["text"]) == (message.id, "Approve?")
    assert params["user"]["id"] == params["access"]["user_id"] == tomas.user_id


async def test_a_button_is_found_by_place_even_in_a_slide(town: Rig) -> None:
    slide = {"type": "text", "data": "More", "buttons": [button("Third")]}
    message = town.posted({"text": "Pick", "buttons": [button("First"), button("Second")], "slides": [slide]})
    for index in range(3):
        await town.person("ada").click(message, index)
    assert [sent["params"]["target"]["name"] for sent in town.app.heard] == ["First", "Second", "Third"]


async def test_without_permission_the_message_is_not_told(town: Rig) -> None:
    town.permit("function", "offboardbutton", "button_handler", [])
    await town.person("ada").click(town.posted({"text": "Approve?", "buttons": [button()]}), "approve")
    assert {"message", "chat", "user"}.isdisjoint(town.app.params)


async def test_an_edit_takes_the_place_of_what_was_clicked(town: Rig) -> None:
    message = town.posted({"text": "Approve?", "card": {"title": "Amit"}, "buttons": [button()]})
    town.app.answer({"type": "message_edit", "text": "Approved by Tomás", "buttons": []})
    await town.person("tomas").click(message, "approve")
    (shown,) = town.person("noor").messages(town.general)
    assert shown.content == {"text": "Approved by Tomás", "card": {"title": "Amit"}, "buttons": []}
    assert shown.edits[0]["text"] == "Approve?"
    with pytest.raises(NotOnScreen):
        await town.person("ada").click(message, "approve")


async def test_an_edit_may_name_only_the_buttons(town: Rig) -> None:
    message = town.posted({"text": "Approve?", "buttons": [button()]})
    town.app.answer({"type": "message_edit", "buttons": []})
    await town.person("tomas").click(message, "approve")
    assert message.content == {"text": "Approve?", "buttons": []}


async def test_a_message_that_is_not_the_apps_cannot_be_edited(town: Rig) -> None:
    noor = town.hall.by_key("noor").id
    message = town.posted({"text": "Approve?", "buttons": [button()]}, sender=noor)
    town.app.answer({"type": "message_edit", "text": "Approved"})
    tomas = town.person("tomas")
    await tomas.click(message, "approve")
    assert message.text == "Approve?"
    assert [banner.text for banner in tomas.banners] == [NOT_SHOWN]
    assert town.hall.refusals == ["function offboardbutton button_handler: the message is not the app's own"]


async def test_an_answer_in_words_is_for_everybody_and_a_form_knows_its_message(town: Rig) -> None:
    message = town.posted({"text": "Approve?", "buttons": [button()]})
    town.app.answer({"text": "Tomás has approved"}, form(text()))
    tomas = town.person("tomas")
    await tomas.click(message, "approve")
    await tomas.click(message, "approve")
    assert [shown.text for shown in town.person("noor").messages(town.general)] == ["Approve?", "Tomás has approved"]
    (opened,) = tomas.forms()
    assert opened.source is message


async def test_what_is_typed_into_the_dialog_comes_along(town: Rig) -> None:
    message = town.posted({"text": "Approve?", "buttons": [asking()]})
    tomas = town.person("tomas")
    await tomas.click(message, "approve", "Good luck")
    town.hall.courier.typed_as_map = True
    await tomas.click(message, "approve", "Good luck")
    await tomas.click(message, "approve")
    heard = [sent["params"]["arguments"].get("input") for sent in town.app.heard]
    assert heard == ["Good luck", {"text": "Good luck"}, None]


async def test_a_dialog_takes_what_it_asks_for_and_nothing_else(town: Rig) -> None:
    tomas = town.person("tomas")
    with pytest.raises(NotOnScreen):
        await tomas.click(town.posted({"text": "A", "buttons": [button()]}), "approve", "Why not")
    with pytest.raises(NotOnScreen):
        await tomas.click(town.posted({"text": "B", "buttons": [asking(mandatory="true")]}), "approve")
    assert town.app.heard == []


async def test_a_button_that_opens_a_page_tells_the_app_nothing(town: Rig) -> None:
    page = {"label": "Open", "key": "open", "action": {"type": "open.url", "data": {"web": "https://crm.example"}}}
    await town.person("ada").click(town.posted({"text": "See", "buttons": [page]}), "open")
    assert town.app.heard == []


async def test_a_button_of_an_unknown_function_fails_in_sight(town: Rig) -> None:
    lost = button() | {"action": {"type": "invoke.function", "data": {"name": "nobody"}}}
    ada = town.person("ada")
    await ada.click(town.posted({"text": "See", "buttons": [lost]}), "approve")
    assert [banner.by_cliq for banner in ada.banners] == [True]
    assert town.hall.refusals == ["function nobody button_handler: there is no such function or handler"]


async def test_what_is_gone_cannot_be_clicked(town: Rig) -> None:
    message = town.posted({"text": "Approve?", "buttons": [button()]})
    with pytest.raises(NotOnScreen):
        await town.person("ada").click(message, "reject")
    message.deleted = True
    with pytest.raises(NotOnScreen):
        await town.person("ada").click(message, "approve")


async def test_an_answer_for_one_person_cannot_be_clicked_by_another(town: Rig) -> None:
    town.app.answer({"text": "Only you", "buttons": [button()]})
    ada = town.person("ada")
    await ada.command(town.general, "/offboard")
    (message,) = ada.messages(town.general)
    with pytest.raises(NotOnScreen):
        await town.person("noor").click(message, "approve")
