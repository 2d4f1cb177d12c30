"""Counting by search: a read path of its own, behind an index that lags some seconds.

https://www.zoho.com/crm/developer/docs/api/v8/search-records.html
"""

from datetime import datetime
from typing import Final

from connectors.base import Part
from connectors.zoho.api import Api
from connectors.zoho.modules import ModuleSpec
from connectors.zoho.phases import UntilClosed

_PER_PAGE: Final = 200
_CEILING: Final = 2000  # rows that search shows of one criterion


async def recount(api: Api, spec: ModuleSpec, owner: str, *, part: Part, now: datetime) -> int:
    """How many of the first 2,000 records that search finds are `part` of the owner's."""
    criteria = f"(Owner:equals:{owner})"
    if part is Part.OPEN:
        criteria = "and".join((criteria, *spec.phase.search(now)))
    params: dict[str, str | int] = {
        "criteria": f"({criteria})",
        "fields": ",".join(("id", *spec.phase.columns)),
        "per_page": _PER_PAGE,
    }
    if isinstance(spec.phase, UntilClosed) and spec.phase.converted and part is not Part.OPEN:
        params["converted"] = "both"
    counted = 0
    for page in range(1, _CEILING // _PER_PAGE + 1):
        rows, more = await api.page(f"/{spec.name}/search", "data", page=page, **params)
        counted += sum(part is Part.ALL or spec.phase.is_open(row, now) is (part is Part.OPEN) for row in rows)
        if not more:
            break
    return counted
