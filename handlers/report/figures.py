"""The numbers of a report by module, and the bars that show them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from handlers.places import is_field
from handlers.ports import LedgerOutcome, Place, Totals
from handlers.report.case import Case
from handlers.texts import Texts

# What can have become of a record, with its name and the outcomes in the ledger: the segments of a bar, in this order.
# What stays is not in the ledger.
FATES: Final[dict[str, tuple[str, tuple[LedgerOutcome, ...]]]] = {
    "moved": ("column.moved", (LedgerOutcome.MOVED,)),
    "stays": ("report.stays", ()),
    "others": ("column.others", (LedgerOutcome.OTHERS,)),
    "gone": ("column.gone", (LedgerOutcome.GONE,)),
    "failed": ("column.failed", (LedgerOutcome.FAILED,)),
    "returned": ("report.returned", (LedgerOutcome.RETURNED,)),
    "given": ("report.given", (LedgerOutcome.KEPT,)),
    "pending": ("report.pending", (LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED)),
}
_WIDTH: Final = 1000
_THINNEST: Final = 6  # a single record among thousands is still seen


@dataclass(frozen=True)
class Segment:
    fate: str
    x: int
    width: int


@dataclass(frozen=True)
class ModuleFigures:
    """One module of one system, or with `is_field` one other field of its records. `counts` has every fate; `value` is
    the open value that the plan was approved with."""

    system: str
    module: str
    label: str
    counts: Mapping[str, int]
    value: Decimal | None
    currency: str | None
    is_field: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def module_figures(case: Case, texts: Texts) -> tuple[ModuleFigures, ...]:
    """In the order of the plan; what only the ledger knows comes last."""
    planned = dict(_planned(case, texts))
    places = [*planned, *(place for place in case.totals if place not in planned)]
    nothing = Totals({}, 0)
    return tuple(
        _figures(case, place, planned.get(place, _Planned(place.module)), case.totals.get(place, nothing))
        for place in places
    )


@dataclass(frozen=True)
class _Planned:
    """What the plan knows of a place in the ledger. Without a plan, its name there has to do."""

    label: str
    keep: int = 0
    value: Decimal | None = None
    currency: str | None = None


def _planned(case: Case, texts: Texts) -> Iterator[tuple[Place, _Planned]]:
    for system in case.departure.plan.systems if case.departure.plan else ():
        for line in system.lines:
            place = Place(case.departure.id, system.system, line.module)
            yield place, _Planned(line.label, line.keep, line.value, system.currency)
        labels = {line.module: line.label for line in system.lines}
        for each in system.fields:
            said = texts.t("report.field", module=labels.get(each.module, each.module), field=each.label)
            yield Place(case.departure.id, system.system, each.place), _Planned(said)
        for module, dead in system.dead.items():
            said = texts.t("report.dead", module=labels.get(module, module), value=dead.value)
            yield Place(case.departure.id, system.system, f"{module}.{dead.field}"), _Planned(said)


def _figures(case: Case, place: Place, planned: _Planned, totals: Totals) -> ModuleFigures:
    return ModuleFigures(
        place.system,
        place.module,
        planned.label,
        _counts(totals, planned.keep),
        planned.value,
        planned.currency,
        is_field(case.departure.plan, place.system, place.module),
    )


def _counts(totals: Totals, staying: int) -> dict[str, int]:
    counts = {fate: sum(map(totals.count, outcomes)) for fate, (_, outcomes) in FATES.items()}
    return counts | {"stays": staying}


def segments(figures: ModuleFigures, most: int) -> tuple[Segment, ...]:
    """A bar as long as its module is big beside the biggest of `most` records."""
    found, x = [], 0
    for fate, count in figures.counts.items():
        if count:
            width = max(round(count * _WIDTH / most), _THINNEST)
            found.append(Segment(fate, x, width))
            x += width
    return tuple(found)


def bar(value: Decimal, most: Decimal) -> int:
    """The length of a single bar."""
    return max(round(value * _WIDTH / most), _THINNEST)
