"""The faults that a person can switch on, as a client meets them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from crm_client import AMIT, SOFIA, Api, error
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.faults import Fault
from sandbox.zoho import build_zoho


def switch(api: Api, fault: Fault) -> None:
    api.crm.faults.switch(fault, on=True)


async def test_latency_delays_the_answer(api: Api) -> None:
    await api.get("/org")
    switch(api, Fault.LATENCY)
    begin = time.perf_counter()
    assert (await api.get("/org")).status_code == 200
    assert time.perf_counter() - begin >= api.crm.faults.latency_seconds


async def test_a_rate_limit_names_a_pause_on_every_second_strike(api: Api) -> None:
    switch(api, Fault.RATE_LIMIT)
    answers = [await api.get("/org") for _ in range(15)]
    struck = [answer for answer in answers if answer.status_code == 429]
    assert [answer.headers.get("Retry-After") for answer in struck] == [None, "1", None]
    assert {answer.json()["code"] for answer in struck} == {"TOO_MANY_REQUESTS"}


async def test_server_errors_come_before_anything_is_done(api: Api) -> None:
    ids = await api.ids("Deals", limit=3)
    switch(api, Fault.SERVER_ERROR)
    seen = []
    for _ in range(17):
        version = api.crm.version
        answer = await api.change_owner("Deals", ids, SOFIA if api.crm.version % 2 == 0 else AMIT)
        if answer.status_code >= 500:
            seen.append(answer.status_code)
            assert api.crm.version == version
    assert seen == [500, 502, 503]


async def test_a_token_dies_early_but_never_so_often_that_no_new_one_can_be_fetched(api: Api) -> None:
    switch(api, Fault.EXPIRED_TOKEN)
    refused = 0
    for _ in range(120):
        answer = await api.get("/org")
        if answer.status_code == 401:
            assert error(answer) == (401, "INVALID_TOKEN")
            refused += 1
            api.token = None
    assert 3 <= refused <= 5
    assert "access_token" in (await api.refresh()).json()


async def test_partial_success_refuses_every_50th_row_once(api: Api) -> None:
    ids = await api.ids("Leads", limit=60)
    switch(api, Fault.PARTIAL_SUCCESS)
    answer = await api.change_owner("Leads", ids, SOFIA)
    assert answer.status_code == 202
    refused = [each for each in answer.json()["data"] if each["code"] == "CANNOT_PROCESS"]
    assert [each["details"]["index"] for each in refused] == [0, 50]
    again = [each["details"]["id"] for each in refused]
    for _ in range(4):  # meets the next strike too: who was refused once is not refused again
        assert (await api.change_owner("Leads", again, SOFIA)).status_code == 200


async def test_a_switched_off_fault_no_longer_strikes(api: Api) -> None:
    switch(api, Fault.SERVER_ERROR)
    api.crm.faults.switch(Fault.SERVER_ERROR, on=False)
    assert {(await api.get("/org")).status_code for _ in range(8)} == {200}


@contextlib.asynccontextmanager
async def served(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """The town's CRM behind a real HTTP server."""
    app = Starlette(routes=[Mount("/zoho", build_zoho(api.crm, public_url="http://127.0.0.1"))])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn offers no event to wait for
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    await api.get("/org")
    headers = {"Authorization": f"Zoho-oauthtoken {api.token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        yield client
    server.should_exit = True
    await serving


async def test_a_lost_response_is_a_write_that_happened_without_an_answer(api: Api) -> None:
    first, second = await api.ids("Deals", limit=2)
    switch(api, Fault.LOST_RESPONSE)
    async with served(api) as client:

        async def give(record_id: str) -> httpx.Response:
            body = {"ids": [record_id], "owner": {"id": SOFIA}}
            return await client.post("/zoho/crm/v8/Deals/actions/change_owner", json=body)

        assert (await give(first)).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            await give(second)
        moved = await client.get(f"/zoho/crm/v8/Deals/{second}")
        assert moved.json()["data"][0]["Owner"]["id"] == SOFIA
