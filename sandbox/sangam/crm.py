"""The state of the simulated Sangam CRM, and what the page, the script and a test may see and do with it."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import sqlite3
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import SANGAM_IDS
from sandbox.sangam.company import fill, insert, stored
from sandbox.sangam.schema import BY_NAME, MODULES, OWNER, TAG_FIELD, USERS, Module
from sandbox.vendor import VendorChange, VendorModule, VendorRecord, VendorUser

USER: Final = "noor"
PASSWORD: Final = "town-sangam-password"
PUSH_KEY: Final = "town-sangam-push-key"
_KEPT: Final = 400


@dataclass
class Quirks:
    """What no public text confirms, and where installations may differ; tests turn these."""

    update_makes_duplicates: bool = False  # save-data with an id adds a record instead of changing it
    users_readable: bool = True  # getentry-list-new serves the module Users
    owner_field: str = OWNER  # the name of the owner's field on the wire
    owner_display: str = "Assigned To"
    list_key: str = "entry_list"  # under which records are answered; or "data"
    flat_rows: bool = False  # records as plain objects instead of name/value pairs
    http_errors: bool = True  # or 200 for everything, with the status in the body only


class Sangam:
    """The company's Sangam CRM."""

    system = "sangam"
    label = "Sangam CRM"

    def __init__(
        self,
        *,
        clock: Clock,
        faults: Faults,
        storage: Path,
        seed: int = 7,
        records: int | None = None,
        leaver: str = "amit",
    ) -> None:
        self.clock = clock
        self.faults = faults
        self.quirks = Quirks()
        self.version = 0
        self.recent_changes: deque[VendorChange] = deque(maxlen=_KEPT)
        self.sessions: dict[str, str] = {}  # session id → user name
        storage.mkdir(parents=True, exist_ok=True)
        path = storage / "sangam.sqlite"
        path.unlink(missing_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=MEMORY")
        self.db.execute("PRAGMA synchronous=OFF")
        fill(self.db, now=clock.now(), seed=seed, leaver=leaver, records=records)

    # What the API reads and writes

    def row(self, module: Module, record_id: str) -> sqlite3.Row | None:
        """A record that is not deleted."""
        sql = f"SELECT * FROM \"{module.table}\" WHERE id = ? AND deleted = '0'"
        return next(iter(self.query(sql, (record_id,))), None)

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def add(self, module: Module, record_id: str, values: Mapping[str, str]) -> None:
        now = stored(self.clock.now())
        insert(
            self.db, module, [{"date_entered": now, "date_modified": now, "deleted": "0", **values, "id": record_id}]
        )
        self.version += 1

    def write(self, module: Module, row: sqlite3.Row, values: Mapping[str, str | None]) -> None:
        """Set columns of a record, whatever they say."""
        stamped = {"date_modified": stored(self.clock.now()), **values}
        sets = ", ".join(f'"{name}" = ?' for name in stamped)
        self.db.execute(f'UPDATE "{module.table}" SET {sets} WHERE id = ?', (*stamped.values(), row["id"]))
        self.version += 1
        new = values.get(OWNER, row[OWNER]) or ""
        if new != (row[OWNER] or ""):
            at, old = self.clock.now(), row[OWNER] or ""
            self.recent_changes.append(VendorChange(at, module.name, row["id"], _label(row), old, new))

    # What the town knows of every vendor

    @property
    def settings(self) -> Mapping[str, str]:
        return {"sangam_user": USER, "sangam_password": PASSWORD, "sangam_push_key": PUSH_KEY}

    def address_settings(self, public_url: str) -> Mapping[str, str]:
        return {"sangam_url": f"{public_url.rstrip('/')}/sangam/api/v1"}

    def app(self, public_url: str) -> Starlette:  # noqa: ARG002  # no answer names the address
        from sandbox.sangam.app import build_sangam  # noqa: PLC0415  # the application imports this module

        return build_sangam(self)

    def users(self) -> Sequence[VendorUser]:
        keys = {user_id: key for key, user_id in SANGAM_IDS.items()}
        rows = self.query('SELECT * FROM "users" ORDER BY id')
        return [
            VendorUser(keys[row["id"]], row["id"], _label(row), row["email1"], row["status"] == "Active")
            for row in rows
        ]

    def modules(self) -> Sequence[VendorModule]:
        return [VendorModule(module.name, module.label) for module in MODULES]

    def open_owned(self, user_id: str) -> Mapping[str, int]:
        return self._owned(user_id, "{open}")

    def closed_owned(self, user_id: str) -> Mapping[str, int]:
        return self._owned(user_id, "NOT COALESCE({open}, 0)")

    def _owned(self, user_id: str, condition: str) -> dict[str, int]:
        counts = {}
        for module in MODULES:
            where = f"\"{OWNER}\" = ? AND deleted = '0' AND {condition.format(open=module.open_sql)}"
            count = self.query(f'SELECT COUNT(*) FROM "{module.table}" WHERE {where}', (user_id,))[0][0]
            if count:
                counts[module.name] = int(count)
        return counts

    def open_ids(self, user_id: str, module: str) -> Sequence[str]:
        served = BY_NAME[module]
        where = f"\"{OWNER}\" = ? AND deleted = '0' AND {served.open_sql}"
        sql = f'SELECT id FROM "{served.table}" WHERE {where} ORDER BY id'
        return [row["id"] for row in self.query(sql, (user_id,))]

    def records(self, module: str, *, owner: str | None = None, limit: int = 50) -> Sequence[VendorRecord]:
        served = BY_NAME[module]
        whose, values = (f'AND "{OWNER}" = ?', (owner,)) if owner else ("", ())
        sql = (
            f"SELECT * FROM \"{served.table}\" WHERE deleted = '0' {whose}"
            f" ORDER BY date_entered DESC, id LIMIT {limit:d}"
        )
        return [
            VendorRecord(
                id=row["id"],
                label=_label(row),
                path=f"/sangam/index.php?module={module}&action=DetailView&record={row['id']}",
                owner=row[OWNER] or "",
                state=(row[served.state] or "") if served.state else "",
                tags=tuple(sorted(_tags(served, row))),
            )
            for row in self.query(sql, values)
        ]

    def record(self, module: str, record_id: str) -> Mapping[str, Any] | None:
        served = BY_NAME.get(module)
        row = self.row(served, record_id) if served else None
        return (
            None if row is None else {"module_name": module, **{name: value or "" for name, value in dict(row).items()}}
        )

    def give(self, module: str, record_id: str, to: str) -> None:
        served = BY_NAME[module]
        row = self.row(served, record_id)
        if row is None or self.row(USERS, to) is None:
            raise KeyError(record_id if row is None else to)
        self.write(served, row, {OWNER: to})

    def deactivate_by_hand(self, user_id: str) -> None:
        row = self.row(USERS, user_id)
        if row is None:
            raise KeyError(user_id)
        self.db.execute("UPDATE users SET status = 'Inactive' WHERE id = ?", (user_id,))
        self.version += 1

    def close(self) -> None:
        self.db.close()

    # What tests and the contract suite look at

    def all_owned(self, user_id: str, module: str) -> set[str]:
        """The ids of everything that the user owns in the module."""
        sql = f'SELECT id FROM "{BY_NAME[module].table}" WHERE "{OWNER}" = ? AND deleted = \'0\''
        return {row["id"] for row in self.query(sql, (user_id,))}

    def value(self, module: str, record_id: str, column: str) -> str | None:
        """What stands in a column of a record."""
        sql = f'SELECT "{BY_NAME[module].fields[column].name}" FROM "{BY_NAME[module].table}" WHERE id = ?'
        found: str | None = self.query(sql, (record_id,))[0][0]
        return found

    def tags(self, module: str, record_id: str) -> set[str]:
        """What `previous_owner_c` says; nothing where the module has no such field."""
        row = self.row(BY_NAME[module], record_id)
        return _tags(BY_NAME[module], row) if row is not None else set()

    def finish(self, module: str, record_id: str) -> None:
        """Somebody brings a record to its end. Raises KeyError where there is none, or the module knows no end."""
        served = BY_NAME[module]
        row = self.row(served, record_id)
        if row is None or not served.state:
            raise KeyError(record_id)
        self.write(served, row, {served.state: served.done})

    def expire_tokens(self) -> None:
        """Let every session die before its time."""
        self.sessions.clear()


def _label(row: sqlite3.Row) -> str:
    names = ("first_name", "last_name") if "last_name" in dict(row) else ("name",)
    return " ".join(row[name] for name in names if row[name])


def _tags(module: Module, row: sqlite3.Row) -> set[str]:
    return {row[TAG_FIELD]} if module.tagged and row[TAG_FIELD] else set()
