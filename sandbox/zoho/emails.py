"""Mails on records, and what becomes of them when their owner is deactivated.

The mails of a deactivated user vanish from the records; an administrator's backup brings back what was shared. Older
versions of the vendor's help leave IMAP accounts out, newer ones do not: a quirk.
https://help.zoho.com/portal/en/kb/crm/integrations/zoho/zoho-mail/articles/manage-zoho-mail-add-on
"""

import sqlite3
from typing import Final

from sandbox.people import Mailbox
from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json
from sandbox.zoho.crm import Crm
from sandbox.zoho.render import moment
from sandbox.zoho.users import User

_PER_PAGE: Final = 10
_TYPES: Final = (
    "sent_from_crm",
    "scheduled_in_crm",
    "drafts",
    "user_emails",
    "all_contacts_sent_crm_emails",
    "all_contacts_scheduled_crm_emails",
    "all_contacts_draft_crm_emails",
)
# How the CRM names a mailbox that shares its mails. Private and unknown ones are not named at all.
_SHARED_AS: Final = {Mailbox.IMAP_PUBLIC: "imap", Mailbox.POP_PUBLIC: "pop", Mailbox.ZOHO_HOSTED: "api"}


def listing(call: Call) -> Answer:
    """GET /{module}/{id}/Emails: https://www.zoho.com/crm/developer/docs/api/v8/get-email-rel-list.html"""
    kind, owner_id = call.query.get("type"), call.query.get("owner_id")
    if kind is not None and kind not in _TYPES:
        raise ApiError(400, "INVALID_DATA", "invalid data", {"param_name": "type"})
    if owner_id is not None and kind != "user_emails":
        raise ApiError(400, "INVALID_DATA", "owner_id needs type=user_emails", {"param_name": "owner_id"})
    found = [mail for mail in _mails(call) if _wanted(mail, kind, owner_id) and _visible(call, mail)]
    start = call.number("index", 1, maximum=1_000_000) - 1
    shown = found[start : start + _PER_PAGE]
    if not shown:
        return EMPTY
    more = len(found) > start + _PER_PAGE
    info = {
        "count": len(shown),
        "per_page": _PER_PAGE,
        "next_index": str(start + _PER_PAGE + 1) if more else None,
        "prev_index": str(max(1, start - _PER_PAGE + 1)) if start else None,
        "more_records": more,
    }
    return Answer({"Emails": [_json(call, mail) for mail in shown], "info": info})


def _mails(call: Call) -> list[sqlite3.Row]:
    values = (call.module.api_name, call.record_id())
    return call.crm.store.query("SELECT * FROM mails WHERE module = ? AND record = ? ORDER BY at DESC, id", values)


def _wanted(mail: sqlite3.Row, kind: str | None, owner_id: str | None) -> bool:
    if kind == "user_emails":
        return mail["source"] == "mailbox" and (owner_id is None or str(mail["owner"]) == owner_id)
    if kind == "sent_from_crm":
        return mail["source"] == "crm" and bool(mail["sent"])
    return kind is None


def _visible(call: Call, mail: sqlite3.Row) -> bool:
    """Mails sent from the CRM always stay; a mailbox's own depend on its owner's state and sharing."""
    if mail["source"] == "crm":
        return True
    return is_shown(call.crm, call.crm.people.get(str(mail["owner"])), reader_id=call.user.id)


def is_shown(crm: Crm, owner: User, *, reader_id: str) -> bool:
    if not owner.active:
        return owner.id in crm.backed_up
    return owner.mailbox is not Mailbox.IMAP_PRIVATE or owner.id == reader_id


def _json(call: Call, mail: sqlite3.Row) -> Json:
    owner = call.crm.people.get(str(mail["owner"]))
    mine = {"user_name": owner.full_name, "email": owner.email}
    contact = call.crm.record(mail["module"], str(mail["record"])) or {}
    theirs = {"user_name": contact.get("Full_Name"), "email": contact.get("Email")}
    sent = bool(mail["sent"])
    return {
        "message_id": f"{mail['id']:032x}",
        "subject": mail["subject"],
        "from": mine if sent else theirs,
        "to": [theirs if sent else mine],
        "cc": [],
        "owner": {"name": owner.full_name, "id": owner.id},
        "sent": sent,
        "read": True,
        "time": moment(mail["at"]),
        "source": mail["source"],
        "has_attachment": False,
        "thread_id": None,
        "linked_record": None,
        "status": [{"type": "sent" if sent else "received"}],
    }


def sharing(call: Call) -> Answer:
    """GET /{module}/{id}/__emails_sharing_details: who shares mails on this record, and from what kind of mailbox."""
    record_id = call.record_id()
    row = call.crm.store.rows(call.module, [record_id]).get(record_id)
    owners = {str(mail["owner"]) for mail in _mails(call)} | ({str(row["Owner"])} if row else set())
    users = [user for user in map(call.crm.people.find, sorted(owners)) if user and user.active]
    shared = [
        {"id": user.id, "name": user.full_name, "_type": _SHARED_AS[user.mailbox]}
        for user in users
        if user.mailbox in _SHARED_AS
    ]
    if not shared:
        return EMPTY
    details = {"shared_from_users": shared, "available_types": ["all_imap_shared_users"]}
    return Answer({"__emails_sharing_details": [details]})
