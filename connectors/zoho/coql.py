"""COQL, Zoho CRM's query language: small pieces that quote and pair as it demands.

https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Final

PAGE: Final = 2000
IN_MAXIMUM: Final = 50  # values in one `in`: https://www.zoho.com/crm/developer/docs/api/v8/COQL-Limitations.html


def select(
    columns: Sequence[str],
    module: str,
    where: str,
    *,
    group: str = "",
    order: str = "",
    limit: int = 0,
    offset: int = 0,
) -> str:
    """A query; a condition has to be there, so that an empty `where` asks for every record."""
    clauses = ["select", ", ".join(columns), "from", module, "where", where or filled("id")]
    if group:
        clauses += ["group by", group]
    if order:
        clauses += ["order by", order]
    if limit:
        clauses += ["limit", f"{offset}, {limit}" if offset else str(limit)]
    return " ".join(clauses)


def literal(value: str | datetime) -> str:
    """The value quoted; times in UTC with whole seconds, as COQL wants them."""
    if isinstance(value, datetime):
        return f"'{value.astimezone(UTC).isoformat(timespec='seconds')}'"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def compare(field: str, operator: str, value: str | datetime) -> str:
    return f"{field} {operator} {literal(value)}"


def among(field: str, values: Collection[str]) -> str:
    return any_of(*among_each(field, values))


def among_each(field: str, values: Collection[str]) -> Iterator[str]:
    """A condition for each list that `in` takes; each lets through at most as many values as such a list holds."""
    return (f"{field} in ({listed})" for listed in _lists(values))


def not_among(field: str, values: Collection[str]) -> str:
    return all_of(*(f"{field} not in ({listed})" for listed in _lists(values)))


def empty(field: str) -> str:
    return f"{field} is null"


def filled(field: str) -> str:
    return f"{field} is not null"


def all_of(*conditions: str) -> str:
    """The conditions joined by `and`, in pairs: COQL refuses more than two side by side."""
    return _joined("and", conditions)


def any_of(*conditions: str) -> str:
    return _joined("or", conditions)


def _lists(values: Collection[str]) -> Iterator[str]:
    """The values quoted, in lists that `in` takes."""
    quoted = [literal(value) for value in sorted(values)]
    for start in range(0, len(quoted), IN_MAXIMUM):
        yield ", ".join(quoted[start : start + IN_MAXIMUM])


def _joined(word: str, conditions: Sequence[str]) -> str:
    kept = [condition for condition in conditions if condition]
    return reduce(lambda left, right: f"({left} {word} {right})", kept) if kept else ""
