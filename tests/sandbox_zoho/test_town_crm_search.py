"""Search and record count: criteria, the index that lags, and the ceiling."""

from typing import Any

import pytest
from crm_client import AMIT, BEN, SOFIA, Api, error


def by_owner(user: str) -> str:
    return f"((Owner:equals:{user}))"


async def test_criteria_find_an_owners_records(company: Api) -> None:
    criteria = f"((Owner:equals:{AMIT})and(Lead_Status:equals:Contacted))"
    answer = (await company.get("/Leads/search", criteria=criteria, fields="Last_Name,Owner,Lead_Status")).json()
    assert {each["Owner"]["id"] for each in answer["data"]} == {AMIT}
    assert {each["Lead_Status"] for each in answer["data"]} == {"Contacted"}
    assert answer["data"][0]["Owner"]["name"] == "Amit Kumar"


async def test_in_takes_several_values_and_or_joins(company: Api) -> None:
    counted = [
        (await company.get("/Cases/actions/count", criteria=by_owner(user))).json()["count"] for user in (AMIT, BEN)
    ]
    both = (await company.get("/Cases/actions/count", criteria=f"(Owner:in:{AMIT},{BEN})")).json()["count"]
    either = f"((Owner:equals:{AMIT})or(Owner:equals:{BEN}))"
    assert both == sum(counted) == (await company.get("/Cases/actions/count", criteria=either)).json()["count"]


async def test_equals_means_contains_on_text_but_not_on_picklists(company: Api) -> None:
    texts = (await company.get("/Accounts/search", criteria="(Account_Name:equals:Alster)")).json()["data"]
    assert all("Alster" in each["Account_Name"] != "Alster" for each in texts)
    assert (await company.get("/Leads/search", criteria="(Lead_Status:equals:Contact)")).status_code == 204


async def test_brackets_and_commas_in_values_are_escaped(company: Api) -> None:
    answer = await company.get("/Calls/search", criteria=r"(Subject:equals:Send offer \(call\))")
    assert {each["Subject"] for each in answer.json()["data"]} == {"Send offer (call)"}


async def test_email_phone_and_word_search_everything_alike(company: Api) -> None:
    contact = (await company.coql("select id, Email, Phone, Last_Name from Contacts where id > '0' limit 1")).json()
    wanted = contact["data"][0]
    for parameter, value in (("email", wanted["Email"]), ("phone", wanted["Phone"])):
        found = (await company.get("/Contacts/search", **{parameter: value})).json()["data"]
        assert wanted["id"] in {each["id"] for each in found}
    words = (await company.get("/Contacts/search", word=wanted["Last_Name"])).json()["data"]
    assert all(wanted["Last_Name"].lower() in str(each).lower() for each in words)
    assert (await company.get("/Cases/search", email="nobody@nowhere.example")).status_code == 204


async def test_converted_leads_are_hidden_unless_asked_for(company: Api) -> None:
    async def count(**more: str) -> int:
        answer = await company.get("/Leads/actions/count", criteria=by_owner(AMIT), **more)
        return int(answer.json()["count"])

    hidden, only, both = await count(), await count(converted="true"), await count(converted="both")
    assert only > 0
    assert hidden + only == both == await company.count("Leads", AMIT)


async def test_search_shows_a_change_only_after_the_lag_while_queries_see_it_at_once(api: Api) -> None:
    ids = await api.ids("Cases", limit=5)
    before = (await api.get("/Cases/actions/count", criteria=by_owner(AMIT))).json()["count"]
    await api.change_owner("Cases", ids, SOFIA)
    assert await api.count("Cases", AMIT) == before - len(ids)
    assert (await api.get("/Cases/actions/count", criteria=by_owner(AMIT))).json()["count"] == before
    shown = (await api.get("/Cases/search", criteria=by_owner(AMIT))).json()["data"]
    assert set(ids) <= {each["id"] for each in shown}
    api.crm.clock.advance(2.1)
    assert (await api.get("/Cases/actions/count", criteria=by_owner(AMIT))).json()["count"] == before - len(ids)
    moved = (await api.get("/Cases/search", criteria=by_owner(SOFIA))).json()["data"]
    assert set(ids) <= {each["id"] for each in moved}


async def test_the_lag_can_be_switched_off(api: Api) -> None:
    api.crm.search_lag_seconds = 0
    ids = await api.ids("Cases")
    for _ in range(2):  # one of them is locked at first
        await api.change_owner("Cases", ids, SOFIA)
    assert (await api.get("/Cases/search", criteria=by_owner(AMIT))).status_code == 204
    assert (await api.get("/Cases/actions/count", criteria=by_owner(AMIT))).json() == {"count": 0}


async def test_search_ends_at_2000_rows(company: Api) -> None:
    last = await company.get("/Leads/search", criteria="(id:greater_than:0)", page=10, per_page=200)
    assert last.json()["info"]["count"] == 200
    beyond = await company.get("/Leads/search", criteria="(id:greater_than:0)", page=11, per_page=200)
    assert (error(beyond), beyond.json()["details"]) == ((400, "LIMIT_REACHED"), {"limit": "2000"})


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("/Leads/search", {}, "EXPECTED_PARAM_MISSING"),
        ("/Leads/search", {"criteria": "Owner:equals:1"}, "INVALID_QUERY"),
        ("/Leads/search", {"criteria": "(Nothing:equals:1)"}, "INVALID_QUERY"),
        ("/Leads/search", {"criteria": "(Owner:starts_with:1)"}, "INVALID_QUERY"),
        ("/Leads/search", {"criteria": "(Owner:equals:ben)"}, "INVALID_QUERY"),
        ("/Leads/search", {"criteria": "(id:between:1)"}, "INVALID_QUERY"),
        ("/Leads/search", {"criteria": "(id:equals:1)", "converted": "maybe"}, "INVALID_DATA"),
        ("/Leads/search", {"criteria": "(id:equals:1)", "per_page": "201"}, "INVALID_DATA"),
        ("/Notes/search", {"word": "x"}, "NOT_SUPPORTED"),
        ("/Leads/actions/count", {}, "AMBIGUITY_DURING_PROCESSING"),
        ("/Leads/actions/count", {"cvid": "1", "criteria": "(id:equals:1)"}, "AMBIGUITY_DURING_PROCESSING"),
    ],
)
async def test_refusals(company: Api, path: str, params: dict[str, Any], code: str) -> None:
    assert error(await company.get(path, **params)) == (400, code)


async def test_at_most_fifteen_criteria(company: Api) -> None:
    criteria = f"({'and'.join('(id:greater_than:1)' for _ in range(16))})"
    assert error(await company.get("/Leads/search", criteria=criteria)) == (400, "CRITERIA_LIMIT_EXCEEDED")
