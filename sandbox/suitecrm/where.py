"""A WHERE clause that a caller sends as text, as SQL with bound values."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, Tree, UnexpectedInput, v_args
from lark.exceptions import VisitError

Resolve = Callable[[str | None, str], str]
_ESCAPED: Final = re.compile(r"\\(.)|''|\"\"", re.DOTALL)


class NotUnderstood(Exception):
    """The text is no WHERE clause, or goes beyond columns, values and their connection."""


class UnknownColumn(Exception):
    """The clause names a column that the table does not have."""


@dataclass(frozen=True)
class Condition:
    sql: str
    values: tuple[Any, ...] = ()


def _plain(token: Token) -> str:
    """The text inside quotes, without what escapes the quotes in it."""
    return _ESCAPED.sub(lambda match: match[1] or match[0][0], token[1:-1])


@v_args(inline=True)
class _Builder(Transformer[Token, Condition]):
    """One method for each rule of the grammar. `resolve` has the SQL of a table's column or raises UnknownColumn."""

    def __init__(self, resolve: Resolve) -> None:
        super().__init__()
        self._resolve = resolve

    def start(self, condition: Condition) -> Condition:
        return condition

    def either(self, *conditions: Condition) -> Condition:
        return _joined(" OR ", conditions)

    def both(self, *conditions: Condition) -> Condition:
        return _joined(" AND ", conditions)

    def negated(self, condition: Condition) -> Condition:
        return Condition(f"NOT {condition.sql}", condition.values)

    def column(self, first: Token, second: Token | None = None) -> str:
        return self._resolve(None, str(first)) if second is None else self._resolve(str(first), str(second))

    def text(self, token: Token) -> str:
        return _plain(token)

    def number(self, token: Token) -> int | float:
        return float(token) if "." in token else int(token)

    def list(self, *values: Any) -> tuple[Any, ...]:
        return values

    def compare(self, column: str, operator: Token, value: Any) -> Condition:
        return Condition(f"{column} {operator} ?", (value,))

    def is_in(self, column: str, values: tuple[Any, ...]) -> Condition:
        return Condition(f"{column} IN ({','.join('?' * len(values))})", values)

    def not_in(self, column: str, values: tuple[Any, ...]) -> Condition:
        return Condition(f"{column} NOT IN ({','.join('?' * len(values))})", values)

    def like(self, column: str, value: Any) -> Condition:
        return Condition(f"{column} LIKE ?", (value,))

    def not_like(self, column: str, value: Any) -> Condition:
        return Condition(f"{column} NOT LIKE ?", (value,))

    def is_null(self, column: str) -> Condition:
        return Condition(f"{column} IS NULL")

    def not_null(self, column: str) -> Condition:
        return Condition(f"{column} IS NOT NULL")

    def between(self, column: str, low: Any, high: Any) -> Condition:
        return Condition(f"{column} BETWEEN ? AND ?", (low, high))


def _joined(word: str, conditions: tuple[Condition, ...]) -> Condition:
    sql = word.join(condition.sql for condition in conditions)
    return Condition(f"({sql})", tuple(value for condition in conditions for value in condition.values))


_GRAMMAR: Final = Lark(Path(__file__).with_name("where.lark").read_text(encoding="utf-8"), parser="lalr")


def parse(text: str, resolve: Resolve) -> Condition:
    """An empty text means all records. Raises NotUnderstood and UnknownColumn."""
    if not text.strip():
        return Condition("1")
    try:
        tree: Tree[Token] = _GRAMMAR.parse(text)
        return _Builder(resolve).transform(tree)
    except UnexpectedInput:
        raise NotUnderstood from None
    except VisitError as error:
        if isinstance(error.orig_exc, UnknownColumn):
            raise error.orig_exc from None
        raise
