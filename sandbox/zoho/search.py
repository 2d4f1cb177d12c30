"""Search and record count: an index that lags behind the records, and text that matches when it contains.

https://www.zoho.com/crm/developer/docs/api/v8/search-records.html
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json
from sandbox.zoho.coql_sql import READERS
from sandbox.zoho.schema import Kind, Module

_MOST_ROWS: Final = 2_000
_MOST_CRITERIA: Final = 15
_MOST_VALUES: Final = 100
_SYMBOLS: Final = {
    "equals": "=",
    "not_equal": "!=",
    "greater_than": ">",
    "greater_equal": ">=",
    "less_than": "<",
    "less_equal": "<=",
}
_GRAMMAR: Final = Lark(Path(__file__).with_name("criteria.lark").read_text(encoding="utf-8"), parser="lalr")
_CONVERTED: Final[Mapping[str, str]] = {
    "false": "Converted_Account IS NULL",
    "true": "Converted_Account IS NOT NULL",
    "both": "1",
}


@dataclass(frozen=True)
class _Where:
    """A condition in SQL with its values."""

    sql: str
    values: tuple[Any, ...] = ()
    size: int = field(default=1)


def _unescape(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _invalid(reason: str, name: str) -> ApiError:
    return ApiError(400, "INVALID_QUERY", "Invalid query formed", {"reason": reason, "api_name": name})


@v_args(inline=True)
class _ToSql(Transformer[Token, _Where]):
    def __init__(self, module: Module) -> None:
        super().__init__()
        self._module = module

    def start(self, where: _Where) -> _Where:
        return where

    def both(self, left: _Where, right: _Where) -> _Where:
        return _Where(f"({left.sql} AND {right.sql})", left.values + right.values, left.size + right.size)

    def either(self, left: _Where, right: _Where) -> _Where:
        return _Where(f"({left.sql} OR {right.sql})", left.values + right.values, left.size + right.size)

    def condition(self, name: Token, comparator: Token, value: Token) -> _Where:
        found = self._module.fields.get(name)
        if found is None or found.kind in (Kind.TAGS, Kind.TEXTAREA, Kind.USERS):
            raise _invalid("field is not searchable", name)
        return _condition(name, found.kind, comparator=comparator, value=value)


def _condition(name: str, kind: Kind, *, comparator: str, value: str) -> _Where:
    if comparator in ("in", "between"):
        values = tuple(_read(name, kind, each) for each in re.split(r"(?<!\\),", value))
        if len(values) > _MOST_VALUES or (comparator == "between" and len(values) != 2):
            raise _invalid("wrong number of values", name)
        marks = "BETWEEN ? AND ?" if comparator == "between" else f"IN ({', '.join('?' * len(values))})"
        return _Where(f'"{name}" {marks}', values)
    if comparator == "starts_with" and kind.is_text:
        return _Where(f'"{name}" LIKE ?', (f"{_unescape(value)}%",))
    only_equal = kind.is_reference and comparator not in ("equals", "not_equal")
    if comparator not in _SYMBOLS or only_equal:
        raise _invalid("invalid comparator", name)
    if comparator == "equals" and kind.is_text and kind is not Kind.PICKLIST:
        return _Where(f'"{name}" LIKE ?', (f"%{_unescape(value)}%",))  # Zoho: acts as "contains" on text
    return _Where(f'"{name}" {_SYMBOLS[comparator]} ?', (_read(name, kind, value),))


def _read(name: str, kind: Kind, value: str) -> Any:
    reader: Callable[[str], Any] = READERS.get(kind, str)
    try:
        read = reader(_unescape(value))
    except ValueError:
        read = None
    if read is None:
        raise _invalid("invalid value", name)
    return read


def _criteria(module: Module, text: str) -> _Where:
    try:
        tree = _GRAMMAR.parse(text)
    except UnexpectedInput:
        raise _invalid("invalid query formed", "criteria") from None
    try:
        where = _ToSql(module).transform(tree)
    except VisitError as error:  # lark wraps what a rule raises
        raise error.orig_exc from None
    if where.size > _MOST_CRITERIA:
        raise ApiError(400, "CRITERIA_LIMIT_EXCEEDED", "criteria limit exceeded", {"limit": _MOST_CRITERIA})
    return where


def _any_like(module: Module, value: str, *kinds: Kind) -> _Where:
    names = [each.api_name for each in module.fields.values() if each.kind in kinds]
    if not names:
        return _Where("0")
    either = " OR ".join(f'"{name}" LIKE ?' for name in names)
    return _Where(f"({either})", (f"%{value}%",) * len(names))


def _asked(call: Call, module: Module) -> _Where | None:
    """What the query string looks for; None when it looks for nothing."""
    query = call.query
    if "criteria" in query:
        return _criteria(module, query["criteria"])
    if "email" in query:
        return _any_like(module, query["email"], Kind.EMAIL)
    if "phone" in query:
        return _any_like(module, query["phone"], Kind.PHONE)
    if "word" in query:
        return _any_like(module, query["word"], Kind.TEXT, Kind.EMAIL, Kind.PHONE)
    return None


def converted_filter(call: Call, module: Module) -> str:
    """Converted leads are hidden unless the call asks for them."""
    if not module.converts:
        return "1"
    wanted = call.query.get("converted", "false")
    if wanted not in _CONVERTED:
        raise ApiError(400, "INVALID_DATA", "invalid data", {"param_name": "converted"})
    return _CONVERTED[wanted]


def _indexed(call: Call, module: Module, *, where: _Where, shown: str) -> tuple[str, tuple[Any, ...]]:
    """A statement over what the search index believes: changed records still look as they did before."""
    call.crm.store.forget_stale(module, call.crm.clock.time())
    name, stale = f'"{module.api_name}"', f'"stale_{module.api_name}"'
    condition = f"{where.sql} AND {converted_filter(call, module)}"
    fresh = f"SELECT {shown} FROM {name} WHERE {condition} AND id NOT IN (SELECT id FROM {stale})"
    return f"{fresh} UNION ALL SELECT {shown} FROM {stale} WHERE {condition}", where.values * 2


def _searchable(call: Call) -> Module:
    if not call.module.movable:
        raise ApiError(400, "NOT_SUPPORTED", "search is not supported for this module", {"resource_path_index": 0})
    return call.module


def search(call: Call) -> Answer:
    module = _searchable(call)
    where = _asked(call, module)
    if where is None:
        names = ["criteria", "email", "phone", "word"]
        raise ApiError(
            400, "EXPECTED_PARAM_MISSING", "One of the expected parameter is missing", {"param_names": names}
        )
    page, per_page = call.number("page", 1, maximum=_MOST_ROWS), call.number("per_page", 200, maximum=200)
    if page * per_page > _MOST_ROWS:
        raise ApiError(400, "LIMIT_REACHED", "limit reached", {"limit": str(_MOST_ROWS)})
    columns = ", ".join(f'"{name}"' for name in (*module.fields, "_lock"))
    statement, values = _indexed(call, module, where=where, shown=columns)
    paged = f"{statement} ORDER BY 1 DESC LIMIT {per_page + 1} OFFSET {(page - 1) * per_page}"
    rows = call.crm.store.query(paged, values)
    if not rows:
        return EMPTY
    shown = rows[:per_page]
    fields = call.query["fields"].split(",") if "fields" in call.query else None
    info: Json = {"per_page": per_page, "count": len(shown), "page": page, "more_records": len(rows) > per_page}
    return Answer({"data": call.crm.render.records(module, shown, fields), "info": info})


def count(call: Call) -> Answer:
    module = _searchable(call)
    where = _asked(call, module)
    if where is None or "cvid" in call.query:
        message = "either cvid or one search parameter is expected"
        details = {"ambiguity_due_to": [{"param_name": "cvid"}, {"param_name": "criteria"}]}
        raise ApiError(400, "AMBIGUITY_DURING_PROCESSING", message, details)
    statement, values = _indexed(call, module, where=where, shown="COUNT(*) AS n")
    found = call.crm.store.query(f"SELECT SUM(n) FROM ({statement})", values)
    return Answer({"count": found[0][0]})
