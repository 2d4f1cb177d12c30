"""Zoho CRM in the town: what its company holds that other vendors' do not."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from contract_zoho import ZohoRig, crm_id, zoho_crm

from connectors.base import Category, MailboxKind, NotAuthorised, Part, QuotaExhausted, Rejected
from connectors.http import together
from connectors.zoho.checks import SCOPES

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ZohoRig]:
    async with zoho_crm(tmp_path_factory.mktemp("town"), 300) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ZohoRig]:
    """For tests that change something."""
    async with zoho_crm(tmp_path_factory.mktemp("own"), 60) as made:
        yield made


@pytest.mark.parametrize(
    ("person", "kind"),
    [
        ("amit", MailboxKind.IMAP),
        ("dmitri", MailboxKind.POP),
        ("julia", MailboxKind.UNKNOWN),  # private: the API is silent
        ("owen", MailboxKind.UNKNOWN),  # owns no contact to ask about
    ],
)
async def test_the_mailbox_is_told_where_the_api_tells_it(rig: ZohoRig, person: str, kind: MailboxKind) -> None:
    assert (await rig.connector.inventory(crm_id(person))).mailbox is kind


@pytest.mark.parametrize(
    ("person", "hazards", "protected"),
    [
        ("amit", {"hazard.assignment_rules", "hazard.views"}, None),
        ("tomas", {"hazard.subordinates"}, None),
        ("ines", {"hazard.not_confirmed"}, None),
        ("petra", {"hazard.configuration_unknown", "hazard.subordinates"}, "super_admin"),
        ("noor", set(), "own_grant"),
    ],
)
async def test_hazards_and_protection(rig: ZohoRig, person: str, hazards: set[str], protected: str | None) -> None:
    inventory = await rig.connector.inventory(crm_id(person))

    assert set(inventory.hazards) == hazards
    assert inventory.account.protected == protected


async def test_what_is_not_covered_is_listed_with_its_reason(rig: ZohoRig) -> None:
    inventory = await rig.connector.inventory(rig.leaver)

    assert {each.module: each.reason for each in inventory.not_covered} == {
        "Service_Regions": "not_covered.no_owner",
        "Notes": "not_covered.history",
        "Social": "not_covered.no_api",
        "Site_Visits.Accompanied_By": "not_covered.user_field",
    }
    assert {each.module.name for each in inventory.holdings if each.module.category is Category.ACTIVITY} == {
        "Tasks",
        "Events",
        "Calls",
    }


async def test_a_stage_is_closed_by_its_forecast_type_not_by_its_name(rig: ZohoRig) -> None:
    owners = [crm_id(person) for person in ("amit", "sofia", "yuki", "ben")]
    pages = await together(rig.connector.owned(owner, "Deals", Part.OPEN) for owner in owners)
    deals = [rig.crm.record("Deals", record.id) for page in pages for record in page.records]
    stages = {deal["Stage"] for deal in deals if deal}

    assert "Closed: awaiting signature" in stages
    assert not stages & {"Closed Won", "Closed Lost", "Handed to Partner", "Beauftragt", "Nicht beauftragt"}


async def test_converted_leads_stay_out_of_everything_that_moves(rig: ZohoRig) -> None:
    opened = await rig.connector.owned(rig.leaver, "Leads", Part.OPEN)
    everything = await rig.connector.owned(rig.leaver, "Leads", Part.ALL)
    converted = {
        record.id for record in everything.records if (rig.crm.record("Leads", record.id) or {})["Converted_Account"]
    }

    assert converted
    assert not converted & {record.id for record in opened.records}


async def test_links_open_in_the_tab_of_the_module(rig: ZohoRig) -> None:
    await rig.connector.inventory(rig.leaver)

    for module, tab in (("Deals", "Potentials"), ("Site_Visits", "CustomModule4"), ("Leads", "Leads")):
        assert rig.connector.record_url(module, "7").endswith(f"/crm/org{rig.crm.zgid}/tab/{tab}/7")


async def test_a_configured_status_divides_a_custom_module(rig: ZohoRig) -> None:
    connector = rig.make(rig.crm.refresh_token, closed={"Accounts.Industry": ["Retail"]})

    opened = await connector.count(rig.leaver, "Accounts", Part.OPEN)
    closed = await connector.count(rig.leaver, "Accounts", Part.CLOSED)

    assert opened + closed == len(rig.all_owned(rig.leaver, "Accounts"))
    assert closed == sum(record["Industry"] == "Retail" for record in rig.crm.records("Accounts", owner=rig.leaver))


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "ZohoCRM.modules.ALL"])
async def test_every_scope_that_is_missing_is_named(rig: ZohoRig, scope: str) -> None:
    failed = [check.name for check in await rig.without(scope).check() if not check.passed]

    assert failed == [f"scope {scope}"]


async def test_nobody_moves_records_with_less_than_the_scopes(rig: ZohoRig) -> None:
    with pytest.raises(NotAuthorised) as caught:
        await rig.without("ZohoCRM.change_owner.CREATE").change_owner("Leads", ["1"], rig.successor)

    assert caught.value.code == "OAUTH_SCOPE_MISMATCH"


async def test_a_receiver_without_the_module_is_refused(own: ZohoRig) -> None:
    own.crm.quirks.no_module_right.add((own.successor, "Deals"))
    page = await own.connector.owned(own.leaver, "Deals", Part.OPEN)

    with pytest.raises(Rejected) as caught:
        await own.connector.change_owner("Deals", [page.records[0].id], own.successor)

    assert caught.value.code == "CANNOT_ASSIGN"


async def test_an_organisation_without_the_pre_check_has_an_inventory(own: ZohoRig) -> None:
    own.crm.without_transfer_api = True

    found = (await own.connector.inventory(crm_id("tomas"))).hazards
    assert found == ("hazard.configuration_unknown", "hazard.subordinates")


async def test_the_new_owner_gets_no_mail_from_zoho(own: ZohoRig) -> None:
    page = await own.connector.owned(own.leaver, "Contacts", Part.ALL)
    await own.connector.change_owner("Contacts", [record.id for record in page.records], own.successor)

    assert own.crm.owner_mails[own.successor] == 0


async def test_a_used_up_allowance_is_no_outage(own: ZohoRig) -> None:
    own.crm.limits.credits_per_day = 3

    with pytest.raises(QuotaExhausted) as caught:
        await own.connector.inventory(own.leaver)

    assert caught.value.retry_after


async def test_a_revoked_grant_asks_for_a_person(own: ZohoRig) -> None:
    await own.connector.accounts()
    own.crm.accounts.revoke(own.crm.refresh_token)

    with pytest.raises(NotAuthorised) as caught:
        await own.connector.account(own.leaver)

    assert caught.value.code == "invalid_code"
