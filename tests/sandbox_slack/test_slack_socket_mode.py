"""Socket Mode frame by frame, with a bare WebSocket client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from workspace_rig import Rig, rig


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    async with rig(socket_mode=True) as made:
        yield made


async def address(town: Rig) -> str:
    return str(
        (await town.sdk(town.workspace.app_token).apps_connections_open(app_token=town.workspace.app_token))["url"]
    )


async def receive(link: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(2):
        frame: dict[str, Any] = json.loads(await link.recv())
        return frame


async def link_to(town: Rig, stack: AsyncExitStack) -> ClientConnection:
    link = await stack.enter_async_context(connect(await address(town), proxy=None))
    assert (await receive(link))["type"] == "hello"
    return link


async def acknowledge(link: ClientConnection, envelope: dict[str, Any], payload: dict[str, Any] | None = None) -> None:
    answer = {"envelope_id": envelope["envelope_id"]} | ({"payload": payload} if payload else {})
    await link.send(json.dumps(answer))


async def test_a_connection_begins_with_hello_and_its_ticket_is_good_for_one(town: Rig) -> None:
    url = await address(town)
    assert url.startswith("ws://127.0.0.1:")
    async with connect(url, proxy=None) as link:
        hello = await receive(link)
        assert (hello["type"], hello["num_connections"], hello["connection_info"]) == (
            "hello",
            1,
            {"app_id": "A0OFFBOARD"},
        )
        with pytest.raises(InvalidStatus):
            await connect(url, proxy=None)


async def test_a_command_travels_in_an_envelope_and_is_answered_in_the_acknowledgement(town: Rig) -> None:
    async with AsyncExitStack() as stack:
        link = await link_to(town, stack)
        typing = asyncio.create_task(town.person("ada").command("C0GENERAL", "/offboard @amit"))
        envelope = await receive(link)
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert envelope["payload"]["text"] == "<@U0AMIT|amit>"
        await link.send("no json")
        await acknowledge(link, {"envelope_id": "unknown"})
        await acknowledge(link, envelope, {"text": "Working on it"})
        await typing
        assert [message.text for message in town.person("ada").messages("C0GENERAL")] == ["Working on it"]
        assert town.workspace.wire is not None
        exchange = town.workspace.wire.recent[-1]
        assert (exchange.method, exchange.status, exchange.answer) == ("SOCKET", 200, '{"text": "Working on it"}')


async def test_nothing_is_delivered_while_nobody_is_connected(town: Rig) -> None:
    await town.person("ada").command("C0GENERAL", "/offboard")
    assert [notice.code for notice in town.person("ada").errors] == ["dispatch_failed"]
    assert town.app.heard == []


async def test_a_payload_that_is_not_acknowledged_times_out(town: Rig) -> None:
    async with AsyncExitStack() as stack:
        await link_to(town, stack)
        await town.person("ada").command("C0GENERAL", "/offboard")
        assert [notice.code for notice in town.person("ada").errors] == ["operation_timeout"]


async def test_an_envelope_moves_to_the_next_connection_when_its_own_breaks(town: Rig) -> None:
    town.workspace.deliver_timeout = 2.0
    async with AsyncExitStack() as stack:
        first = await link_to(town, stack)
        typing = asyncio.create_task(town.person("ada").command("C0GENERAL", "/offboard"))
        lost = await receive(first)
        await first.close()
        second = await link_to(town, stack)
        again = await receive(second)
        assert again["envelope_id"] == lost["envelope_id"]
        assert (again["retry_attempt"], again["retry_reason"]) == (1, "connection_failed")
        await acknowledge(second, again)
        await typing
        assert town.person("ada").errors == []


async def test_an_event_is_repeated_until_it_is_acknowledged(town: Rig) -> None:
    town.workspace.courier.retry_seconds = (0.0, 0.0, 0.0)
    town.workspace.deliver_timeout = 0.1
    async with AsyncExitStack() as stack:
        link = await link_to(town, stack)
        await town.workspace.deactivate("U0AMIT")
        first, second = await receive(link), await receive(link)
        assert (first["type"], first["accepts_response_payload"], first["retry_attempt"]) == ("events_api", False, 0)
        assert (second["retry_attempt"], second["retry_reason"]) == (1, "http_timeout")
        assert first["payload"]["event_id"] == second["payload"]["event_id"]
        await acknowledge(link, second)


async def test_each_payload_goes_to_exactly_one_connection(town: Rig) -> None:
    async with AsyncExitStack() as stack:
        links = [await link_to(town, stack) for _ in range(3)]
        seen: list[str] = []

        async def listen(link: ClientConnection) -> None:
            async for text in link:
                seen.append(json.loads(text)["envelope_id"])
                await acknowledge(link, json.loads(text))

        listeners = [asyncio.create_task(listen(link)) for link in links]
        for _ in range(9):
            await town.person("ada").command("C0GENERAL", "/offboard")
        assert len(seen) == len(set(seen)) == 9
        for listener in listeners:
            listener.cancel()


async def test_the_eleventh_connection_is_turned_away(town: Rig) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await link_to(town, stack)
        async with connect(await address(town), proxy=None) as link:
            assert (await receive(link))["reason"] == "too_many_websockets"
            with pytest.raises(ConnectionClosed):
                await receive(link)


async def test_a_warning_keeps_the_connection_and_a_refresh_ends_it(town: Rig) -> None:
    async with AsyncExitStack() as stack:
        link = await link_to(town, stack)
        await town.workspace.hub.disconnect("warning")
        assert (await receive(link))["reason"] == "warning"
        await (await link.ping("sdk-ping-pong:1"))
        await town.workspace.hub.disconnect("refresh_requested")
        assert (await receive(link))["type"] == "disconnect"
        with pytest.raises(ConnectionClosed):
            await receive(link)
