"""Slack's own framework against the workspace: over HTTP and over Socket Mode, the same listeners."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from workspace_rig import Rig, actions, button, free_port, modal, question, rig, section, served

WHO = {"type": "external_select", "min_query_length": 0}
FORM = modal(question("who", WHO), callback_id="form", notify_on_close=True)
OPTION = {"text": {"type": "plain_text", "text": "Sofia"}, "value": "sofia"}


def application(town: Rig, heard: list[str]) -> AsyncApp:
    """A bot with a listener of each kind."""
    bolt = AsyncApp(client=town.sdk(), signing_secret=town.workspace.signing_secret, process_before_response=True)

    @bolt.command("/offboard")
    async def command(ack: Any, client: Any, command: dict[str, str]) -> None:
        heard.append(command["text"])
        await ack(response_type="ephemeral", text="Working on it")
        await client.chat_postMessage(channel=command["user_id"], text="Approve?", blocks=[actions(button())])

    @bolt.action("go")
    async def action(ack: Any, client: Any, body: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Approved")

    @bolt.options("it")
    async def options(ack: Any) -> None:
        await ack(options=[OPTION])

    @bolt.view("form")
    async def view(ack: Any, view: dict[str, Any]) -> None:
        chosen = view["state"]["values"]["who"]["it"]["selected_option"]["value"]
        heard.append(chosen)
        await ack(response_action="update", view=modal(section("Thank you"), callback_id="thanks"))

    @bolt.view_closed("form")
    async def closed(ack: Any) -> None:
        heard.append("closed")
        await ack()

    @bolt.event("app_home_opened")
    async def home(client: Any, event: dict[str, Any]) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Welcome")]})

    @bolt.event("user_change")
    async def user_change(event: dict[str, Any]) -> None:
        heard.append(f"{event['user']['name']} {event['user']['deleted']}")

    @bolt.shortcut("offboard_start")
    async def shortcut(ack: Any, client: Any, body: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    return bolt


@asynccontextmanager
async def over_http(heard: list[str]) -> AsyncIterator[Rig]:
    port = free_port()
    async with rig(request_url=f"http://127.0.0.1:{port}/slack/events", deliver_timeout=3.0) as town:
        handler = AsyncSlackRequestHandler(application(town, heard))
        service = FastAPI()

        @service.post("/slack/events")
        async def events(request: Request) -> Response:
            return await handler.handle(request)

        async with served(service, port):
            yield town


@asynccontextmanager
async def over_sockets(heard: list[str]) -> AsyncIterator[Rig]:
    async with rig(socket_mode=True, deliver_timeout=3.0) as town:
        handler = AsyncSocketModeHandler(application(town, heard), town.workspace.app_token)
        handler.client.web_client = town.sdk(town.workspace.app_token)
        handler.client.logger.disabled = True
        await handler.connect_async()
        yield town
        await handler.close_async()


@pytest.fixture(params=[over_http, over_sockets], ids=["http", "socket mode"])
async def bot(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Rig, list[str]]]:
    heard: list[str] = []
    async with request.param(heard) as town:
        yield town, heard


async def settled(town: Rig) -> None:
    """Until nothing has changed for a moment: what follows an acknowledgement may still be under way."""
    version = -1
    while version != (version := await town.workspace.wait_for_change(version, 0.1)):
        pass


async def test_a_command_a_click_and_a_form_work_end_to_end(bot: tuple[Rig, list[str]]) -> None:
    town, heard = bot
    ada = town.person("ada")
    await ada.command("C0GENERAL", "/offboard @amit to @sofia")
    await settled(town)
    assert heard == ["<@U0AMIT|amit> to <@U0SOFIA|sofia>"]
    assert [message.text for message in ada.messages("C0GENERAL")] == ["Working on it"]
    (card,) = ada.messages("D0ADA")

    await ada.click(message=card, block_id="buttons", action_id="go")
    await settled(town)
    assert (card.text, card.blocks) == ("Approved", [])
    (form,) = ada.modals()

    assert await ada.options(view=form, block_id="who", action_id="it", query="so") == [OPTION]
    assert await ada.submit(form.id, {"who": {"it": "sofia"}}) == {}
    assert heard[-1] == "sofia"
    assert ada.modals()[-1].blocks[0]["text"]["text"] == "Thank you"
    assert ada.errors == []


async def test_events_shortcuts_and_closed_forms_arrive(bot: tuple[Rig, list[str]]) -> None:
    town, heard = bot
    ada = town.person("ada")
    await ada.open_home()
    await ada.shortcut("offboard_start")
    await settled(town)
    home = ada.home()
    assert home is not None
    assert home.blocks[0]["text"]["text"] == "Welcome"
    await ada.close(ada.modals()[-1].id)
    await town.workspace.deactivate("U0AMIT")
    await settled(town)
    assert heard == ["closed", "amit True"]


async def test_bolt_answers_the_challenge_and_refuses_a_wrong_signature() -> None:
    async with over_http([]) as town:
        assert await town.workspace.verify_request_url()
        town.workspace.signing_secret = "another"
        await town.person("ada").command("C0GENERAL", "/offboard")
        assert [notice.code for notice in town.person("ada").errors] == ["dispatch_failed"]


async def test_a_listener_that_does_not_exist_fails_the_click() -> None:
    async with over_sockets([]) as town:
        town.workspace.deliver_timeout = 0.3
        answer = await town.api("chat.postMessage", channel="U0ADA", text="x", blocks=[actions(button("unheard"))])
        message = town.workspace.channels["D0ADA"].messages[answer["ts"]]
        await town.person("ada").click(message=message, block_id="buttons", action_id="unheard")
        assert [notice.code for notice in town.person("ada").errors] == ["operation_timeout"]
