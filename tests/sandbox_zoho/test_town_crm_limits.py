"""Credits and concurrency, with their three wordings of one status."""
# ruff: noqa: S608  # queries of the vendor's own language, put together from constants

import asyncio

import pytest
from crm_client import AMIT, SOFIA, Api, error

from sandbox.faults import Fault


async def spent(api: Api, method: str, path: str, **request: object) -> int:
    before = api.crm.meter.used
    await api.call(method, path, **request)
    return api.crm.meter.used - before


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (200, 1), (201, 2), (1000, 2), (1001, 3), (2000, 3)])
async def test_a_query_costs_by_its_limit(company: Api, limit: int, expected: int) -> None:
    query = {"select_query": f"select id from Leads where id is not null limit {limit}"}
    assert await spent(company, "POST", "/coql", json=query) == expected


async def test_what_other_calls_cost(api: Api) -> None:
    assert await spent(api, "GET", "/users") == 1
    assert await spent(api, "GET", "/Leads/actions/count", params={"criteria": "(id:equals:1)"}) == 50
    ids = await api.ids("Leads", limit=51)
    assert await spent(api, "POST", "/Leads/actions/add_tags", json={"ids": ids, "tags": [{"name": "x"}]}) == 2
    rows = {"data": [{"id": record_id, "Company": "X"} for record_id in ids[:11]]}
    assert await spent(api, "PUT", "/Leads", json=rows) == 2
    assert await spent(api, "POST", "/Leads/actions/change_owner", json={"ids": ids, "owner": {"id": SOFIA}}) == 1


async def test_what_is_left_is_told_from_half_of_the_day_on(api: Api) -> None:
    api.crm.limits.credits_per_day = 10
    for _ in range(4):
        assert "X-API-CREDITS-REMAINING" not in (await api.get("/org")).headers
    assert (await api.get("/org")).headers["X-API-CREDITS-REMAINING"] == "5"


async def test_a_spent_day_is_refused_until_the_credits_come_back(api: Api) -> None:
    api.crm.limits.credits_per_day = 3
    for _ in range(3):
        await api.get("/org")
    refused = await api.get("/org")
    assert error(refused) == (429, "TOO_MANY_REQUESTS")
    assert "24 hours" in refused.json()["message"]
    assert refused.headers["X-API-CREDITS-REMAINING"] == "0"
    assert "Retry-After" not in refused.headers
    api.crm.clock.advance(86_401)
    api.token = None
    assert (await api.get("/org")).status_code == 200


async def together(api: Api, number: int, *, query: bool) -> list[tuple[int, str]]:
    """Send calls at the same time; status and message of each."""
    await api.get("/org")
    api.crm.faults.switch(Fault.LATENCY, on=True)
    text = f"select id from Leads where Owner = '{AMIT}' limit 1"
    calls = [api.coql(text) if query else api.get("/org") for _ in range(number)]
    answers = await asyncio.gather(*calls)
    return [(answer.status_code, answer.json().get("message", "")) for answer in answers]


async def test_twenty_calls_at_once_are_the_ceiling(api: Api) -> None:
    answers = await together(api, 23, query=False)
    refused = [message for status, message in answers if status == 429]
    assert len(refused) == 3
    assert all("concurrency limit" in message and "sub-" not in message for message in refused)


async def test_ten_queries_at_once_are_the_smaller_ceiling(api: Api) -> None:
    answers = await together(api, 14, query=True)
    refused = [message for status, message in answers if status == 429]
    assert len(refused) == 4
    assert all("sub-concurrency" in message for message in refused)


async def test_the_ceiling_frees_itself(api: Api) -> None:
    await together(api, 23, query=False)
    assert (await api.get("/org")).status_code == 200
