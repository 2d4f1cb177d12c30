"""The burst limit, the day's budget, and the faults that a person can switch on."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from pipedrive_client import AMIT, SOFIA, V1, V2, Api

from sandbox.faults import Fault


async def test_an_answer_tells_what_is_left(pipedrive: Api) -> None:
    pipedrive.crm.limits.burst = None
    first, second = await pipedrive.get(f"{V2}/deals"), await pipedrive.get(f"{V1}/leads")
    assert first.headers["x-ratelimit-limit"] == "120"
    assert [each.headers["x-ratelimit-remaining"] for each in (first, second)] == ["119", "118"]
    assert first.headers["x-ratelimit-reset"] == "2"
    budget = 30_000 * 7 * pipedrive.crm.seats[0]
    assert first.headers["x-daily-ratelimit-token-limit"] == str(budget)
    assert first.headers["x-daily-ratelimit-token-remaining"] == str(budget - 10)
    assert second.headers["x-daily-ratelimit-token-remaining"] == str(budget - 10 - 20)
    assert "x-daily-requests-left" in first.headers


async def test_the_daily_headers_may_be_missing(pipedrive: Api) -> None:
    pipedrive.crm.limits.daily_headers = False
    answer = await pipedrive.get(f"{V2}/deals")
    assert not [name for name in answer.headers if name.startswith("x-daily-ratelimit")]


@pytest.mark.parametrize(
    ("method", "path", "body", "cost"),
    [
        ("GET", "/api/v1/users", None, 20),
        ("GET", "/api/v1/users/me", None, 2),
        ("GET", "/api/v1/users/find?term=amit", None, 40),
        ("GET", "/api/v1/leads/archived", None, 40),
        ("GET", "/api/v1/deals/summary", None, 40),
        ("GET", "/api/v2/deals/archived", None, 20),
        ("GET", "/api/v2/projects/archived", None, 10),
        ("GET", "/api/v2/deals/{deal}", None, 1),
        ("PATCH", "/api/v2/deals/{deal}", {"owner_id": SOFIA}, 5),
        ("PATCH", "/api/v1/leads/{lead}", {"owner_id": SOFIA}, 10),
        ("GET", "/api/v2/dealFields", None, 10),
        ("PUT", f"/api/v1/users/{AMIT}", {"active_flag": True}, 10),
    ],
)
async def test_what_a_call_costs(pipedrive: Api, method: str, path: str, body: object, cost: int) -> None:
    crm = pipedrive.crm
    ids = {module: min(crm.all_owned(str(AMIT), f"{module}s")) for module in ("deal", "lead")}
    used = crm.meter.used
    answer = await pipedrive.call(method, path.format(**ids), json=body)
    assert answer.status_code == 200
    assert crm.meter.used - used == cost


async def test_a_burst_is_refused_until_the_window_has_passed(pipedrive: Api) -> None:
    crm = pipedrive.crm
    crm.limits.burst = 3
    assert [(await pipedrive.get(f"{V2}/deals")).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = await pipedrive.get(f"{V2}/deals")
    assert refused.json()["error"] == "Request over limit"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 1 <= int(refused.headers["x-ratelimit-reset"]) <= 2
    assert (await pipedrive.of("ada").get(f"{V2}/deals")).status_code == 200
    crm.clock.advance(2)
    assert (await pipedrive.get(f"{V2}/deals")).status_code == 200


async def test_a_refusal_may_be_bare_text(pipedrive: Api) -> None:
    pipedrive.crm.limits.burst, pipedrive.crm.quirks.plain_429 = 1, True
    await pipedrive.get(f"{V2}/deals")
    answer = await pipedrive.get(f"{V2}/deals")
    assert (answer.status_code, answer.text) == (429, "Request over limit")


async def test_who_ignores_the_limit_meets_a_page_of_html(pipedrive: Api) -> None:
    crm = pipedrive.crm
    crm.limits.burst = 1
    await pipedrive.get(f"{V2}/deals")
    assert {(await pipedrive.get(f"{V2}/deals")).status_code for _ in range(20)} == {429}
    answer = await pipedrive.get(f"{V2}/deals")
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    crm.clock.advance(60)
    assert (await pipedrive.get(f"{V2}/deals")).status_code == 403
    crm.clock.advance(900)
    assert (await pipedrive.get(f"{V2}/deals")).status_code == 200


async def test_the_budget_is_shared_and_comes_back_at_midnight(pipedrive: Api) -> None:
    crm = pipedrive.crm
    crm.limits.daily_tokens = 100
    crm.meter.use_up(85)
    assert (await pipedrive.of("ada").get(f"{V2}/deals")).status_code == 200
    assert (await pipedrive.get(f"{V2}/deals")).status_code == 200
    refused = await pipedrive.get(f"{V1}/users/me")
    assert refused.status_code == 429
    assert refused.headers["x-daily-ratelimit-token-remaining"] == "0"
    crm.clock.advance(86_400)
    assert (await pipedrive.get(f"{V1}/users/me")).status_code == 200


@pytest.mark.parametrize(("plan", "burst", "factor"), [("Lite", 20, 1), ("Growth", 40, 2), ("Premium", 100, 5)])
async def test_the_plan_says_how_much(pipedrive: Api, plan: str, burst: int, factor: int) -> None:
    crm = pipedrive.crm
    crm.limits.plan, crm.limits.burst = plan, None
    answer = await pipedrive.get(f"{V1}/users/me")
    assert answer.headers["x-ratelimit-limit"] == str(burst)
    assert answer.headers["x-daily-ratelimit-token-limit"] == str(30_000 * factor * crm.seats[0])


async def test_latency_delays_the_answer(pipedrive: Api) -> None:
    pipedrive.crm.faults.switch(Fault.LATENCY, on=True)
    begin = time.perf_counter()
    assert (await pipedrive.get(f"{V1}/users/me")).status_code == 200
    assert time.perf_counter() - begin >= pipedrive.crm.faults.latency_seconds


async def test_the_fault_of_a_rate_limit_names_a_pause_on_every_second_strike(pipedrive: Api) -> None:
    pipedrive.crm.faults.switch(Fault.RATE_LIMIT, on=True)
    answers = [await pipedrive.get(f"{V1}/users/me") for _ in range(15)]
    struck = [answer for answer in answers if answer.status_code == 429]
    assert [answer.headers.get("x-ratelimit-reset") for answer in struck] == [None, "1", None]


async def test_server_errors_come_before_anything_is_done(pipedrive: Api) -> None:
    deal = min(pipedrive.crm.all_owned(str(AMIT), "deals"))
    pipedrive.crm.faults.switch(Fault.SERVER_ERROR, on=True)
    seen = []
    for number in range(17):
        version = pipedrive.crm.version
        answer = await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA if number % 2 else AMIT)
        if answer.status_code >= 500:
            seen.append((answer.status_code, answer.headers["content-type"].partition(";")[0]))
            assert pipedrive.crm.version == version
    assert seen == [(500, "application/json"), (503, "text/html"), (503, "application/json")]


@contextlib.asynccontextmanager
async def served(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Over a real connection, which alone can be cut."""
    config = uvicorn.Config(api.app, port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/pipedrive", headers=api.headers, trust_env=False
    ) as client:
        yield client
    server.should_exit = True
    await task


async def test_a_lost_response_has_done_the_write(pipedrive: Api) -> None:
    crm = pipedrive.crm
    first, second = sorted(crm.all_owned(str(AMIT), "persons"))[:2]
    crm.faults.switch(Fault.LOST_RESPONSE, on=True)
    async with served(pipedrive) as client:
        assert (await client.patch(f"{V2}/persons/{first}", json={"owner_id": SOFIA})).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            await client.patch(f"{V2}/persons/{second}", json={"owner_id": SOFIA})
        assert (await client.get(f"{V2}/persons/{second}")).json()["data"]["owner_id"] == SOFIA
