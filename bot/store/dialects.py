"""Where SQLite and Postgres differ in what they call the same thing."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, Table, Text, cast, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def listed(connection: Connection, columns: Sequence[str], rows: Collection[Sequence[str]]) -> Subquery:
    """Rows of text to select from, sent as one JSON value.

    Thousands of single values would exceed what a statement may carry (https://www.sqlite.org/limits.html) and cost
    Postgres' driver more time than the work itself.
    """
    document = literal(json.dumps(list(rows)), Text)
    if connection.dialect.name == "sqlite":
        row = func.json_each(document).table_valued("value").c.value
        values: list[ColumnElement[Any]] = [func.json_extract(row, f"$[{place}]") for place in range(len(columns))]
    else:
        row = func.jsonb_array_elements(cast(document, postgresql.JSONB)).table_valued("value").c.value
        values = [row.op("->>")(place) for place in range(len(columns))]
    return select(*(value.label(name) for name, value in zip(columns, values, strict=True))).subquery()


def one_at_a_time(connection: Connection, number: int) -> None:
    """Let only one transaction at a time go on from here; `number` names what for.

    SQLite has a single writer anyway. https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(number)))
