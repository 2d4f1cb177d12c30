"""From rows to the JSON of the API: lookups with names, times with an offset, tags as objects."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sandbox.zoho.api import Json
from sandbox.zoho.schema import BY_NAME, Kind, Module
from sandbox.zoho.store import LOCK_FOR_GOOD, Store
from sandbox.zoho.users import People

_ZONE: Final = ZoneInfo("Europe/Berlin")  # of the organisation


def moment(seconds: float) -> str:
    """A time as Zoho writes it: ISO 8601 in the organisation's time zone, whole seconds."""
    return datetime.fromtimestamp(int(seconds), _ZONE).isoformat()


class Renderer:
    def __init__(self, store: Store, people: People) -> None:
        self._store = store
        self._people = people

    def records(
        self, module: Module, rows: Sequence[sqlite3.Row], fields: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """The records with the named fields, or all of them; `id` is always there."""
        names = [name for name in module.fields if fields is None or name in fields]
        references = {name: self._references(module, name, rows) for name in names}
        return [self._record(module, row, references=references) for row in rows]

    def _references(self, module: Module, name: str, rows: Sequence[sqlite3.Row]) -> dict[int, Json]:
        each = module.fields[name]
        ids = {row[name] for row in rows if row[name] is not None} if each.kind.is_reference else set()
        if each.kind is Kind.USERS:
            ids = {user for row in rows for user in json.loads(row[name])}
        if each.kind in (Kind.OWNER, Kind.USER, Kind.USERS):
            users = {int(user.id): user for user in self._people.all()}
            return {key: {"name": users[key].full_name, "id": str(key), "email": users[key].email} for key in ids}
        if not ids or each.target is None:
            return {}
        labels = self._store.labels(BY_NAME[each.target], ids)
        return {key: {"name": label, "id": str(key)} for key, label in labels.items()}

    def _record(self, module: Module, row: sqlite3.Row, *, references: dict[str, dict[int, Json]]) -> dict[str, Any]:
        record: dict[str, Any] = {"id": str(row["id"])}
        for name, known in references.items():
            record[name] = self._value(module, row, name=name, references=known)
        record["Locked__s"] = row["_lock"] == LOCK_FOR_GOOD
        if module.converts:
            record["$converted"] = row["Converted_Account"] is not None
        return record

    def _value(self, module: Module, row: sqlite3.Row, *, name: str, references: dict[int, Json]) -> Any:
        value, kind = row[name], module.fields[name].kind
        if value is None:
            return None
        if kind is Kind.TAGS:
            return self.tags(module, json.loads(value))
        if kind is Kind.USERS:
            return [references[user] for user in json.loads(value)]
        if kind.is_reference:
            return references.get(value)
        return plain(kind, value)

    def tags(self, module: Module, names: Sequence[str]) -> list[Json]:
        return [{"name": name, "id": self.tag_id(module, name), "color_code": None} for name in names]

    def tag_id(self, module: Module, name: str) -> str:
        """The id of a tag of a module; a new name makes a new tag."""
        self._store.db.execute("INSERT OR IGNORE INTO tags (module, name) VALUES (?, ?)", (module.api_name, name))
        found = self._store.query("SELECT id FROM tags WHERE module = ? AND name = ?", (module.api_name, name))
        return str(5_000_000_000_000_200_000 + found[0][0])


def plain(kind: Kind, value: Any) -> Any:
    """A value that is no reference and no tag list, as JSON."""
    if value is None:
        return None
    if kind is Kind.ID or kind.is_reference:
        return str(value)
    return moment(value) if kind is Kind.DATETIME else value
