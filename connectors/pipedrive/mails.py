"""How many mails stand on persons: linked mail, which stays when its user is deactivated.

Pipedrive counts the mails of a person and does not say whose mailbox they came from, or when; the mailbox of somebody
else cannot be read at all. So one count before and one after tell whether linked mail was lost, of anybody.
https://developers.pipedrive.com/docs/api/v1/Persons
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.base import MailCount
from connectors.http import together
from connectors.pipedrive.api import BY_IDS, Api, Row
from connectors.pipedrive.modules import Spec

_COUNT: Final = "email_messages_count"
_PAGES: Final = 4  # of persons that are looked through for some with mail


async def mail_sample(api: Api, spec: Spec, owner: str, *, limit: int) -> tuple[MailCount, ...]:
    """Those of the owner's persons who changed last and have mail."""
    params: dict[str, str | int] = {"owner_id": owner, "limit": 500, "include_fields": _COUNT}
    found: list[MailCount] = []
    after: str | None = None
    for _ in range(_PAGES):
        asked = {**params, "sort_by": "update_time", "sort_direction": "desc"}
        rows, after = await api.page(spec.path, asked, after=after)
        found += (MailCount(str(row["id"]), spec.label_of(row), _count(row)) for row in rows if _count(row))
        if len(found) >= limit or after is None:
            break
    return tuple(found[:limit])


async def count_mails(api: Api, spec: Spec, person_ids: Sequence[str]) -> Mapping[str, int]:
    """The mails on each person now; zero for one who is gone."""
    blocks = [person_ids[start : start + BY_IDS] for start in range(0, len(person_ids), BY_IDS)]
    pages = await together(_rows(api, spec, block) for block in blocks)
    return dict.fromkeys(person_ids, 0) | {str(row["id"]): _count(row) for rows in pages for row in rows}


async def _rows(api: Api, spec: Spec, ids: Sequence[str]) -> list[Row]:
    rows, _ = await api.page(spec.path, {"ids": ",".join(ids), "limit": BY_IDS, "include_fields": _COUNT})
    return rows


def _count(row: Mapping[str, Any]) -> int:
    return int(row.get(_COUNT) or 0)
