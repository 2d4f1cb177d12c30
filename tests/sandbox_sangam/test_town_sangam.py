"""The town's Sangam CRM: the five operations of its public API, and what that API leaves open."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sangam_client import HANNA, JULIA, LENA, MEI, TOWN, Api, values

from sandbox.clock import Clock
from sandbox.faults import Fault, Faults
from sandbox.sangam import Sangam
from sandbox.vendor import Vendor


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A Sangam CRM for tests that change nothing."""
    crm = Sangam(clock=Clock(), faults=Faults(), storage=tmp_path_factory.mktemp("sangam"))
    yield Api(crm)
    crm.close()


@pytest.fixture
def sangam(tmp_path: Path) -> Iterator[Api]:
    """A Sangam CRM of one's own, in which Julia owns 40 records."""
    faults = Faults(latency_seconds=0.01)
    crm = Sangam(clock=Clock(), faults=faults, storage=tmp_path, records=40, leaver="julia")
    yield Api(crm)
    crm.close()


async def test_modules_have_singular_names(branch: Api) -> None:
    listed = (await branch.push("modulelist")).json()["module_list"]
    assert listed == ["Lead", "Contact", "Account", "Opportunity", "Ticket", "Task", "Call", "Meeting"]


async def test_the_key_may_stand_in_the_body_and_must_be_right(branch: Api) -> None:
    key = {"authorization": f"Bearer {branch.crm.settings['sangam_push_key']}"}
    assert (await branch.post("modulelist", key)).status_code == 200
    for operation in ("modulelist", "fieldlist", "save-data"):
        refused = await branch.post(operation, {"module_name": "Lead", "authorization": "Bearer wrong"})
        assert (refused.status_code, refused.json()["status"]) == (401, 401)


async def test_fields_have_display_names_and_options(branch: Api) -> None:
    fields = (await branch.push("fieldlist", module_name="Lead")).json()["field_list"]
    assert fields["assigned_user_id"] == {"display_name": "Assigned To"}
    assert fields["previous_owner_c"]["display_name"] == "Previous Owner"
    assert fields["status"]["options"]["Converted"] == "Converted"
    assert (await branch.push("fieldlist", module_name="Leads")).json() == {
        "status": 400,
        "message": "Invalid module name",
    }


async def test_the_login_gives_the_id_that_every_pull_needs(branch: Api) -> None:
    answer = (await branch.log_in()).json()
    assert answer["status"] == 200
    assert answer["data"]["id"] in branch.crm.sessions
    assert (await branch.log_in(password="wrong")).status_code == 401
    gone = await branch.pull("Lead", session="nix")
    assert (gone.status_code, gone.json()["message"]) == (401, "Invalid session")
    assert (await branch.post("getentry-list-new", {"session": "nix"})).status_code == 400


async def test_records_come_in_pages_until_a_short_one(branch: Api) -> None:
    found: list[str] = []
    while True:
        page = (await branch.pull("Lead", f"leads.assigned_user_id='{JULIA}'", offset=len(found), max_result=7)).json()
        found += [row["id"] for row in page["entry_list"]]
        assert page["next_offset"] == len(found)
        if page["result_count"] < 7:
            break
    assert len(found) == len(set(found))
    assert set(found) == branch.crm.all_owned(JULIA, "Lead")


@pytest.mark.parametrize("query", ["contacts.id = '1'", "leads.nix = '1'", "1=1; DROP TABLE leads", "leads.id ="])
async def test_a_query_that_is_none_is_refused(branch: Api, query: str) -> None:
    answer = await branch.pull("Lead", query)
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid query")


async def test_queries_filter_by_pattern_and_choice(branch: Api) -> None:
    query = f"opportunities.assigned_user_id='{JULIA}' AND opportunities.sales_stage NOT LIKE 'Closed%'"
    rows = [values(row) for row in (await branch.pull("Opportunity", query)).json()["entry_list"]]
    assert len(rows) == branch.crm.open_owned(JULIA)["Opportunity"]
    assert {row["assigned_user_id"] for row in rows} == {JULIA}


async def test_an_update_by_id_changes_the_record(sangam: Api) -> None:
    lead = next(iter(sangam.crm.all_owned(JULIA, "Lead")))
    answer = await sangam.save("Lead", id=lead, assigned_user_id=HANNA, previous_owner_c="JuliaRecords", nix="ignored")
    assert answer.json()["data"] == {"id": lead}
    assert sangam.crm.value("Lead", lead, "assigned_user_id") == HANNA
    assert sangam.crm.tags("Lead", lead) == {"JuliaRecords"}
    change = sangam.crm.recent_changes[-1]
    assert (change.module, change.record_id, change.old_owner, change.new_owner) == ("Lead", lead, JULIA, HANNA)


async def test_an_update_by_id_may_add_a_record_instead(sangam: Api) -> None:
    sangam.crm.quirks.update_makes_duplicates = True
    before = sangam.crm.all_owned(HANNA, "Lead")
    lead = next(iter(sangam.crm.all_owned(JULIA, "Lead")))
    made = (await sangam.save("Lead", id=lead, assigned_user_id=HANNA)).json()["data"]["id"]
    assert made != lead
    assert sangam.crm.value("Lead", lead, "assigned_user_id") == JULIA
    assert sangam.crm.all_owned(HANNA, "Lead") == {*before, made}


async def test_without_an_id_a_record_is_recognised_by_its_address(sangam: Api) -> None:
    lead = next(iter(sangam.crm.all_owned(JULIA, "Lead")))
    address = sangam.crm.value("Lead", lead, "email1")
    known = await sangam.save("Lead", email1=address, last_name="Renamed")
    assert known.json()["data"] == {"id": lead}
    assert sangam.crm.value("Lead", lead, "last_name") == "Renamed"
    new = (await sangam.save("Lead", email1="new@customer.example", last_name="New")).json()["data"]["id"]
    assert sangam.crm.value("Lead", new, "last_name") == "New"
    assert (await sangam.push("save-data", module_name="Lead")).status_code == 400


async def test_users_can_be_read_or_not(sangam: Api) -> None:
    rows = [values(row) for row in (await sangam.pull("Users")).json()["entry_list"]]
    assert {row["user_name"] for row in rows if row["status"] == "Inactive"} == {"mei"}
    assert {row["id"] for row in rows if row["email1"].startswith("julia@")} == {JULIA}
    sangam.crm.quirks.users_readable = False
    assert (await sangam.pull("Users")).json()["message"] == "Invalid module name"


async def test_no_call_deactivates_a_user(sangam: Api) -> None:
    for module in ("User", "Users"):
        assert (await sangam.save(module, id=JULIA, status="Inactive")).status_code == 400
    sangam.crm.deactivate_by_hand(JULIA)
    assert [user.key for user in sangam.crm.users() if not user.active] == ["julia", "mei"]
    with pytest.raises(KeyError):
        sangam.crm.deactivate_by_hand("nix")


async def test_the_owners_field_may_have_another_name(sangam: Api) -> None:
    sangam.crm.quirks.owner_field, sangam.crm.quirks.owner_display = "assigned_to_c", "Assigned user"
    fields = (await sangam.push("fieldlist", module_name="Lead")).json()["field_list"]
    assert fields["assigned_to_c"] == {"display_name": "Assigned user"}
    assert "assigned_user_id" not in fields
    rows = (await sangam.pull("Lead", f"leads.assigned_to_c = '{JULIA}'")).json()["entry_list"]
    assert {values(row)["assigned_to_c"] for row in rows} == {JULIA}
    assert (await sangam.pull("Lead", f"leads.assigned_user_id = '{JULIA}'")).status_code == 400
    await sangam.save("Lead", id=rows[0]["id"], assigned_to_c=HANNA)
    assert sangam.crm.value("Lead", rows[0]["id"], "assigned_user_id") == HANNA


async def test_rows_and_errors_may_have_another_shape(sangam: Api) -> None:
    quirks = sangam.crm.quirks
    quirks.list_key, quirks.flat_rows, quirks.http_errors = "data", True, False
    rows = (await sangam.pull("Lead", f"leads.assigned_user_id = '{JULIA}'")).json()["data"]
    assert {row["assigned_user_id"] for row in rows} == {JULIA}
    gone = await sangam.pull("Lead", session="nix")
    assert (gone.status_code, gone.json()) == (200, {"status": 401, "message": "Invalid session"})


def test_the_company_is_the_rosters(branch: Api) -> None:
    crm: Vendor = branch.crm
    owned = {user.key: (crm.open_owned(user.id), crm.closed_owned(user.id)) for user in crm.users()}
    assert sum(sum(part.values()) for part in owned["julia"]) == 120
    assert set(owned["julia"][0]) == {module.name for module in crm.modules()}
    assert owned["mei"][0]
    assert owned["noor"] == ({}, {})
    assert crm.address_settings(f"{TOWN}/") == {"sangam_url": f"{TOWN}/sangam/api/v1"}


async def test_people_give_and_finish_records_by_hand(sangam: Api) -> None:
    crm = sangam.crm
    deal = next(record for record in crm.records("Opportunity", owner=JULIA) if "Closed" not in record.state)
    before = crm.open_owned(JULIA)["Opportunity"]
    crm.finish("Opportunity", deal.id)
    assert crm.open_owned(JULIA).get("Opportunity", 0) == before - 1
    crm.give("Opportunity", deal.id, LENA)
    assert deal.id in crm.all_owned(LENA, "Opportunity")
    for module, record, to in (("Lead", "nix", LENA), ("Opportunity", deal.id, "nix")):
        with pytest.raises(KeyError):
            crm.give(module, record, to)
    with pytest.raises(KeyError):
        crm.finish("Account", next(iter(crm.all_owned(JULIA, "Account"))))


async def test_a_record_has_a_page(branch: Api) -> None:
    record = branch.crm.records("Lead", owner=MEI, limit=1)[0]
    page = await branch.get(record.path.removeprefix("/sangam"))
    assert record.label.split()[-1] in page.text
    assert (await branch.get("/index.php?module=Lead&record=nix")).status_code == 404
    assert (await branch.post("nothing", {})).status_code == 404


async def test_the_towns_faults_strike_here_too(sangam: Api) -> None:
    faults, leads = sangam.crm.faults, sorted(sangam.crm.all_owned(JULIA, "Lead"))
    for fault, status in ((Fault.RATE_LIMIT, 429), (Fault.SERVER_ERROR, 500)):
        faults.switch(fault, on=True)
        assert status in [(await sangam.push("modulelist")).status_code for _ in range(3)]
        faults.switch(fault, on=False)
    faults.switch(Fault.EXPIRED_TOKEN, on=True)
    assert [(await sangam.pull("Lead")).status_code for _ in range(2)] == [200, 401]
    faults.switch(Fault.EXPIRED_TOKEN, on=False)
    faults.switch(Fault.LOST_RESPONSE, on=True)
    await sangam.save("Lead", id=leads[0], assigned_user_id=HANNA)
    with pytest.raises((httpx.HTTPError, AssertionError)):
        await sangam.save("Lead", id=leads[1], assigned_user_id=HANNA)
    assert sangam.crm.value("Lead", leads[1], "assigned_user_id") == HANNA
    sangam.session = None
    faults.switch(Fault.LATENCY, on=True)
    assert (await sangam.pull("Lead")).status_code == 200
    sangam.crm.expire_tokens()
    assert (await sangam.pull("Lead")).status_code == 401
