"""The company's data: the same for one seed, plausible, and connected; and what the page sees of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from crm_client import AMIT, BEN, SOFIA, Api, crm_id

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import BY_KEY, ROSTER
from sandbox.zoho import Crm
from sandbox.zoho.schema import BY_NAME, OWNED


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Crm]]:
    """Makes companies, each in a directory of its own."""
    made: list[Crm] = []

    def make(**options: Any) -> Crm:
        made.append(Crm(clock=Clock(), faults=Faults(), storage=tmp_path / str(len(made)), **options))
        return made[-1]

    yield make
    for crm in made:
        crm.close()


def fingerprint(crm: Crm) -> list[Any]:
    return [[record["id"], record["Full_Name"], record["Lead_Status"]] for record in crm.records("Leads", limit=500)]


@pytest.mark.usefixtures("fewer_records")
def test_one_seed_makes_one_company(build: Callable[..., Crm]) -> None:
    first, same, other = build(), build(), build(seed=8)
    assert fingerprint(first) == fingerprint(same) != fingerprint(other)


def test_everybody_owns_their_share(company: Api) -> None:
    for row in company.crm.overview():
        total = sum(row.open.values()) + sum(row.closed.values())
        assert total == BY_KEY[row.user.key].records


def test_the_leavers_number_of_records_can_be_chosen(build: Callable[..., Crm]) -> None:
    crm = build(records=77, leaver="julia")
    rows = {row.user.key: sum(row.open.values()) + sum(row.closed.values()) for row in crm.overview()}
    assert (rows["julia"], rows["amit"]) == (77, BY_KEY["amit"].records)


def test_a_leaver_owns_open_and_closed_records_of_every_kind(company: Api) -> None:
    amit = next(row for row in company.crm.overview() if row.user.id == AMIT)
    assert set(amit.open) == {module.api_name for module in OWNED}
    assert all(amit.open.values())
    for module in ("Leads", "Deals", "Cases", "Quotes", "Sales_Orders", "Invoices", "Tasks", "Events", "Calls"):
        assert amit.closed[module] > 0
    assert amit.closed["Contacts"] == 0


def test_ids_are_text_of_one_length_and_peoples_records_lie_side_by_side(company: Api) -> None:
    for module in OWNED:
        records = company.crm.records(module.api_name, limit=100)
        assert {len(record["id"]) for record in records} == {19}
        assert all(record["id"].isdecimal() for record in records)
    assert len({record["Owner"]["id"] for record in company.crm.records("Contacts", limit=50)}) > 3


def test_deals_belong_to_the_account_of_their_contact_and_to_one_owner(company: Api) -> None:
    for deal in company.crm.records("Deals", owner=AMIT, limit=40):
        contact = company.crm.record("Contacts", deal["Contact_Name"]["id"])
        assert contact
        assert contact["Account_Name"] == deal["Account_Name"]
        assert contact["Owner"] == deal["Owner"]


def test_open_deals_close_in_the_future_and_stages_fit_their_pipeline(company: Api) -> None:
    deals = company.crm.records("Deals", owner=AMIT, limit=300)
    today = company.crm.clock.now().date().isoformat()
    opened = [
        deal for deal in deals if deal["Stage"] in ("Qualification", "Erstgespräch", "Closed: awaiting signature")
    ]
    assert opened
    assert all(deal["Closing_Date"] >= today for deal in opened)
    assert {deal["Pipeline"] for deal in deals if deal["Stage"] == "Beauftragt"} == {"Projektgeschäft"}


def test_some_things_were_never_followed_and_some_are_tagged(company: Api) -> None:
    leads = company.crm.records("Leads", owner=AMIT, limit=500)
    assert any(lead["Last_Activity_Time"] is None for lead in leads)
    assert any(lead["Tag"] for lead in leads)
    assert all(lead["Created_Time"] <= lead["Modified_Time"] for lead in leads)
    assert all(lead["Email"].isascii() and lead["Email"].endswith(".example") for lead in leads)


def test_only_yuki_has_records_locked_for_good(company: Api) -> None:
    locked = {
        row[0]
        for module in OWNED
        for row in company.crm.store.query(f'SELECT Owner FROM "{module.api_name}" WHERE _lock = 2')  # noqa: S608
    }
    assert locked == {int(crm_id("yuki"))}


def test_a_company_is_built_in_no_time(build: Callable[..., Crm]) -> None:
    begin = time.process_time()
    build()
    assert time.process_time() - begin < 1.5


def test_thirty_thousand_records_more_take_no_more_than_their_share(build: Callable[..., Crm]) -> None:
    begin = time.process_time()
    crm = build(records=30_000)
    assert time.process_time() - begin < 4
    assert sum(crm.open_owned(AMIT).values()) > 15_000


# What the page sees


def test_former_employees_are_ghosts_from_the_first_day(company: Api) -> None:
    owners = {user for user, _ in company.crm.ghosts()}
    assert owners == {person.crm_id for person in ROSTER if person.crm_status != "active" and person.records}


def test_ghosts_count_what_should_have_moved_and_never_history(api: Api) -> None:
    crm = api.crm
    owned = crm.open_owned(BEN)
    row = next(row for row in crm.overview() if row.user.id == BEN)
    assert owned == {module: count for module, count in row.open.items() if count}
    crm.people.set_status(crm.people.get(BEN), "disabled")
    assert {module: count for (user, module), count in crm.ghosts().items() if user == BEN} == owned
    converted = crm.store.query(
        "SELECT COUNT(*) FROM Leads WHERE Converted_Account IS NOT NULL AND Owner = ?", (int(BEN),)
    )
    assert 0 < converted[0][0] <= row.closed["Leads"]


async def test_a_meeting_that_has_passed_need_not_move(api: Api) -> None:
    before = api.crm.open_owned(AMIT)["Events"]
    api.crm.clock.advance(70 * 86_400)
    assert before > 0
    assert "Events" not in api.crm.open_owned(AMIT)


def test_a_colleague_gives_a_record_away_by_hand(api: Api) -> None:
    crm = api.crm
    crm.overview()
    version = crm.version
    record = crm.records("Accounts", owner=AMIT, limit=1)[0]
    crm.edit_owner("Accounts", record["id"], SOFIA)
    assert crm.version > version
    moved = crm.record("Accounts", record["id"])
    assert moved
    assert moved["Owner"]["name"] == "Sofia Lindgren"
    change = crm.recent_changes[-1]
    assert (change.label, change.old_owner, change.new_owner) == (record["Account_Name"], AMIT, SOFIA)
    sofia = next(row for row in crm.overview() if row.user.id == SOFIA)
    assert sofia.open["Accounts"] == crm.open_owned(SOFIA)["Accounts"]
    with pytest.raises(KeyError):
        crm.edit_owner("Accounts", "1", SOFIA)


def test_records_are_listed_for_all_or_for_one(company: Api) -> None:
    assert len(company.crm.records("Deals", limit=7)) == 7
    assert {record["Owner"]["id"] for record in company.crm.records("Deals", owner=BEN)} == {BEN}
    assert company.crm.records("Service_Regions", owner=BEN, limit=3)
    assert company.crm.record("Deals", "1") is None
    assert company.crm.record("Nothing", "1") is None
    assert {module.api_name for module in company.crm.modules()} == set(BY_NAME)
