"""What the API tells of modules, fields and links; and what the company looks like."""

import base64
from pathlib import Path

import pytest
from suite_client import AMIT, BEN, JULIA, NOBODY, SOFIA, TOWN, WALTER, Api, detail, ids

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import SUITECRM_IDS
from sandbox.suitecrm import SuiteCrm
from sandbox.vendor import Vendor


async def test_the_list_of_modules_leaves_out_some_that_have_owners(office: Api) -> None:
    shown = (await office.get("/meta/modules")).json()["data"]
    assert shown["type"] == "modules"
    listed = shown["attributes"]
    assert listed["brw_SiteVisits"]["label"] == "Site Visits"
    assert "edit" in listed["Leads"]["access"]
    owned = {module.name for module in office.crm.modules()}
    assert owned - set(listed) == {"Prospects", "ProjectTask"}
    assert {"Users", "OAuth2Tokens", "AOW_Actions"}.isdisjoint(listed)


async def test_fields_tell_what_is_no_column(office: Api) -> None:
    fields = (await office.get("/meta/fields/Leads")).json()["data"]["attributes"]
    assert fields["assigned_user_id"] == {"type": "relate", "required": False, "dbType": "id"}
    assert fields["assigned_user_name"]["source"] == "non-db"
    assert fields["previous_owner_c"]["source"] == "custom_fields"
    assert "previous_owner_c" not in (await office.get("/meta/fields/brw_SiteVisits")).json()["data"]["attributes"]
    text = "The API user does not have access to this module."
    assert detail(await office.get("/meta/fields/ProjectTask")) == text
    assert detail(await office.get("/meta/fields/Users")) == text


async def test_without_the_tag_field_it_is_unknown_everywhere(suite: Api) -> None:
    lead = next(iter(suite.crm.all_owned(AMIT, "Leads")))
    suite.crm.quirks.without_tag_field = True
    assert "previous_owner_c" not in (await suite.get("/meta/fields/Leads")).json()["data"]["attributes"]
    refused = detail(await suite.patch("Leads", lead, assigned_user_id=SOFIA, previous_owner_c="x"))
    assert refused == "Property previous_owner_c in Lead module is invalid"
    assert suite.crm.value("Leads", lead, "assigned_user_id") == AMIT


async def test_mails_on_a_record_are_its_related_emails(office: Api) -> None:
    expected: dict[str, set[str]] = {}
    for row in office.crm.store.query("SELECT id, parent_id FROM emails WHERE assigned_user_id = ?", (AMIT,)):
        expected.setdefault(row["parent_id"], set()).add(row["id"])
    contact, mails = max(expected.items(), key=lambda item: len(item[1]))
    path = f"/module/Contacts/{contact}/relationships/emails"
    answer = await office.get(path, **{"page[size]": "1", "page[number]": "1"})
    meta = {"total-records": len(mails), "total-pages": len(mails), "records-on-this-page": 1}
    assert answer.json()["meta"] == meta
    assert answer.json()["links"]["next"].startswith(f"/V8{path}?page[size]=1&page[number]=2")
    first = answer.json()["data"][0]
    assert first["links"]["self"] == f"V8/module/Email/{first['id']}"
    assert set(ids(await office.get(path))) == mails
    none = await office.get(path, **{"filter[assigned_user_id][eq]": BEN})
    text = "There is no relationship set in Contact module with emails link field"
    assert none.json() == {"meta": {"message": text}, "data": []}
    assert 'option "fields" does not exist' in detail(await office.get(path, **{"fields[Emails]": "name"}))


async def test_links_that_do_not_exist_cannot_be_loaded(office: Api) -> None:
    contact = next(iter(office.crm.all_owned(AMIT, "Contacts")))
    text = "Cannot load relationship nix for Contact module"
    assert detail(await office.get(f"/module/Contacts/{contact}/relationships/nix")) == text
    text = f"Contacts module with id {NOBODY} is not found"
    assert detail(await office.get(f"/module/Contacts/{NOBODY}/relationships/emails")) == text


async def test_people_report_to_somebody_and_belong_to_a_group(office: Api) -> None:
    tomas = SUITECRM_IDS["tomas"]
    reportees = ids(await office.get(f"/module/Users/{tomas}/relationships/reportees"))
    assert set(reportees) == {AMIT, SOFIA, BEN}
    assert ids(await office.get("/module/Users", **{"filter[reports_to_id][eq]": tomas})) == reportees
    groups = (await office.get(f"/module/Users/{AMIT}/relationships/SecurityGroups")).json()["data"]
    assert [group["attributes"]["name"] for group in groups] == ["Sales North"]


async def test_a_group_is_left_and_joined(suite: Api) -> None:
    path = f"/module/Users/{AMIT}/relationships/SecurityGroups"
    group = ids(await suite.get(path))[0]
    assert (await suite.call("DELETE", f"{path}/{group}")).status_code == 200
    assert ids(await suite.get(path)) == []
    text = f"Module with {group} id is not related to User"
    assert detail(await suite.call("DELETE", f"{path}/{group}")) == text
    joined = await suite.call("POST", path, json={"data": {"type": "SecurityGroups", "id": group}})
    assert joined.status_code == 201
    assert ids(await suite.get(path)) == [group]
    wrong = {"data": {"type": "Leads", "id": next(iter(suite.crm.all_owned(AMIT, "Leads")))}}
    assert detail(await suite.call("POST", path, json=wrong)).startswith("Cannot create relationship SecurityGroups")


async def test_relations_by_a_column_change_that_record(suite: Api) -> None:
    contact = next(iter(suite.crm.all_owned(AMIT, "Contacts")))
    note = next(iter(suite.crm.all_owned(AMIT, "Notes")))
    path = f"/module/Contacts/{contact}/relationships/notes"
    await suite.call("POST", path, json={"data": {"type": "Notes", "id": note}})
    assert suite.crm.value("Notes", note, "parent_id") == contact
    assert suite.crm.value("Notes", note, "parent_type") == "Contacts"
    await suite.call("DELETE", f"{path}/{note}")
    assert suite.crm.value("Notes", note, "parent_id") is None
    account = next(iter(suite.crm.all_owned(BEN, "Accounts")))
    path = f"/module/Contacts/{contact}/relationships/accounts"
    await suite.call("POST", path, json={"data": {"type": "Accounts", "id": account}})
    assert ids(await suite.get(path)) == [account]
    await suite.call("DELETE", f"{path}/{account}")
    assert ids(await suite.get(path)) == []


async def test_without_a_link_the_modules_say_which_relation_is_meant(suite: Api) -> None:
    contact, note = (next(iter(suite.crm.all_owned(AMIT, module))) for module in ("Contacts", "Notes"))
    path = f"/module/Contacts/{contact}/relationships"
    answer = await suite.call("POST", path, json={"data": {"type": "Notes", "id": note}})
    text = f"Note with id {note} has been added to Contact with id {contact}"
    assert (answer.status_code, answer.json()["meta"]["message"]) == (201, text)
    assert note in ids(await suite.get(f"{path}/notes"))
    bug = next(iter(suite.crm.all_owned(AMIT, "Bugs")))
    text = "Link field has not found in Contact to determine relationship for Bug"
    assert detail(await suite.call("POST", path, json={"data": {"type": "Bugs", "id": bug}})) == text


async def test_a_workflow_names_leavers(office: Api) -> None:
    flow = ids(await office.get("/module/AOW_WorkFlow"))[0]
    actions = (await office.get(f"/module/AOW_WorkFlow/{flow}/relationships/aow_actions")).json()["data"]
    parameters = base64.b64decode(actions[0]["attributes"]["parameters"]).decode()
    assert f's:36:"{AMIT}"' in parameters
    conditions = (await office.get("/module/AOW_Conditions", **{"filter[aow_workflow_id][eq]": flow})).json()["data"]
    assert [each["attributes"]["value"] for each in conditions] == [JULIA]


def test_the_company_is_the_rosters(office: Api) -> None:
    crm: Vendor = office.crm
    people = {user.key: user for user in crm.users()}
    assert people["amit"].email == "a.kumar@brightwater.example"
    assert {key for key, user in people.items() if not user.active} == {"walter", "stan"}
    sizes = {
        key: sum(crm.open_owned(user.id).values()) + sum(crm.closed_owned(user.id).values())
        for key, user in people.items()
    }
    assert (sizes["amit"], sizes["julia"], sizes["noor"]) == (300, 150, 0)
    assert crm.open_owned(WALTER)
    dmitri = crm.open_owned(people["dmitri"].id)
    assert max(dmitri, key=lambda module: dmitri[module]) == "Cases"
    assert set(crm.open_owned(AMIT)) == {module.name for module in crm.modules()}
    assert crm.address_settings(f"{TOWN}/") == {"suitecrm_url": f"{TOWN}/suitecrm"}


def test_open_is_what_the_words_of_each_module_say(office: Api) -> None:
    crm = office.crm
    for module, field, is_open in (
        ("Leads", "status", lambda state: state not in ("Converted", "Dead")),
        ("Opportunities", "sales_stage", lambda state: state not in ("Closed Won", "Closed Lost")),
        ("Cases", "status", lambda state: state.startswith("Open_")),
        ("Calls", "status", lambda state: state == "Planned"),
        ("Tasks", "status", lambda state: state != "Completed"),
    ):
        states = [crm.value(module, each, field) for each in crm.all_owned(AMIT, module)]
        assert crm.open_owned(AMIT)[module] == sum(is_open(state) for state in states), module
    assert None in [crm.value("Leads", each, "status") for each in crm.all_owned(AMIT, "Leads")]


async def test_a_finished_record_is_closed(suite: Api) -> None:
    for module in ("Leads", "Opportunities", "Cases", "Calls", "ProjectTask"):
        record = next(r for r in suite.crm.records(module, owner=AMIT) if r.state in _OPEN)
        before = suite.crm.open_owned(AMIT).get(module, 0)
        suite.crm.finish(module, record.id)
        assert suite.crm.open_owned(AMIT).get(module, 0) == before - 1, module
    with pytest.raises(KeyError):
        suite.crm.finish("Accounts", next(iter(suite.crm.all_owned(AMIT, "Accounts"))))


_OPEN = {
    "", "New", "Assigned", "In Process", "Recycled", "Prospecting", "Qualification", "Proposal/Price Quote", "Planned",
    "Open / Open_New", "Open / Open_Assigned", "Open / Open_Pending Input", "Open_New", "Open_Assigned",
    "Open_Pending Input",
}  # fmt: skip


async def test_records_and_their_pages(office: Api) -> None:
    listed = office.crm.records("Cases", owner=JULIA, limit=3)
    assert all(record.owner == JULIA and record.label and record.state for record in listed)
    page = await office.send("GET", listed[0].path.removeprefix("/suitecrm"))
    assert listed[0].label.split()[0] in page.text
    assert (await office.send("GET", "/index.php?module=Cases&record=nix")).status_code == 404
    found = office.crm.record("Cases", listed[0].id)
    assert found
    assert found["attributes"]["assigned_user_id"] == JULIA
    assert office.crm.record("Nothing", listed[0].id) is None


def test_one_seed_is_one_company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.suitecrm.company.SIZES", {"julia": 150, "hanna": 20})
    first, second = (
        SuiteCrm(clock=Clock(), faults=Faults(), storage=tmp_path / name, records=40, leaver="julia") for name in "ab"
    )
    assert first.all_owned(JULIA, "Leads") == second.all_owned(JULIA, "Leads")
    assert sum(first.open_owned(JULIA).values()) + sum(first.closed_owned(JULIA).values()) == 40
    first.close()
    second.close()
