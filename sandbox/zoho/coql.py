"""Reading COQL: from the text of a query to what it asks for, with the errors of Zoho's catalogue.

https://www.zoho.com/crm/developer/docs/api/v8/COQL-Limitations.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from sandbox.zoho.api import ApiError, Json

DEFAULT_LIMIT: Final = 200
_MOST_ROWS: Final = 2_000
_MOST_COLUMNS: Final = 50
_MOST_CONDITIONS: Final = 25
_MOST_VALUES: Final = 100
_DEEPEST_ROW: Final = 100_000

Literal = str | int | float | bool


@dataclass(frozen=True)
class Path:
    """A column, perhaps behind look-ups: `Owner.email`."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Aggregate:
    function: str  # upper case
    path: Path

    def __str__(self) -> str:
        return f"{self.function}({self.path})"


@dataclass(frozen=True)
class Column:
    value: Path | Aggregate
    alias: str | None

    @property
    def key(self) -> str:
        """Under which the answer gives the value."""
        return self.alias or str(self.value)


@dataclass(frozen=True)
class Condition:
    path: Path
    operator: str  # "=", "in", "not in", "is null", …
    values: tuple[Literal, ...] = ()


@dataclass(frozen=True)
class Pair:
    operator: str  # AND, OR
    left: "Condition | Pair"
    right: "Condition | Pair"


@dataclass(frozen=True)
class Sort:
    value: Path | Aggregate
    descending: bool


@dataclass(frozen=True)
class Window:
    limit: int = DEFAULT_LIMIT
    offset: int = 0


@dataclass(frozen=True)
class Query:
    columns: tuple[Column, ...]
    module: str
    where: Condition | Pair
    group: tuple[Path, ...] = ()
    order: tuple[Sort, ...] = ()
    window: Window = Window()

    @property
    def credits(self) -> int:
        """1 for a limit of up to 200, 2 up to 1,000, 3 up to 2,000."""
        return 1 if self.window.limit <= 200 else 2 if self.window.limit <= 1_000 else 3


def _unquote(text: str) -> str:
    return text[1:-1].replace("\\'", "'").replace('\\"', '"').replace("\\\\", "\\")


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    """One method for each rule of the grammar."""

    def path(self, *parts: Token) -> Path:
        return Path(tuple(str(part) for part in parts))

    def aggregate(self, function: Token, path: Path) -> Aggregate:
        return Aggregate(function.upper(), path)

    def column(self, value: Path | Aggregate, alias: Token | None = None) -> Column:
        return Column(value, str(alias) if alias else None)

    def columns(self, *columns: Column) -> tuple[Column, ...]:
        return columns

    def text(self, token: Token) -> str:
        return _unquote(token)

    def number(self, token: Token) -> int | float:
        return _number(token)

    def true(self, _: Token) -> bool:
        return True

    def false(self, _: Token) -> bool:
        return False

    def list(self, *values: Literal) -> tuple[Literal, ...]:
        return values

    def compare(self, path: Path, operator: Token, value: Literal) -> Condition:
        return Condition(path, str(operator), (value,))

    def is_in(self, path: Path, values: tuple[Literal, ...]) -> Condition:
        return Condition(path, "in", values)

    def not_in(self, path: Path, values: tuple[Literal, ...]) -> Condition:
        return Condition(path, "not in", values)

    def like(self, path: Path, value: Token) -> Condition:
        return Condition(path, "like", (_unquote(value),))

    def not_like(self, path: Path, value: Token) -> Condition:
        return Condition(path, "not like", (_unquote(value),))

    def is_null(self, path: Path) -> Condition:
        return Condition(path, "is null")

    def not_null(self, path: Path) -> Condition:
        return Condition(path, "is not null")

    def between(self, path: Path, low: Literal, high: Literal) -> Condition:
        return Condition(path, "between", (low, high))

    def not_between(self, path: Path, low: Literal, high: Literal) -> Condition:
        return Condition(path, "not between", (low, high))

    def both(self, left: Condition | Pair, right: Condition | Pair) -> Pair:
        return Pair("AND", left, right)

    def either(self, left: Condition | Pair, right: Condition | Pair) -> Pair:
        return Pair("OR", left, right)

    def where(self, condition: Condition | Pair) -> Condition | Pair:
        return condition

    def group(self, *paths: Path) -> dict[str, Any]:
        return {"group": paths}

    def sort(self, value: Path | Aggregate, descending: Token | None = None) -> Sort:
        return Sort(value, descending is not None)

    def order(self, *sorts: Sort) -> dict[str, Any]:
        return {"order": sorts}

    def limit(self, limit: Token) -> dict[str, Any]:
        return {"window": Window(int(limit))}

    def offset_comma_limit(self, offset: Token, limit: Token) -> dict[str, Any]:
        return {"window": Window(int(limit), int(offset))}

    def limit_offset(self, limit: Token, offset: Token) -> dict[str, Any]:
        return {"window": Window(int(limit), int(offset))}

    def offset(self, offset: Token) -> dict[str, Any]:
        return {"window": Window(offset=int(offset))}

    def start(self, columns: tuple[Column, ...], module: Token, *clauses: Any) -> Query:
        if not clauses or not isinstance(clauses[0], Condition | Pair):
            raise ApiError(400, "SYNTAX_ERROR", "missing clause", {"clause": "where"})
        rest: dict[str, Any] = {}
        for clause in clauses[1:]:
            rest |= clause
        return Query(columns, str(module), clauses[0], **rest)


_GRAMMAR: Final = Lark(
    File(__file__).with_name("coql.lark").read_text(encoding="utf-8"), parser="lalr", transformer=_Builder()
)


@lru_cache(maxsize=64)
def parse(text: str) -> Query:
    """Raises `ApiError` with SYNTAX_ERROR, INVALID_DATA, LIMIT_EXCEEDED, DUPLICATE_DATA or DUPLICATE_ALIAS."""
    try:
        query: Query = _GRAMMAR.parse(text)  # type: ignore[assignment]  # the transformer makes it a Query
    except UnexpectedInput as error:
        raise ApiError(400, "SYNTAX_ERROR", "error occured while parsing the query", _near(error, text)) from None
    _check(query)
    return query


def _near(error: UnexpectedInput, text: str) -> Json:
    match error:
        case UnexpectedToken() if error.token.type != "$END":
            return {"line": error.line, "column": error.column, "near": str(error.token)}
        case UnexpectedCharacters():
            return {"line": error.line, "column": error.column, "near": text[error.pos_in_stream :][:1]}
        case _:
            return {"near": text[-12:]}


def conditions(where: Condition | Pair) -> Iterator[Condition]:
    """The conditions of a tree, from left to right."""
    if isinstance(where, Condition):
        yield where
    else:
        yield from conditions(where.left)
        yield from conditions(where.right)


def _check(query: Query) -> None:
    if query.window.limit <= 0:
        raise ApiError(400, "INVALID_DATA", "limit should be greater than 0", {"limit": query.window.limit})
    found = list(conditions(query.where))
    aggregates = sum(isinstance(column.value, Aggregate) for column in query.columns)
    over = (
        query.window.limit > _MOST_ROWS
        or query.window.offset < 0
        or query.window.offset + query.window.limit > _DEEPEST_ROW
        or len(query.columns) > _MOST_COLUMNS
        or len(found) > _MOST_CONDITIONS
        or any(len(condition.values) > _MOST_VALUES for condition in found)
        or len(query.group) > 4
        or len(query.order) > 10
        or aggregates > 5
    )
    if over:
        raise ApiError(400, "LIMIT_EXCEEDED", "limit exceeded")
    keys = [column.key for column in query.columns]
    if len(set(keys)) < len(keys):
        aliased = any(column.alias for column in query.columns)
        raise ApiError(400, "DUPLICATE_ALIAS" if aliased else "DUPLICATE_DATA", "duplicate column", {"columns": keys})
