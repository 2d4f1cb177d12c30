"""Limits with their locks, and the faults that a person can switch on, as a client meets them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from cliq_rest_api import EVENTS, LOG, CliqApi, error, new_hall

from sandbox.cliq.seed import install
from sandbox.faults import Fault

TOO_MANY = (400, "request_limit_exceeded")


@pytest.fixture
def strict() -> CliqApi:
    """The app installed, under Cliq's own limits."""
    hall = new_hall()
    install(hall, EVENTS)
    return CliqApi(hall)


async def post(cliq: CliqApi) -> httpx.Response:
    return await cliq.post(f"/v2{LOG}/message", {"text": "x"})


async def test_one_post_too_many_locks_all_posting_for_ten_minutes(strict: CliqApi) -> None:
    assert {(await post(strict)).status_code for _ in range(50)} == {204}
    answer = await post(strict)
    assert error(answer) == TOO_MANY
    assert answer.json()["message"] == "You have exceeded the URL throttle limits."
    assert "retry-after" not in answer.headers
    strict.hall.clock.advance(120)
    bot = await strict.post("/v2/bots/offboardbot/message", {"text": "x", "broadcast": True})
    assert error(bot) == TOO_MANY
    assert (await strict.get("/v2/users")).status_code == 200
    strict.hall.clock.advance(481)
    assert (await post(strict)).status_code == 204


async def test_the_window_slides(strict: CliqApi) -> None:
    for _ in range(3):
        assert {(await post(strict)).status_code for _ in range(25)} == {204}
        strict.hall.clock.advance(31)


async def test_a_limit_counts_per_person(strict: CliqApi) -> None:
    strict.hall.limits.scale = 0.02
    sofia = strict.with_grant("Webhooks.CREATE", user="sofia")
    assert [(await post(strict)).status_code for _ in range(2)] == [204, 400]
    assert (await post(sofia)).status_code == 204


async def test_version_three_allows_fewer_cards(strict: CliqApi) -> None:
    chat = strict.hall.channel("crmoffboardinglog").id
    body = {"text": "x", "card": {"title": "Owner change"}}
    for _ in range(20):
        assert (await strict.post(f"/v3/chats/{chat}/messages", body)).status_code == 204
    assert error(await strict.post(f"/v3/chats/{chat}/messages", body)) == TOO_MANY
    assert (await strict.post(f"/v3/chats/{chat}/messages", {"text": "x"})).status_code == 204


async def test_reading_handlers_counts_as_writing(strict: CliqApi) -> None:
    command = strict.hall.component("command", "offboard")
    assert command
    path = f"/v3/commands/{command.id}/handlers/execution_handler"
    assert {(await strict.get(path)).status_code for _ in range(10)} == {200}
    assert error(await strict.call("PATCH", f"/v3/commands/{command.id}", {"hint": "x"})) == TOO_MANY
    assert (await strict.get("/v3/commands")).status_code == 200
    assert (await strict.get("/v3/functions")).status_code == 200


def switch(cliq: CliqApi, fault: Fault) -> None:
    cliq.hall.faults.switch(fault, on=True)


async def test_the_fault_of_a_limit_answers_like_one_without_a_lock(cliq: CliqApi) -> None:
    switch(cliq, Fault.RATE_LIMIT)
    answers = [await post(cliq) for _ in range(9)]
    refused = [index for index, answer in enumerate(answers) if answer.status_code != 204]
    assert refused == [1, 7]
    assert error(answers[1]) == TOO_MANY
    assert len(cliq.hall.channel("crmoffboardinglog").messages) == 7


async def test_server_errors_come_before_anything_is_done(cliq: CliqApi) -> None:
    switch(cliq, Fault.SERVER_ERROR)
    answers = [await post(cliq) for _ in range(17)]
    assert [answer.status_code for answer in answers if answer.status_code != 204] == [500, 502, 503]
    assert len(cliq.hall.channel("crmoffboardinglog").messages) == 14


async def test_a_token_dies_early_and_a_new_one_serves(cliq: CliqApi) -> None:
    switch(cliq, Fault.EXPIRED_TOKEN)
    refused = 0
    for _ in range(60):
        answer = await cliq.get("/v2/me")
        if answer.status_code == 401:
            refused += 1
            cliq.token = None
    assert 3 <= refused <= 5
    cliq.token = None
    assert (await cliq.get("/v2/me")).status_code == 200


async def test_latency_delays_no_more_than_the_answer(cliq: CliqApi) -> None:
    switch(cliq, Fault.LATENCY)
    assert (await post(cliq)).status_code == 204
    assert cliq.hall.faults.struck[Fault.LATENCY] == 1


@contextlib.asynccontextmanager
async def served(cliq: CliqApi) -> AsyncIterator[httpx.AsyncClient]:
    """The hall behind a real HTTP server."""
    config = uvicorn.Config(cliq.app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn offers no event to wait for
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": f"Zoho-oauthtoken {cliq.refresh()}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/cliq/api", headers=headers, trust_env=False
    ) as client:
        yield client
    server.should_exit = True
    await serving


async def test_a_lost_response_is_a_post_that_happened(cliq: CliqApi) -> None:
    switch(cliq, Fault.LOST_RESPONSE)
    chat = cliq.hall.channel("crmoffboardinglog")
    async with served(cliq) as client:
        assert (await client.post(f"/v2{LOG}/message", json={"text": "kept"})).status_code == 204
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(f"/v2{LOG}/message", json={"text": "lost"})
        assert (await client.get("/v2/me")).status_code == 200
    assert [message.text for message in chat.messages.values()] == ["kept", "lost"]
