"""Tables as Slack shows them: one `table` block to a message, aligned text for every other.

https://docs.slack.dev/reference/block-kit/blocks/table-block: 100 rows, 20 columns, 10,000 characters in all cells.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

from bot.chat.slack.mrkdwn import MORE, cut, escape
from handlers.elements import Table

Json = dict[str, Any]

_ROWS: Final = 100
_COLUMNS: Final = 20
_CHARACTERS: Final = 10_000
# Wide enough for names of records, narrow enough for a telephone's code block.
_WIDTH: Final = 28
_EMPTY: Final = "–"  # Slack refuses an empty cell


def block(table: Table) -> tuple[Json, int]:
    """The table as a block, and how many of its rows had to be left out."""
    rows = [_cells(table.header, _CHARACTERS // _COLUMNS)]
    used = sum(map(len, rows[0]))
    for row in table.rows[: _ROWS - 1]:
        cells = _cells(row, _CHARACTERS // _COLUMNS)
        used += sum(map(len, cells))
        if used > _CHARACTERS:
            break
        rows.append(cells)
    aligned = [{"align": "right" if column in table.numeric else "left"} for column in range(len(rows[0]))]
    shown = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    return {"type": "table", "rows": shown, "column_settings": aligned}, len(table.rows) + 1 - len(rows)


def text(table: Table, limit: int) -> tuple[str, int]:
    """The table as a code block of at most `limit` characters of mrkdwn, and how many rows had to be left out."""
    rows = [_cells(row, _WIDTH) for row in (table.header, *table.rows)]
    count = max(map(len, rows))
    widths = [max((_width(row[column]) for row in rows if column < len(row)), default=0) for column in range(count)]
    lines: list[str] = []
    used = len("```\n\n```")
    for row in rows:
        line = escape(_line(row, widths, table.numeric))
        used += len(line) + 1
        if used > limit:
            break
        lines.append(line)
    return "```\n" + "\n".join(lines) + "\n```", len(rows) - len(lines)


def _cells(row: Sequence[str], width: int) -> list[str]:
    """The row's texts, each in one line and filled; columns beyond the vendor's limit end in one that says so."""
    cells = [cut(" ".join(cell.split()) or _EMPTY, width) for cell in row] or [_EMPTY]
    return cells if len(cells) <= _COLUMNS else [*cells[: _COLUMNS - 1], MORE]


def _line(row: Iterable[str], widths: Sequence[int], numeric: Sequence[int]) -> str:
    """The row padded to `widths`. A backtick would end the code block."""
    padded = [
        _padding(cell, widths[column]) + cell if column in numeric else cell + _padding(cell, widths[column])
        for column, cell in enumerate(cell.replace("`", "'") for cell in row)
    ]
    return "  ".join(padded).rstrip()


def _padding(text: str, width: int) -> str:
    return " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns that the text takes in a fixed-width font: East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
