"""What a successor should look at first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from scripted_vendor import OWNER, Clock, Vendor, answering, make_crm, module, picklist, rows, with_modules

from connectors.base import AgendaItem, AgendaKind
from connectors.zoho.crm import ZohoCrm

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # the scripted clock's
UNTIL = NOW + timedelta(days=30)
FIELDS: dict[str, list[dict[str, Any]]] = {
    "Deals": [
        picklist("Stage", "New", "Closed Lost"),
        *({"api_name": name} for name in ("Deal_Name", "Amount", "Closing_Date")),
    ],
    "Tasks": [picklist("Status", "Open", "Completed"), {"api_name": "Subject"}, {"api_name": "Due_Date"}],
    "Events": [
        {"api_name": "Event_Title"},
        *({"api_name": name, "data_type": "datetime"} for name in ("Start_DateTime", "End_DateTime")),
    ],
    "Accounts": [{"api_name": "Account_Name"}, {"api_name": "Last_Activity_Time", "data_type": "datetime"}],
}
TABS = {"Deals": "Potentials"}


def with_tenant(vendor: Vendor, *names: str, without: tuple[str, ...] = ()) -> None:
    """An organisation of these modules that lacks some fields."""
    with_modules(vendor, *(module(name, TABS.get(name, name)) for name in names))
    vendor.replies["/settings/fields"] = lambda request: {
        "fields": [OWNER, *(each for each in FIELDS[request.url.params["module"]] if each["api_name"] not in without)]
    }


def query(vendor: Vendor, name: str) -> str:
    found = [each for each in vendor.queries() if f" from {name} " in each]
    assert len(found) == 1
    return found[0]


async def test_open_deals_come_by_value_with_their_close_date(crm: ZohoCrm, vendor: Vendor) -> None:
    with_tenant(vendor, "Deals")
    found = rows(
        {"id": "501", "Deal_Name": "Pumps", "Amount": 900.5, "Closing_Date": "2026-03-31"},
        {"id": "502", "Deal_Name": "Valves", "Amount": None, "Closing_Date": None},
    )
    vendor.replies["/coql"] = answering({"from Deals": found})

    items = await crm.agenda("11", until=UNTIL)

    address = "https://crm.example/crm/org77/tab/Potentials"
    due = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert items == (
        AgendaItem(AgendaKind.DEAL, "Deals", "501", "Pumps", f"{address}/501", due, Decimal("900.5")),
        AgendaItem(AgendaKind.DEAL, "Deals", "502", "Valves", f"{address}/502"),
    )
    assert query(vendor, "Deals") == (
        "select id, Deal_Name, Closing_Date, Amount from Deals where (Owner = '11' and"
        " (Stage not in ('Closed Lost') or Stage is null)) order by Amount desc limit 10"
    )


async def test_overdue_tasks_come_oldest_first(crm: ZohoCrm, vendor: Vendor) -> None:
    with_tenant(vendor, "Tasks")
    vendor.replies["/coql"] = answering({"from Tasks": rows({"id": "6", "Subject": "Call", "Due_Date": "2026-02-27"})})

    (item,) = await crm.agenda("11", until=UNTIL)

    assert (item.kind, item.label, item.due) == (AgendaKind.TASK, "Call", datetime(2026, 2, 27, 12, tzinfo=UTC))
    assert "Status not in ('Completed')" in query(vendor, "Tasks")
    assert query(vendor, "Tasks").endswith("Due_Date < '2026-03-02') order by Due_Date asc limit 10")


async def test_meetings_come_up_to_the_day_asked_for(crm: ZohoCrm, vendor: Vendor) -> None:
    with_tenant(vendor, "Events")
    start = "2026-03-04T10:00:00+01:00"
    found = rows({"id": "7", "Event_Title": "Kick-off", "Start_DateTime": start})
    vendor.replies["/coql"] = answering({"from Events": found})

    (item,) = await crm.agenda("11", until=UNTIL)

    assert (item.kind, item.due) == (AgendaKind.MEETING, datetime(2026, 3, 4, 9, tzinfo=UTC))
    window = "(Start_DateTime >= '2026-03-02T09:00:00+00:00' and Start_DateTime <= '2026-04-01T09:00:00+00:00')"
    assert window in query(vendor, "Events")
    assert query(vendor, "Events").endswith("order by Start_DateTime asc limit 10")


@pytest.mark.parametrize(("never", "later"), [(0, 10), (4, 6), (10, 0)])
async def test_accounts_without_any_contact_come_before_the_longest_silent(
    crm: ZohoCrm, vendor: Vendor, never: int, later: int
) -> None:
    with_tenant(vendor, "Accounts")
    untouched = [{"id": str(100 + n), "Account_Name": f"Never {n}", "Last_Activity_Time": None} for n in range(never)]
    last = "2025-01-01T08:00:00+00:00"
    silent = [{"id": str(200 + n), "Account_Name": f"Silent {n}", "Last_Activity_Time": last} for n in range(10)]
    vendor.replies["/coql"] = answering(
        {
            "Last_Activity_Time is null) order by id asc": rows(*untouched),
            "Last_Activity_Time is not null) order by Last_Activity_Time asc": rows(*silent),
        }
    )

    items = await crm.agenda("11", until=UNTIL)

    assert {item.kind for item in items} == {AgendaKind.SILENT}
    assert [item.due for item in items] == [None] * never + [datetime(2025, 1, 1, 8, tzinfo=UTC)] * later
    assert [item.label for item in items] == [
        *(f"Never {n}" for n in range(never)),
        *(f"Silent {n}" for n in range(later)),
    ]
    assert len(vendor.queries()) == (1 if never == 10 else 2)


async def test_modules_and_fields_that_the_tenant_lacks_are_left_out(crm: ZohoCrm, vendor: Vendor) -> None:
    absent = ("Due_Date", "Last_Activity_Time", "Closing_Date", "Amount")
    with_tenant(vendor, "Deals", "Tasks", "Accounts", without=absent)
    vendor.replies["/coql"] = answering({"from Deals": rows({"id": "501", "Deal_Name": "Pumps"})})

    (item,) = await crm.agenda("11", until=UNTIL)

    assert (item.due, item.value) == (None, None)
    assert query(vendor, "Deals").startswith("select id, Deal_Name from Deals ")
    assert query(vendor, "Deals").endswith("order by id desc limit 10")
    assert len(vendor.queries()) == 1


async def test_a_configured_end_leaves_finished_accounts_out(vendor: Vendor, clock: Clock) -> None:
    with_tenant(vendor, "Accounts")
    state = picklist("State", "Live", "Former")
    vendor.replies["/settings/fields"] = {"fields": [OWNER, *FIELDS["Accounts"], state]}
    crm = make_crm(vendor, clock, closed={"Accounts.State": ["Former"]})

    await crm.agenda("11", until=UNTIL)

    assert ["State not in ('Former')" in each for each in vendor.queries()] == [True, True]
    await crm.aclose()


async def test_a_tenant_without_any_of_it_has_an_empty_agenda(crm: ZohoCrm, vendor: Vendor) -> None:
    assert await crm.agenda("11", until=UNTIL) == ()
    assert vendor.queries() == []
