"""The records in one SQLite file: a table for each module, e-mail addresses, and the tables between modules.

Values are bound; the names in the statements come from `schema`, never from a caller.
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sandbox.suitecrm.parts import Module
from sandbox.suitecrm.schema import MODULES

_PRAGMAS: Final = ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-32768", "temp_store=MEMORY")
_ADDRESSES: Final = (
    "CREATE TABLE addresses (bean_id TEXT, bean_module TEXT, address TEXT COLLATE NOCASE, main INTEGER,"
    " deleted INTEGER)"
)
_LINKED: Final = (
    "CREATE TABLE linked (module TEXT, record TEXT, target TEXT, other TEXT,"
    " PRIMARY KEY (module, record, target, other)) WITHOUT ROWID"
)


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
        self.db.execute(_ADDRESSES)
        self.db.execute(_LINKED)
        for module in MODULES:
            typed = ", ".join(f'"{field.name}" {field.column_type}' for field in module.columns)
            self.db.execute(f'CREATE TABLE "{module.table}" ({typed}, PRIMARY KEY (id))')

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def insert(self, module: Module, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add records; columns that a row does not name stay NULL."""
        names = [field.name for field in module.columns]
        values = ([row.get(name) for name in names] for row in rows)
        self.db.executemany(f'INSERT INTO "{module.table}" VALUES ({_marks(len(names))})', values)

    def add_addresses(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows of record id, module, address, main, deleted."""
        self.db.executemany("INSERT INTO addresses VALUES (?, ?, ?, ?, ?)", rows)

    def index(self) -> None:
        """Index owners after the bulk load, with what tells open from closed, so that a count reads the index only."""
        for module in MODULES:
            state = f", {module.state}" if module.state else ""
            self.db.execute(
                f'CREATE INDEX "owner_{module.table}" ON "{module.table}" (assigned_user_id, deleted, id{state})'
            )
        self.db.execute("CREATE INDEX address ON addresses (address)")
        self.db.execute("CREATE INDEX address_of ON addresses (bean_id)")
        self.db.execute('CREATE INDEX mails_of ON "emails" (parent_id)')

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def count(self, module: Module, where: str, values: Sequence[Any] = ()) -> int:
        return int(self.query(f'SELECT COUNT(*) FROM "{module.table}" WHERE {where}', values)[0][0])

    def row(self, module: Module, record_id: str) -> sqlite3.Row | None:
        """A record that is not deleted."""
        sql = f'SELECT * FROM "{module.table}" WHERE id = ? AND deleted = 0'
        return next(iter(self.query(sql, (record_id,))), None)

    def update(self, module: Module, record_id: str, values: Mapping[str, Any]) -> None:
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self.db.execute(f'UPDATE "{module.table}" SET {sets} WHERE id = ?', (*values.values(), record_id))

    def link(self, module: str, record: str, target: str, other: str) -> None:
        """Relate two records in the table between their modules, in both directions."""
        self.db.execute("INSERT OR IGNORE INTO linked VALUES (?, ?, ?, ?)", (module, record, target, other))
        self.db.execute("INSERT OR IGNORE INTO linked VALUES (?, ?, ?, ?)", (target, other, module, record))

    def unlink(self, module: str, record: str, target: str, other: str) -> None:
        sql = "DELETE FROM linked WHERE module = ? AND record = ? AND target = ? AND other = ?"
        self.db.execute(sql, (module, record, target, other))
        self.db.execute(sql, (target, other, module, record))

    def close(self) -> None:
        self.db.close()
