"""How many mails of a user hang on contacts: what tells whether they survived the user's deactivation.

They are counted by the relationship, without a mail's text being read for more than one of them:
https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/Service/RelationshipService.php
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from connectors.base import MailCount, Rejected
from connectors.http import together
from connectors.suitecrm.api import Api, Row, Where, db_time, unless_withheld
from connectors.suitecrm.modules import OWNER, ModuleSpec
from connectors.suitecrm.records import mine

MAIL_MODULE: Final = "Contacts"
_LINK: Final = "emails"
_NEWEST: Final = 100  # mails


async def mail_sample(api: Api, spec: ModuleSpec, owner: str, *, limit: int) -> tuple[MailCount, ...]:
    """The owner's contacts with their newest mails. Without a mail that names its contact as what it is related to,
    the contacts that were made last, as far as mails hang on them in another way."""
    contacts = await _written_to(api, spec, owner, limit=limit) or await _newest(api, spec, owner, limit=limit)
    counts = await count_mails(api, owner, [row["id"] for row in contacts])
    return tuple(MailCount(row["id"], spec.label_of(row), n) for row in contacts if (n := counts[row["id"]]))


async def count_mails(
    api: Api, owner: str | None, contact_ids: Sequence[str], *, until: datetime | None = None
) -> Mapping[str, int]:
    """For each contact the mails assigned to the owner, or to anybody, of those that were stored by then.

    Zero for a contact that is gone.
    """
    where = [Where(OWNER, "eq", owner)] if owner else []
    where += [Where("date_entered", "lte", db_time(until))] if until else []
    counts = await together(_count(api, contact_id, where) for contact_id in contact_ids)
    return dict(zip(contact_ids, counts, strict=True))


async def _written_to(api: Api, spec: ModuleSpec, owner: str, *, limit: int) -> list[Row]:
    where = (mine(owner), Where("parent_type", "eq", MAIL_MODULE))
    listed = api.listed("Emails", where, fields=("parent_id",), sort="-date_entered", size=_NEWEST)
    mails = await unless_withheld(listed)
    found = dict.fromkeys(str(row.get("parent_id")) for row in mails.rows) if mails else ()
    fields = (*spec.label_fields, OWNER)
    contacts = await together(api.one(spec.name, each, fields=fields) for each in list(found)[:limit])
    return [row for row in contacts if row and row.get(OWNER) == owner]


async def _newest(api: Api, spec: ModuleSpec, owner: str, *, limit: int) -> list[Row]:
    page = await api.listed(spec.name, (mine(owner),), fields=spec.label_fields, sort="-date_entered", size=limit)
    return list(page.rows)


async def _count(api: Api, contact_id: str, where: Sequence[Where]) -> int:
    try:
        return await api.related(MAIL_MODULE, contact_id, _LINK, where)
    except Rejected as error:
        if error.code in ("NOT_FOUND", "NO_RELATION"):
            return 0
        raise
