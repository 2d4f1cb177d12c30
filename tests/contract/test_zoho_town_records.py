"""Zoho CRM in the town: what becomes of mails, what is silent, and what looking closely costs."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from contract_work import ids, move
from contract_zoho import ZohoRig, crm_id, zoho_crm

from connectors.base import AgendaKind, MailCount, Part, Survey
from sandbox.people import Mailbox

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def own(tmp_path: Path) -> AsyncIterator[ZohoRig]:
    """A company of the test's own."""
    async with zoho_crm(tmp_path, 300) as made:
        yield made


def as_counted(sample: tuple[MailCount, ...]) -> dict[str, int]:
    return {each.record_id: each.count for each in sample}


async def later(rig: ZohoRig, sample: tuple[MailCount, ...], key: str) -> Mapping[str, int]:
    return await rig.connector.count_mails(crm_id(key), [each.record_id for each in sample])


async def test_imap_mails_are_measured_as_lost_where_no_backup_takes_them(own: ZohoRig) -> None:
    own.crm.quirks.backup_only_pop = True
    before = await own.connector.mail_sample(own.leaver, limit=5)
    await own.connector.deactivate(own.leaver)
    own.crm.press_backup(own.leaver)

    assert await later(own, before, "amit") == {each.record_id: 0 for each in before}


async def test_pop_mails_are_measured_as_kept_once_the_backup_is_made(own: ZohoRig) -> None:
    before = await own.connector.mail_sample(crm_id("dmitri"), limit=5)
    await own.connector.deactivate(crm_id("dmitri"))
    assert not any((await later(own, before, "dmitri")).values())

    own.crm.press_backup(crm_id("dmitri"))

    assert await later(own, before, "dmitri") == as_counted(before)


async def test_mails_sent_from_the_crm_prove_nothing(own: ZohoRig) -> None:
    own.crm.store.db.execute("UPDATE mails SET source = 'crm' WHERE owner = ?", (int(own.leaver),))

    assert await own.connector.mail_sample(own.leaver, limit=5) == ()


@pytest.mark.parametrize("key", ["julia", "owen"])
async def test_private_mails_and_none_at_all_give_no_sample(own: ZohoRig, key: str) -> None:
    assert await own.connector.mail_sample(crm_id(key), limit=5) == ()


async def test_mails_that_are_shared_in_time_give_one(own: ZohoRig) -> None:
    own.crm.set_mailbox(crm_id("julia"), Mailbox.IMAP_PUBLIC)

    assert len(await own.connector.mail_sample(crm_id("julia"), limit=5)) == 5


async def test_a_long_correspondence_is_read_over_its_pages(own: ZohoRig) -> None:
    contact = (await own.connector.mail_sample(own.leaver, limit=1))[0]
    mail = (None, "Contacts", int(contact.record_id), int(own.leaver), "More", 0, 1, "mailbox")
    own.crm.store.insert("mails", [mail] * 23, width=8)

    counted = await own.connector.count_mails(own.leaver, [contact.record_id])

    assert counted == {contact.record_id: contact.count + 23}


async def test_accounts_that_nobody_ever_followed_are_the_most_silent(own: ZohoRig) -> None:
    until = own.crm.clock.now() + timedelta(days=30)
    items = await own.connector.agenda(own.leaver, until=until)

    silent = [item for item in items if item.kind is AgendaKind.SILENT]
    accounts = own.crm.records("Accounts", owner=own.leaver, limit=1_000)
    never = [each for each in accounts if each["Last_Activity_Time"] is None]
    known = sorted(each["Last_Activity_Time"] for each in accounts if each["Last_Activity_Time"])
    assert 0 < len(never) < 10
    assert [item.due for item in silent[: len(never)]] == [None] * len(never)
    assert {item.record_id for item in silent[: len(never)]} == {each["id"] for each in never}
    assert (
        sorted(item.due for item in silent if item.due) == sorted(map(datetime.fromisoformat, known))[: 10 - len(never)]
    )


async def test_links_of_the_agenda_name_the_organisation(own: ZohoRig) -> None:
    fresh = own.make(own.crm.refresh_token)

    items = await fresh.agenda(own.leaver, until=own.crm.clock.now() + timedelta(days=30))

    assert all(f"/crm/org{own.crm.zgid}/tab/" in item.url for item in items)


@pytest.mark.parametrize(
    ("asked", "calls"),
    [
        ({}, 0),
        ({"idle_since": datetime(2026, 1, 1, tzinfo=UTC)}, 15),  # one for each module
        ({"group_by": {"Deals": ("Stage", "Account_Name"), "Leads": ("Lead_Source",)}}, 3),  # one for each field
    ],
)
async def test_a_survey_costs_what_it_says(own: ZohoRig, asked: dict[str, Any], calls: int) -> None:
    await own.connector.inventory(own.leaver)
    spent = []
    for survey in (Survey(), Survey(**asked)):
        before = len(own.requests)
        await own.connector.inventory(own.leaver, survey)
        spent.append(len(own.requests) - before)

    assert spent[1] - spent[0] == calls


async def test_an_agenda_takes_a_call_for_each_kind(own: ZohoRig) -> None:
    until = own.crm.clock.now() + timedelta(days=30)
    await own.connector.agenda(own.leaver, until=until)
    before = len(own.requests)

    await own.connector.agenda(own.leaver, until=until)

    assert len(own.requests) - before <= 5


async def test_a_departure_of_5000_records_takes_few_calls(tmp_path: Path) -> None:
    async with zoho_crm(tmp_path, 5000) as rig:
        await rig.connector.inventory(rig.leaver)
        assert len(rig.requests) <= 70, "inventory, metadata included"

        for module in rig.modules:
            await move(rig, module, await ids(rig.connector, rig.leaver, module))
        rig.settle()
        for module in rig.modules:
            assert await rig.connector.recount(rig.leaver, module, Part.OPEN) == 0

        assert rig.open_owned(rig.leaver) == {}
        assert len(rig.requests) <= 140, "the whole hand-over"
