"""What an account owns in one module of Example CRM."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from connectors.base import Holding, Module, Sample, Survey
from connectors.skeleton.api import Api
from connectors.skeleton.records import amount, record

_SAMPLES: Final = 3
_PAGE: Final = 100


async def holding(
    api: Api, owner: str, module: Module, survey: Survey, *, url_of: Callable[[str, str], str]
) -> Holding:
    """Counts and value by the vendor, samples by its first page. Only what the survey asks for reads every record."""
    opened = await api.get(f"/{module.name}", owner=owner, status="open", sort="-value", limit=_SAMPLES)
    closed = await api.get(f"/{module.name}", owner=owner, status="closed", limit=1)
    columns = survey.group_by.get(module.name, ())
    groups: dict[str, Counter[str]] = {column: Counter() for column in columns}
    idle = 0
    if columns or survey.idle_since:
        async for row in api.every(module.name, owner=owner, status="open", limit=_PAGE):
            each = record(row, columns, survey.idle_since)
            idle += each.idle
            for column in columns:
                groups[column][each.fields[column] or ""] += 1
    samples = (
        Sample(str(row["id"]), row["name"], url_of(module.name, str(row["id"])), amount(row.get("value")))
        for row in opened["records"]
    )
    value = amount(opened["total_value"]) if module.value_field else None
    return Holding(module, opened["total"], closed["total"], value, tuple(samples), idle, groups)
