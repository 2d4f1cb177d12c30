"""The older REST service, v4.1: the way to write many records with one call.

https://docs.suitecrm.com/developer/api/api-4_1/
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sandbox.suitecrm.api import DatabaseFailure, Json
from sandbox.suitecrm.oauth import password_of
from sandbox.suitecrm.parts import Module
from sandbox.suitecrm.schema import BY_NAME
from sandbox.suitecrm.where import Condition, NotUnderstood, UnknownColumn, parse

if TYPE_CHECKING:
    from sandbox.suitecrm.crm import SuiteCrm

WRITES: Final = frozenset({"set_entries"})
_PAGE: Final = 20  # where the caller names no number
_ORDER: Final = re.compile(r"(?:(\w+)\.)?(\w+)(?:\s+(asc|desc))?", re.IGNORECASE)
_USERS: Final = BY_NAME["Users"]


class LegacyError(Exception):
    """A refusal: status 200 with a name, a number and a description."""

    def __init__(self, name: str, number: int | str, description: str) -> None:
        super().__init__(name)
        self.body = {"name": name, "number": number, "description": description}


def _no_access() -> LegacyError:
    return LegacyError("Access Denied", 40, "You do not have access")


def _invalid_session() -> LegacyError:
    return LegacyError("Invalid Session ID", 11, "The session ID is invalid")


def _whole(value: Any) -> int:
    """A number as PHP makes one of anything: 0 for what is none, or below."""
    text = str(value)
    return min(int(text), 2**31) if text.isdecimal() else 0


def _pair(name: str, value: Any) -> Json:
    return {"name": name, "value": value}


@dataclass
class Legacy:
    """The service with its sessions. A session lives on when its user is deactivated."""

    crm: "SuiteCrm"
    sessions: dict[str, str] = field(default_factory=dict)  # session id → user id

    def answer(self, method: str, given: Sequence[Any]) -> Any:
        """Call a method with its arguments in their order. Raises LegacyError and DatabaseFailure."""
        arguments = [*given, *[None] * 9]
        match method:
            case "login":
                return self._login(arguments[0])
            case "logout":
                self._user(arguments[0])
                del self.sessions[str(arguments[0])]
                return None
            case "get_entry_list":
                return self._entry_list(arguments)
            case "get_entries_count":
                return self._count(arguments)
            case "set_entries":
                return self._set_entries(arguments)
            case _:
                text = f"There is no error definition for {method}"
                raise LegacyError("An Undefined Error - invalid_call occurred", "-1", text)

    def _login(self, given: Any) -> Json:
        auth = given if isinstance(given, dict) else {}
        name, sent = str(auth.get("user_name", "")), str(auth.get("password", ""))
        rows = self.crm.store.query('SELECT * FROM "users" WHERE user_name = ? AND deleted = 0', (name,))
        digest = hashlib.md5(password_of(name).encode(), usedforsecurity=False).hexdigest()
        if not rows or rows[0]["status"] == "Inactive" or not hmac.compare_digest(digest, sent):
            text = "Login attempt failed please check the username and password"
            raise LegacyError("Invalid Login", 10, text)
        session = secrets.token_hex(13)
        self.sessions[session] = str(rows[0]["id"])
        told = {
            "user_id": rows[0]["id"],
            "user_name": name,
            "user_language": "en_us",
            "user_is_admin": bool(rows[0]["is_admin"]),
        }
        pairs = {key: _pair(key, value) for key, value in told.items()}
        return {"id": session, "module_name": "Users", "name_value_list": pairs}

    def _user(self, session: Any) -> str:
        user = self.sessions.get(str(session))
        if user is None:
            raise _invalid_session()
        return user

    def _module(self, session: Any, name: Any) -> tuple[str, Module]:
        user, module = self._user(session), BY_NAME.get(str(name))
        if module is None:
            raise LegacyError("Module Does Not Exist", 20, "This module is not available on this server")
        if module.name in self.crm.quirks.forbidden:
            raise _no_access()
        return user, module

    def _condition(self, module: Module, query: Any) -> Condition:
        try:
            return parse(str(query or ""), lambda table, name: self._column(module, table, name))
        except NotUnderstood:
            raise _no_access() from None
        except UnknownColumn:
            raise DatabaseFailure from None

    def _column(self, module: Module, table: str | None, name: str) -> str:
        """Fields of Studio lie in a table of their own, `leads_cstm`."""
        known = self.crm.fields(module).get(name)
        custom = known is not None and known.source == "custom_fields"
        tables = (None, f"{module.table}_cstm" if custom else module.table)
        if known is None or known.source == "non-db" or (table.lower() if table else None) not in tables:
            raise UnknownColumn
        return f't."{name}"'

    def _order(self, module: Module, given: Any) -> str:
        if not given:
            return "t.id"
        match = _ORDER.fullmatch(str(given).strip())
        if match is None:
            raise _no_access()
        try:
            return f"{self._column(module, match[1], match[2])} {match[3] or 'ASC'}, t.id"
        except UnknownColumn:
            raise DatabaseFailure from None

    def _entry_list(self, arguments: Sequence[Any]) -> Json:
        session, name, query, order_by, offset, names, _, most, deleted = arguments[:9]
        _, module = self._module(session, name)
        condition, order = self._condition(module, query), self._order(module, order_by)
        where = condition.sql if deleted else f"{condition.sql} AND t.deleted = 0"
        start, size = _whole(offset), _whole(most)
        sql = f'FROM "{module.table}" t WHERE {where}'
        rows = self.crm.store.query(
            f"SELECT t.* {sql} ORDER BY {order} LIMIT {size if size > 0 else _PAGE} OFFSET {start}", condition.values
        )
        total = self.crm.store.query(f"SELECT COUNT(*) {sql}", condition.values)[0][0]
        return {
            "result_count": len(rows),
            "total_count": str(total),
            "next_offset": start + len(rows),
            "entry_list": [
                {
                    "id": row["id"],
                    "module_name": module.name,
                    "name_value_list": {
                        key: _pair(key, value)
                        for key, value in self.crm.beans.values(module, row, names or None).items()
                        if key != "user_hash"
                    },
                }
                for row in rows
            ],
            "relationship_list": [],
        }

    def _count(self, arguments: Sequence[Any]) -> Json:
        session, name, query, deleted = arguments[:4]
        _, module = self._module(session, name)
        condition = self._condition(module, query)
        where = condition.sql if deleted else f"{condition.sql} AND t.deleted = 0"
        found = self.crm.store.query(f'SELECT COUNT(*) FROM "{module.table}" t WHERE {where}', condition.values)
        return {"result_count": str(found[0][0])}

    def _set_entries(self, arguments: Sequence[Any]) -> Json:
        session, name, lists = arguments[:3]
        user, module = self._module(session, name)
        if module is _USERS and not self._is_admin(user):
            raise _no_access()
        return {"ids": [self._set(module, entry, by=user) for entry in lists or []]}

    def _is_admin(self, user_id: str) -> bool:
        row = self.crm.store.row(_USERS, user_id)
        return row is not None and row["is_admin"] == 1

    def _set(self, module: Module, entry: Any, *, by: str) -> str:
        """Write one record. An id that nobody has changes nothing, and is answered all the same."""
        pairs = list(entry.values()) if isinstance(entry, dict) else entry
        values: Mapping[str, Any] = {str(pair["name"]): pair.get("value") for pair in pairs}
        record_id = values.get("id")
        if not record_id:
            record_id = str(uuid.uuid4())
            self.crm.changes.create(module, record_id, values, by=by)
        elif (row := self.crm.store.row(module, str(record_id))) is not None:
            self.crm.changes.save(module, row, values, by=by)
        return str(record_id)
