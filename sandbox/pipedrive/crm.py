"""The state of the simulated Pipedrive, and what the page, the script and a test may see and do with it."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import json
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import INTEGRATION_USER, PIPEDRIVE_IDS
from sandbox.pipedrive import attached, company, filters, webhooks
from sandbox.pipedrive.api import Json
from sandbox.pipedrive.changes import Changes, assignees, is_archived
from sandbox.pipedrive.labels import Fields
from sandbox.pipedrive.meter import Limits, Meter
from sandbox.pipedrive.quirks import Quirks
from sandbox.pipedrive.render import Extras, Renderer
from sandbox.pipedrive.schema import BY_NAME, LEADS, MODULES, TASKS, Module
from sandbox.pipedrive.store import Store
from sandbox.pipedrive.users import People, User
from sandbox.vendor import VendorChange, VendorModule, VendorRecord, VendorUser

_PAGES: Final = {"leads": "leads/inbox"}  # where a record's page is, unless it is below the module's word


class Pipedrive:
    """The company's Pipedrive; a `sandbox.vendor.Vendor`. The API reads the parts beneath.

    `records` overrides how many records `leaver` owns; everything is kept in `storage`.
    """

    system = "pipedrive"
    label = "Pipedrive"

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
        self.limits = Limits()
        self.quirks = Quirks()
        self.store = Store(storage / "pipedrive.sqlite")
        self.meter = Meter(clock, self.limits, seats=0)
        self.people = People(clock, self.meter)
        self.fields = Fields()
        self.render = Renderer(self.store, self.fields)
        self.changes = Changes(self.store, clock, self.people, self.fields, self.quirks)
        self.filters = filters.seeded(int(clock.time()))
        self.webhooks = webhooks.seeded(int(clock.time()))
        self.goals = attached.goals(clock.now())
        company.fill(self.store, self.fields, now=clock.now(), seed=seed, leaver=leaver, records=records)
        self._counted: dict[str, tuple[int, dict[int, tuple[int, int]]]] = {}

    # What the bot is told

    @property
    def settings(self) -> Mapping[str, str]:
        return {"pipedrive_api_token": self.token_of(INTEGRATION_USER)}

    def address_settings(self, public_url: str) -> Mapping[str, str]:
        return {"pipedrive_url": f"{public_url.rstrip('/')}/pipedrive"}

    def app(self, public_url: str) -> Starlette:  # noqa: ARG002  # nothing that Pipedrive answers names its own address
        from sandbox.pipedrive.app import build_pipedrive  # noqa: PLC0415  # the table of endpoints knows this class

        return build_pipedrive(self)

    def token_of(self, key: str) -> str:
        """The API token of somebody in the roster; it works while they are active."""
        return self.people.get(PIPEDRIVE_IDS[key]).token

    # What people see

    @property
    def version(self) -> int:
        return self.changes.version + self.people.version

    @property
    def recent_changes(self) -> deque[VendorChange]:
        return self.changes.recent

    @property
    def seats(self) -> tuple[int, int]:
        """Seats that the company pays for, and those in use."""
        return self.meter.seats, self.people.seats_used

    def users(self) -> Sequence[VendorUser]:
        return [VendorUser(user.key, str(user.id), user.name, user.email, user.active) for user in self.people.all()]

    def user(self, user_id: str) -> User:
        """With the state that only people see: mail sync, private mails and when they are erased. Raises KeyError."""
        return self.people.get(int(user_id))

    def modules(self) -> Sequence[VendorModule]:
        return [VendorModule(module.name, module.label) for module in MODULES]

    def open_owned(self, user_id: str) -> Mapping[str, int]:
        return {module.name: found[0] for module in MODULES if (found := self._count(module, user_id))[0]}

    def closed_owned(self, user_id: str) -> Mapping[str, int]:
        return {module.name: found[1] for module in MODULES if (found := self._count(module, user_id))[1]}

    def ghosts(self) -> dict[tuple[str, str], int]:
        """(user id, module) → what inactive users still own and should not, counted in the store."""
        gone = [str(user.id) for user in self.people.all() if not user.active]
        return {(user, module): count for user in gone for module, count in self.open_owned(user).items()}

    def _count(self, module: Module, user_id: str) -> tuple[int, int]:
        """Open records and all others of a user; counted again only after a write."""
        version, counts = self._counted.get(module.name, (-1, {}))
        if version != self.changes.version:
            owner, table = ("value", "tasks, json_each(assignee_ids)") if module is TASKS else ("owner_id", module.name)
            sql = f"SELECT {owner}, SUM({module.open_sql}), COUNT(*) FROM {table} WHERE is_deleted = 0 GROUP BY 1"
            counts = {row[0]: (row[1], row[2] - row[1]) for row in self.store.query(sql)}
            self._counted[module.name] = self.changes.version, counts
        return counts.get(int(user_id), (0, 0))

    def open_ids(self, user_id: str, module: str) -> Sequence[str]:
        served = BY_NAME[module]
        where = f"is_deleted = 0 AND {served.owned_sql} AND {served.open_sql}"
        rows = self.store.query(f"SELECT id FROM {module} WHERE {where} ORDER BY id", {"owner": int(user_id)})
        return [str(row["id"]) for row in rows]

    def records(self, module: str, *, owner: str | None = None, limit: int = 50) -> Sequence[VendorRecord]:
        served = BY_NAME[module]
        owned = f"AND {served.owned_sql}" if owner is not None else ""
        sql = f"SELECT * FROM {module} WHERE is_deleted = 0 {owned} ORDER BY add_time DESC, id DESC LIMIT :limit"
        rows = self.store.query(sql, {"owner": int(owner or 0), "limit": limit})
        return [self._listed(served, row) for row in rows]

    def _listed(self, module: Module, row: Any) -> VendorRecord:
        owner = (assignees(row) or [0])[0] if module is TASKS else row["owner_id"]
        names = self.fields.labels(module.name)
        labels = json.loads(row["label_ids"]) if "label_ids" in module.by_name else []
        return VendorRecord(
            id=str(row["id"]),
            label=row[module.title],
            path=f"/pipedrive/{_PAGES.get(module.name, module.word)}/{row['id']}",
            owner=str(owner),
            state=_state(module, row),
            tags=tuple(names[each] for each in labels if each in names),
        )

    def record(self, module: str, record_id: str) -> Mapping[str, Any] | None:
        served = BY_NAME.get(module)
        row = self._row(served, record_id) if served else None
        return self.render.records(served, [row], Extras(served.extra_fields))[0] if served and row else None

    def all_owned(self, user_id: str, module: str) -> set[str]:
        """The ids of everything that a user owns in a module, archived or not."""
        served = BY_NAME[module]
        sql = f"SELECT id FROM {module} WHERE is_deleted = 0 AND {served.owned_sql}"
        return {str(row["id"]) for row in self.store.query(sql, {"owner": int(user_id)})}

    def value(self, module: str, record_id: str, column: str) -> str | None:
        """What stands in a column, or in the custom field of this code. Raises KeyError for an unknown record."""
        found = self.record(module, record_id)
        if found is None:
            raise KeyError(record_id)
        value = found[column] if column in found else found["custom_fields"][column]
        return None if value is None else str(value)

    def labels(self, module: str, record_id: str) -> set[str]:
        """The names of a record's labels. Raises KeyError for an unknown record."""
        return set(self._listed(BY_NAME[module], self._known(module, record_id)).tags)

    def named_in(self, user_id: str, module: str, code: str) -> set[str]:
        """The records of anybody whose custom field of this code names the user."""
        sql = f"SELECT id FROM {module} WHERE json_extract(custom_fields, ?) = ?"
        return {str(row["id"]) for row in self.store.query(sql, (f'$."{code}"', int(user_id)))}

    # What is done to records and users: over the API, and by hand

    def write(self, module: Module, row: Any, values: Mapping[str, Any], *, actor: int, source: str = "api") -> Json:
        """Set these columns of a record; the record as the API shows it then."""
        self.changes.write(module, row, values, actor=actor, source=source)
        written = self.store.row(module, row["id"])
        return self.render.records(module, [written] if written else [])[0]

    def give(self, module: str, record_id: str, to: str) -> None:
        row, receiver = self._known(module, record_id), self.people.get(int(to))
        served = BY_NAME[module]
        values = {"assignee_ids": json.dumps([receiver.id])} if served is TASKS else {"owner_id": receiver.id}
        self._by_hand(served, row, values)

    def win(self, deal_id: str) -> None:
        """Somebody wins a deal. Raises KeyError for an unknown one."""
        self._by_hand(BY_NAME["deals"], self._known("deals", deal_id), {"status": "won"})

    def archive(self, module: str, record_id: str) -> None:
        """Somebody archives a deal, a lead or a project. Raises KeyError for anything else."""
        row, served = self._known(module, record_id), BY_NAME[module]
        if served.archived_sql == "0":
            raise KeyError(module)
        flag = "is_archived" in served.by_name
        self._by_hand(served, row, {"is_archived": True} if flag else {"archive_time": int(self.clock.time())})

    def deactivate_by_hand(self, user_id: str) -> None:
        self.people.set_active(self.people.get(int(user_id)), active=False)

    def drop_free_seats(self) -> None:
        """An administrator stops paying for seats that nobody uses."""
        self.meter.seats = self.people.seats_used

    def _by_hand(self, module: Module, row: Any, values: Mapping[str, Any]) -> None:
        self.changes.write(module, row, values, actor=PIPEDRIVE_IDS["ada"], source="app")

    def _row(self, module: Module, record_id: str) -> Any:
        """None where there is none."""
        if module is LEADS:
            return self.store.row(module, record_id)
        return self.store.row(module, int(record_id)) if record_id.isdecimal() else None

    def _known(self, module: str, record_id: str) -> Any:
        """Raises KeyError."""
        row = self._row(BY_NAME[module], record_id)
        if row is None:
            raise KeyError(record_id)
        return row

    def close(self) -> None:
        self.store.close()


def _state(module: Module, row: Any) -> str:
    """What tells open from closed."""
    words = [row["status"]] if module.statuses else []
    words += ["done" if row[name] else "to do" for name in ("done", "is_done") if name in module.by_name]
    if is_archived(row):
        words.append("archived")
    return ", ".join(words)
