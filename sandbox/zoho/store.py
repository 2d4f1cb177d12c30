"""The records in one SQLite file: a table for each module, and what search still believes.

Whole numbers hold ids and times; see `Kind.column_type`. Values are bound; the names in the statements come from
`schema`, never from a caller.
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sandbox.zoho.schema import MODULES, OWNED, Module

LOCK_FREE: Final = 0
LOCK_FOR_NOW: Final = 1  # refuses one write, then opens
LOCK_FOR_GOOD: Final = 2

_PRAGMAS: Final = ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-65536", "temp_store=MEMORY")
_USERS: Final = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, key TEXT, first_name TEXT, last_name TEXT, full_name TEXT, email TEXT,"
    " status TEXT, status_reason TEXT, confirm INTEGER, profile TEXT, super_admin INTEGER, reports_to INTEGER,"
    " mailbox TEXT, time_zone TEXT, locale TEXT, modified INTEGER)"
)
_MAILS: Final = (
    "CREATE TABLE mails (id INTEGER PRIMARY KEY, module TEXT, record INTEGER, owner INTEGER, subject TEXT,"
    " at INTEGER, sent INTEGER, source TEXT)"
)


def columns(module: Module) -> tuple[str, ...]:
    """The columns of a module's table, in the order in which rows are generated."""
    return (*module.fields, "_lock")


def _marks(count: int) -> str:
    return ",".join("?" * count)


class Store:
    """The company's records. Not thread-safe; one event loop owns it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        for pragma in _PRAGMAS:
            self.db.execute(f"PRAGMA {pragma}")
        self.db.execute(_USERS)
        self.db.execute(_MAILS)
        self.db.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, module TEXT, name TEXT, UNIQUE (module, name))")
        for module in MODULES:
            self._create(module)

    def _create(self, module: Module) -> None:
        typed = [f'"{each.api_name}" {each.kind.column_type}' for each in module.fields.values()]
        typed[0] += " PRIMARY KEY"
        body = ", ".join((*typed, f"_lock INTEGER NOT NULL DEFAULT {LOCK_FREE}"))
        self.db.execute(f'CREATE TABLE "{module.api_name}" ({body})')
        self.db.execute(f'CREATE TABLE "stale_{module.api_name}" ({body}, _until REAL)')

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def insert(self, table: str, rows: Iterable[Sequence[Any]], *, width: int) -> None:
        self.db.executemany(f'INSERT INTO "{table}" VALUES ({_marks(width)})', rows)

    def index(self) -> None:
        """Index owners after the bulk load: (owner, id) for pages by key, plus what tells open from closed."""
        for module in OWNED:
            names = ", ".join(f'"{name}"' for name in ("Owner", "id", *module.state))
            self.db.execute(f'CREATE INDEX "owner_{module.api_name}" ON "{module.api_name}" ({names})')
        self.db.execute("CREATE INDEX mails_record ON mails (module, record)")

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def rows(self, module: Module, ids: Sequence[int]) -> dict[int, sqlite3.Row]:
        """The records of these ids that exist."""
        found = self.query(f'SELECT * FROM "{module.api_name}" WHERE id IN ({_marks(len(ids))})', ids)
        return {row["id"]: row for row in found}

    def labels(self, module: Module, ids: Iterable[int]) -> dict[int, str]:
        wanted = tuple(set(ids))
        sql = f'SELECT id, "{module.label_field}" FROM "{module.api_name}" WHERE id IN ({_marks(len(wanted))})'
        return {row[0]: row[1] for row in self.query(sql, wanted)}

    def update(self, module: Module, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Set the same values on all these records."""
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self.db.execute(
            f'UPDATE "{module.api_name}" SET {sets} WHERE id IN ({_marks(len(ids))})', (*values.values(), *ids)
        )

    def keep_stale(self, module: Module, ids: Sequence[int], *, now: float, until: float) -> None:
        """Before a write: let search find the old row of these records until `until`, and forget older ones."""
        stale = f'"stale_{module.api_name}"'
        self.db.execute(f"DELETE FROM {stale} WHERE _until <= ?", (now,))
        self.db.execute(
            f'INSERT OR IGNORE INTO {stale} SELECT *, ? FROM "{module.api_name}" WHERE id IN ({_marks(len(ids))})',
            (until, *ids),
        )

    def forget_stale(self, module: Module, now: float) -> None:
        self.db.execute(f'DELETE FROM "stale_{module.api_name}" WHERE _until <= ?', (now,))

    def close(self) -> None:
        self.db.close()
