"""Writes to records: who may be written to, what a write leaves behind, and what search still shows of it."""

import sqlite3
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.zoho.api import Json, entry
from sandbox.zoho.schema import Module
from sandbox.zoho.store import LOCK_FOR_GOOD, LOCK_FOR_NOW, LOCK_FREE, Store

_KEPT: Final = 400
_REFUSED_EVERY: Final = 50  # rows, while the fault of partial success strikes


@dataclass(frozen=True)
class OwnerChange:
    """A record that changed hands. Owners are user ids."""

    at: datetime
    module: str
    record_id: str
    label: str
    old_owner: str
    new_owner: str


@dataclass
class Changes:
    """All writes go through here. `version` grows with each."""

    store: Store
    clock: Clock
    search_lag_seconds: float = 2.0
    version: int = 0
    recent: deque[OwnerChange] = field(default_factory=lambda: deque(maxlen=_KEPT))
    workflows: Counter[str] = field(default_factory=Counter)  # by module: how often an edit started automation
    writes: Counter[str] = field(default_factory=Counter)  # by module
    _refused: set[tuple[str, int]] = field(default_factory=set)

    def touch(self) -> None:
        self.version += 1

    def write(self, module: Module, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Set the same values on all these records and stamp them."""
        if not ids:
            return
        now = self.clock.time()
        with self.store.transaction():
            self.store.keep_stale(module, ids, now=now, until=now + self.search_lag_seconds)
            self.store.update(module, ids, {**values, "Modified_Time": int(now)})
        self.writes[module.api_name] += 1
        self.touch()

    def give(self, module: Module, rows: Sequence[sqlite3.Row], to: str) -> None:
        """Make `to` the owner of these records. Records that are theirs already stay untouched."""
        moved = [row for row in rows if row["Owner"] != int(to)]
        self.write(module, [row["id"] for row in moved], {"Owner": int(to)})
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        self.recent.extend(
            OwnerChange(now, module.api_name, str(row["id"]), row[module.label_field], str(row["Owner"]), to)
            for row in moved
        )

    def refusal(self, module: Module, row: sqlite3.Row) -> Json | None:
        """Why this record takes no writes now, as a row of the answer. A lock for now opens by being met."""
        where = {"id": str(row["id"])}
        if row["_lock"] == LOCK_FOR_NOW:
            self.store.update(module, [row["id"]], {"_lock": LOCK_FREE})
        if row["_lock"] in (LOCK_FOR_NOW, LOCK_FOR_GOOD):
            return entry("RECORD_LOCKED", "record is locked", {"action": "record_locking", **where})
        if module.converts and row["Converted_Account"] is not None:
            return entry("ID_ALREADY_CONVERTED", "id already converted", where)
        return None

    def refuse_for_now(self, module: Module, record_id: int, index: int) -> Json | None:
        """The fault of partial success: every 50th row is refused, and passes when it is sent again."""
        if index % _REFUSED_EVERY or (module.api_name, record_id) in self._refused:
            return None
        self._refused.add((module.api_name, record_id))
        details = {"id": str(record_id), "index": index}
        return entry("CANNOT_PROCESS", "The record is in stop-processing state.", details)
