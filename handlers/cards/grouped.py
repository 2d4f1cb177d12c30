"""Tables that are grouped by system, where several are in a departure; for one they need no name."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from handlers.cards.common import NOTHING, View
from handlers.elements import Element, Table


@dataclass(frozen=True)
class Row:
    """What is said of one module of one system: its counts, then perhaps a text such as its value. With `is_field` the
    counts are of a field other than the owner, which no sum takes for records."""

    system: str
    label: str
    counts: tuple[int, ...]
    beside: tuple[str, ...] = ()
    is_field: bool = False


def grouped_table(view: View, header: Sequence[str], rows: Sequence[Row]) -> tuple[Element, ...]:
    """Nothing without rows. Each system begins with a row of its sums, and other fields with one of their own; `header`
    are keys of the text catalogue."""
    if not rows:
        return ()
    shown = tuple(line for system, group in groupby(rows, key=_system) for line in _group(view, system, list(group)))
    return (Table(tuple(map(view.texts.t, header)), shown, numeric=tuple(range(1, len(header)))),)


def _system(row: Row) -> str:
    return row.system


def _group(view: View, system: str, rows: list[Row]) -> list[tuple[str, ...]]:
    records, fields = [row for row in rows if not row.is_field], [row for row in rows if row.is_field]
    shown = _below(view, view.system(system), records) if view.many else [_line(view, row) for row in records]
    return shown + _below(view, view.within(system, view.texts.t("column.fields")), fields)


def _below(view: View, heading: str, rows: list[Row]) -> list[tuple[str, ...]]:
    """Rows below one of their sums."""
    if not rows:
        return []
    sums = tuple(sum(counts) for counts in zip(*(row.counts for row in rows), strict=True))
    head = Row("", heading, sums, tuple(NOTHING for _ in rows[0].beside))
    return [_line(view, head), *(_line(view, row, mark="· ") for row in rows)]


def _line(view: View, row: Row, *, mark: str = "") -> tuple[str, ...]:
    return (f"{mark}{row.label}", *map(view.texts.number, row.counts), *row.beside)
