"""Calls that Zoho CRM's connector does not make twice."""

from scripted_vendor import Clock, Vendor

from connectors.base import ReferenceKind
from connectors.zoho.crm import ZohoCrm

SEEN = "/users/11"
PRECHECK = "/users/11/actions/validate_before_transfer"
REPORT = {"id": "12", "full_name": "Rita", "status": "active", "Reporting_To": {"id": "11"}}


async def test_the_profile_is_that_of_the_look_a_moment_before(crm: ZohoCrm, vendor: Vendor, clock: Clock) -> None:
    vendor.replies[SEEN] = {"users": [{"id": "11", "status": "active", "profile": {"id": "26"}}]}

    vendor.replies |= {"/settings/profiles/26": {"profiles": []}, "/settings/users_unavailability": None}

    await crm.account("11")
    await crm.fitness("11")
    assert vendor.count(f"/crm/v8{SEEN}") == 1

    clock.advance(seconds=6)
    await crm.fitness("11")
    assert vendor.count(f"/crm/v8{SEEN}") == 2
    assert vendor.count("/crm/v8/settings/profiles/26") == 2


async def test_one_list_of_users_tells_who_reports_to_the_leaver(crm: ZohoCrm, vendor: Vendor) -> None:
    await crm.accounts()
    before = vendor.count("/crm/v8/users")
    vendor.replies[PRECHECK] = {"validate_before_transfer": [{"id": "11", "subordinates": True}]}
    vendor.replies["/users"] = {"users": [REPORT, REPORT | {"id": "13", "status": "disabled", "full_name": "Gone"}]}

    (found,) = await crm.references("11")

    assert (found.kind, found.labels) == (ReferenceKind.SUBORDINATES, ("Rita",))
    assert vendor.count("/crm/v8/users") == before + 1
