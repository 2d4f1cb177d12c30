"""Answering COQL: the query as SQL over the store, with bound values, and its rows as JSON."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json
from sandbox.zoho.coql import Aggregate, Condition, Literal, Pair, Path, Query, Sort, parse
from sandbox.zoho.render import plain
from sandbox.zoho.schema import BY_NAME, Kind, Module, parse_id

_HOPS: Final = 2
_NULLS: Final = ("is null", "is not null")
_REFERENCE: Final = ("=", "!=", "in", "not in", *_NULLS)
_TEXT: Final = (*_REFERENCE, "like", "not like")
_ORDERED: Final = (*_REFERENCE, "<", ">", "<=", ">=", "between", "not between")
_USER_COLUMNS: Final = {
    "id": Kind.ID,
    "email": Kind.EMAIL,
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "full_name": Kind.TEXT,
    "status": Kind.PICKLIST,
}


def _operators(kind: Kind) -> tuple[str, ...]:
    if kind.is_reference:
        return _REFERENCE
    if kind in (Kind.TEXTAREA, Kind.TAGS):
        return ()
    return _TEXT if kind.is_text else _ORDERED


@dataclass(frozen=True)
class _Source:
    """A column in the SQL."""

    sql: str
    kind: Kind


@dataclass
class _Translator:
    """Collects joins and bound values while it walks through one query."""

    query: Query
    module: Module
    values: list[Any] = field(default_factory=list)
    joins: dict[tuple[str, ...], str] = field(default_factory=dict)

    def statement(self) -> str:
        columns = ", ".join(self._value(column.value).sql for column in self.query.columns)
        where = self._where(self.query.where)
        group = ", ".join(self._resolve(path).sql for path in self.query.group)
        order = ", ".join(self._sort(sort) for sort in self.query.order)
        if not (order or self.is_aggregated):
            order = "t.id"
        return (
            f'SELECT {columns}{"" if self.is_aggregated else ", t.id"} FROM "{self.module.api_name}" t'
            f"{''.join(self.joins.values())} WHERE {where}"
            f"{f' GROUP BY {group}' if group else ''}{f' ORDER BY {order}' if order else ''}"
            f" LIMIT {self.query.window.limit + 1} OFFSET {self.query.window.offset}"
        )

    @property
    def is_aggregated(self) -> bool:
        return bool(self.query.group) or any(isinstance(column.value, Aggregate) for column in self.query.columns)

    def sources(self) -> list[_Source]:
        return [self._value(column.value) for column in self.query.columns]

    def _value(self, value: Path | Aggregate) -> _Source:
        if isinstance(value, Path):
            if self.is_aggregated and value not in self.query.group:
                raise _invalid({"column_name": str(value), "reason": "column is not in the group by clause"})
            return self._resolve(value)
        inner = self._resolve(value.path)
        counts = value.function == "COUNT"
        if not counts and (inner.kind.is_reference or inner.kind.is_text or inner.kind is Kind.TAGS):
            raise _invalid({"column_name": str(value.path), "reason": "invalid aggregate"})
        return _Source(f"{value.function}({inner.sql})", Kind.CURRENCY if counts else inner.kind)

    def _sort(self, sort: Sort) -> str:
        aliased = {column.alias: column.value for column in self.query.columns if column.alias}
        value = aliased.get(str(sort.value), sort.value)
        return f"{self._value(value).sql} {'DESC' if sort.descending else 'ASC'}"

    def _resolve(self, path: Path) -> _Source:
        """The column behind a path, with the joins it needs. Raises INVALID_QUERY."""
        module, table = self.module, "t"
        if len(path.parts) > _HOPS + 1:
            raise _invalid({"column_name": str(path)})
        for depth, name in enumerate(path.parts, start=1):
            found = module.fields.get(name)
            if found is None or found.kind is Kind.USERS:
                raise _invalid({"column_name": str(path)})
            if depth == len(path.parts):
                return _Source(f'{table}."{name}"', found.kind)
            here, table = f'{table}."{name}"', f"t{depth}_{'_'.join(path.parts[:depth])}"
            if found.kind in (Kind.OWNER, Kind.USER):
                return self._user_column(path, path.parts[depth:], here=here, table=table)
            if found.target is None:
                raise _invalid({"column_name": str(path)})
            module = BY_NAME[found.target]
            self.joins[path.parts[:depth]] = f' LEFT JOIN "{module.api_name}" {table} ON {table}.id = {here}'
        raise _invalid({"column_name": str(path)})

    def _user_column(self, path: Path, rest: tuple[str, ...], *, here: str, table: str) -> _Source:
        if len(rest) != 1 or rest[0] not in _USER_COLUMNS:
            raise _invalid({"column_name": str(path)})
        self.joins[path.parts[:-1]] = f" LEFT JOIN users {table} ON {table}.id = {here}"
        return _Source(f"{table}.{rest[0]}", _USER_COLUMNS[rest[0]])

    def _where(self, where: Condition | Pair) -> str:
        if isinstance(where, Condition):
            return self._condition(where)
        return f"({self._where(where.left)} {where.operator} {self._where(where.right)})"

    def _condition(self, condition: Condition) -> str:
        source, operator = self._resolve(condition.path), condition.operator
        if operator not in _operators(source.kind):
            details = {"reason": "invalid operator found", "column_name": str(condition.path), "operator": operator}
            raise _invalid(details)
        self.values += [_bound(condition, source.kind, value) for value in condition.values]
        match operator:
            case "in" | "not in":
                return f"{source.sql} {operator.upper()} ({', '.join('?' * len(condition.values))})"
            case "between" | "not between":
                return f"{source.sql} {operator.upper()} ? AND ?"
            case "is null" | "is not null":
                return f"{source.sql} {operator.upper()}"
            case _:
                return f"{source.sql} {operator.upper()} ?"


def _invalid(details: Json) -> ApiError:
    return ApiError(400, "INVALID_QUERY", "invalid query formed", details)


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return int(moment.timestamp())


READERS: Final[dict[Kind, Callable[[str], Any]]] = {
    Kind.DATETIME: _moment,
    Kind.DATE: lambda text: date.fromisoformat(text).isoformat(),
    Kind.CURRENCY: float,
    **dict.fromkeys((Kind.ID, Kind.OWNER, Kind.USER, Kind.LOOKUP), parse_id),
}


def _bound(condition: Condition, kind: Kind, value: Literal) -> Any:
    """The literal as the store keeps such values. Raises INVALID_QUERY."""
    try:
        bound = READERS.get(kind, str)(str(value))
    except ValueError:
        bound = None
    if bound is None:
        raise _invalid({"column_name": str(condition.path), "value": value, "operator": condition.operator})
    return bound


def _cell(kind: Kind, path: Path | Aggregate, value: Any) -> Any:
    if value is None or isinstance(path, Aggregate):
        return plain(kind, value)
    if kind.is_reference:
        return {"id": str(value)}
    return [{"name": name} for name in json.loads(value)] if kind is Kind.TAGS else plain(kind, value)


def _row(query: Query, sources: list[_Source], row: sqlite3.Row) -> Json:
    cells = {
        column.key: _cell(source.kind, column.value, value)
        for column, source, value in zip(query.columns, sources, row, strict=False)
    }
    return {"id": str(row[len(sources)]), **cells} if len(row) > len(sources) else cells


def asked(call: Call) -> Query:
    """The query of the call. Raises MANDATORY_NOT_FOUND and what `parse` raises."""
    text = call.body.get("select_query") if isinstance(call.body, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise ApiError(400, "MANDATORY_NOT_FOUND", "mandatory key not found", {"api_name": "select_query"})
    return parse(text)


def run(call: Call) -> Answer:
    """POST /coql: zero rows are an answer without a body."""
    query = asked(call)
    module = BY_NAME.get(query.module)
    if module is None or not module.api_supported or not module.movable:
        raise _invalid({"module": query.module})
    call.grant.require(f"ZohoCRM.modules.{module.scope}.READ", call=call)
    translator = _Translator(query, module)
    sources = translator.sources()
    rows = call.crm.store.query(translator.statement(), translator.values)
    if not rows:
        return EMPTY
    shown = rows[: query.window.limit]
    info = {"count": len(shown), "more_records": len(rows) > len(shown)}
    return Answer({"data": [_row(query, sources, row) for row in shown], "info": info})
