"""Mails on records, before and after their owner is deactivated."""

import pytest
from crm_client import SOFIA, Api, crm_id, error, row

from sandbox.people import Mailbox


async def mailed_contact(api: Api, key: str) -> str:
    """A contact with mails from the person's mailbox and one sent from the CRM."""
    rows = api.crm.store.query(
        "SELECT record FROM mails WHERE owner = ? GROUP BY record HAVING SUM(source = 'crm') = 1", (int(crm_id(key)),)
    )
    return str(rows[0]["record"])


async def counts(api: Api, record_id: str, key: str) -> tuple[int, int]:
    """How many mails the record shows from this person's mailbox, and in all."""
    own = await api.get(f"/Contacts/{record_id}/Emails", type="user_emails", owner_id=crm_id(key))
    everything = await api.get(f"/Contacts/{record_id}/Emails")
    return tuple(len(each.json()["Emails"]) if each.content else 0 for each in (own, everything))  # type: ignore[return-value]


async def deactivate(api: Api, key: str) -> None:
    assert (await api.put(f"/users/{crm_id(key)}", {"users": [{"status": "inactive"}]})).status_code == 200


async def test_mails_tell_their_owner_and_direction(company: Api) -> None:
    contact = await mailed_contact(company, "amit")
    answer = await company.get(f"/Contacts/{contact}/Emails", type="user_emails", owner_id=crm_id("amit"))
    mails = answer.json()["Emails"]
    assert {mail["owner"]["name"] for mail in mails} == {"Amit Kumar"}
    assert {mail["source"] for mail in mails} == {"mailbox"}
    sent = next(mail for mail in mails if mail["sent"])
    assert sent["from"]["email"] == "amit@brightwater.example"
    assert answer.json()["info"]["more_records"] is False


async def test_imap_mails_vanish_with_the_deactivation_and_come_back_where_the_page_is_new(api: Api) -> None:
    api.crm.quirks.backup_only_pop = True
    contact = await mailed_contact(api, "amit")
    assert await counts(api, contact, "amit") == (4, 5)
    await deactivate(api, "amit")
    assert await counts(api, contact, "amit") == (0, 1)  # what was sent from the CRM stays
    assert api.crm.press_backup(crm_id("amit")) is False
    assert await counts(api, contact, "amit") == (0, 1)
    api.crm.quirks.backup_only_pop = False
    assert api.crm.press_backup(crm_id("amit")) is True
    assert await counts(api, contact, "amit") == (4, 5)


async def test_pop_mails_come_back_with_the_backup(api: Api) -> None:
    contact = await mailed_contact(api, "dmitri")
    await deactivate(api, "dmitri")
    assert await counts(api, contact, "dmitri") == (0, 1)
    version = api.crm.version
    assert api.crm.press_backup(crm_id("dmitri")) is True
    assert api.crm.version > version
    assert await counts(api, contact, "dmitri") == (4, 5)


async def test_switching_to_pop_in_time_saves_the_mails(api: Api) -> None:
    contact = await mailed_contact(api, "amit")
    api.crm.set_mailbox(crm_id("amit"), Mailbox.POP_PUBLIC)
    await deactivate(api, "amit")
    assert api.crm.press_backup(crm_id("amit")) is True
    assert await counts(api, contact, "amit") == (4, 5)


async def test_the_backup_button_appears_only_after_the_deactivation(api: Api) -> None:
    with pytest.raises(ValueError, match="deactivated"):
        api.crm.press_backup(crm_id("dmitri"))


async def test_mails_stay_when_the_record_changes_hands(api: Api) -> None:
    contact = await mailed_contact(api, "amit")
    await api.change_owner("Contacts", [contact], SOFIA)
    assert await counts(api, contact, "amit") == (4, 5)


async def test_private_mails_are_for_their_owner_only(company: Api) -> None:
    contact = await mailed_contact(company, "julia")
    assert await counts(company, contact, "julia") == (0, 1)
    julia = company.with_grant("ZohoCRM.modules.ALL", user="julia")
    assert await counts(julia, contact, "julia") == (4, 5)


async def test_long_lists_come_in_pages_of_ten(api: Api) -> None:
    contact = await mailed_contact(api, "amit")
    more = [(None, "Contacts", int(contact), int(crm_id("amit")), "More", 0, 1, "mailbox")] * 12
    api.crm.store.insert("mails", more, width=8)
    first = (await api.get(f"/Contacts/{contact}/Emails")).json()
    assert (first["info"]["count"], first["info"]["next_index"], first["info"]["more_records"]) == (10, "11", True)
    second = (await api.get(f"/Contacts/{contact}/Emails", index=first["info"]["next_index"])).json()
    assert (second["info"]["count"], second["info"]["prev_index"], second["info"]["more_records"]) == (7, "1", False)


@pytest.mark.parametrize(("key", "expected"), [("amit", "imap"), ("dmitri", "pop"), ("bianca", "api")])
async def test_the_sharing_details_tell_the_kind_of_mailbox(company: Api, key: str, expected: str) -> None:
    contact = await mailed_contact(company, key)
    details = row(await company.get(f"/Contacts/{contact}/__emails_sharing_details"), "__emails_sharing_details")
    assert {each["id"]: each["_type"] for each in details["shared_from_users"]} == {crm_id(key): expected}


@pytest.mark.parametrize("key", ["julia", "yuki"])
async def test_private_and_unknown_mailboxes_are_not_told(company: Api, key: str) -> None:
    contact = await mailed_contact(company, key)
    assert (await company.get(f"/Contacts/{contact}/__emails_sharing_details")).status_code == 204


async def test_refusals_and_empty_lists(company: Api) -> None:
    contact = await mailed_contact(company, "amit")
    assert error(await company.get(f"/Contacts/{contact}/Emails", type="all")) == (400, "INVALID_DATA")
    assert error(await company.get(f"/Contacts/{contact}/Emails", owner_id="1")) == (400, "INVALID_DATA")
    assert (await company.get(f"/Contacts/{contact}/Emails", type="drafts")).status_code == 204
    assert (await company.get("/Deals/1/Emails")).status_code == 204
    sent = (await company.get(f"/Contacts/{contact}/Emails", type="sent_from_crm")).status_code
    assert sent == 204  # the one CRM mail was received
