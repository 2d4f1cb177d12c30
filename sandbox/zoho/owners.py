"""Giving records to somebody else: https://www.zoho.com/crm/developer/docs/api/v8/change-owner.html"""

from collections.abc import Sequence
from typing import Any, Final

from sandbox.faults import Fault
from sandbox.zoho.api import Answer, ApiError, Call, Json, bad_path, entry, no_permission, too_many
from sandbox.zoho.schema import BY_NAME, Module, parse_id
from sandbox.zoho.users import receiver_problem

MOST_ROWS: Final = 500
_RELATED: Final = ("Tasks", "Events", "Calls", "Contacts", "Deals")


def change_many(call: Call) -> Answer:
    module = _movable(call)
    ids = row_ids(call, MOST_ROWS)
    return _change(call, module, ids)


def change_one(call: Call) -> Answer:
    module = _movable(call)
    record_id = call.record_id()
    if not call.crm.store.rows(module, [record_id]):
        raise bad_path({"resource_path_index": 0})
    return _change(call, module, [record_id])


def _movable(call: Call) -> Module:
    if call.version < 3:
        raise ApiError(400, "API_NOT_SUPPORTED", "API not supported in this version", {"supported_version": 3})
    module = call.module
    if not module.is_owned:
        raise ApiError(
            400, "NOT_SUPPORTED", "owner change is not supported for this module", {"module": module.api_name}
        )
    if not call.user.is_admin:
        raise no_permission(f"Crm_Implied_Change_Owner_{module.api_name}")
    return module


def row_ids(call: Call, maximum: int) -> list[int]:
    """The ids of a bulk call. Raises MANDATORY_NOT_FOUND or INVALID_DATA."""
    given = call.body.get("ids") if isinstance(call.body, dict) else None
    if not given or not isinstance(given, list):
        raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "ids"})
    if len(given) > maximum:
        raise too_many("ids", maximum)
    return [_row_id(each, index) for index, each in enumerate(given)]


def _row_id(given: object, index: int) -> int:
    found = parse_id(given)
    if found is None:
        details = {"expected_data_type": "long", "api_name": "ids", "json_path": f"$.ids[{index}]"}
        raise BadIds(entry("INVALID_DATA", "invalid data", details))
    return found


class BadIds(ApiError):
    """The one refusal that Zoho puts under `data` as an object instead of an array."""

    def __init__(self, refused: Json) -> None:
        super().__init__(400, "INVALID_DATA", "invalid data")
        self._refused = refused

    def answer(self) -> Answer:
        return Answer({"data": self._refused}, status=400)


def _receiver(call: Call, module: Module) -> str:
    """The id of the new owner. Raises MANDATORY_NOT_FOUND, INVALID_DATA, CANNOT_ASSIGN."""
    owner = call.body.get("owner") if isinstance(call.body, dict) else None
    if not isinstance(owner, dict) or not owner.get("id"):
        details: Json = {"api_name": "id", "json_path": "$.owner.id", "parent_api_name": "owner"}
        raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
    user = call.crm.people.find(str(owner["id"]))
    where = {"api_name": "id", "json_path": "$.owner.id"}
    if (problem := receiver_problem(user, deleted_status=403)) is not None:
        status, details = problem
        raise ApiError(status, "INVALID_DATA", "invalid data", {**where, **details})
    user_id = str(owner["id"])
    if user_id in call.crm.quirks.lite_users:
        raise ApiError(400, "INVALID_DATA", "invalid data", where)
    if (lacking := missing_right(call, module, user_id)) is not None:
        raise ApiError(403, "CANNOT_ASSIGN", "the user lacks the permission", {"permissions": [lacking]})
    return user_id


def missing_right(call: Call, module: Module, user_id: str) -> str | None:
    """The right that a receiver's profile lacks for records of the module."""
    hidden = not call.crm.people.get(user_id).sees(module.api_name)
    if hidden or (user_id, module.api_name) in call.crm.quirks.no_module_right:
        return f"Crm_Implied_Role_View_{module.api_name}"
    return None


def _change(call: Call, module: Module, ids: Sequence[int]) -> Answer:
    to = _receiver(call, module)
    related = _related(call)
    answers, passed = judge(call, module, ids)
    rows = call.crm.store.rows(module, passed)
    call.crm.changes.give(module, list(rows.values()), to)
    call.crm.changes.workflows[module.api_name] += len(rows)
    for other, record_id in related:
        call.crm.changes.give(other, list(call.crm.store.rows(other, [record_id]).values()), to)
    if call.body.get("notify"):
        call.crm.owner_mails[to] += len(rows)
    data = [
        answers.get(record_id) or entry("SUCCESS", "owner is successfully updated", {"id": str(record_id)})
        for record_id in ids
    ]
    return Answer({"data": data}, status=mixed_status(data, call.crm.quirks.mixed_status))


def _related(call: Call) -> list[tuple[Module, int]]:
    """Single records of other modules that move along. Raises INVALID_DATA."""
    given = call.body.get("related_modules") or []
    if not isinstance(given, list) or len(given) > 5:
        raise too_many("related_modules", 5)
    return [_related_record(each, index) for index, each in enumerate(given)]


def _related_record(given: Any, index: int) -> tuple[Module, int]:
    name, record_id = (given.get("api_name"), parse_id(given.get("id"))) if isinstance(given, dict) else (None, None)
    if name not in _RELATED or record_id is None:
        details = {"api_name": "related_modules", "json_path": f"$.related_modules[{index}]"}
        raise ApiError(400, "INVALID_DATA", "invalid data", details)
    return BY_NAME[name], record_id


def judge(call: Call, module: Module, ids: Sequence[int]) -> tuple[dict[int, Json], list[int]]:
    """Which rows of a bulk write are refused, and why; and the ids of the others."""
    crm = call.crm
    striking = crm.faults.strikes(Fault.PARTIAL_SUCCESS)
    found = crm.store.rows(module, ids)
    refused: dict[int, Json] = {}
    for index, record_id in enumerate(ids):
        row = found.get(record_id)
        if row is None:
            refused[record_id] = entry("INVALID_DATA", "the id given seems to be invalid", {"id": str(record_id)})
            continue
        reason = crm.changes.refusal(module, row)
        if reason is None and striking:
            reason = crm.changes.refuse_for_now(module, record_id, index)
        if reason is not None:
            refused[record_id] = reason
    return refused, [record_id for record_id in ids if record_id not in refused]


def mixed_status(data: Sequence[Json], mixed: int) -> int:
    """200 when all rows passed, 400 when none did, else the status for a mixture."""
    failed = sum(row["status"] == "error" for row in data)
    return 200 if not failed else 400 if failed == len(data) else mixed
