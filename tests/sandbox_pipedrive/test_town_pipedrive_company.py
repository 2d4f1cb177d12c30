"""The company in Pipedrive: the same for one seed, consistent in itself and with the roster, and what the page sees."""

from pathlib import Path

import pytest
from pipedrive_client import AMIT, SOFIA, TOWN, Api

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import PIPEDRIVE_IDS
from sandbox.pipedrive import Pipedrive
from sandbox.vendor import Vendor

LINKS = (
    ("deals", "person_id", "persons"), ("deals", "org_id", "organizations"), ("persons", "org_id", "organizations"),
    ("activities", "deal_id", "deals"), ("activities", "lead_id", "leads"), ("activities", "person_id", "persons"),
    ("leads", "person_id", "persons"), ("tasks", "project_id", "projects"), ("notes", "deal_id", "deals"),
)  # fmt: skip


def build(storage: Path, **options: object) -> Pipedrive:
    return Pipedrive(clock=Clock(), faults=Faults(), storage=storage, **options)  # type: ignore[arg-type]


def everything(crm: Pipedrive, user: int) -> int:
    deleted = crm.store.query("SELECT COUNT(*) FROM deals WHERE is_deleted = 1 AND owner_id = ?", (user,))[0][0]
    shared = crm.store.query(
        "SELECT COUNT(*) FROM tasks WHERE creator_id <> ? AND assignee_ids LIKE ?", (user, f"%{user}%")
    )
    return sum(crm.open_owned(str(user)).values()) + sum(crm.closed_owned(str(user)).values()) + deleted - shared[0][0]


def test_it_is_a_vendor(company_pipedrive: Api) -> None:
    vendor: Vendor = company_pipedrive.crm
    assert (vendor.system, vendor.label) == ("pipedrive", "Pipedrive")
    assert vendor.settings == {"pipedrive_api_token": company_pipedrive.headers["x-api-token"]}
    assert vendor.address_settings(TOWN) == {"pipedrive_url": f"{TOWN}/pipedrive"}
    names = ["deals", "persons", "organizations", "activities", "leads", "products", "projects", "tasks"]
    assert [module.name for module in vendor.modules()] == names


def test_the_leaver_owns_four_hundred_records_and_the_roster_decides_on_the_others(company_pipedrive: Api) -> None:
    crm = company_pipedrive.crm
    assert everything(crm, AMIT) == 400
    assert everything(crm, SOFIA) == 120
    assert everything(crm, PIPEDRIVE_IDS["ines"]) == 0
    claire = crm.open_owned(str(PIPEDRIVE_IDS["claire"]))
    assert claire["deals"]
    assert not {"projects", "tasks"} & set(claire)
    assert {user for user, _ in crm.ghosts()} == {str(PIPEDRIVE_IDS[key]) for key in ("walter", "mei")}


@pytest.mark.parametrize(("leaver", "records"), [("amit", 37), ("julia", 801)])
def test_the_number_of_records_can_be_chosen(tmp_path: Path, leaver: str, records: int) -> None:
    crm = build(tmp_path, leaver=leaver, records=records)
    assert everything(crm, PIPEDRIVE_IDS[leaver]) == records
    assert all(count > 0 for count in crm.open_owned(str(PIPEDRIVE_IDS[leaver])).values())
    crm.close()


def test_open_and_closed_are_told_apart(company_pipedrive: Api) -> None:
    opened, closed = (company_pipedrive.crm.open_owned(str(AMIT)), company_pipedrive.crm.closed_owned(str(AMIT)))
    assert set(opened) == {module.name for module in company_pipedrive.crm.modules()}
    assert set(closed) == {"deals", "activities", "leads", "projects", "tasks"}


def test_one_seed_makes_one_company(tmp_path: Path) -> None:
    first, second, other = (build(tmp_path / name, seed=seed) for name, seed in (("a", 7), ("b", 7), ("c", 8)))
    for module in first.modules():
        rows = first.records(module.name, owner=str(AMIT), limit=500)
        assert rows == second.records(module.name, owner=str(AMIT), limit=500)
        assert [row.label for row in rows] != [
            row.label for row in other.records(module.name, owner=str(AMIT), limit=500)
        ]
    for crm in (first, second, other):
        crm.close()


@pytest.mark.parametrize(("table", "column", "target"), LINKS)
def test_every_link_leads_somewhere(company_pipedrive: Api, table: str, column: str, target: str) -> None:
    store = company_pipedrive.crm.store
    dangling = f"SELECT COUNT(*) FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {target})"  # noqa: S608
    assert store.query(dangling)[0][0] == 0
    assert store.query(f"SELECT COUNT({column}) FROM {table}")[0][0]  # noqa: S608


def test_a_list_shows_owner_state_labels_and_page(company_pipedrive: Api) -> None:
    crm = company_pipedrive.crm
    deals = crm.records("deals", owner=str(AMIT), limit=500)
    assert {deal.owner for deal in deals} == {str(AMIT)}
    assert {"open", "won", "lost", "lost, archived"} <= {deal.state for deal in deals}
    assert {tag for deal in deals for tag in deal.tags} == {"Hot", "Warm", "Cold", "Messe 2026"}
    assert deals[0].path == f"/pipedrive/deal/{deals[0].id}"
    lead = crm.records("leads", limit=1)[0]
    assert lead.path == f"/pipedrive/leads/inbox/{lead.id}"
    assert {task.state for task in crm.records("tasks", limit=500)} == {"done", "to do"}


def test_a_record_is_shown_as_the_api_shows_it(company_pipedrive: Api) -> None:
    crm = company_pipedrive.crm
    for module in crm.modules():
        listed = crm.records(module.name, limit=1)[0]
        shown = crm.record(module.name, listed.id)
        assert shown
        assert str(shown["id"]) == listed.id
    assert crm.record("deals", "999999") is None
    assert crm.record("deals", "x") is None
    assert crm.record("nothing", "1") is None
    with pytest.raises(KeyError):
        crm.value("deals", "999999", "title")
