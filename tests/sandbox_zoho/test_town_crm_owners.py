"""change_owner: whom it serves, which rows it refuses, and what it answers then."""
# ruff: noqa: S608  # queries of the vendor's own language, put together from constants

from typing import Any

import pytest
from crm_client import AMIT, BEN, SOFIA, Api, crm_id, error, row

WALTER, STAN, INES, YUKI = (crm_id(key) for key in ("walter", "stan", "ines", "yuki"))


async def test_records_change_hands(api: Api) -> None:
    ids = await api.ids("Deals", limit=10)
    answer = await api.change_owner("Deals", ids, SOFIA)
    assert answer.status_code == 200
    assert [each["details"]["id"] for each in answer.json()["data"]] == ids
    assert row(answer)["message"] == "owner is successfully updated"
    moved = row(await api.get(f"/Deals/{ids[0]}"))
    assert moved["Owner"]["id"] == SOFIA
    assert moved["Modified_Time"] > moved["Created_Time"]
    change = api.crm.recent_changes[-1]
    assert (change.module, change.record_id, change.old_owner, change.new_owner) == ("Deals", ids[-1], AMIT, SOFIA)


async def test_a_single_record_goes_by_its_path(api: Api) -> None:
    record_id = (await api.ids("Site_Visits", limit=1))[0]
    body = {"owner": {"id": SOFIA}, "notify": False}
    assert (await api.post(f"/Site_Visits/{record_id}/actions/change_owner", body)).status_code == 200
    assert await api.ids("Site_Visits", where=f"id = '{record_id}'") == []
    unknown = await api.post("/Site_Visits/1/actions/change_owner", body)
    assert (error(unknown), unknown.json()["details"]) == ((400, "INVALID_DATA"), {"resource_path_index": 0})


async def test_the_same_owner_again_succeeds_and_changes_nothing(api: Api) -> None:
    ids = await api.ids("Deals", limit=3)
    await api.change_owner("Deals", ids, SOFIA)
    version = api.crm.version
    again = await api.change_owner("Deals", ids, SOFIA)
    assert (again.status_code, {each["code"] for each in again.json()["data"]}) == (200, {"SUCCESS"})
    assert api.crm.version == version


async def test_500_rows_and_not_one_more(api: Api) -> None:
    ids = await api.ids("Leads", BEN, limit=10)
    most = ids + [str(number) for number in range(1, 491)]
    assert (await api.change_owner("Leads", most, SOFIA)).status_code == 202
    refused = await api.change_owner("Leads", [*most, "9"], SOFIA)
    assert error(refused) == (400, "INVALID_DATA")
    assert refused.json()["details"] == {"maximum_length": 500, "api_name": "ids", "json_path": "$.ids"}


async def test_a_locked_record_for_now_makes_the_answer_mixed_and_passes_the_second_time(api: Api) -> None:
    await api.get("/org")
    ids = await api.ids("Leads", limit=20)
    locked = api.crm.store.query("SELECT id FROM Leads WHERE Owner = ? AND _lock = 1", (int(AMIT),))
    assert str(locked[0]["id"]) in ids
    first = await api.change_owner("Leads", ids, SOFIA)
    assert first.status_code == 202
    refused = [each for each in first.json()["data"] if each["status"] == "error"]
    assert refused[0]["code"] == "RECORD_LOCKED"
    assert refused[0]["details"] == {"action": "record_locking", "id": str(locked[0]["id"])}
    assert (await api.change_owner("Leads", [refused[0]["details"]["id"]], SOFIA)).status_code == 200


async def test_mixed_answers_are_207_for_some_clients(api: Api) -> None:
    api.crm.quirks.mixed_status = 207
    ids = await api.ids("Deals", limit=1)
    assert (await api.change_owner("Deals", [*ids, "1"], SOFIA)).status_code == 207


async def test_yukis_locked_accounts_stay_locked(api: Api) -> None:
    locked = [each["id"] for each in api.crm.records("Accounts", owner=YUKI, limit=500) if each["Locked__s"]]
    assert locked
    for _ in range(2):
        answer = await api.change_owner("Accounts", locked, SOFIA)
        assert answer.status_code == 400
        assert {each["code"] for each in answer.json()["data"]} == {"RECORD_LOCKED"}


async def test_converted_leads_and_unknown_ids_are_refused_in_their_row(api: Api) -> None:
    query = f"select id from Leads where (Owner = '{AMIT}' and Converted_Account is not null) limit 1"
    converted = (await api.coql(query)).json()["data"][0]["id"]
    answer = await api.change_owner("Leads", [converted, "77"], SOFIA)
    assert answer.status_code == 400
    assert [each["code"] for each in answer.json()["data"]] == ["ID_ALREADY_CONVERTED", "INVALID_DATA"]


@pytest.mark.parametrize(
    ("receiver", "status", "details"),
    [
        (WALTER, 400, {"owner_status": "inactive"}),
        (INES, 400, {"owner_status": "inactive"}),
        (STAN, 403, {"owner_status": "deleted"}),
        ("12345", 400, {}),
    ],
)
async def test_who_cannot_be_given_records(company: Api, receiver: str, status: int, details: dict[str, Any]) -> None:
    refused = await company.change_owner("Deals", await company.ids("Deals", limit=1), receiver)
    assert error(refused) == (status, "INVALID_DATA")
    assert refused.json()["details"] == {"api_name": "id", "json_path": "$.owner.id", **details}


async def test_receivers_without_the_module_or_with_a_lite_licence(api: Api) -> None:
    ids = await api.ids("Deals", limit=1)
    api.crm.quirks.no_module_right.add((BEN, "Deals"))
    refused = await api.change_owner("Deals", ids, BEN)
    assert error(refused) == (403, "CANNOT_ASSIGN")
    assert refused.json()["details"] == {"permissions": ["Crm_Implied_Role_View_Deals"]}
    api.crm.quirks.lite_users.add(SOFIA)
    lite = await api.change_owner("Deals", ids, SOFIA)
    assert error(lite) == (400, "INVALID_DATA")
    assert "owner_status" not in lite.json()["details"]


async def test_zoho_mails_the_new_owner_only_when_asked(api: Api) -> None:
    first, second = await api.ids("Deals", limit=2)
    await api.change_owner("Deals", [first], SOFIA)
    assert api.crm.owner_mails[SOFIA] == 0
    await api.change_owner("Deals", [second], SOFIA, notify=True)
    assert api.crm.owner_mails[SOFIA] == 1


async def test_named_related_records_move_along(api: Api) -> None:
    deal = (await api.ids("Deals", limit=1))[0]
    task = (await api.ids("Tasks", limit=1))[0]
    await api.change_owner("Deals", [deal], SOFIA, related_modules=[{"api_name": "Tasks", "id": task}])
    assert row(await api.get(f"/Tasks/{task}"))["Owner"]["id"] == SOFIA
    refused = await api.change_owner("Deals", [deal], BEN, related_modules=[{"api_name": "Quotes", "id": "1"}])
    assert error(refused) == (400, "INVALID_DATA")
    six = [{"api_name": "Tasks", "id": task}] * 6
    assert error(await api.change_owner("Deals", [deal], BEN, related_modules=six)) == (400, "INVALID_DATA")


async def test_malformed_calls(company: Api) -> None:
    assert error(await company.change_owner("Deals", [], SOFIA)) == (400, "MANDATORY_NOT_FOUND")
    no_owner = await company.post("/Deals/actions/change_owner", {"ids": ["1"]})
    assert no_owner.json()["details"]["json_path"] == "$.owner.id"
    bad_id = await company.change_owner("Deals", ["1", "x"], SOFIA)
    assert bad_id.status_code == 400
    assert bad_id.json()["data"]["details"]["json_path"] == "$.ids[1]"
    assert error(await company.change_owner("Notes", ["1"], SOFIA)) == (400, "NOT_SUPPORTED")
    assert error(await company.change_owner("Social", ["1"], SOFIA)) == (400, "INVALID_MODULE")


async def test_version_two_has_no_owner_change(company: Api) -> None:
    body = {"ids": ["1"], "owner": {"id": SOFIA}}
    old = await company.call("POST", "/Deals/actions/change_owner", version="v2", json=body)
    assert (error(old), old.json()["details"]) == ((400, "API_NOT_SUPPORTED"), {"supported_version": 3})


async def test_the_callers_profile_must_allow_it(company: Api) -> None:
    ben = company.with_grant("ZohoCRM.change_owner.CREATE", user="ben")
    refused = await ben.change_owner("Leads", ["1"], SOFIA)
    assert error(refused) == (403, "NO_PERMISSION")
    assert refused.json()["details"] == {"permissions": ["Crm_Implied_Change_Owner_Leads"]}
