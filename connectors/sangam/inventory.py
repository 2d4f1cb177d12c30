"""What an account owns, counted here from its records, and what its successor should look at first."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from heapq import nlargest
from typing import Final

from connectors.base import AgendaItem, AgendaKind, Holding, Sample, Survey
from connectors.sangam.api import Row, text_of
from connectors.sangam.modules import ModuleSpec
from connectors.sangam.records import amount, is_idle, moment_of

_SAMPLES: Final = 3
_MOST: Final = 10
# By module: which kind of item its records are, and which field says when it is due.
AGENDA: Final = {
    "Opportunity": (AgendaKind.DEAL, "date_closed"),
    "Task": (AgendaKind.TASK, "date_due"),
    "Meeting": (AgendaKind.MEETING, "date_start"),
}
UrlOf = Callable[[str, str], str]


def holding(spec: ModuleSpec, rows: Sequence[Row], survey: Survey, url_of: UrlOf) -> Holding:
    """Samples are the open records with the greatest value, or those changed last where the module has none."""
    still_open = [row for row in rows if spec.is_open(row)]
    since, columns = survey.idle_since, survey.group_by.get(spec.name, ()) if still_open else ()
    values = [value for row in still_open if (value := _value(spec, row)) is not None]
    greatest = nlargest(
        _SAMPLES, still_open, key=lambda row: (_value(spec, row) or Decimal(0), str(row.get("date_modified") or ""))
    )
    return Holding(
        module=spec.module,
        open=len(still_open),
        closed=len(rows) - len(still_open),
        open_value=sum(values, Decimal(0)) if spec.module.value_field else None,
        samples=tuple(
            Sample(row["id"], spec.label_of(row), url_of(spec.name, row["id"]), _value(spec, row)) for row in greatest
        ),
        idle=sum(is_idle(row, since) for row in still_open) if since else 0,
        groups={each: dict(Counter(text_of(row.get(each)) or "" for row in still_open)) for each in columns},
    )


def agenda_items(
    spec: ModuleSpec, rows: Sequence[Row], *, now: datetime, until: datetime, url_of: UrlOf
) -> list[AgendaItem]:
    """The open deals by value, overdue tasks and meetings to come by date: at most ten."""
    kind, due = AGENDA[spec.name]
    items = [
        AgendaItem(
            kind=kind,
            module=spec.name,
            record_id=row["id"],
            label=spec.label_of(row),
            url=url_of(spec.name, row["id"]),
            due=moment_of(row.get(due)),
            value=_value(spec, row),
        )
        for row in rows
        if spec.is_open(row)
    ]
    if kind is AgendaKind.DEAL:
        return nlargest(_MOST, items, key=lambda item: item.value or Decimal(0))
    dated = [(item.due, item) for item in items if item.due]
    wanted = [(at, item) for at, item in dated if (at < now if kind is AgendaKind.TASK else now <= at <= until)]
    return [item for _, item in sorted(wanted, key=lambda pair: pair[0])][:_MOST]


def _value(spec: ModuleSpec, row: Row) -> Decimal | None:
    return amount(row.get(spec.module.value_field)) if spec.module.value_field else None
