"""Records over the API: list, read, update.

https://www.zoho.com/crm/developer/docs/api/v8/get-records.html
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import base64
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json, bad_path, entry
from sandbox.zoho.owners import judge, missing_right, mixed_status
from sandbox.zoho.render import moment
from sandbox.zoho.schema import Kind, Module, parse_id
from sandbox.zoho.search import converted_filter
from sandbox.zoho.users import receiver_problem

MOST_ROWS: Final = 100
_BY_PAGE: Final = 2_000  # rows that `page` reaches
_BY_TOKEN: Final = 100_000  # rows that `page_token` reaches
_TOKEN_SECONDS: Final = 86_400
_SORTABLE: Final = ("id", "Created_Time", "Modified_Time")


@dataclass(frozen=True)
class _Listing:
    """What a list call asks for. `bound` is what a page token is tied to."""

    fields: tuple[str, ...] | None
    per_page: int
    sort_by: str
    descending: bool
    bound: str
    offset: int


def listing(call: Call) -> Answer:
    """No criteria: Zoho's list has no such parameter, and one that is sent is ignored."""
    module = call.module
    asked = _asked(call)
    where = converted_filter(call, module)
    if "ids" in call.query:
        ids = [parse_id(each) or 0 for each in call.query["ids"].split(",")[:MOST_ROWS]]
        where = f"{where} AND id IN ({', '.join(map(str, ids))})"
    order = f'"{asked.sort_by}" {"DESC" if asked.descending else "ASC"}'
    sql = (
        f'SELECT * FROM "{module.api_name}" WHERE {where} ORDER BY {order}, id'
        f" LIMIT {asked.per_page + 1} OFFSET {asked.offset}"
    )
    rows = call.crm.store.query(sql)
    if not rows:
        return EMPTY
    shown = rows[: asked.per_page]
    records = call.crm.render.records(module, shown, asked.fields)
    return Answer({"data": records, "info": _info(call, asked, len(shown), more=len(rows) > len(shown))})


def _asked(call: Call) -> _Listing:
    query = call.query
    if "fields" not in query and call.version >= 3:
        raise ApiError(
            400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": "fields"}
        )
    fields = tuple(query["fields"].split(",")) if "fields" in query else None
    if fields and len(fields) > 50:
        raise ApiError(400, "LIMIT_EXCEEDED", "limit exceeded", {"param_name": "fields", "limit": 50})
    sort_by, order = query.get("sort_by", "id"), query.get("sort_order", "desc")
    if sort_by not in _SORTABLE or order not in ("asc", "desc"):
        raise ApiError(400, "INVALID_DATA", "invalid data", {"param_name": "sort_by"})
    bound = json.dumps([call.path["module"], query.get("fields"), sort_by, order, query.get("converted"), call.user.id])
    per_page = call.number("per_page", 200, maximum=200)
    return _Listing(fields, per_page, sort_by, order == "desc", bound, _offset(call, per_page, bound))


def _offset(call: Call, per_page: int, bound: str) -> int:
    if "page_token" in call.query:
        if "page" in call.query:
            details = {"ambiguity_due_to": [{"param_name": "page"}, {"param_name": "page_token"}]}
            raise ApiError(400, "AMBIGUITY_DURING_PROCESSING", "ambiguity while processing the request", details)
        return _read_token(call, bound)
    offset = (call.number("page", 1, maximum=100_000) - 1) * per_page
    if offset >= _BY_PAGE:
        raise ApiError(
            400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "use page_token for more records", {"limit": _BY_PAGE}
        )
    return offset


def _read_token(call: Call, bound: str) -> int:
    try:
        made_for, offset, dies = json.loads(base64.urlsafe_b64decode(call.query["page_token"]))
    except (ValueError, TypeError):  # no base64, no JSON, or not three values
        raise ApiError(400, "INVALID_DATA", "invalid data", {"param_name": "page_token"}) from None
    if made_for != bound:
        raise ApiError(400, "TOKEN_BOUND_DATA_MISMATCH", "the token is bound to other parameters")
    if dies < call.crm.clock.time():
        raise ApiError(400, "EXPIRED_VALUE", "the token has expired", {"param_name": "page_token"})
    if offset >= _BY_TOKEN:
        raise ApiError(400, "PAGINATION_LIMIT_EXCEEDED", "pagination limit exceeded", {"limit": _BY_TOKEN})
    return int(offset)


def _info(call: Call, asked: _Listing, count: int, *, more: bool) -> Json:
    dies = int(call.crm.clock.time()) + _TOKEN_SECONDS
    token = base64.urlsafe_b64encode(json.dumps([asked.bound, asked.offset + count, dies]).encode()).decode()
    return {
        "per_page": asked.per_page,
        "count": count,
        "page": asked.offset // asked.per_page + 1,
        "sort_by": asked.sort_by,
        "sort_order": "desc" if asked.descending else "asc",
        "more_records": more,
        "next_page_token": token if more else None,
        "previous_page_token": None,
        "page_token_expiry": moment(dies) if more else None,
    }


def one(call: Call) -> Answer:
    rows = call.crm.store.rows(call.module, [call.record_id()])
    if not rows:
        return EMPTY
    fields = call.query["fields"].split(",") if "fields" in call.query else None
    return Answer({"data": call.crm.render.records(call.module, list(rows.values()), fields)})


def update_many(call: Call) -> Answer:
    return _update(call, call.objects("data", maximum=MOST_ROWS))


def update_one(call: Call) -> Answer:
    if not call.crm.store.rows(call.module, [call.record_id()]):
        raise bad_path({"resource_path_index": 1})
    return _update(call, [{**call.objects("data", maximum=1)[0], "id": call.path["id"]}])


def rows_sent(call: Call) -> int:
    """How many rows the body holds; 1 where it is malformed."""
    data = call.body.get("data") if isinstance(call.body, dict) else None
    return len(data) if isinstance(data, list) and data else 1


def _update(call: Call, sent: Sequence[Json]) -> Answer:
    module = call.module
    ids = [parse_id(row.get("id")) or 0 for row in sent]
    _refuse_modified(call, call.crm.store.rows(module, ids))
    refused, _ = judge(call, module, ids)
    data = [
        refused.get(record_id) or _write(call, module, record_id, values=values, index=index)
        for index, (record_id, values) in enumerate(zip(ids, sent, strict=True))
    ]
    trigger = call.body.get("trigger")
    if not isinstance(trigger, list) or "workflow" in trigger:  # left out: all automation runs; an empty list: none
        call.crm.changes.workflows[module.api_name] += sum(row["status"] == "success" for row in data)
    return Answer({"data": data}, status=mixed_status(data, 207))


def _refuse_modified(call: Call, rows: Mapping[int, sqlite3.Row]) -> None:
    """Raises ALREADY_MODIFIED where a record is newer than the header If-Unmodified-Since."""
    header = call.headers.get("if-unmodified-since")
    if header is None:
        return
    try:
        seen = datetime.fromisoformat(header).timestamp()
    except ValueError:
        raise ApiError(400, "INVALID_DATA", "invalid data", {"header": "If-Unmodified-Since"}) from None
    if any(row["Modified_Time"] > seen for row in rows.values()):
        raise ApiError(412, "ALREADY_MODIFIED", "the record has been modified")


def _write(call: Call, module: Module, record_id: int, *, values: Mapping[str, Any], index: int) -> Json:
    """Write one row and describe the outcome. The owner changes only when the other values are good too."""
    given = {name: values[name] for name, each in module.fields.items() if name in values and _writable(each.kind)}
    for name, value in given.items():
        if not _fits(call, module.fields[name].kind, value):
            where = {"api_name": name, "json_path": f"$.data[{index}].{name}"}
            return entry("INVALID_DATA", "invalid data", where)
    plain = {name: int(value["id"]) if isinstance(value, dict) else value for name, value in given.items()}
    if module.has_owner and "Owner" in values:
        problem = _give(call, module, record_id, owner=values["Owner"], index=index)
        if problem is not None:
            return problem
    if plain:
        call.crm.changes.write(module, [record_id], plain)
    return _updated(call, module, record_id)


def _writable(kind: Kind) -> bool:
    return kind.is_text or kind in (Kind.CURRENCY, Kind.DATE, Kind.USER)


def _fits(call: Call, kind: Kind, value: Any) -> bool:
    """Whether a field of this kind takes the value; null empties any."""
    if value is None:
        return True
    if kind is Kind.USER:
        return isinstance(value, dict) and call.crm.people.find(str(value.get("id"))) is not None
    wanted = (int, float) if kind is Kind.CURRENCY else str
    return isinstance(value, wanted) and not isinstance(value, bool)


def _give(call: Call, module: Module, record_id: int, *, owner: Any, index: int) -> Json | None:
    owner_id = str(owner.get("id", "")) if isinstance(owner, dict) else ""
    problem = receiver_problem(call.crm.people.find(owner_id))
    if problem is not None:
        where = {"api_name": "id", "json_path": f"$.data[{index}].Owner.id"}
        return entry("INVALID_DATA", "invalid data", {**where, **problem[1]})
    if (lacking := missing_right(call, module, owner_id)) is not None:
        details = {"id": str(record_id), "permissions": [lacking]}
        return entry("CANNOT_ASSIGN", "the user lacks the permission", details)
    call.crm.changes.give(module, list(call.crm.store.rows(module, [record_id]).values()), owner_id)
    return None


def _updated(call: Call, module: Module, record_id: int) -> Json:
    row = call.crm.store.rows(module, [record_id])[record_id]
    by = {"name": call.user.full_name, "id": call.user.id}
    details = {
        "id": str(record_id),
        "Modified_Time": moment(row["Modified_Time"]),
        "Modified_By": by,
        "Created_Time": moment(row["Created_Time"]),
        "Created_By": by,
        "$approval_state": "approved",
    }
    return entry("SUCCESS", "record updated", details)
