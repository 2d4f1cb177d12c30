"""The town's faults as a proxy, a server and a line would bring them."""

import httpx
import pytest
from suite_client import AMIT, SOFIA, Api

from sandbox.faults import Fault


async def test_a_proxy_throttles_with_and_without_a_date(suite: Api) -> None:
    suite.crm.faults.switch(Fault.RATE_LIMIT, on=True)
    answers = [await suite.get("/meta/modules") for _ in range(8)]
    throttled = [answer for answer in answers if answer.status_code == 429]
    assert [answer.headers.get("retry-after") for answer in throttled] == [None, "1"]
    assert throttled[0].headers["content-type"].startswith("text/html")


async def test_a_server_that_is_down_does_nothing(suite: Api) -> None:
    leads = sorted(suite.crm.all_owned(AMIT, "Leads"))[:3]
    suite.crm.faults.switch(Fault.SERVER_ERROR, on=True)
    answers = [await suite.patch("Leads", lead, assigned_user_id=SOFIA) for lead in leads]
    assert [answer.status_code for answer in answers] == [201, 201, 500]
    assert suite.crm.value("Leads", leads[2], "assigned_user_id") == AMIT


async def test_a_token_dies_before_its_time(suite: Api) -> None:
    suite.crm.faults.switch(Fault.EXPIRED_TOKEN, on=True)
    assert [(await suite.get("/meta/modules")).status_code for _ in range(3)] == [200, 401, 401]
    session = (await suite.rest_log_in()).json()["id"]
    suite.crm.faults.switch(Fault.EXPIRED_TOKEN, on=True)
    numbers = [(await suite.rest("get_entries_count", [session, "Leads", "", 0])).json() for _ in range(2)]
    assert "result_count" in numbers[0]
    assert numbers[1]["number"] == 11


async def test_a_lost_answer_means_that_the_write_is_done(suite: Api) -> None:
    leads = sorted(suite.crm.all_owned(AMIT, "Leads"))[:2]
    suite.crm.faults.switch(Fault.LOST_RESPONSE, on=True)
    await suite.patch("Leads", leads[0], assigned_user_id=SOFIA)
    with pytest.raises((httpx.HTTPError, AssertionError)):
        await suite.patch("Leads", leads[1], assigned_user_id=SOFIA)
    assert suite.crm.value("Leads", leads[1], "assigned_user_id") == SOFIA


async def test_latency_slows_and_unknown_paths_are_404(suite: Api) -> None:
    suite.crm.faults.switch(Fault.LATENCY, on=True)
    assert (await suite.get("/meta/modules")).status_code == 200
    assert suite.crm.faults.struck[Fault.LATENCY] == 1
    assert (await suite.get("/nothing")).json() == {"message": "Not found"}
    assert (await suite.call("PUT", "/module")).status_code == 405
