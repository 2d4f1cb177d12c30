"""Slash commands from the person's keyboard to the app and back."""

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from workspace_rig import Rig, actions, button

from sandbox.slack import Client
from sandbox.slack.courier import signature
from sandbox.slack.forms import NotOnScreen
from sandbox.slack.model import Command

GENERAL = "C0GENERAL"


def texts(person: Client, channel: str = GENERAL) -> list[str]:
    return [message.text for message in person.messages(channel)]


def test_the_signature_of_the_published_example() -> None:
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == expected


async def test_a_command_reaches_the_app_as_a_signed_form(town: Rig) -> None:
    await town.person("ada").command(GENERAL, "/offboard help me")
    headers, body = town.app.requests[0]
    timestamp = headers["x-slack-request-timestamp"]
    assert headers["x-slack-signature"] == signature(town.workspace.signing_secret, timestamp, body)
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    sent = town.app.last
    assert (sent["command"], sent["text"], sent["user_id"], sent["user_name"]) == (
        "/offboard",
        "help me",
        "U0ADA",
        "ada",
    )
    assert (sent["channel_id"], sent["channel_name"], sent["api_app_id"]) == (GENERAL, "general", "A0OFFBOARD")
    assert sent["response_url"].startswith(f"{town.base}/slack/hooks/commands/")
    assert len(sent["trigger_id"].split(".")) == 3


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("@amit", "<@U0AMIT|amit>"),
        ("@Amit Kumar to @sofia", "<@U0AMIT|amit> to <@U0SOFIA|sofia>"),
        ("<@U0ALEXK>", "<@U0ALEXK|alex.kim>"),
        ("@alex.kim2.", "<@U0ALEXKK|alex.kim2>."),
        ("@Alex Kim", "@Alex Kim"),
        ("@walter", "@walter"),
        ("@amitabh", "@amitabh"),
        ("<@U0WALTER>", "&lt;@U0WALTER&gt;"),
        ("amit@brightwater.example", "<mailto:amit@brightwater.example|amit@brightwater.example>"),
        ("in #general and #hr-private", "in <#C0GENERAL|general> and <#C0HRPRIVATE|>"),
        ("https://a.example/?x=1&y=2", "<https://a.example/?x=1&amp;y=2>"),
        ("<b> & co", "&lt;b&gt; &amp; co"),
        ("", ""),
    ],
)
async def test_what_is_typed_is_escaped(town: Rig, typed: str, sent: str) -> None:
    await town.person("ada").command(GENERAL, f"/offboard {typed}".strip())
    assert town.app.last["text"] == sent


async def test_mentions_come_without_labels_from_other_workspaces(town: Rig) -> None:
    town.workspace.labelled_mentions = False
    await town.person("ada").command(GENERAL, "/offboard @amit amit@brightwater.example")
    assert town.app.last["text"] == "<@U0AMIT> amit@brightwater.example"


async def test_a_command_without_escaping_sends_what_was_typed(town: Rig) -> None:
    town.workspace.commands["/plain"] = Command("/plain", "x", "x", should_escape=False)
    await town.person("ada").command(GENERAL, "/plain @amit & <x>")
    assert town.app.last["text"] == "@amit & <x>"


@pytest.mark.parametrize(("channel", "name"), [("D0PETRA", "directmessage"), ("C0HRPRIVATE", "privategroup")])
async def test_names_of_hidden_conversations_are_not_given_away(town: Rig, channel: str, name: str) -> None:
    await town.person("petra").command(channel, "/offboard")
    assert town.app.last["channel_name"] == name


async def test_an_answer_is_for_the_person_alone(town: Rig) -> None:
    town.app.answer({"text": "Working on it", "blocks": [actions(button())]})
    await town.person("ada").command(GENERAL, "/offboard @amit")
    (message,) = town.person("ada").messages(GENERAL)
    assert (message.text, message.only_for, message.system) == ("Working on it", "U0ADA", False)
    assert texts(town.person("noor")) == []


async def test_a_plain_text_answer_is_shown_too(town: Rig) -> None:
    town.app.answers.append(PlainTextResponse("Hello"))
    await town.person("ada").command(GENERAL, "/offboard")
    assert texts(town.person("ada")) == ["Hello"]


async def test_an_answer_in_channel_shows_everybody_what_was_typed(town: Rig) -> None:
    town.app.answer({"response_type": "in_channel", "text": "Started"})
    await town.person("ada").command(GENERAL, "/offboard @amit")
    assert texts(town.person("noor")) == ["/offboard @amit", "Started"]


async def test_an_app_that_is_too_slow_shows_as_a_timeout(town: Rig) -> None:
    town.app.slow = 0.4
    ada = town.person("ada")
    await ada.command(GENERAL, "/offboard @amit")
    (message,) = ada.messages(GENERAL)
    assert message.system
    assert message.text == '/offboard failed with the error "operation_timeout"'
    assert [notice.code for notice in ada.errors] == ["operation_timeout"]
    assert texts(town.person("noor")) == []


@pytest.mark.parametrize(
    "answer",
    [Response(status_code=404), Response(status_code=302), JSONResponse({"blocks": [{"type": "marquee"}]})],
    ids=["404", "redirect", "bad blocks"],
)
async def test_any_other_failure_shows_as_dispatch_failed(town: Rig, answer: Response) -> None:
    town.app.answers.append(answer)
    ada = town.person("ada")
    await ada.command(GENERAL, "/offboard @amit")
    assert texts(ada) == ['/offboard failed with the error "dispatch_failed"']


async def test_an_app_that_is_down_shows_as_dispatch_failed(town: Rig) -> None:
    town.workspace.request_url = "http://127.0.0.1:9/"
    await town.person("ada").command(GENERAL, "/offboard @amit")
    assert [notice.code for notice in town.person("ada").errors] == ["dispatch_failed"]


async def test_commands_work_in_no_thread_and_unknown_ones_nowhere(town: Rig) -> None:
    ada = town.person("ada")
    parent = await ada.say(GENERAL, "hi")
    await ada.command(GENERAL, "/offboard", thread_ts=parent.ts)
    await ada.command(GENERAL, "/onboard")
    assert [notice.code for notice in ada.errors] == ["no_commands_in_threads", "unknown_command"]
    assert town.app.heard == []


async def test_people_command_only_where_they_are(town: Rig) -> None:
    with pytest.raises(NotOnScreen):
        await town.person("amit").command("C0HRPRIVATE", "/offboard")


async def test_the_client_completes_commands(town: Rig) -> None:
    (command,) = town.person("ada").commands("/off")
    assert (
        command.usage_hint
        == "@person [on DATE | now] | status, reschedule, cancel, undo @person | list | ghosts | help"
    )
    assert town.person("ada").commands("/x") == []


class TestResponseUrl:
    async def url(self, town: Rig) -> str:
        await town.person("ada").command(GENERAL, "/offboard")
        return str(town.app.last["response_url"])

    async def test_it_takes_five_posts_where_the_bot_is_no_member(self, town: Rig) -> None:
        url = await self.url(town)
        answers = [await town.http.post(url, json={"text": str(number)}) for number in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [404]
        assert answers[0].text == "ok"
        assert texts(town.person("ada")) == ["0", "1", "2", "3", "4"]

    async def test_it_ends_after_half_an_hour(self, town: Rig) -> None:
        url = await self.url(town)
        town.workspace.clock.advance(29 * 60)
        assert (await town.http.post(url, json={"text": "in time"})).status_code == 200
        town.workspace.clock.advance(2 * 60)
        assert (await town.http.post(url, json={"text": "late"})).status_code == 404

    async def test_it_posts_for_all_when_told_to(self, town: Rig) -> None:
        await town.http.post(await self.url(town), json={"text": "news", "response_type": "in_channel"})
        assert texts(town.person("noor")) == ["news"]

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (b'{"blocks":[{"type":"marquee"}]}', "invalid_blocks"),
            (b"{}", "no_text"),
            (b"{", "invalid_payload"),
            (b"[]", "invalid_payload"),
        ],
    )
    async def test_bad_content_is_refused_in_a_word(self, town: Rig, body: bytes, error: str) -> None:
        answer = await town.http.post(await self.url(town), content=body)
        assert (answer.status_code, answer.text) == (400, error)


async def test_the_wire_shows_the_delivery_without_its_signature(town: Rig) -> None:
    town.app.answer({"text": "Hello"})
    await town.person("ada").command(GENERAL, "/offboard @amit")
    wire = town.workspace.wire
    assert wire is not None
    exchange = wire.recent[-1]
    assert (exchange.direction, exchange.status, exchange.answer) == ("to_service", 200, '{"text":"Hello"}')
    assert "command=%2Foffboard" in exchange.body
    assert exchange.headers["X-Slack-Signature"] == "***"


async def test_a_command_can_be_delivered_once_more_on_purpose(town: Rig) -> None:
    with pytest.raises(LookupError):
        await town.workspace.redeliver_last()
    town.app.answer({"text": "first"}, {"text": "again"})
    await town.person("ada").command(GENERAL, "/offboard @amit")
    await town.workspace.redeliver_last()
    assert town.app.heard[0] == town.app.heard[1]
    assert texts(town.person("ada")) == ["first", "again"]
