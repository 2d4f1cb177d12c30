"""The lists of v2: cursors, filters, order. https://pipedrive.readme.io/docs/core-api-concepts-pagination"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import base64
import json
from typing import Any, Final

from sandbox.pipedrive.api import LARGEST, Answer, Call, good, invalid, not_found
from sandbox.pipedrive.filters import condition
from sandbox.pipedrive.render import Extras
from sandbox.pipedrive.schema import Kind, Module
from sandbox.pipedrive.validate import seconds

_PAGING: Final = ("limit", "cursor")
_SORTING: Final = ("sort_by", "sort_direction")
_MOST_IDS: Final = 100
_MOST_CUSTOM: Final = 15
_FLAGS: Final = frozenset({"done", "is_done", "is_milestone"})
Where = tuple[list[str], dict[str, Any]]


def listing(call: Call, module: Module, *, archived: bool = False) -> Answer:
    """One page of a module, of what the caller may see."""
    status = ("status",) if module.statuses else ()
    sorting = _SORTING if module.sortable else ()
    words = [word for word in module.list_words if not (archived and word.startswith("include_") and "label" in word)]
    call.only(*module.filters, *status, *words, *sorting, *_PAGING)
    limit, (conditions, values) = call.limit, _where(call, module, archived=archived)
    order = _one_of(call, "sort_by", module.sortable or ("id",))
    down = _one_of(call, "sort_direction", ("asc", "desc")) == "desc"
    if after := call.query.get("cursor"):
        field_value, record_id = _opened(after, order, down=down)
        conditions.append(f"({order}, id) {'<' if down else '>'} (:after, :after_id)")
        values |= {"after": field_value, "after_id": record_id}
    turn = "DESC" if down else "ASC"
    by = f"{order} {turn}, id {turn}" if order != "id" else f"id {turn}"
    sql = f"SELECT * FROM {module.name} WHERE {' AND '.join(conditions)} ORDER BY {by} LIMIT {limit + 1}"
    rows = call.crm.store.query(sql, values)
    page = rows[:limit]
    more = _cursor(order, page[-1][order], page[-1]["id"], down=down) if len(rows) > limit else None
    return good(call.crm.render.records(module, page, extras(call, module)), {"next_cursor": more})


def visible(call: Call, conditions: list[str], values: dict[str, Any], module: Module) -> None:
    """Narrow a query to what the caller sees: items for their owner alone are hidden from all but administrators."""
    if "visible_to" in module.by_name and not call.caller.admin:
        conditions.append("(visible_to <> 1 OR owner_id = :caller)")
        values["caller"] = call.caller.id


def extras(call: Call, module: Module) -> Extras:
    """What the query asks for beside the usual. Raises a validation error."""
    custom = call.query.get("custom_fields")
    codes = None if custom is None else [code for code in custom.split(",") if code]
    if codes is not None and len(codes) > _MOST_CUSTOM:
        raise invalid("custom_fields", f"At most {_MOST_CUSTOM} fields")
    for code in codes or ():
        if code not in call.crm.fields.custom(module.name):
            raise invalid("custom_fields", f"Field {code} does not exist")
    return Extras(call.words("include_fields", module.extra_fields), codes, labels=bool(call.flag("include_labels")))


def _where(call: Call, module: Module, *, archived: bool) -> Where:
    conditions = [f"{'' if archived else 'NOT '}({module.archived_sql})"]
    values: dict[str, Any] = {}
    visible(call, conditions, values, module)
    if (filter_id := call.number("filter_id")) is not None:  # overrides all others
        found = call.crm.filters.get(filter_id)
        if found is None:
            raise not_found()
        conditions += ["is_deleted = 0", condition(found, values)]
        return conditions, values
    conditions.append(_status(call, module))
    for name, sql in module.filters.items():
        value = call.flag(name) if name in _FLAGS else _given(call, module, name)
        if value is None:
            continue
        conditions.append(sql)
        values[name] = value
        if name in ("owner_id", "assignee_id"):
            _refuse_inactive(call, name, int(value), conditions)
    for name, compare in (("updated_since", ">="), ("updated_until", "<")):
        if given := call.query.get(name):
            values[name] = seconds(given)
            conditions.append(f"update_time {compare} :{name}")
            if values[name] is None:
                raise invalid(name, "Expected a time in RFC 3339")
    if ids := call.query.get("ids"):
        wanted = ids.split(",")
        if len(wanted) > _MOST_IDS or not all(each.isascii() and each.isdecimal() for each in wanted):
            raise invalid("ids", f"Expected at most {_MOST_IDS} whole numbers")
        conditions.append(f"id IN ({','.join(wanted)})")
    return conditions, values


def _status(call: Call, module: Module) -> str:
    """Without a status everything that is not deleted."""
    wanted = call.words("status", module.statuses) if module.statuses else []
    if not wanted:
        return "is_deleted = 0"
    return "status IN ({})".format(", ".join(f"'{each}'" for each in wanted))


def _given(call: Call, module: Module, name: str) -> int | str | None:
    column = module.by_name.get(name)
    return call.query.get(name) if column and column.kind is Kind.TEXT else call.number(name)


def _refuse_inactive(call: Call, name: str, user_id: int, conditions: list[str]) -> None:
    """Whether a list by an inactive owner is answered is not documented."""
    user, way = call.crm.people.find(user_id), call.crm.quirks.inactive_owner_filter
    if user is None or user.active or way == "accepted":
        return
    if way == "refused":
        raise invalid(name, "User not found or not accessible.")
    conditions.append("0")


def _one_of(call: Call, name: str, allowed: tuple[str, ...]) -> str:
    given = call.query.get(name, allowed[0])
    if given not in allowed:
        raise invalid(name, f"Must be one of: {', '.join(allowed)}")
    return given


def _cursor(order: str, value: Any, record_id: Any, *, down: bool) -> str:
    """Opaque to callers."""
    inside = {"field": order, "fieldValue": value, "sortDirection": "desc" if down else "asc", "id": record_id}
    return base64.b64encode(json.dumps(inside).encode()).decode()


def _opened(cursor: str, order: str, *, down: bool) -> tuple[Any, Any]:
    try:
        inside = json.loads(base64.b64decode(cursor, validate=True))
        value, record_id, field, turn = (inside[name] for name in ("fieldValue", "id", "field", "sortDirection"))
    except (ValueError, KeyError, TypeError):
        raise invalid("cursor", "Invalid cursor") from None
    if (field, turn) != (order, "desc" if down else "asc") or not _is_key(record_id) or not _is_key(value):
        raise invalid("cursor", "The cursor belongs to another list")
    return value, record_id


def _is_key(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and abs(value) <= LARGEST)
