"""How many mails of a user stand on contacts: what tells whether they survived the user's deactivation.

https://www.zoho.com/crm/developer/docs/api/v8/get-email-rel-list.html
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors.base import MailCount, Rejected
from connectors.http import together
from connectors.zoho.api import Api, Row, rows_of_page
from connectors.zoho.coql import compare, select
from connectors.zoho.modules import ModuleSpec

_NEWEST: Final = 50  # mails: what stands behind them proves nothing more
_PAGES: Final = 25  # of ten mails each, those that came too late included
_AT_ONCE: Final = 4  # contacts
_LOOKED_AT: Final = 3  # contacts for each one wanted
_GONE: Final = frozenset({"INVALID_DATA", "RESOURCE_NOT_FOUND"})


async def mail_sample(api: Api, spec: ModuleSpec, owner: str, *, limit: int) -> tuple[MailCount, ...]:
    """The newest of the owner's contacts that carry mails of theirs, found among three times as many."""
    columns = ("id", *spec.label_fields)
    mine = compare("Owner", "=", owner)
    query = select(columns, spec.name, mine, order="id desc", limit=_LOOKED_AT * limit)
    contacts, _ = await api.select(query)
    found: list[MailCount] = []
    for start in range(0, len(contacts), _AT_ONCE):
        block = contacts[start : start + _AT_ONCE]
        counts = await count_mails(api, owner, [row["id"] for row in block])
        found += (MailCount(row["id"], spec.label_of(row), n) for row in block if (n := counts[row["id"]]))
        if len(found) >= limit:
            break
    return tuple(found[:limit])


async def count_mails(
    api: Api, owner: str | None, contact_ids: Sequence[str], *, until: datetime | None = None
) -> Mapping[str, int]:
    """For each contact the mails from the owner's own mailbox, or from anybody's, among the newest fifty of that time.

    Zero for a contact that is gone.
    """
    counts = await together(_count(api, owner, contact_id, until) for contact_id in contact_ids)
    return dict(zip(contact_ids, counts, strict=True))


async def _count(api: Api, owner: str | None, contact_id: str, until: datetime | None) -> int:
    """From the list of all mails: whether one by owner still answers for a deactivated owner is not documented."""
    counted = looked_at = 0
    index: dict[str, str] = {}
    for _ in range(_PAGES):
        page, index = await _page(api, contact_id, index)
        rows = [row for row in page if until is None or not _later(row, until)]
        counted += sum(_from_mailbox(row, owner) for row in rows)
        looked_at += len(rows)
        if not index or looked_at >= _NEWEST:
            break
    return counted


async def _page(api: Api, contact_id: str, index: Mapping[str, str]) -> tuple[list[Row], dict[str, str]]:
    """The mails of one page, and the parameter that asks for the next; empty behind the last."""
    try:
        answer = await api.fetch(f"/Contacts/{contact_id}/Emails", **index)
    except Rejected as error:
        if error.code in _GONE:
            return [], {}
        raise
    rows, more = rows_of_page(answer, "Emails")
    following = answer.payload["info"].get("next_index") if more else None
    return rows, {"index": str(following)} if following else {}


def _later(mail: Row, until: datetime) -> bool:
    """A mail without a time that can be compared counts whenever it was sent."""
    try:
        return datetime.fromisoformat(str(mail.get("time"))) > until
    except (TypeError, ValueError):  # without its offset, or no time at all
        return False


def _from_mailbox(mail: Row, owner: str | None) -> bool:
    """Mails sent from the CRM stay whatever happens to the mailbox, and prove nothing."""
    whose: Any = mail.get("owner")
    found = whose.get("id") if isinstance(whose, Mapping) else None
    return owner in (None, found) and str(mail.get("source")).lower() != "crm"
