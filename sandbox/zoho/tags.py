"""Tags: https://www.zoho.com/crm/developer/docs/api/v8/add-tags.html"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json, bad_path, entry, too_many
from sandbox.zoho.owners import judge, mixed_status, row_ids
from sandbox.zoho.schema import Module
from sandbox.zoho.settings_api import asked_module

MOST_ROWS: Final = 500
_MOST_TAGS: Final = 10  # on one record

Names = tuple[str, ...]


def listing(call: Call) -> Answer:
    module = asked_module(call)
    names = _names(call, module)
    if not names:
        return EMPTY
    limits = {"count": len(names), "allowed_count": call.crm.limits.tags_per_module, "record_limit": _MOST_TAGS}
    return Answer({"tags": call.crm.render.tags(module, names), "info": limits})


def create(call: Call) -> Answer:
    module = asked_module(call)
    rows = [_create(call, module, str(each.get("name", ""))) for each in call.objects("tags", maximum=50)]
    good = all(row["status"] == "success" for row in rows)
    return Answer({"tags": rows}, status=201 if good else 400)


def _create(call: Call, module: Module, name: str) -> Json:
    known = _names(call, module)
    if not name:
        return entry("MANDATORY_NOT_FOUND", "required field not found", {"api_name": "name"})
    if name in known:
        return entry("DUPLICATE_DATA", "duplicate data", {"id": call.crm.render.tag_id(module, name)})
    if len(known) >= call.crm.limits.tags_per_module:
        return entry("LICENSE_LIMIT_EXCEEDED", "tags edition limit exceeded")
    call.crm.changes.touch()
    return entry("SUCCESS", "tags created successfully", call.crm.render.tags(module, [name])[0])


def _names(call: Call, module: Module) -> Names:
    found = call.crm.store.query("SELECT name FROM tags WHERE module = ? ORDER BY id", (module.api_name,))
    return tuple(row[0] for row in found)


def add_many(call: Call) -> Answer:
    return _change(call, row_ids(call, MOST_ROWS), _adding(call))


def add_one(call: Call) -> Answer:
    return _change(call, _path_ids(call), _adding(call))


def remove_many(call: Call) -> Answer:
    return _change(call, row_ids(call, MOST_ROWS), _removing(call))


def remove_one(call: Call) -> Answer:
    return _change(call, _path_ids(call), _removing(call))


def rows_sent(call: Call) -> int:
    """How many records the body names; 1 where it is malformed."""
    ids = call.body.get("ids") if isinstance(call.body, dict) else None
    return len(ids) if isinstance(ids, list) and ids else 1


def _path_ids(call: Call) -> list[int]:
    record_id = call.record_id()
    if not call.crm.store.rows(call.module, [record_id]):
        raise bad_path({"resource_path_index": 1})
    return [record_id]


def _given(call: Call) -> Names:
    names = tuple(str(each["name"]) for each in call.objects("tags", maximum=_MOST_TAGS) if each.get("name"))
    if not names:
        raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "name"})
    return names


def _adding(call: Call) -> Callable[[Names], Names]:
    names = _given(call)
    if call.body.get("over_write"):
        return lambda _: names
    return lambda old: (*old, *(name for name in names if name not in old))


def _removing(call: Call) -> Callable[[Names], Names]:
    names = _given(call)
    return lambda old: tuple(name for name in old if name not in names)


def _change(call: Call, ids: Sequence[int], turn: Callable[[Names], Names]) -> Answer:
    module = call.module
    if not module.movable:
        raise ApiError(400, "NOT_SUPPORTED", "tags are not supported for this module", {"resource_path_index": 0})
    refused, passed = judge(call, module, ids)
    rows = call.crm.store.rows(module, passed)
    changed = {record_id: turn(_tags_of(rows[record_id])) for record_id in passed}
    for record_id in [each for each, names in changed.items() if len(names) > _MOST_TAGS]:
        refused[record_id] = {**too_many("tags", _MOST_TAGS).entry}
        del changed[record_id]
    _write(call, module, rows=rows, changed=changed)
    data = [refused.get(each) or _success(call, module, record_id=each, names=changed[each]) for each in ids]
    locked = sum(row["code"] == "RECORD_LOCKED" for row in data)
    body = {
        "data": data,
        "wf_scheduler": False,
        "success_count": str(len(changed)),
        "locked_count": str(locked),
    }
    return Answer(body, status=mixed_status(data, call.crm.quirks.mixed_status))


def _tags_of(row: sqlite3.Row) -> Names:
    return tuple(json.loads(row["Tag"]))


def _write(call: Call, module: Module, *, rows: dict[int, sqlite3.Row], changed: dict[int, Names]) -> None:
    """Write together what ends with the same tags; leave alone what has them already."""
    together: defaultdict[Names, list[int]] = defaultdict(list)
    for record_id, names in changed.items():
        if names != _tags_of(rows[record_id]):
            together[names].append(record_id)
    for names, ids in together.items():
        call.crm.changes.write(module, ids, {"Tag": json.dumps(names, ensure_ascii=False)})


def _success(call: Call, module: Module, *, record_id: int, names: Names) -> Json:
    details = {"id": str(record_id), "tags": call.crm.render.tags(module, names)}
    return entry("SUCCESS", "tags updated successfully", details)
