"""Records as the vendor's code sees them: every field a text, also those that are looked up elsewhere."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.suitecrm.api import Json
from sandbox.suitecrm.moments import shown
from sandbox.suitecrm.parts import Field, Module
from sandbox.suitecrm.schema import BY_NAME
from sandbox.suitecrm.store import Store

_PERSON_NAMES: Final = ("name", "full_name")


def as_text(value: Any) -> str:
    """A column's value; NULL is an empty text."""
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Beans:
    """Renders rows of the store."""

    store: Store
    fields_of: Callable[[Module], Mapping[str, Field]]

    def values(self, module: Module, row: sqlite3.Row, names: Iterable[str] | None = None) -> dict[str, str]:
        """The named fields of a record, or all, as texts; times as they are stored."""
        fields = self.fields_of(module)
        wanted = fields if names is None else [name for name in names if name in fields]
        return {name: self._value(module, row, fields[name]) for name in wanted}

    def _value(self, module: Module, row: sqlite3.Row, field: Field) -> str:
        if field.is_stored:
            return as_text(row[field.name])
        if field.name == "email1":
            return self.address(str(row["id"]))
        if field.name in _PERSON_NAMES:
            return label(module, row)
        if field.name == "assigned_user_name":
            return self._of("Users", row["assigned_user_id"], "user_name")
        if field.name == "account_name":
            return self._of("Accounts", row["account_id"], "name")
        return ""

    def _of(self, target: str, record_id: str | None, column: str) -> str:
        if not record_id:
            return ""
        sql = f'SELECT "{column}" FROM "{BY_NAME[target].table}" WHERE id = ?'
        return as_text(next(iter(self.store.query(sql, (record_id,))), (None,))[0])

    def address(self, record_id: str) -> str:
        """The primary e-mail address of a record."""
        sql = "SELECT address FROM addresses WHERE bean_id = ? AND main = 1 AND deleted = 0"
        return as_text(next(iter(self.store.query(sql, (record_id,))), (None,))[0])

    def attributes(self, module: Module, row: sqlite3.Row, names: Iterable[str] | None = None) -> dict[str, str]:
        """What V8 answers: no hidden field, no id, times with an offset."""
        fields = self.fields_of(module)
        visible = [name for name in (names or fields) if not fields[name].hidden and name != "id"]
        return {name: shown(value) for name, value in self.values(module, row, visible).items()}

    def resource(self, module: Module, row: sqlite3.Row, *, path: str, names: Iterable[str] | None = None) -> Json:
        """A JSON:API object. Its type is the name of the object, and links are built on `path`."""
        related = {
            link.target: {"links": {"related": f"{path}/relationships/{name}"}}
            for name, link in sorted(module.links, key=lambda item: item[1].target)
        }
        return {
            "type": module.object_name,
            "id": row["id"],
            "attributes": self.attributes(module, row, names),
            "relationships": related,
        }


def label(module: Module, row: sqlite3.Row) -> str:
    """What people call a record."""
    if module.person:
        return " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    return as_text(row[module.label_field])


def dumped(body: Any) -> str:
    """JSON as the vendor writes it: indented, nothing escaped that need not be."""
    return json.dumps(body, ensure_ascii=False, indent=4)
