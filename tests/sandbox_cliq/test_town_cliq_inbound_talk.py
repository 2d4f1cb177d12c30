"""What people type, how the app hears of it, and where its answers appear."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cliq_inbound_rig import Rig, button, form, rig, text

from sandbox.cliq.answers import NOT_SHOWN
from sandbox.cliq.client import Client
from sandbox.cliq.forms import NotOnScreen
from sandbox.cliq.model import Handler


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


def texts(person: Client, chat_id: str) -> list[str]:
    return [message.text for message in person.messages(chat_id)]


class TestMentions:
    async def test_a_mention_comes_with_all_that_cliq_knows_of_the_person(self, town: Rig) -> None:
        await town.person("ada").command(town.general, "/offboard @Amit Kumar please")
        assert town.app.params["arguments"] == "@Amit Kumar please"
        assert town.app.params["mentions"] == [
            {
                "type": "user",
                "id": town.hall.by_key("amit").id,
                "first_name": "Amit",
                "last_name": "Kumar",
                "email": "amit@brightwater.example",
                "timezone": "Europe/Berlin",
                "country": "us",
                "language": "en",
            }
        ]

    @pytest.mark.parametrize(
        ("typed", "mentioned"),
        [
            ("@tomás rivera, @Sofia Lindgren", ["tomas", "sofia"]),
            ("@Amit Kumarasamy", []),
            ("@Alex Kim", []),  # two people
            ("@Walter Groß", []),  # gone
            ("@Mei Chen", []),
            ("amit@brightwater.example", []),
            ("{@999}", []),
        ],
    )
    async def test_only_people_one_can_mean_are_mentioned(self, town: Rig, typed: str, mentioned: list[str]) -> None:
        await town.person("ada").command(town.general, f"/offboard {typed}")
        assert [each["id"] for each in town.app.params["mentions"]] == [town.hall.by_key(key).id for key in mentioned]

    async def test_somebody_whose_name_is_shared_is_picked_from_the_list(self, town: Rig) -> None:
        second = town.hall.by_key("alex.kim2")
        await town.person("ada").command(town.general, f"/offboard {{@{second.id}}}")
        assert (town.app.params["arguments"], town.app.params["mentions"][0]["id"]) == ("@Alex Kim", second.id)

    async def test_a_mention_can_be_a_token_inside_the_arguments(self, town: Rig) -> None:
        town.hall.courier.mention_tokens = True
        await town.person("ada").command(town.general, "/offboard @Amit Kumar now")
        assert town.app.params["arguments"] == f"{{@{town.hall.by_key('amit').id}}} now"

    async def test_the_bot_can_be_mentioned_too(self, town: Rig) -> None:
        await town.person("ada").command(town.general, "/offboard @Offboard")
        assert town.app.params["mentions"] == [{"type": "bot", "id": town.hall.bot_sender, "name": "Offboard"}]


class TestCommand:
    async def test_its_answer_is_for_the_invoker_alone(self, town: Rig) -> None:
        town.app.answer({"text": "Working on it", "card": {"title": "Offboard"}, "buttons": [button()]})
        ada = town.person("ada")
        await ada.command(town.general, "/offboard @Amit Kumar")
        (message,) = ada.messages(town.general)
        assert (message.text, message.only_for, message.by_bot) == ("Working on it", ada.user_id, True)
        assert message.buttons[0]["label"] == "Approve"
        assert texts(town.person("noor"), town.general) == []
        assert town.hall.transcript() == [message]

    async def test_a_banner_is_seen_by_the_invoker_alone(self, town: Rig) -> None:
        town.app.answer({"type": "banner", "text": "Saved", "status": "success"})
        await town.person("ada").command(town.general, "/offboard")
        assert [(b.text, b.status, b.by_cliq) for b in town.person("ada").banners] == [("Saved", "success", False)]
        assert town.person("noor").banners == []

    async def test_a_form_opens_for_the_invoker(self, town: Rig) -> None:
        opened = await town.opened(form(text()))
        assert (opened.user, opened.chat_id, opened.source) == (town.hall.by_key("ada").id, town.general, None)
        assert town.person("noor").forms() == []

    async def test_declared_options_and_picked_suggestions_are_told_apart(self, town: Rig) -> None:
        command = town.hall.component("command", "offboard")
        assert command is not None
        command.content["options"] = {"dry": "Only simulate"}
        pick = {"title": "OB-17", "description": "Amit Kumar"}
        await town.person("ada").command(town.general, "/offboard OB-17 -dry yes -wet no", picked=[pick])
        assert town.app.params["options"] == {"dry": "yes"}
        assert town.app.params["selections"] == [pick]
        assert town.app.params["arguments"] == "OB-17 -dry yes -wet no"

    async def test_it_suggests_while_somebody_types(self, town: Rig) -> None:
        found = [{"title": "OB-17", "description": "Amit Kumar"}]
        town.app.answer(found)
        assert await town.person("ada").suggestions("/offboard OB") == found
        assert town.app.last["handler"] == {"type": "suggestion_handler"}
        assert town.app.params["arguments"] == "OB"

    async def test_more_suggestions_than_cliq_shows_are_refused(self, town: Rig) -> None:
        town.app.answer([{"title": f"OB-{number}"} for number in range(51)])
        assert await town.person("ada").suggestions("/offboard") == []
        assert len(town.hall.refusals) == 1

    async def test_what_is_not_there_cannot_be_used(self, town: Rig) -> None:
        ada = town.person("ada")
        with pytest.raises(NotOnScreen):
            await ada.command(town.general, "/unknown")
        with pytest.raises(NotOnScreen):
            await ada.command(town.hall.direct(town.hall.by_key("noor").id).id, "/offboard")
        assert town.app.heard == []


class TestBot:
    async def test_it_hears_what_is_said_to_it(self, town: Rig) -> None:
        town.app.answer({"text": "Hello"})
        ada = town.person("ada")
        chat = ada.chats()[-1]
        await ada.say(chat.id, "offboard @Amit Kumar")
        sent, params = town.app.last, town.app.params
        assert (sent["type"], sent["unique_name"], sent["handler"]) == (
            "bot",
            "offboardbot",
            {"type": "message_handler"},
        )
        assert (params["message"], params["raw_message"]) == ("offboard @Amit Kumar", "offboard @Amit Kumar")
        assert params["message_details"]["message"]["mentions"] == params["mentions"]
        assert [each["email"] for each in params["mentions"]] == ["amit@brightwater.example"]
        assert params["chat"]["type"] == "bot"
        assert [(m.text, m.by_bot, m.only_for) for m in ada.messages(chat.id)] == [
            ("offboard @Amit Kumar", False, None),
            ("Hello", True, None),
        ]

    async def test_without_permission_it_hears_no_words(self, town: Rig) -> None:
        town.permit("bot", "Offboard", "message_handler", ["user"])
        ada = town.person("ada")
        await ada.say(ada.chats()[-1].id, "secret")
        assert "secret" not in str(town.app.params)

    async def test_it_does_not_hear_what_is_said_in_a_channel(self, town: Rig) -> None:
        await town.person("ada").say(town.general, "Good morning")
        assert texts(town.person("noor"), town.general) == ["Good morning"]
        assert town.app.heard == []

    async def test_a_mention_comes_as_an_object_and_is_answered_in_public(self, town: Rig) -> None:
        town.app.answer({"text": "Yes?"})
        await town.person("ada").mention(town.general, "help")
        assert town.app.last["handler"] == {"type": "mention_handler"}
        message = town.app.params["message"]
        assert (message["text"], message["sender"]["email"]) == ("@Offboard help", "ada@brightwater.example")
        assert town.app.params["mentions"][0]["type"] == "bot"
        assert texts(town.person("noor"), town.general) == ["@Offboard help", "Yes?"]

    async def test_its_menu_opens_forms_and_its_welcome_greets(self, town: Rig) -> None:
        ada = town.person("ada")
        town.app.answer({"text": "Welcome"}, form(text()))
        await ada.welcome()
        assert town.app.params["newuser"] is True
        assert "chat" not in town.app.params
        await ada.menu("Home")
        assert town.app.last["handler"] == {"type": "menu_handler", "name": "Home"}
        assert town.app.params["sub_action"] == ""
        assert texts(ada, ada.chats()[-1].id) == ["Welcome"]
        assert len(ada.forms()) == 1

    async def test_its_menu_has_only_what_was_registered(self, town: Rig) -> None:
        bot = town.hall.component("bot", "Offboard")
        assert bot is not None
        bot.handlers.append(Handler("menu_handler", ["user"], {"name": "More", "sub_actions": [{"name": "Help"}]}))
        ada = town.person("ada")
        await ada.menu("More", "Help")
        assert town.app.params["sub_action"] == "Help"
        for name, sub_action in (("Less", ""), ("More", "Hurry")):
            with pytest.raises(NotOnScreen):
                await ada.menu(name, sub_action)
        assert len(town.app.heard) == 1


class TestClosedAccounts:
    async def test_they_see_nothing_and_can_do_nothing(self, town: Rig) -> None:
        amit = town.person("amit")
        message = town.posted({"text": "Approve?", "buttons": [button()]})
        opened = await town.opened(form(text()), "amit")
        town.hall.deactivate(amit.user_id)
        assert (amit.chats(), amit.forms(), amit.banners, amit.applet) == ([], [], [], None)
        heard = len(town.app.heard)
        for act in (
            amit.command(town.general, "/offboard"),
            amit.suggestions("/offboard"),
            amit.say(town.general, "Hi"),
            amit.menu("Home"),
            amit.welcome(),
            amit.click(message, "approve"),
            amit.submit(opened),
            amit.widget(),
        ):
            with pytest.raises(NotOnScreen):
                await act
        assert len(town.app.heard) == heard


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ({}, "text"),
        (7, "int"),
        ({"text": "x" * 5001}, "text"),
        ({"text": "x", "slides": [[{"type": "text", "data": "x"}]]}, "slides"),
        ({"text": "x", "buttons": [button(str(number)) for number in range(6)]}, "buttons"),
        ({"text": "x", "buttons": [button("x" * 21)]}, "label"),
        ({"text": "x", "broadcast": True}, "broadcast"),
        ({"type": "banner", "text": "x", "status": "sad"}, "status"),
        ({"type": "message_edit", "text": "x"}, "message_edit is no answer from here"),
        ({"type": "form_error", "text": "x"}, "form_error is no answer from here"),
        ({"type": "applet"}, "applet is no answer from here"),
        ({"type": "surprise"}, "surprise is no answer from here"),
        ([], "suggestions is no answer from here"),
    ],
)
async def test_an_answer_that_breaks_a_rule_is_not_shown(town: Rig, output: Any, reason: str) -> None:
    town.app.answer(output)
    ada = town.person("ada")
    await ada.command(town.general, "/offboard")
    assert (ada.messages(town.general), ada.forms()) == ([], [])
    assert [(banner.text, banner.by_cliq) for banner in ada.banners] == [(NOT_SHOWN, True)]
    (refusal,) = town.hall.refusals
    assert refusal.startswith("command offboard execution_handler: ")
    assert reason in refusal
