"""What a leaver is named in besides records: pre-check, transfer, transfer with deletion.

https://www.zoho.com/crm/developer/docs/api/v8/transfer_records-delete_user.html
"""
# ruff: noqa: S608  # identifiers are taken from the schema alone

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json, bad_url, entry, no_permission
from sandbox.zoho.crm import Crm
from sandbox.zoho.schema import BY_NAME
from sandbox.zoho.users import User, receiver_problem
from sandbox.zoho.users_api import path_user

_DELETE: Final = "transfer_and_delete"
# Zoho's help limits `records` to open deals and open activities; everything else keeps the leaver's name.
_MOVED_WITH_RECORDS: Final = ("Deals", "Tasks", "Events", "Calls")


@dataclass(frozen=True)
class _Order:
    """What a transfer is asked to do. `to` and `manager` are user ids."""

    leaver: User
    to: str | None
    records: bool
    assignment: bool
    criteria: bool
    manager: str | None


def validate(call: Call) -> Answer:
    _require_api(call)
    user = path_user(call)
    if user.super_admin:
        raise ApiError(403, "NOT_ALLOWED", "Super Admin cannot be validated.")
    call.crm.jobs.settle()
    found = {
        "id": user.id,
        "name": user.full_name,
        "assignment": any(user.id in rule.people for rule in call.crm.assignment_rules),
        "criteria": user.id in call.crm.named_in_criteria,
        "subordinates": bool(call.crm.people.subordinates(user.id)),
        "alert": False,
    }
    return Answer({"validate_before_transfer": [found]})


def _require_api(call: Call) -> None:
    if call.crm.without_transfer_api:
        raise bad_url()


def transfer(call: Call) -> Answer:
    _require_api(call)
    if not call.user.is_admin:
        raise no_permission("Crm_Implied_Change_Owner_Leads")
    order = _read(call, "transfer", path_user(call))
    return _schedule(call, "transfer", order=order, work=lambda: _carry_out(call.crm, order))


def transfer_and_delete(call: Call) -> Answer:
    if not call.user.super_admin:
        raise ApiError(403, "NO_PERMISSION", "Only super admin has permission to delete users")
    given = call.objects(_DELETE, maximum=1)[0]
    leaver = path_user(call) if "id" in call.path else call.crm.people.find(str(given.get("id", "")))
    if leaver is None or leaver.status == "deleted":
        details: Json = {"resource_path_index": 1} | ({"owner_status": "deleted"} if leaver else {})
        raise ApiError(400, "INVALID_DATA", "the id given seems to be invalid", details)
    if leaver.super_admin:
        raise ApiError(400, "NOT_ALLOWED", "Super Admin cannot be Deleted.", root=_DELETE)
    order = _read(call, _DELETE, leaver)

    def work() -> None:
        call.crm.people.set_status(order.leaver, "deleted", "disabled manually")
        _carry_out(call.crm, order)

    return _schedule(call, _DELETE, order=order, work=work)


def _read(call: Call, root: str, leaver: User) -> _Order:
    given = call.objects(root, maximum=1)[0]
    block, move = given.get("transfer"), given.get("move_subordinate")
    if not block and not move:
        expected = [{"api_name": name, "json_path": f"$.{root}.{name}"} for name in ("transfer", "move_subordinate")]
        details = {"expected_data": expected}
        raise ApiError(400, "EXPECTED_FIELD_MISSING", "Specify atleast one field", details, root=root)
    to = _receiver(call, root, name="transfer", block=block) if block else None
    manager = _receiver(call, root, name="move_subordinate", block=move) if move else None
    flags = block if isinstance(block, dict) else {}
    return _Order(
        leaver,
        to,
        records=bool(flags.get("records")),
        assignment=bool(flags.get("assignment")),
        criteria=bool(flags.get("criteria")),
        manager=manager,
    )


def _receiver(call: Call, root: str, *, name: str, block: Any) -> str:
    """The user id in one of the two blocks. Raises MANDATORY_NOT_FOUND, INVALID_DATA (both in the array form)."""
    where = {"api_name": "id", "json_path": f"$.{root}.{name}.id"}
    user_id = str(block.get("id") or "") if isinstance(block, dict) else ""
    if not user_id:
        details = {**where, "parent_api_name": name}
        raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", details, root=root)
    user = call.crm.people.find(user_id)
    problem = receiver_problem(user)
    if problem is not None:
        details = {**where, **(problem[1] or {"owner_status": "no_crm_user"})}
        raise ApiError(400, "INVALID_DATA", "invalid data", details, root=root)
    return user_id


def _schedule(call: Call, root: str, *, order: _Order, work: Callable[[], None]) -> Answer:
    job_id = call.crm.jobs.start(root, work)
    details = {call.crm.quirks.job_id_key: job_id, "id": order.leaver.id}
    code, message = "SCHEDULED", "transfer of data is successfully scheduled"
    if root == _DELETE:  # Zoho reports the deletion as done although the job has only begun
        code, message = "SUCCESS", "User is deleted successfully"
    return Answer({root: [entry(code, message, details)]})


def _carry_out(crm: Crm, order: _Order) -> None:
    if order.to and order.records:
        for name in _MOVED_WITH_RECORDS:
            module = BY_NAME[name]
            sql = f'SELECT * FROM "{name}" WHERE Owner = :owner AND {module.open_sql}'
            rows = crm.store.query(sql, {"owner": int(order.leaver.id), "now": crm.clock.time()})
            for start in range(0, len(rows), 500):
                crm.changes.give(module, rows[start : start + 500], order.to)
    if order.to and order.assignment:
        for rule in crm.assignment_rules:
            rule.replace(order.leaver.id, order.to)
    if order.to and order.criteria and order.leaver.id in crm.named_in_criteria:
        crm.named_in_criteria ^= {order.leaver.id, order.to}
    if order.manager:
        for user in crm.people.subordinates(order.leaver.id):
            crm.people.set_manager(user.id, order.manager)
    crm.changes.touch()


def transfer_status(call: Call) -> Answer:
    _require_api(call)
    return _status(call, "transfer")


def deletion_status(call: Call) -> Answer:
    return _status(call, _DELETE)


def _status(call: Call, root: str) -> Answer:
    if "job_id" not in call.query:
        details = {"param_name": "job_id"}
        raise ApiError(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", details)
    status = call.crm.jobs.poll(root, call.query["job_id"])
    return EMPTY if status is None else Answer({root: [{"status": status}]})
