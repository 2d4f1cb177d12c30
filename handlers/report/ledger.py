"""The ledger as CSV: RFC 4180, one line for each record. https://www.rfc-editor.org/rfc/rfc4180"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from connectors.base import joined, parted
from handlers.departure import Departure
from handlers.ports import LedgerRow
from handlers.report.findings import account_names

# A spreadsheet runs what begins so as a formula; with an apostrophe before it, it is text.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def owner_names(departure: Departure) -> dict[str, str]:
    """Name by "system/account id" of everybody who had records before the departure, in it, or since."""
    systems = departure.plan.systems if departure.plan else ()
    leavers = {f"{system.system}/{system.leaver.id}": system.leaver.name for system in systems}
    next_ones = {f"{system}/{to.id}": to.name for undoing in departure.undoings for system, to in undoing.to.items()}
    return next_ones | account_names(departure) | leavers


def ledger_csv(rows: Iterable[LedgerRow], names: Mapping[str, str]) -> Iterator[str]:
    """Line by line, the header first; behind the ids of the owners their `names`. Times are UTC, in ISO 8601."""
    columns = list(LedgerRow.__dataclass_fields__)
    behind_ids = columns.index("owner_after") + 1
    yield _line([*columns[:behind_ids], "owner_before_name", "owner_after_name", *columns[behind_ids:]])
    for row in rows:
        cells = list(vars(row).values())
        named = [_named(names, row.system, owners) for owners in (row.owner_before, row.owner_after)]
        yield _line(map(_cell, [*cells[:behind_ids], *named, *cells[behind_ids:]]))


def _named(names: Mapping[str, str], system: str, owners: str) -> str:
    """The names that are known, of one owner or of several."""
    return joined(name for each in parted(owners) if (name := names.get(f"{system}/{each}")))


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Enum():
            return value.name.lower()
        case str() if value.startswith(_FORMULA):
            return f"'{value}"
        case _:
            return str(value)
