"""Listing, reading and updating records."""

from typing import Any

import pytest
from crm_client import AMIT, BEN, SOFIA, Api, crm_id, error, row


async def test_a_list_needs_its_fields_named(company: Api) -> None:
    missing = await company.get("/Leads")
    assert (error(missing), missing.json()["details"]) == ((400, "REQUIRED_PARAM_MISSING"), {"param_name": "fields"})
    answer = (await company.get("/Leads", fields="Company,Owner", per_page=3)).json()
    assert set(answer["data"][0]) >= {"id", "Company", "Owner"}
    assert "Last_Name" not in answer["data"][0]
    assert answer["info"]["sort_by"] == "id"
    too_many = ",".join(f"f{number}" for number in range(51))
    assert error(await company.get("/Leads", fields=too_many)) == (400, "LIMIT_EXCEEDED")


async def test_a_list_has_no_criteria_so_that_the_old_trap_returns_everybodys_leads(company: Api) -> None:
    params = {"criteria": f"(Owner:equals:{AMIT})", "per_page": 200}
    trap = (await company.call("GET", "/Leads", version="v2", params=params)).json()["data"]
    assert {each["Owner"]["id"] for each in trap} > {AMIT}
    assert error(await company.get("/Leads", **params)) == (400, "REQUIRED_PARAM_MISSING")


async def test_pages_reach_2000_rows_and_tokens_go_on(company: Api) -> None:
    last = (await company.get("/Leads", fields="id", page=10)).json()
    beyond = await company.get("/Leads", fields="id", page=11)
    assert error(beyond) == (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
    token = last["info"]["next_page_token"]
    further = (await company.get("/Leads", fields="id", page_token=token)).json()
    assert further["info"]["page"] == 11
    assert not {each["id"] for each in last["data"]} & {each["id"] for each in further["data"]}


async def test_a_page_token_is_bound_to_its_parameters_and_dies_after_a_day(api: Api) -> None:
    token = (await api.get("/Leads", fields="id", per_page=5)).json()["info"]["next_page_token"]
    other = await api.get("/Leads", fields="id,Company", per_page=5, page_token=token)
    assert error(other) == (400, "TOKEN_BOUND_DATA_MISMATCH")
    both = await api.get("/Leads", fields="id", per_page=5, page_token=token, page=2)
    assert error(both) == (400, "AMBIGUITY_DURING_PROCESSING")
    assert error(await api.get("/Leads", fields="id", page_token="torn")) == (400, "INVALID_DATA")
    api.crm.clock.advance(86_401)
    api.token = None
    assert error(await api.get("/Leads", fields="id", per_page=5, page_token=token)) == (400, "EXPIRED_VALUE")


async def test_a_list_hides_converted_leads_and_sorts(company: Api) -> None:
    shown = (await company.get("/Leads", fields="id", sort_by="Modified_Time", sort_order="asc")).json()["data"]
    assert not any(each["$converted"] for each in shown)
    times = [each["Modified_Time"] for each in (await company.get("/Leads", fields="Modified_Time")).json()["data"]]
    assert len(times) == 200
    converted = (await company.get("/Leads", fields="id", converted="true", per_page=3)).json()["data"]
    assert all(each["$converted"] for each in converted)
    assert error(await company.get("/Leads", fields="id", sort_by="Company")) == (400, "INVALID_DATA")


async def test_chosen_ids(company: Api) -> None:
    ids = await company.ids("Deals", limit=3)
    found = (await company.get("/Deals", fields="id", ids=",".join(ids))).json()["data"]
    assert {each["id"] for each in found} == set(ids)
    assert (await company.get("/Deals", fields="id", ids="1")).status_code == 204


async def test_one_record_shows_its_links_by_name(company: Api) -> None:
    record_id = (await company.ids("Deals", where="Account_Name is not null", limit=1))[0]
    deal = row(await company.get(f"/Deals/{record_id}"))
    assert deal["Owner"] == {"name": "Amit Kumar", "id": AMIT, "email": "amit@brightwater.example"}
    account = row(await company.get(f"/Accounts/{deal['Account_Name']['id']}"))
    assert account["Account_Name"] == deal["Account_Name"]["name"]
    assert account["Owner"]["id"] == AMIT
    assert (await company.get("/Deals/1")).status_code == 204
    assert error(await company.get("/Deals/abc")) == (400, "INVALID_DATA")


def owner_to(user: str, *ids: str, **more: Any) -> dict[str, Any]:
    return {"data": [{"id": record_id, "Owner": {"id": user}} for record_id in ids], **more}


async def test_put_changes_owner_and_fields(api: Api) -> None:
    first, second = await api.ids("Deals", limit=2)
    answer = await api.put("/Deals", owner_to(SOFIA, first, second))
    assert answer.status_code == 200
    assert row(answer)["message"] == "record updated"
    assert row(answer)["details"]["Modified_By"]["name"] == "Noor Haddad"
    assert (await api.put(f"/Deals/{first}", {"data": [{"Deal_Name": "Renamed"}]})).status_code == 200
    seen = row(await api.get(f"/Deals/{first}"))
    assert (seen["Deal_Name"], seen["Owner"]["id"]) == ("Renamed", SOFIA)


async def test_put_runs_automation_unless_the_trigger_is_an_empty_list(api: Api) -> None:
    first, second = await api.ids("Deals", limit=2)
    await api.put("/Deals", owner_to(SOFIA, first, trigger=[]))
    assert api.crm.changes.workflows["Deals"] == 0
    await api.put("/Deals", owner_to(SOFIA, second))
    assert api.crm.changes.workflows["Deals"] == 1


async def test_put_refuses_row_by_row(api: Api) -> None:
    good = (await api.ids("Deals", limit=1))[0]
    mixed = await api.put("/Deals", owner_to(SOFIA, good, "1"))
    assert mixed.status_code == 207
    assert [each["code"] for each in mixed.json()["data"]] == ["SUCCESS", "INVALID_DATA"]
    gone = await api.put("/Deals", owner_to(crm_id("walter"), good))
    assert gone.status_code == 400
    assert row(gone)["details"]["owner_status"] == "inactive"
    assert row(gone)["details"]["json_path"] == "$.data[0].Owner.id"


async def test_put_takes_a_hundred_rows(api: Api) -> None:
    refused = await api.put("/Leads", owner_to(SOFIA, *map(str, range(101))))
    assert refused.json()["details"]["maximum_length"] == 100
    assert error(await api.put("/Leads", {})) == (400, "MANDATORY_NOT_FOUND")
    assert error(await api.put("/Leads/1", owner_to(SOFIA, "1"))) == (400, "INVALID_DATA")


async def test_a_record_changed_since_is_not_overwritten(api: Api) -> None:
    record_id = (await api.ids("Deals", limit=1))[0]
    seen = row(await api.get(f"/Deals/{record_id}"))["Modified_Time"]
    header = {"If-Unmodified-Since": seen}
    assert (await api.put("/Deals", owner_to(SOFIA, record_id), **header)).status_code == 200
    late = await api.put("/Deals", owner_to(BEN, record_id), **header)
    assert error(late) == (412, "ALREADY_MODIFIED")
    assert row(await api.get(f"/Deals/{record_id}"))["Owner"]["id"] == SOFIA
    bad = await api.put("/Deals", owner_to(BEN, record_id), **{"If-Unmodified-Since": "yesterday"})
    assert error(bad) == (400, "INVALID_DATA")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_modules_that_the_api_does_not_serve(company: Api, method: str) -> None:
    assert error(await company.call(method, "/Social/1", json={"data": [{}]})) == (400, "INVALID_MODULE")
