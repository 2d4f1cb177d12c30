"""The pre-check, the transfer and the transfer with deletion: scheduled work, and what it leaves behind."""

from typing import Any

import pytest
from crm_client import AMIT, BEN, PETRA, SOFIA, Api, crm_id, error, row

TOMAS, WALTER = crm_id("tomas"), crm_id("walter")


def order(to: str = SOFIA, **flags: bool) -> dict[str, Any]:
    return {"transfer": [{"transfer": {"id": to, "records": False, "assignment": False, "criteria": False, **flags}}]}


async def start(api: Api, body: dict[str, Any], user: str = AMIT) -> str:
    answer = await api.post(f"/users/{user}/actions/transfer", body)
    assert (answer.status_code, row(answer, "transfer")["code"]) == (200, "SCHEDULED")
    return str(row(answer, "transfer")["details"]["job_id"])


async def status(api: Api, job_id: str, root: str = "transfer") -> str:
    return str(row(await api.get(f"/users/actions/{root}", job_id=job_id), root)["status"])


async def finish(api: Api, job_id: str) -> None:
    for _ in range(3):
        word = await status(api, job_id)
    assert word == "completed"


async def check(api: Api, user: str = AMIT) -> dict[str, Any]:
    return row(await api.get(f"/users/{user}/actions/validate_before_transfer"), "validate_before_transfer")


async def test_the_pre_check_tells_where_a_user_is_named(company: Api) -> None:
    found = await check(company)
    assert (found["assignment"], found["criteria"], found["subordinates"]) == (True, True, False)
    assert (await check(company, TOMAS))["subordinates"] is True
    refused = await company.get(f"/users/{PETRA}/actions/validate_before_transfer")
    assert error(refused) == (403, "NOT_ALLOWED")
    assert error(await company.get("/users/9/actions/validate_before_transfer")) == (400, "INVALID_DATA")


async def test_a_transfer_cleans_rules_and_views_when_its_job_completes(api: Api) -> None:
    owned = api.crm.open_owned(AMIT)
    job_id = await start(api, order(assignment=True, criteria=True))
    assert await status(api, job_id) == "in_progress"
    assert (await check(api))["assignment"] is True
    await finish(api, job_id)
    assert (await check(api))["assignment"] is False
    assert (await check(api))["criteria"] is False
    assert (await check(api, SOFIA))["criteria"] is True
    assert api.crm.open_owned(AMIT) == owned


async def test_a_job_completes_even_when_nobody_asks(api: Api) -> None:
    await start(api, order(assignment=True))
    api.crm.clock.advance(31)
    assert (await check(api))["assignment"] is False


async def test_records_mean_only_open_deals_and_activities(api: Api) -> None:
    before = api.crm.open_owned(AMIT)
    deals = await api.count("Deals", AMIT)
    await finish(api, await start(api, order(records=True)))
    left = api.crm.open_owned(AMIT)
    assert not {"Deals", "Tasks", "Events", "Calls"} & set(left)
    assert {module: left[module] for module in ("Leads", "Contacts", "Accounts")} == {
        module: before[module] for module in ("Leads", "Contacts", "Accounts")
    }
    assert await api.count("Deals", AMIT) == deals - before["Deals"]  # closed ones keep the name


async def test_direct_reports_get_a_new_manager(api: Api) -> None:
    body = {"transfer": [{"move_subordinate": {"id": SOFIA}}]}
    await finish(api, await start(api, body, TOMAS))
    assert (await check(api, TOMAS))["subordinates"] is False
    assert row(await api.get(f"/users/{AMIT}"), "users")["Reporting_To"]["id"] == SOFIA


async def test_old_tenants_do_not_have_it(api: Api) -> None:
    api.crm.without_transfer_api = True
    for refused in (
        await api.post(f"/users/{AMIT}/actions/transfer", order()),
        await api.get("/users/actions/transfer", job_id="1"),
        await api.get(f"/users/{AMIT}/actions/validate_before_transfer"),
    ):
        assert error(refused) == (404, "INVALID_URL_PATTERN")


@pytest.mark.parametrize(
    ("block", "code", "details"),
    [
        ({}, "MANDATORY_NOT_FOUND", None),
        ({"transfer": {"records": True}}, "MANDATORY_NOT_FOUND", {"parent_api_name": "transfer"}),
        ({"transfer": {"id": WALTER}}, "INVALID_DATA", {"owner_status": "inactive"}),
        ({"transfer": {"id": crm_id("stan")}}, "INVALID_DATA", {"owner_status": "deleted"}),
        ({"move_subordinate": {"id": "9"}}, "INVALID_DATA", {"owner_status": "no_crm_user"}),
        ({"other": 1}, "EXPECTED_FIELD_MISSING", None),
    ],
)
async def test_refusals(company: Api, block: dict[str, Any], code: str, details: dict[str, str] | None) -> None:
    answer = await company.post(f"/users/{AMIT}/actions/transfer", {"transfer": [block] if block else []})
    found = answer.json() if "code" in answer.json() else row(answer, "transfer")
    assert (answer.status_code, found["code"]) == (400, code)
    assert details is None or details.items() <= found["details"].items()


async def test_ten_jobs_run_at_once(api: Api) -> None:
    jobs = [await start(api, order()) for _ in range(10)]
    refused = await api.post(f"/users/{AMIT}/actions/transfer", order())
    assert (error(refused), refused.json()["details"]) == ((400, "CONCURRENT_JOB_LIMIT_EXCEEDED"), {"limit": "10"})
    await finish(api, jobs[0])
    await start(api, order())


async def test_the_status_of_unknown_jobs_and_of_none(company: Api) -> None:
    assert (await company.get("/users/actions/transfer", job_id="9")).status_code == 204
    missing = await company.get("/users/actions/transfer_and_delete")
    assert (error(missing), missing.json()["details"]) == ((400, "REQUIRED_PARAM_MISSING"), {"param_name": "job_id"})


async def test_the_older_name_of_the_job_id(api: Api) -> None:
    api.crm.quirks.job_id_key = "jobId"
    answer = await api.post(f"/users/{AMIT}/actions/transfer", order())
    assert "jobId" in row(answer, "transfer")["details"]


async def test_transfer_and_delete_is_for_the_super_admin(api: Api) -> None:
    body = {"transfer_and_delete": [{"id": AMIT, "transfer": order()["transfer"][0]["transfer"]}]}
    refused = await api.post("/users/actions/transfer_and_delete", body)
    assert (error(refused), refused.json()["details"]) == ((403, "NO_PERMISSION"), {})
    assert "Only super admin" in refused.json()["message"]


async def test_transfer_and_delete_alone_leaves_ghosts(api: Api) -> None:
    petra = api.with_grant("ZohoCRM.users.ALL", user="petra")
    block = {"id": AMIT, "transfer": {"id": BEN, "records": True, "assignment": True, "criteria": True}}
    answer = await petra.post("/users/actions/transfer_and_delete", {"transfer_and_delete": [block]})
    done = row(answer, "transfer_and_delete")
    assert (done["code"], done["message"]) == ("SUCCESS", "User is deleted successfully")
    assert row(await api.get(f"/users/{AMIT}"), "users")["status"] == "active"  # it is only scheduled
    job_id = done["details"]["job_id"]
    words = [await status(petra, job_id, "transfer_and_delete") for _ in range(3)]
    assert words == ["in_progress", "in_progress", "completed"]
    assert row(await api.get(f"/users/{AMIT}"), "users")["status"] == "deleted"
    ghosts = {module for user, module in api.crm.ghosts() if user == AMIT}
    assert {"Leads", "Contacts", "Accounts"} <= ghosts
    assert not {"Deals", "Tasks", "Events", "Calls"} & ghosts


async def test_whom_transfer_and_delete_refuses(company: Api) -> None:
    petra = company.with_grant("ZohoCRM.users.ALL", user="petra")
    block = order()["transfer"][0]
    boss = await petra.post(f"/users/{PETRA}/actions/transfer_and_delete", {"transfer_and_delete": [block]})
    assert row(boss, "transfer_and_delete")["message"] == "Super Admin cannot be Deleted."
    two = await petra.post("/users/actions/transfer_and_delete", {"transfer_and_delete": [block, block]})
    assert two.json()["details"]["json_path"] == "$.transfer_and_delete"
    body = {"transfer_and_delete": [{"id": crm_id("stan"), **block}]}
    gone = await petra.post("/users/actions/transfer_and_delete", body)
    assert gone.json()["details"] == {"resource_path_index": 1, "owner_status": "deleted"}
