"""Whether a user could be given records now: what the profile shows, and absences. Both are good to know, no more.

https://www.zoho.com/crm/developer/docs/api/v8/get-profiles.html
https://www.zoho.com/crm/developer/docs/api/v8/get-user-unavailability.html
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from connectors.base import Fitness
from connectors.zoho.api import NO_ROWS, Api, Row, unless
from connectors.zoho.errors import WITHHELD

_VIEW: Final = "Crm_Implied_View_"
_PER_PAGE: Final = 200
_PAGES: Final = 10  # of absences: that the list takes a page number is not documented, only that it names one


async def fitness(
    api: Api, account_id: str, *, profile: str | None, modules: Collection[str], now: datetime
) -> Fitness:
    """Of the user with this profile, in these modules."""
    forbidden = await _forbidden(api, profile) if profile else frozenset()
    absences = await unless(WITHHELD, _absences(api, account_id)) or []
    ends = [end for start, end in absences if start <= now < end]
    return Fitness(tuple(module for module in modules if module in forbidden), max(ends, default=None))


async def _forbidden(api: Api, profile: str) -> frozenset[str]:
    """The modules that the profile has a right to view for, but does not give it."""
    profiles, _ = await unless(WITHHELD, api.page(f"/settings/profiles/{profile}", "profiles")) or NO_ROWS
    rights = [row for each in profiles for row in each.get("permissions_details") or ()]
    views = [row for row in rights if str(row.get("name")).startswith(_VIEW)]
    seen = {row.get("module") for row in views if row.get("enabled")}
    return frozenset(str(row.get("module")) for row in views) - seen


async def _absences(api: Api, account_id: str) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for page in range(1, _PAGES + 1):
        rows, more = await api.page(
            "/settings/users_unavailability", "users_unavailability", page=page, per_page=_PER_PAGE
        )
        found += (_span(row) for row in rows if (row.get("user") or {}).get("id") == account_id)
        if not more:
            break
    return found


def _span(row: Row) -> tuple[datetime, datetime]:
    start, end = (datetime.fromisoformat(row[key]) for key in ("from", "to"))
    return _aware(start), _aware(end)


def _aware(moment: datetime) -> datetime:
    """Zoho writes times with their offset; whether also the days of an all-day absence is not documented."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
