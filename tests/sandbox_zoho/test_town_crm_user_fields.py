"""Fields other than the owner that name people, and what the company's data gives to look at besides."""
# ruff: noqa: S608  # queries of the vendor's own language, put together from constants

from datetime import timedelta

import pytest
from crm_client import AMIT, Api, crm_id, error

NAMED = ("amit", "julia", "yuki")


async def named(company: Api, who: str) -> list[dict[str, object]]:
    query = f"select id, Owner, Key_Account_Manager from Accounts where Key_Account_Manager = '{crm_id(who)}' limit 500"
    found: list[dict[str, object]] = (await company.coql(query)).json()["data"]
    return found


@pytest.mark.parametrize("who", NAMED)
async def test_leavers_are_key_account_managers_of_what_several_others_own(company: Api, who: str) -> None:
    accounts = await named(company, who)

    assert {str(account["Key_Account_Manager"]) for account in accounts} == {str({"id": crm_id(who)})}
    owners = {str(account["Owner"]) for account in accounts}
    assert len(owners) > 5
    assert str({"id": crm_id(who)}) not in owners


async def test_a_record_shows_the_manager_by_name(company: Api) -> None:
    account = (await named(company, "amit"))[0]

    shown = company.crm.record("Accounts", str(account["id"]))

    assert shown
    assert shown["Key_Account_Manager"] == {"name": "Amit Kumar", "id": AMIT, "email": "amit@brightwater.example"}


async def test_several_users_stand_in_one_field_as_a_list(company: Api) -> None:
    visits = company.crm.records("Site_Visits", limit=200)

    teams = {tuple(user["name"] for user in visit["Accompanied_By"]) for visit in visits}
    assert () in teams
    assert any("Dmitri Orlov" in team and len(team) == 2 for team in teams)
    answer = await company.get("/Site_Visits", fields="Accompanied_By", per_page=200)
    listed = {user["id"] for visit in answer.json()["data"] for user in visit["Accompanied_By"]}
    assert crm_id("dmitri") in listed


async def test_queries_and_search_refuse_a_field_of_several_users(company: Api) -> None:
    for query in (
        f"select id from Site_Visits where Accompanied_By = '{AMIT}'",
        "select Accompanied_By from Site_Visits where id is not null",
        "select COUNT(id) as n, Accompanied_By from Site_Visits where id is not null group by Accompanied_By",
    ):
        answer = await company.coql(query)
        assert error(answer) == (400, "INVALID_QUERY")
        assert answer.json()["details"] == {"column_name": "Accompanied_By"}
    searched = await company.get("/Site_Visits/search", criteria=f"(Accompanied_By:equals:{AMIT})")
    assert error(searched) == (400, "INVALID_QUERY")


async def test_the_metadata_tell_both_kinds_of_field(company: Api) -> None:
    described: dict[str, dict[str, object]] = {}
    for module in ("Accounts", "Site_Visits"):
        answer = await company.get("/settings/fields", module=module)
        described |= {each["api_name"]: each for each in answer.json()["fields"]}

    kinds = {name: (described[name]["data_type"], described[name]["json_type"]) for name in described}
    assert kinds["Key_Account_Manager"] == ("userlookup", "jsonobject")
    assert kinds["Accompanied_By"] == ("multiuserlookup", "jsonarray")
    assert described["Key_Account_Manager"]["field_label"] == "Key Account Manager"


@pytest.mark.parametrize("module", ["Leads", "Accounts", "Contacts", "Deals"])
async def test_some_records_were_left_alone_for_long_and_some_for_ever(company: Api, module: str) -> None:
    year_ago = (company.crm.clock.now() - timedelta(days=365)).isoformat(timespec="seconds")

    total = await company.count(module, AMIT)
    silent = await company.count(module, AMIT, f"Last_Activity_Time < '{year_ago}'")
    never = await company.count(module, AMIT, "Last_Activity_Time is null")

    assert 0 < silent < total / 2
    assert 0 < never < total / 4


async def test_groups_of_a_lookup_and_of_a_person_add_up(company: Api) -> None:
    for module, field in (("Contacts", "Account_Name"), ("Accounts", "Key_Account_Manager")):
        query = f"select {field}, COUNT(id) as n from {module} where Owner = '{AMIT}' group by {field} limit 2000"
        groups = (await company.coql(query)).json()["data"]
        assert sum(group["n"] for group in groups) == await company.count(module, AMIT)
        assert all(group[field] is None or set(group[field]) == {"id"} for group in groups)


async def test_mails_lie_on_old_contacts_and_on_every_second_new_one(company: Api) -> None:
    newest = await company.coql(f"select id from Contacts where Owner = '{AMIT}' order by id desc limit 8")
    oldest = await company.coql(f"select id from Contacts where Owner = '{AMIT}' order by id asc limit 8")
    mailed = []
    for answer in (newest, oldest):
        listed = [await company.get(f"/Contacts/{contact['id']}/Emails") for contact in answer.json()["data"]]
        mailed.append(sum(each.status_code == 200 for each in listed))

    assert mailed == [4, 8]
