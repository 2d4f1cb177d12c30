"""Socket Mode: the same door without a public URL, and a connection that comes back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import slack_rig
from slack_rig import Town

from bot.chat.slack.socket import SocketConnection
from bot.chat.surface import FieldErrors
from handlers.elements import Form, TextField
from handlers.intents import Action, OpenHome, ReplyTo, Start, Subject, SubjectKind, Token

FORM = Form(Token(Action.SEND_BACK, "dep1", 3), "Send back", "Send", "Back", fields=(TextField("reason", "Reason"),))


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with slack_rig.town(socket_mode=True) as found:
        yield found


@pytest.fixture
async def connection(town: Town) -> AsyncIterator[SocketConnection]:
    found = SocketConnection(
        town.edge, town.surface.client, app_token=town.workspace.app_token, check_every=0.02, patience=0.3
    )
    found.start()
    try:
        yield found
    finally:
        await found.aclose()


async def until_connected(connection: SocketConnection) -> None:
    async with asyncio.timeout(5):
        while not await connection.is_connected():  # noqa: ASYNC110 - the library has no event for it
            await asyncio.sleep(0.01)


async def test_commands_events_and_forms_come_through_the_socket(town: Town, connection: SocketConnection) -> None:
    await until_connected(connection)
    ada = town.client("U0ADA")
    await ada.command("C0GENERAL", "/offboard @amit")
    assert town.door.last().intent == Start(Subject(SubjectKind.CHAT_ID, "U0AMIT"))
    assert [message.text for message in ada.messages("C0GENERAL")] == ["I am on it."]
    await ada.open_home()
    assert town.door.last().intent == OpenHome()
    await town.surface.open_form(ReplyTo(trigger_id=town.workspace.tickets.trigger("U0ADA")), FORM)
    (view,) = ada.modals()
    town.door.errors = FieldErrors({"reason": "Too short."})
    assert await ada.submit(view.id, {"ob:field:reason": {"ob:input": "no"}}) == {"ob:field:reason": "Too short."}


async def test_what_could_not_be_stored_is_not_acknowledged(town: Town, connection: SocketConnection) -> None:
    await until_connected(connection)
    town.workspace.deliver_timeout = 0.3
    town.door.failure = ConnectionError("the database is gone")
    ada = town.client("U0ADA")
    await ada.command("C0GENERAL", "/offboard @amit")
    assert [notice.code for notice in ada.errors] == ["operation_timeout"]


async def test_a_connection_that_slack_refreshes_comes_back(town: Town, connection: SocketConnection) -> None:
    await until_connected(connection)
    await town.workspace.hub.disconnect("refresh_requested")
    await town.client("U0ADA").command("C0GENERAL", "/offboard @amit")
    assert len(town.door.deliveries) == 1


async def test_a_connection_that_hangs_is_made_anew(town: Town, connection: SocketConnection) -> None:
    await until_connected(connection)
    hanging = connection._handler
    assert hanging is not None
    hanging.client.auto_reconnect_enabled = False
    hanging.client.default_auto_reconnect_enabled = False
    assert hanging.client.current_session is not None
    await hanging.client.current_session.close()
    assert not await connection.is_connected()
    await until_connected(connection)
    assert connection._handler is not hanging
    await town.client("U0ADA").command("C0GENERAL", "/offboard @amit")
    assert len(town.door.deliveries) == 1


async def test_when_it_is_closed_nothing_runs_on(town: Town) -> None:
    before = asyncio.all_tasks()
    connection = SocketConnection(town.edge, town.surface.client, app_token=town.workspace.app_token)
    assert not await connection.is_connected()
    connection.start()
    await until_connected(connection)
    await connection.aclose()
    assert not await connection.is_connected()
    ours = [task for task in asyncio.all_tasks() - before if "slack_sdk" in repr(task.get_coro())]
    assert ours == []
