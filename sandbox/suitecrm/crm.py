"""The state of the simulated SuiteCRM, and what the page, the script and a test may see and do with it."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import SUITECRM_IDS
from sandbox.suitecrm import company
from sandbox.suitecrm.beans import Beans, as_text, label
from sandbox.suitecrm.changes import Changes
from sandbox.suitecrm.legacy import Legacy
from sandbox.suitecrm.oauth import CLIENT_ID, CLIENT_SECRET, OAuth
from sandbox.suitecrm.parts import TAG_FIELD, Field, Module
from sandbox.suitecrm.schema import BY_NAME, MODULES, OWNED
from sandbox.suitecrm.store import Store
from sandbox.vendor import VendorModule, VendorRecord, VendorUser

_USERS: Final = BY_NAME["Users"]


@dataclass
class Quirks:
    """Where installations differ; tests turn these."""

    without_tag_field: bool = False  # nobody has made `previous_owner_c` in Studio
    tokens_writable: bool = True  # OAuth2Tokens can be revoked over the API
    forbidden: set[str] = field(default_factory=set)  # modules that the roles of the API's user hide


class SuiteCrm:
    """The company's SuiteCRM."""

    system = "suitecrm"
    label = "SuiteCRM"

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
        self.store = Store(storage / "suitecrm.sqlite")
        self.beans = Beans(self.store, self.fields)
        self.version = 0
        self.changes = Changes(self.store, clock, self.beans, self._touch)
        self.recent_changes = self.changes.recent
        self.oauth = OAuth(self.store, clock)
        self.legacy = Legacy(self)
        company.fill(self.store, now=clock.now(), seed=seed, leaver=leaver, records=records)

    # What the API reads

    def fields(self, module: Module) -> Mapping[str, Field]:
        """The fields of a module in this installation."""
        if not (self.quirks.without_tag_field and module.tagged):
            return module.fields
        return {name: each for name, each in module.fields.items() if name != TAG_FIELD}

    @property
    def all_fields(self) -> Mapping[str, Mapping[str, Field]]:
        return {module.name: self.fields(module) for module in MODULES}

    # What the town knows of every vendor

    @property
    def settings(self) -> Mapping[str, str]:
        return {"suitecrm_client_id": CLIENT_ID, "suitecrm_client_secret": CLIENT_SECRET}

    def address_settings(self, public_url: str) -> Mapping[str, str]:
        return {"suitecrm_url": f"{public_url.rstrip('/')}/suitecrm"}

    def app(self, public_url: str) -> Starlette:  # noqa: ARG002  # no answer names the address
        from sandbox.suitecrm.app import build_suitecrm  # noqa: PLC0415  # the application imports this module

        return build_suitecrm(self)

    def _touch(self) -> None:
        self.version += 1

    def users(self) -> Sequence[VendorUser]:
        keys = {user_id: key for key, user_id in SUITECRM_IDS.items()}
        rows = self.store.query('SELECT * FROM "users" WHERE deleted = 0 ORDER BY id')
        return [
            VendorUser(
                keys.get(row["id"], ""),
                row["id"],
                label(_USERS, row),
                self.beans.address(row["id"]),
                row["status"] != "Inactive" and row["employee_status"] == "Active",
            )
            for row in rows
        ]

    def modules(self) -> Sequence[VendorModule]:
        return [VendorModule(module.name, module.plural) for module in OWNED]

    def open_owned(self, user_id: str) -> Mapping[str, int]:
        return self._owned(user_id, "{open}")

    def closed_owned(self, user_id: str) -> Mapping[str, int]:
        return self._owned(user_id, "NOT COALESCE({open}, 0)")

    def _owned(self, user_id: str, condition: str) -> dict[str, int]:
        counts = {
            module.name: self.store.count(
                module,
                f"assigned_user_id = ? AND deleted = 0 AND {condition.format(open=module.open_sql)}",
                (user_id,),
            )
            for module in OWNED
        }
        return {name: count for name, count in counts.items() if count}

    def open_ids(self, user_id: str, module: str) -> Sequence[str]:
        served = BY_NAME[module]
        where = f"assigned_user_id = ? AND deleted = 0 AND {served.open_sql}"
        rows = self.store.query(f'SELECT id FROM "{served.table}" WHERE {where} ORDER BY id', (user_id,))
        return [row["id"] for row in rows]

    def records(self, module: str, *, owner: str | None = None, limit: int = 50) -> Sequence[VendorRecord]:
        served = BY_NAME[module]
        whose, values = ("AND assigned_user_id = ?", (owner,)) if owner else ("", ())
        sql = f'SELECT * FROM "{served.table}" WHERE deleted = 0 {whose} ORDER BY date_entered DESC, id LIMIT {limit:d}'
        return [
            VendorRecord(
                id=row["id"],
                label=label(served, row),
                path=f"/suitecrm/index.php?module={module}&action=DetailView&record={row['id']}",
                owner=as_text(row["assigned_user_id"]),
                state=" / ".join(as_text(row[name]) for name in served.state.split(", ") if name and row[name]),
                tags=tuple(sorted(self._tags(served, row))),
            )
            for row in self.store.query(sql, values)
        ]

    def _tags(self, module: Module, row: Any) -> set[str]:
        return {row[TAG_FIELD]} if module.tagged and row[TAG_FIELD] else set()

    def record(self, module: str, record_id: str) -> Mapping[str, Any] | None:
        served = BY_NAME.get(module)
        row = self.store.row(served, record_id) if served else None
        if served is None or row is None:
            return None
        return self.beans.resource(served, row, path=f"/V8/module/{module}/{record_id}")

    def give(self, module: str, record_id: str, to: str) -> None:
        served = BY_NAME[module]
        row = self.store.row(served, record_id)
        if row is None or self.store.row(_USERS, to) is None:
            raise KeyError(record_id if row is None else to)
        self.changes.save(served, row, {"assigned_user_id": to}, by=to)

    def deactivate_by_hand(self, user_id: str) -> None:
        row = self.store.row(_USERS, user_id)
        if row is None:
            raise KeyError(user_id)
        self.store.update(_USERS, user_id, {"status": "Inactive", "employee_status": "Terminated"})
        self.changes.touch()

    def close(self) -> None:
        self.store.close()

    # What tests and the contract suite look at

    def all_owned(self, user_id: str, module: str) -> set[str]:
        """The ids of everything that the user owns in the module."""
        sql = f'SELECT id FROM "{BY_NAME[module].table}" WHERE assigned_user_id = ? AND deleted = 0'
        return {row["id"] for row in self.store.query(sql, (user_id,))}

    def value(self, module: str, record_id: str, column: str) -> str | None:
        """What stands in a column of a record, as the database has it."""
        sql = f'SELECT "{BY_NAME[module].fields[column].name}" FROM "{BY_NAME[module].table}" WHERE id = ?'
        found = self.store.query(sql, (record_id,))[0][0]
        return None if found is None else as_text(found)

    def tags(self, module: str, record_id: str) -> set[str]:
        """What `previous_owner_c` says; nothing where the module has no such field."""
        served = BY_NAME[module]
        row = self.store.row(served, record_id)
        return self._tags(served, row) if row is not None else set()

    def finish(self, module: str, record_id: str) -> None:
        """Somebody brings a record to its end. Raises KeyError where there is none, or the module knows no end."""
        served = BY_NAME[module]
        row = self.store.row(served, record_id)
        if row is None or not served.closing:
            raise KeyError(record_id)
        self.changes.save(served, row, dict(served.closing), by=as_text(row["assigned_user_id"]))

    def expire_tokens(self) -> None:
        """Let every access token and session die before its time."""
        self.oauth.expire()
        self.legacy.sessions.clear()
