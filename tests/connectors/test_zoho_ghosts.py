"""What inactive users still own, from one grouped answer for each module."""

from typing import Any

import httpx
import pytest
from scripted_vendor import LEAVER, ME, Clock, Vendor, answering, body, make_crm, module, rows, with_modules

from connectors.base import Rejected
from connectors.zoho.crm import ZohoCrm

GONE = LEAVER | {"id": "11", "full_name": "Dana", "status": "disabled"}
DELETED = LEAVER | {"id": "12", "full_name": "Stan", "status": "deleted"}


def former(vendor: Vendor, *users: dict[str, Any]) -> None:
    vendor.replies["/users"] = {"users": [ME, *users]}


async def counts(crm: ZohoCrm) -> dict[str, dict[str, int]]:
    return {each.account.name: {m.name: n for m, n in each.counts} for each in await crm.ghosts()}


@pytest.mark.parametrize("column", ["total", "COUNT(id)"])
@pytest.mark.parametrize("as_object", [True, False])
async def test_groups_are_read_in_every_shape(crm: ZohoCrm, vendor: Vendor, column: str, *, as_object: bool) -> None:
    former(vendor, GONE, DELETED)
    groups = [({"id": owner} if as_object else owner, n) for owner, n in (("12", 7), ("11", "3"))]
    vendor.replies["/coql"] = rows(*({"Owner": owner, column: n} for owner, n in groups))

    assert await counts(crm) == {"Dana": {"Projects1": 3}, "Stan": {"Projects1": 7}}


async def test_each_module_counts_what_should_have_moved(vendor: Vendor, clock: Clock) -> None:
    """A master goes whole, whatever its status; a transaction only while it is open."""
    owner, status = {"api_name": "Owner", "data_type": "ownerlookup"}, {"api_name": "Industry", "data_type": "picklist"}
    known = vendor.replies["/settings/fields"]
    assert callable(known)
    vendor.replies["/settings/fields"] = lambda request: (
        {"fields": [owner, status]} if request.url.params["module"] == "Accounts" else known(request)
    )
    with_modules(vendor, module("Accounts", "Accounts"), module("Deals", "Potentials"), module("Leads", "Leads"))
    former(vendor, GONE, DELETED)
    crm = make_crm(vendor, clock, closed={"Accounts.Industry": ["Retail"]})

    await crm.ghosts()

    lead = "((Lead_Status not in ('Junk Lead') or Lead_Status is null) and Converted_Account is null)"
    asked = [query.removesuffix(" group by Owner limit 50").partition(" from ")[2] for query in vendor.queries()]
    assert asked == [
        "Accounts where Owner in ('11', '12')",
        "Deals where (Owner in ('11', '12') and (Stage not in ('Closed Lost') or Stage is null))",
        f"Leads where (Owner in ('11', '12') and {lead})",
    ]
    await crm.aclose()


async def test_more_people_than_one_list_takes_are_all_counted(crm: ZohoCrm, vendor: Vendor) -> None:
    people = [LEAVER | {"id": str(100 + n), "full_name": f"P{n}", "status": "disabled"} for n in range(120)]
    former(vendor, *people)

    def one_each(request: httpx.Request) -> dict[str, Any]:
        query = body(request)["select_query"]
        return rows(*({"Owner": {"id": p["id"]}, "total": 1} for p in people if f"'{p['id']}'" in query))

    vendor.replies["/coql"] = one_each

    assert await counts(crm) == {f"P{n}": {"Projects1": 1} for n in range(120)}
    assert [query.count("', '") + 1 for query in vendor.queries()] == [50, 50, 20]


async def test_where_nobody_has_left_nothing_is_asked(crm: ZohoCrm, vendor: Vendor) -> None:
    former(vendor, LEAVER)

    assert await crm.ghosts() == ()
    assert vendor.queries() == []


async def test_whoever_owns_nothing_is_no_ghost(crm: ZohoCrm, vendor: Vendor) -> None:
    with_modules(vendor, module("Projects1", "CustomModule4", generated_type="custom"), module("Cases", "Cases"))
    former(vendor, GONE, DELETED)
    vendor.replies["/coql"] = answering({"from Cases": rows({"Owner": {"id": "12"}, "total": 2})})

    assert await counts(crm) == {"Stan": {"Cases": 2}}


@pytest.mark.parametrize("odd", [{"total": 4}, {"Owner": {"name": "Dana"}, "total": 4}, {"Owner": "99", "total": 4}])
async def test_a_group_of_nobody_is_no_zero(crm: ZohoCrm, vendor: Vendor, odd: dict[str, Any]) -> None:
    former(vendor, GONE)
    vendor.replies["/coql"] = rows(odd)

    with pytest.raises(Rejected) as caught:
        await crm.ghosts()

    assert caught.value.code == "UNKNOWN_GROUP"
