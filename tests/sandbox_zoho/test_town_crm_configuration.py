"""Profiles, absences, assignment rules and workflow rules of the town's CRM, and writes that set nothing off."""

from typing import Any

import pytest
from crm_client import AMIT, BEN, SOFIA, Api, crm_id, error, row

from sandbox.company import NAMED_IN

RAJ, CLAIRE, YUKI = crm_id("raj"), crm_id("claire"), crm_id("yuki")
ASSIGNMENT = "/settings/automation/assignment_rules"
WORKFLOW = "/settings/automation/workflow_rules"
READS = {
    "/settings/profiles": "profiles",
    "/settings/profiles/5000000000000013": "profiles",
    "/settings/users_unavailability": "users_unavailability",
    ASSIGNMENT: "assignment_rules",
    WORKFLOW: "workflow_rules",
}


@pytest.mark.parametrize("path", READS)
async def test_each_needs_its_own_scope(company: Api, path: str) -> None:
    scope = f"ZohoCRM.settings.{READS[path]}.READ"
    assert (await company.with_grant(scope).get(path)).status_code == 200
    assert error(await company.with_grant("ZohoCRM.users.ALL").get(path)) == (401, "OAUTH_SCOPE_MISMATCH")


async def permissions(api: Api, user: str) -> dict[tuple[str, str], bool]:
    """By module and right what a user's profile allows."""
    profile = row(await api.get(f"/users/{user}"), "users")["profile"]
    found = row(await api.get(f"/settings/profiles/{profile['id']}"), "profiles")
    assert found["name"] == profile["name"]
    rights = found["permissions_details"]
    assert len({right["id"] for right in rights}) == len(rights)
    return {(right["module"], right["name"]): right["enabled"] for right in rights}


async def test_a_profile_tells_what_its_users_see(company: Api) -> None:
    seen = await permissions(company, RAJ)
    assert seen["Leads", "Crm_Implied_View_Leads"] is False
    assert seen["Cases", "Crm_Implied_View_Cases"] is True
    assert all((await permissions(company, BEN)).values())
    assert error(await company.get("/settings/profiles/7")) == (400, "INVALID_DATA")


async def test_whoever_does_not_see_a_module_owns_nothing_of_it_from_now_on(api: Api) -> None:
    leads, contacts = await api.ids("Leads", limit=1), await api.ids("Contacts", limit=1)
    refused = await api.change_owner("Leads", leads, RAJ)
    assert (error(refused), refused.json()["details"]) == (
        (403, "CANNOT_ASSIGN"),
        {"permissions": ["Crm_Implied_Role_View_Leads"]},
    )
    put = await api.put("/Leads", {"data": [{"id": leads[0], "Owner": {"id": RAJ}}]})
    assert (put.status_code, row(put)["code"]) == (400, "CANNOT_ASSIGN")
    assert (await api.change_owner("Contacts", contacts, RAJ)).status_code == 200


async def test_absences_past_present_and_to_come(company: Api) -> None:
    answer = await company.get("/settings/users_unavailability")
    found = {each["user"]["id"]: each for each in answer.json()["users_unavailability"]}
    now = company.crm.clock.now().isoformat()
    assert set(found) == {CLAIRE, BEN, crm_id("hanna")}
    assert found[CLAIRE]["from"] < now < found[CLAIRE]["to"]
    assert found[BEN]["to"] < now < found[crm_id("hanna")]["from"]


async def test_absences_come_in_pages_and_ones_own_alone_to_others(company: Api) -> None:
    pages = [(await company.get("/settings/users_unavailability", per_page=2, page=page)).json() for page in (1, 2)]
    assert [page["info"]["more_records"] for page in pages] == [True, False]
    assert sum(len(page["users_unavailability"]) for page in pages) == 3
    scope = "ZohoCRM.settings.users_unavailability.READ"
    own = await company.with_grant(scope, user="ben").get("/settings/users_unavailability")
    assert [each["user"]["id"] for each in own.json()["users_unavailability"]] == [BEN]
    assert (await company.with_grant(scope, user="sofia").get("/settings/users_unavailability")).status_code == 204


async def rules(api: Api) -> dict[str, dict[str, Any]]:
    """The assignment rules by name, with their entries."""
    listed = (await api.get(ASSIGNMENT)).json()["assignment_rules"]
    assert not any("rule_entries" in rule for rule in listed)
    whole = [
        row(await api.get(f"{ASSIGNMENT}/{rule['id']}", module=rule["module"]["api_name"]), "assignment_rules")
        for rule in listed
    ]
    return {rule["name"]: rule for rule in whole}


def people(rule: dict[str, Any]) -> list[str]:
    """Ids of whoever a rule gives records to, the fallback last."""
    entries = [each["id"] for entry in rule["rule_entries"] for each in entry["assign_to"]["resources"]]
    return [*entries, rule["default_assignee"]["resource"]["id"]]


async def test_the_pre_check_and_the_rules_name_the_same_people(api: Api) -> None:
    named = {user for rule in (await rules(api)).values() for user in people(rule)}
    assert {crm_id(key) for key, at in NAMED_IN.items() if "assignment" in at} <= named
    for user in (AMIT, YUKI, SOFIA, crm_id("julia"), crm_id("tomas")):
        check = row(await api.get(f"/users/{user}/actions/validate_before_transfer"), "validate_before_transfer")
        assert check["assignment"] is (user in named)


async def test_rules_are_listed_for_one_module_too(company: Api) -> None:
    found = (await company.get(ASSIGNMENT, module="Cases")).json()["assignment_rules"]
    assert [rule["name"] for rule in found] == ["Service requests"]
    assert (await company.get(ASSIGNMENT, module="Deals")).status_code == 204
    rule = found[0]["id"]
    assert error(await company.get(f"{ASSIGNMENT}/{rule}")) == (400, "REQUIRED_PARAM_MISSING")
    assert error(await company.get(f"{ASSIGNMENT}/{rule}", module="Leads")) == (400, "INVALID_DATA")


@pytest.mark.parametrize(("leaver", "named"), [(AMIT, ["Web enquiries North"]), (YUKI, ["Trade fair contacts"])])
async def test_a_transfer_puts_the_new_person_into_the_rules(api: Api, leaver: str, named: list[str]) -> None:
    before = {name: people(rule) for name, rule in (await rules(api)).items()}
    order = {"transfer": {"id": SOFIA, "records": False, "assignment": True, "criteria": False}}
    await api.post(f"/users/{leaver}/actions/transfer", {"transfer": [order]})
    api.crm.clock.advance(31)
    after = {name: people(rule) for name, rule in (await rules(api)).items()}

    assert not any(leaver in who for who in after.values())
    assert all(after[name].count(SOFIA) == 1 for name in named)  # once, though she stood there before
    assert {name: who for name, who in after.items() if leaver not in before[name]} == {
        name: who for name, who in before.items() if leaver not in who
    }


async def test_workflow_rules_tell_their_trigger_and_on_request_their_actions(company: Api) -> None:
    short = (await company.get(WORKFLOW)).json()["workflow_rules"]
    whole = (await company.get(WORKFLOW, include_inner_details="true")).json()["workflow_rules"]
    assert not any("conditions" in rule for rule in short)
    found = {rule["name"]: rule for rule in whole}
    owner = found["Tell the new owner"]
    assert owner["execute_when"]["type"] == "field_update"
    assert owner["execute_when"]["details"]["criteria"]["field"] == {"api_name": "Owner"}
    assert "email_notifications" in {action["type"] for action in owner["conditions"][0]["instant_actions"]["actions"]}
    assert found["Ask the old owner"]["status"] == {"active": False}
    assert found["Welcome a new lead"]["execute_when"]["type"] == "create"


async def test_workflow_rules_come_in_pages_and_by_module(company: Api) -> None:
    pages = [(await company.get(WORKFLOW, per_page=3, page=page)).json() for page in (1, 2)]
    assert [len(page["workflow_rules"]) for page in pages] == [3, 2]
    assert [page["info"]["more_records"] for page in pages] == [True, False]
    leads = (await company.get(WORKFLOW, module="Leads")).json()["workflow_rules"]
    assert {rule["module"]["api_name"] for rule in leads} == {"Leads"}
    assert (await company.get(WORKFLOW, module="Vendors")).status_code == 204


async def test_a_small_edition_has_no_automation(api: Api) -> None:
    api.crm.quirks.without_automation = True
    for path in (ASSIGNMENT, WORKFLOW):
        assert error(await api.get(path)) == (403, "FEATURE_NOT_SUPPORTED")


@pytest.mark.parametrize(("trigger", "runs"), [(None, 1), (["workflow"], 1), ([], 0), (["approval"], 0)])
async def test_an_owner_change_starts_the_automation_that_it_names(
    api: Api, trigger: list[str] | None, runs: int
) -> None:
    deal = (await api.ids("Deals", limit=1))[0]
    body = {"data": [{"id": deal, "Owner": {"id": SOFIA}}]} | ({} if trigger is None else {"trigger": trigger})
    assert (await api.put("/Deals", body)).status_code == 200
    assert api.crm.changes.workflows["Deals"] == runs


async def test_user_fields_take_users_and_nothing_else(api: Api) -> None:
    deal = (await api.ids("Deals", limit=1))[0]

    async def put(value: Any) -> dict[str, Any]:
        return row(await api.put("/Deals", {"data": [{"id": deal, "Presales_Engineer": value}], "trigger": []}))

    def engineer() -> Any:
        return (api.crm.record("Deals", deal) or {})["Presales_Engineer"]

    assert (await put({"id": BEN}))["code"] == "SUCCESS"
    assert engineer()["id"] == BEN
    for wrong in (BEN, {"id": "9"}, {"name": "Ben"}, 5):
        refused = await put(wrong)
        assert (refused["code"], refused["details"]["json_path"]) == ("INVALID_DATA", "$.data[0].Presales_Engineer")
    assert engineer()["id"] == BEN
    assert (await put(None))["code"] == "SUCCESS"
    assert engineer() is None
