"""Tables as Cliq shows them: a row is an object by its headers, so each column needs a name of its own.

https://www.zoho.com/cliq/help/restapi/v3/messageformat/ names no limit of rows or columns: ours keep them readable.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from bot.chat.cliq.markup import MORE, NOTHING, plain
from handlers.elements import Table

Json = dict[str, Any]

_ROWS: Final = 80
_COLUMNS: Final = 10
_CELL: Final = 100
_CHARACTERS: Final = 6000  # a table leaves room for the rest of its message


def rendered(table: Table) -> tuple[Json, int]:
    """Headers and rows, and how many of the rows had to be left out."""
    width = max(map(len, (table.header, *table.rows)))
    headers = unique(_cells(table.header, width))
    rows: list[Json] = []
    used = len(str(headers))
    for row in table.rows[:_ROWS]:
        named = dict(zip(headers, _cells(row, width), strict=True))
        used += len(str(named))
        if used > _CHARACTERS:
            break
        rows.append(named)
    return {"headers": headers, "rows": rows}, len(table.rows) - len(rows)


def unique(names: Iterable[str]) -> list[str]:
    """The names, those that come again with a number behind them."""
    found: list[str] = []
    for name in names:
        candidate, number = name, 1
        while candidate in found:
            number += 1
            candidate = f"{name} ({number})"
        found.append(candidate)
    return found


def _cells(row: Sequence[str], width: int) -> list[str]:
    """The row's texts, filled up to `width`; columns beyond our limit end in one that says so."""
    cells = [plain(cell, _CELL) for cell in (*row, *[NOTHING] * (max(width, 1) - len(row)))]
    return cells if len(cells) <= _COLUMNS else [*cells[: _COLUMNS - 1], MORE]
