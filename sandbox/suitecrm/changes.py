"""Writes to records: what a save does with the attributes it is given, and what it leaves behind."""

import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.suitecrm.api import Refused
from sandbox.suitecrm.beans import Beans, label
from sandbox.suitecrm.moments import stored
from sandbox.suitecrm.parts import Module
from sandbox.suitecrm.schema import BY_NAME
from sandbox.suitecrm.store import Store
from sandbox.vendor import VendorChange

_KEPT: Final = 400
_USERS: Final = BY_NAME["Users"]
_NUMBERED: Final = {"case_number", "bug_number"}  # the database counts these itself
_FALSE: Final = {"", "0", "false", "off", "no"}


@dataclass
class Changes:
    """All writes go through here; `touch` is told of each. `hooks` counts by module how often a save set off logic
    hooks and workflows."""

    store: Store
    clock: Clock
    beans: Beans
    touch: Callable[[], None]
    recent: deque[VendorChange] = field(default_factory=lambda: deque(maxlen=_KEPT))
    hooks: Counter[str] = field(
        default_factory=Counter
    )  # by module: how often a save set off logic hooks and workflows

    def save(self, module: Module, row: sqlite3.Row, attributes: Mapping[str, Any], *, by: str) -> None:
        """Write the attributes as they come: no user or record that they name is looked up.

        Null leaves a field as it is, an empty text empties it, and what is no column is ignored. Raises Refused where
        only an administrator may save.
        """
        if module is _USERS and row["id"] != by and not self._is_admin(by):
            raise Refused("Not authorized")
        stamps = {"date_modified": stored(self.clock.time()), "modified_user_id": by}
        values = stamps | self._columns(module, attributes)
        self.store.update(module, row["id"], values)
        self._after(module)
        old, new = row["assigned_user_id"] or "", values.get("assigned_user_id", row["assigned_user_id"]) or ""
        if module.owned and old != new:
            now = datetime.fromtimestamp(self.clock.time(), UTC)
            self.recent.append(VendorChange(now, module.name, str(row["id"]), label(module, row), old, new))

    def create(self, module: Module, record_id: str, attributes: Mapping[str, Any], *, by: str) -> None:
        """Add a record, as blindly as `save` writes one."""
        now = stored(self.clock.time())
        stamps = {"date_entered": now, "date_modified": now, "created_by": by, "modified_user_id": by, "deleted": 0}
        self.store.insert(module, [stamps | self._columns(module, attributes) | {"id": record_id}])
        self._after(module)

    def _after(self, module: Module) -> None:
        self.hooks[module.name] += 1
        self.touch()

    def _is_admin(self, user_id: str) -> bool:
        row = self.store.row(_USERS, user_id)
        return row is not None and row["is_admin"] == 1

    def _columns(self, module: Module, attributes: Mapping[str, Any]) -> dict[str, Any]:
        fields = self.beans.fields_of(module)
        columns: dict[str, Any] = {}
        for name, value in attributes.items():
            known = fields.get(name)
            if known is None or not known.is_stored or value is None or name == "id" or name in _NUMBERED:
                continue
            text = str(int(value)) if isinstance(value, bool) else str(value)
            columns[name] = int(text.lower() not in _FALSE) if known.type == "bool" else text or None
        return columns
