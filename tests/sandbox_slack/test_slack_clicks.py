"""Clicks and choices in messages, as the app hears of them."""

import asyncio
from typing import Any

import pytest
from starlette.responses import Response
from workspace_rig import Rig, actions, button, section

from sandbox.slack import Message
from sandbox.slack.forms import NotOnScreen

LOG = "C0CRMOFFBOARDINGLOG"
OPTIONS = [{"text": {"type": "plain_text", "text": name.title()}, "value": name} for name in ("move", "keep")]

DEAL = {"type": "external_select", "action_id": "deal", "min_query_length": 2}
DEAL_IDS = {"block_id": "buttons", "action_id": "deal"}


async def card(town: Rig, *elements: dict[str, Any], channel: str = "U0ADA", **more: Any) -> Message:
    content = {"text": "A card", "blocks": [actions(*(elements or (button(value="case-1", style="primary"),)))]}
    answer = await town.api("chat.postMessage", channel=channel, **(content | more))
    return town.workspace.channels[answer["channel"]].messages[answer["ts"]]


async def test_a_click_carries_the_message_and_the_button(town: Rig) -> None:
    message = await card(town)
    await town.person("ada").click(message=message, block_id="buttons", action_id="go")
    sent = town.app.last
    assert (sent["type"], sent["user"]["id"], sent["team"]["id"]) == ("block_actions", "U0ADA", "T0BRIGHTWATER")
    assert sent["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "D0ADA",
        "is_ephemeral": False,
    }
    assert sent["channel"] == {"id": "D0ADA", "name": "directmessage"}
    assert sent["message"]["blocks"] == message.blocks
    (action,) = sent["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "button",
        "action_id": "go",
        "block_id": "buttons",
        "text": {"type": "plain_text", "text": "Go", "emoji": True},
        "value": "case-1",
        "style": "primary",
    }


async def test_metadata_is_not_part_of_a_click(town: Rig) -> None:
    message = await card(town, metadata={"event_type": "x", "event_payload": {}})
    await town.person("ada").click(message=message, block_id="buttons", action_id="go")
    assert "metadata" not in town.app.last["message"]


async def test_a_click_on_an_ephemeral_message_does_not_say_what_it_said(town: Rig) -> None:
    await town.api("chat.postEphemeral", channel=LOG, user="U0ADA", text="x", blocks=[actions(button())])
    ada = town.person("ada")
    await ada.click(message=ada.messages(LOG)[0], block_id="buttons", action_id="go")
    assert town.app.last["container"]["is_ephemeral"] is True
    assert "message" not in town.app.last


async def test_a_click_in_a_thread_names_the_thread(town: Rig) -> None:
    parent = await card(town)
    reply = await card(town, thread_ts=parent.ts)
    await town.person("ada").click(message=reply, block_id="buttons", action_id="go")
    assert town.app.last["container"]["thread_ts"] == parent.ts
    await town.http.post(town.app.last["response_url"], json={"text": "psst"})
    assert town.person("ada").messages("D0ADA")[-1].thread_ts == parent.ts


@pytest.mark.parametrize(
    ("element", "value", "held"),
    [
        ({"type": "static_select", "options": OPTIONS}, "keep", {"selected_option": "keep"}),
        ({"type": "radio_buttons", "options": OPTIONS}, "move", {"selected_option": "move"}),
        ({"type": "checkboxes", "options": OPTIONS}, ["move", "keep"], {"selected_options": ["move", "keep"]}),
        ({"type": "overflow", "options": OPTIONS}, "move", {"selected_option": "move"}),
        ({"type": "users_select"}, "U0SOFIA", {"selected_user": "U0SOFIA"}),
        ({"type": "multi_users_select"}, ["U0SOFIA"], {"selected_users": ["U0SOFIA"]}),
        ({"type": "conversations_select"}, LOG, {"selected_conversation": LOG}),
        ({"type": "datepicker"}, "2026-11-30", {"selected_date": "2026-11-30"}),
        ({"type": "timepicker"}, "09:30", {"selected_time": "09:30"}),
        ({"type": "datetimepicker"}, "1790000000", {"selected_date_time": 1790000000}),
        ({"type": "users_select", "initial_user": "U0BEN"}, None, {"selected_user": None}),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else "",
)
async def test_each_element_says_what_was_chosen_in_its_own_words(
    town: Rig, element: dict[str, Any], value: Any, held: dict[str, Any]
) -> None:
    message = await card(town, {"action_id": "it", **element})
    await town.person("ada").click(message=message, block_id="buttons", action_id="it", value=value)
    (action,) = town.app.last["actions"]
    by_value = {
        "selected_option": lambda one: one["value"],
        "selected_options": lambda many: [one["value"] for one in many],
    }
    for key, expected in held.items():
        assert by_value.get(key, lambda found: found)(action[key]) == expected
    assert "options" not in action


async def test_a_choice_in_a_message_is_the_persons_own_and_travels_with_the_next_click(town: Rig) -> None:
    message = await card(town, {"type": "users_select", "action_id": "who"}, button(), channel=LOG)
    await town.person("ada").click(message=message, block_id="buttons", action_id="who", value="U0SOFIA")
    await town.person("ada").click(message=message, block_id="buttons", action_id="go")
    mine = town.app.last["state"]["values"]
    await town.person("noor").click(message=message, block_id="buttons", action_id="go")
    theirs = town.app.last["state"]["values"]
    assert mine["buttons"]["who"] == {"type": "users_select", "selected_user": "U0SOFIA"}
    assert theirs["buttons"]["who"]["selected_user"] is None


async def test_only_what_is_on_the_screen_can_be_used(town: Rig) -> None:
    message = await card(town, button(), {"type": "static_select", "action_id": "pick", "options": OPTIONS})
    ada, tomas = town.person("ada"), town.person("tomas")
    with pytest.raises(NotOnScreen):
        await ada.click(message=message, block_id="buttons", action_id="other")
    with pytest.raises(NotOnScreen):
        await ada.click(message=message, block_id="buttons", action_id="pick", value="other")
    with pytest.raises(NotOnScreen):
        await tomas.click(message=message, block_id="buttons", action_id="go")
    await town.api("chat.update", channel="D0ADA", ts=message.ts, text="Done", blocks=[section("Done")])
    with pytest.raises(NotOnScreen):
        await ada.click(message=message, block_id="buttons", action_id="go")
    assert town.app.heard == []


async def test_nobody_can_pick_a_closed_account(town: Rig) -> None:
    message = await card(town, {"type": "users_select", "action_id": "who"})
    with pytest.raises(NotOnScreen):
        await town.person("ada").click(message=message, block_id="buttons", action_id="who", value="U0WALTER")


async def test_a_double_click_sends_two_payloads_at_once(town: Rig) -> None:
    message = await card(town)
    await town.person("ada").click(message=message, block_id="buttons", action_id="go", times=2)
    first, second = town.app.heard
    assert first["actions"][0]["value"] == second["actions"][0]["value"]
    assert first["trigger_id"] != second["trigger_id"]


async def test_two_people_can_click_at_the_same_moment(town: Rig) -> None:
    message = await card(town, channel=LOG)
    click = {"message": message, "block_id": "buttons", "action_id": "go"}
    await asyncio.gather(town.person("ada").click(**click), town.person("tomas").click(**click))
    assert {sent["user"]["id"] for sent in town.app.heard} == {"U0ADA", "U0TOMAS"}


async def test_a_click_can_be_delivered_once_more_on_purpose(town: Rig) -> None:
    await town.person("ada").click(message=await card(town), block_id="buttons", action_id="go")
    await town.workspace.redeliver_last()
    assert town.app.heard[0] == town.app.heard[1]


@pytest.mark.parametrize(
    ("answer", "code"), [(Response(status_code=500), "dispatch_failed"), (None, "operation_timeout")]
)
async def test_a_click_that_was_not_heard_is_marked_until_the_next_try(
    town: Rig, answer: Response | None, code: str
) -> None:
    message = await card(town)
    ada = town.person("ada")
    if answer:
        town.app.answers.append(answer)
    else:
        town.app.slow = 0.4
    await ada.click(message=message, block_id="buttons", action_id="go")
    (notice,) = ada.errors
    assert (notice.code, notice.message_ts) == (code, message.ts)
    assert len(ada.messages("D0ADA")) == 1
    town.app.slow = 0
    await ada.click(message=message, block_id="buttons", action_id="go")
    assert ada.errors == []


class TestResponseUrl:
    async def test_it_replaces_the_message_that_was_clicked(self, town: Rig) -> None:
        message = await card(town)
        await town.person("ada").click(message=message, block_id="buttons", action_id="go")
        await town.http.post(town.app.last["response_url"], json={"replace_original": True, "text": "Approved"})
        (seen,) = town.person("ada").messages("D0ADA")
        assert (seen.ts, seen.text, seen.blocks) == (message.ts, "Approved", [])

    async def test_it_deletes_the_message_that_was_clicked(self, town: Rig) -> None:
        await town.api("chat.postEphemeral", channel=LOG, user="U0ADA", text="x", blocks=[actions(button())])
        ada = town.person("ada")
        await ada.click(message=ada.messages(LOG)[0], block_id="buttons", action_id="go")
        await town.http.post(town.app.last["response_url"], json={"delete_original": True})
        assert ada.messages(LOG) == []

    async def test_without_a_word_about_the_original_it_whispers(self, town: Rig) -> None:
        message = await card(town, channel=LOG)
        await town.person("ada").click(message=message, block_id="buttons", action_id="go")
        await town.http.post(town.app.last["response_url"], json={"text": "Not yours to approve"})
        assert [seen.text for seen in town.person("ada").messages(LOG)] == ["A card", "Not yours to approve"]
        assert [seen.text for seen in town.person("noor").messages(LOG)] == ["A card"]


class TestExternalSelect:
    async def test_the_app_suggests_and_the_person_picks_one_of_those(self, town: Rig) -> None:
        message = await card(town, DEAL)
        ada = town.person("ada")
        groups = [{"label": {"type": "plain_text", "text": "All"}, "options": [option]} for option in OPTIONS]
        town.app.answer({"option_groups": groups})
        found = await ada.options(message=message, query="mo", **DEAL_IDS)
        assert town.app.last["type"] == "block_suggestion"
        assert town.app.last["value"] == "mo"
        assert [option["value"] for option in found] == ["move", "keep"]
        await ada.click(message=message, value="move", **DEAL_IDS)
        assert town.app.last["actions"][0]["selected_option"] == OPTIONS[0]
        with pytest.raises(NotOnScreen):
            await ada.click(message=message, value="other", **DEAL_IDS)

    async def test_a_short_text_asks_nobody(self, town: Rig) -> None:
        message = await card(town, DEAL)
        assert await town.person("ada").options(message=message, query="m", **DEAL_IDS) == []
        assert town.app.heard == []

    async def test_suggestions_that_do_not_come_leave_a_mark(self, town: Rig) -> None:
        message = await card(town, DEAL)
        town.app.answers.append(Response(status_code=500))
        assert await town.person("ada").options(message=message, query="move", **DEAL_IDS) == []
        assert [notice.message_ts for notice in town.person("ada").errors] == [message.ts]


async def test_shortcuts_open_from_anywhere_or_from_a_message(town: Rig) -> None:
    ada = town.person("ada")
    await ada.shortcut("offboard_start")
    sent = town.app.last
    assert (sent["type"], sent["callback_id"]) == ("shortcut", "offboard_start")
    assert sent["trigger_id"]
    assert not {"channel", "response_url"} & set(sent)
    said = await ada.say("C0GENERAL", "I am leaving, @amit")
    assert said.text == "I am leaving, <@U0AMIT>"
    await town.person("noor").message_shortcut("offboard_author", said)
    sent = town.app.last
    assert (sent["type"], sent["message"]["user"], sent["channel"]["name"]) == ("message_action", "U0ADA", "general")
    await town.http.post(sent["response_url"], json={"text": "On it"})
    assert [message.text for message in town.person("noor").messages("C0GENERAL")][-1] == "On it"
