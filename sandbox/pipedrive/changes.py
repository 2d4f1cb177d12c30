"""Writes to records: who may be given one, what may be set, and what a write leaves behind."""

import json
import sqlite3
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.pipedrive.api import ApiError, forbidden, invalid, refusal
from sandbox.pipedrive.labels import Fields
from sandbox.pipedrive.quirks import Quirks
from sandbox.pipedrive.schema import PROJECTS, TASKS, Module
from sandbox.pipedrive.store import Store
from sandbox.pipedrive.users import People, User
from sandbox.vendor import VendorChange

_KEPT: Final = 400
_ENDS: Final = {"won": "won_time", "lost": "lost_time"}


@dataclass
class Changes:
    """All writes go through here. `version` grows with each."""

    store: Store
    clock: Clock
    people: People
    fields: Fields
    quirks: Quirks
    version: int = 0
    recent: deque[VendorChange] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def refuse(self, module: Module, row: sqlite3.Row, values: Mapping[str, Any], caller: User) -> None:
        """Raises `ApiError` where the caller may not set these values on this record."""
        self._refuse_archived(module, row, values)
        if module.statuses and values.get("status", row["status"]) not in module.statuses[:3]:
            raise invalid("status", f"Must be one of: {', '.join(module.statuses[:3])}")
        if "owner_id" in values:
            self._refuse_owner(module, row, values["owner_id"], caller)
        if module is TASKS:
            for user_id in set(assignees(values)) - set(assignees(row)):
                self._refuse_receiver(module, user_id)
        if "label_ids" in values:
            unknown = set(json.loads(values["label_ids"])) - set(self.fields.labels(module.name))
            if unknown:
                raise invalid("label_ids", f"Option {min(unknown)} does not exist")

    def _refuse_archived(self, module: Module, row: sqlite3.Row, values: Mapping[str, Any]) -> None:
        if not is_archived(row):
            return
        unarchives = values.get("is_archived") is False
        if unarchives and (len(values) == 1 or not self.quirks.unarchive_alone):
            return
        raise refusal(self.quirks.archived_edit_status, f"Archived {module.name} cannot be edited")

    def _refuse_owner(self, module: Module, row: sqlite3.Row, to: int, caller: User) -> None:
        same = row["owner_id"] == to
        own = caller.id == row["owner_id"] or (same and not self.quirks.same_owner_forbidden)
        if module.name in self.quirks.owner_change_forbidden and not own:
            raise forbidden()
        if not same:
            self._refuse_receiver(module, to)

    def _refuse_receiver(self, module: Module, user_id: int) -> None:
        user = self.people.find(user_id)
        if user is None:
            raise refusal(400, "User not found or not accessible.")
        if not user.active and self.quirks.inactive_owner_status is not None:
            raise refusal(self.quirks.inactive_owner_status, "Owner is not an active user")
        if module in (PROJECTS, TASKS) and "projects" not in user.apps:
            raise ApiError(403, "The user has no access to this app", error_info="", data=None, additional_data=None)

    def write(self, module: Module, row: sqlite3.Row, values: Mapping[str, Any], *, actor: int, source: str) -> None:
        """Set these columns of a record and stamp it; remember what changed, and who lost the record to whom."""
        now = int(self.clock.time())
        values = _consequences(module, row, dict(values), now)
        if "custom_fields" in values:
            values["custom_fields"] = _merged(row["custom_fields"], values["custom_fields"])
        changed = {name: value for name, value in values.items() if row[name] != value}
        with self.store.transaction():
            self.store.update(module, row["id"], {**values, "update_time": now})
            self.store.add(
                "changelog",
                (
                    {
                        "module": module.name,
                        "record": str(row["id"]),
                        "field_key": name,
                        "old_value": _text(row[name]),
                        "new_value": _text(value),
                        "actor": actor,
                        "at": now,
                        "source": source,
                    }
                    for name, value in changed.items()
                ),
            )
        self.version += 1
        if module.owner in changed:
            self._hand_over(module, row, changed)

    def _hand_over(self, module: Module, row: sqlite3.Row, changed: Mapping[str, Any]) -> None:
        if module is TASKS:
            old, new = assignees(row), assignees(changed)
            lost, won = [each for each in old if each not in new], [each for each in new if each not in old]
            if not lost and not won:
                return
            before, after = (lost or old or [0])[0], (won or new or [0])[0]
        else:
            before, after = row["owner_id"], changed["owner_id"]
        self.recent.append(
            VendorChange(self.clock.now(), module.name, str(row["id"]), row[module.title], str(before), str(after))
        )


def _consequences(module: Module, row: Any, values: dict[str, Any], now: int) -> dict[str, Any]:
    """What else changes with these values."""
    if "is_archived" in values and module.name == "deals":
        values.setdefault("archive_time", now)
        values["archive_time"] = values["archive_time"] if values["is_archived"] else None
    if module.name == "deals" and values.get("status", row["status"]) != row["status"]:
        status = values["status"]
        ended = values.get("close_time") or now
        values |= {"won_time": None, "lost_time": None, "close_time": ended if status in _ENDS else None}
        if status in _ENDS:
            values[_ENDS[status]] = ended
    for name in ("done", "is_done"):
        if name in values:
            values["marked_as_done_time"] = now if values[name] else None
    return values


def is_archived(row: sqlite3.Row) -> bool:
    names = row.keys()
    if "is_archived" in names:
        return bool(row["is_archived"])
    return "archive_time" in names and row["archive_time"] is not None


def assignees(values: Mapping[str, Any] | sqlite3.Row) -> list[int]:
    """Who a task is assigned to, as a row or a write has it."""
    given = values["assignee_ids"] if "assignee_ids" in values.keys() else None  # noqa: SIM118  # a Row has no `in`
    found: list[int] = json.loads(given) if given else []
    return found


def _merged(old: str | None, new: Mapping[str, Any]) -> str:
    """Custom fields that are not sent stay as they are."""
    return json.dumps({**(json.loads(old) if old else {}), **new})


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
