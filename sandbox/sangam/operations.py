"""The five operations of Sangam CRM's API.

https://documenter.getpostman.com/view/25213259/2s93RNxuis; error texts and the shape of rows are unconfirmed.
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import hmac
import uuid
from collections.abc import Mapping
from typing import Any, Final

from sandbox.sangam.crm import PASSWORD, PUSH_KEY, USER, Sangam
from sandbox.sangam.schema import BY_NAME, MODULES, OWNER, USERS, Module
from sandbox.suitecrm.where import NotUnderstood, UnknownColumn, parse

Json = dict[str, Any]
_PAGE: Final = 20  # where the caller names no number
_USER_NAMES: Final = ("User", "Users")
_MATCHED: Final = ("email1", "phone_mobile")  # by which a record without an id is recognised
_KEPT: Final = frozenset({"id", "deleted", "date_entered", "date_modified"})  # not for callers to set


class Refused(Exception):
    """An operation that is not done; `status` stands in the body, and mostly in the HTTP status too."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"status": status, "message": message}


def _push_key(header: str | None, body: Mapping[str, Any]) -> None:
    """The key stands in the header, or in the body under `authorization`. Raises Refused."""
    given = str(header or body.get("authorization") or "").removeprefix("Bearer").strip()
    if not hmac.compare_digest(given.encode(), PUSH_KEY.encode()):
        raise Refused(401, "Invalid token")


def _module(name: Any) -> Module:
    module = BY_NAME.get(str(name))
    if module is None:
        raise Refused(400, "Invalid module name")
    return module


def _wire(crm: Sangam, name: str) -> str:
    return crm.quirks.owner_field if name == OWNER else name


def module_list(crm: Sangam, header: str | None, body: Json) -> Json:  # noqa: ARG001
    """POST /modulelist"""
    _push_key(header, body)
    return {"module_list": [module.name for module in MODULES]}


def field_list(crm: Sangam, header: str | None, body: Json) -> Json:
    """POST /fieldlist"""
    _push_key(header, body)
    module = _module(body.get("module_name"))
    fields: Json = {}
    for field in module.fields.values():
        display = crm.quirks.owner_display if field.name == OWNER else field.display
        options = {"options": {value: value for value in field.options}} if field.options else {}
        fields[_wire(crm, field.name)] = {"display_name": display, **options}
    return {"field_list": fields}


def login(crm: Sangam, header: str | None, body: Json) -> Json:  # noqa: ARG001
    """POST /login"""
    good = hmac.compare_digest(str(body.get("password", "")).encode(), PASSWORD.encode())
    if body.get("user_name") != USER or not good:
        raise Refused(401, "Invalid user name or password")
    session = str(uuid.uuid4())
    crm.sessions[session] = USER
    return {"status": 200, "data": {"id": session, "name": USER}}


def entry_list(crm: Sangam, header: str | None, body: Json) -> Json:  # noqa: ARG001
    """POST /getentry-list-new: page by page, and the query is a WHERE clause."""
    asked = body.get("rest_data")
    if not isinstance(asked, dict):
        raise Refused(400, "rest_data is required")
    if str(asked.get("session")) not in crm.sessions:
        raise Refused(401, "Invalid session")
    module = _readable(crm, asked.get("module_name"))
    try:
        found = parse(str(asked.get("query") or ""), lambda table, name: _column(crm, module, table, name))
    except (NotUnderstood, UnknownColumn):
        raise Refused(400, "Invalid query") from None
    start, size = max(_number(asked.get("offset")), 0), _number(asked.get("max_result"))
    sql = (
        f"SELECT * FROM \"{module.table}\" WHERE {found.sql} AND deleted = '0' ORDER BY id"
        f" LIMIT {size if size > 0 else _PAGE} OFFSET {start}"
    )
    rows = [_row(crm, module, dict(row)) for row in crm.query(sql, found.values)]
    return {"status": 200, "result_count": len(rows), "next_offset": start + len(rows), crm.quirks.list_key: rows}


def _readable(crm: Sangam, name: Any) -> Module:
    if str(name) not in _USER_NAMES:
        return _module(name)
    if not crm.quirks.users_readable:
        raise Refused(400, "Invalid module name")
    return USERS


def _number(value: Any) -> int:
    text = str(value or 0)
    if not text.isdecimal():
        raise Refused(400, "Invalid number")
    return min(int(text), 2**31)


def _column(crm: Sangam, module: Module, table: str | None, name: str) -> str:
    column = OWNER if name == crm.quirks.owner_field else name
    hidden = name == OWNER != crm.quirks.owner_field
    if table not in (None, module.table) or column not in module.fields or hidden:
        raise UnknownColumn
    return f'"{column}"'


def _row(crm: Sangam, module: Module, row: Mapping[str, Any]) -> Json:
    values = {_wire(crm, name): row[name] or "" for name in module.fields}
    if crm.quirks.flat_rows:
        return values
    pairs = {name: {"name": name, "value": value} for name, value in values.items()}
    return {"id": row["id"], "module_name": module.name, "name_value_list": pairs}


def save_data(crm: Sangam, header: str | None, body: Json) -> Json:
    """POST /save-data: unknown fields are ignored, and the owner is not looked up."""
    _push_key(header, body)
    module, given = _module(body.get("module_name")), body.get("field_name_list")
    if not isinstance(given, dict) or not given:
        raise Refused(400, "field_name_list is required")
    named = {OWNER if name == crm.quirks.owner_field else name: value for name, value in given.items()}
    values = {
        name: str(value)
        for name, value in named.items()
        if name in module.fields and name not in _KEPT and value is not None
    }
    record_id = str(given.get("id") or "")
    row = crm.row(module, record_id) if record_id else _recognised(crm, module, values)
    if row is not None and not (record_id and crm.quirks.update_makes_duplicates):
        crm.write(module, row, {name: value or None for name, value in values.items()})
        saved = str(row["id"])
    else:
        saved = str(uuid.uuid4())
        crm.add(module, saved, values)
    return {"status": 200, "message": "Record saved successfully", "data": {"id": saved}}


def _recognised(crm: Sangam, module: Module, values: Mapping[str, str]) -> Any:
    """A record with the same e-mail address or phone number."""
    for name in _MATCHED:
        if values.get(name) and name in module.fields:
            sql = f'SELECT * FROM "{module.table}" WHERE "{name}" = ? AND deleted = \'0\' ORDER BY id LIMIT 1'
            if rows := crm.query(sql, (values[name],)):
                return rows[0]
    return None
