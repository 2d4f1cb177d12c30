"""The records in one SQLite file: a table for each module, and what hangs on records.

Values are bound; the names in the statements come from `schema`, never from a caller.
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sandbox.pipedrive.schema import ACTIVITIES, LEADS, MODULES, PERSONS, Module

_PRAGMAS: Final = ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-65536", "temp_store=MEMORY")
_TABLES: Final = {
    "notes": (
        "id INTEGER PRIMARY KEY, user_id INTEGER, deal_id INTEGER, person_id INTEGER, org_id INTEGER, lead_id TEXT,"
        " content TEXT, add_time INTEGER, update_time INTEGER, last_update_user_id INTEGER"
    ),
    "mails": (
        "id INTEGER PRIMARY KEY, module TEXT, record INTEGER, user_id INTEGER, subject TEXT, sender TEXT,"
        " receiver TEXT, at INTEGER, sent INTEGER"
    ),
    "followers": (
        "module TEXT, record INTEGER, user_id INTEGER, add_time INTEGER, PRIMARY KEY (module, record, user_id)"
    ),
    "changelog": (
        "id INTEGER PRIMARY KEY, module TEXT, record TEXT, field_key TEXT, old_value TEXT, new_value TEXT,"
        " actor INTEGER, at INTEGER, source TEXT"
    ),
}
_INDEXES: Final = (
    *(
        f"CREATE INDEX owner_{module.name} ON {module.name} (owner_id, id)"
        for module in MODULES
        if module.name != "tasks"
    ),
    *(
        f"CREATE INDEX {column}_{ACTIVITIES.name} ON {ACTIVITIES.name} ({column})"
        for column in ("deal_id", "person_id")
    ),
    f"CREATE INDEX org_{PERSONS.name} ON {PERSONS.name} (org_id)",
    f"CREATE INDEX age_{LEADS.name} ON {LEADS.name} (add_time, id)",
    "CREATE INDEX org_id_activities ON activities (org_id)",
    "CREATE INDEX notes_deal ON notes (deal_id)",
    "CREATE INDEX notes_person ON notes (person_id)",
    "CREATE INDEX mails_record ON mails (module, record)",
    "CREATE INDEX changelog_record ON changelog (module, record)",
)


class Store:
    """The company's records. Not thread-safe; one event loop owns it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        for pragma in _PRAGMAS:
            self.db.execute(f"PRAGMA {pragma}")
        for table, columns in _TABLES.items():
            self.db.execute(f"CREATE TABLE {table} ({columns})")
        for module in MODULES:
            typed = [f"{column.name} {column.kind.column_type}" for column in module.columns]
            typed[0] += " PRIMARY KEY"
            self.db.execute(f"CREATE TABLE {module.name} ({', '.join(typed)})")

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
        """Rows may leave out what is empty."""
        names = [column.name for column in module.columns]
        marks = ",".join("?" * len(names))
        values = ([row.get(name) for name in names] for row in rows)
        self.db.executemany(f"INSERT INTO {module.name} VALUES ({marks})", values)

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows to one of the tables for what hangs on records."""
        for row in rows:
            names = ", ".join(row)
            marks = ",".join("?" * len(row))
            self.db.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))

    def index(self) -> None:
        """After the bulk load."""
        for statement in _INDEXES:
            self.db.execute(statement)

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def row(self, module: Module, record_id: int | str) -> sqlite3.Row | None:
        found = self.query(f"SELECT * FROM {module.name} WHERE id = ?", (record_id,))
        return found[0] if found else None

    def update(self, module: Module, record_id: int | str, values: Mapping[str, Any]) -> None:
        sets = ", ".join(f"{name} = ?" for name in values)
        self.db.execute(f"UPDATE {module.name} SET {sets} WHERE id = ?", (*values.values(), record_id))

    def close(self) -> None:
        self.db.close()
