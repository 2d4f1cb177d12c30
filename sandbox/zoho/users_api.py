"""Users over the API: list, count, deactivate, activate, delete.

https://www.zoho.com/crm/developer/docs/api/v8/get-users.html
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json, bad_path, entry, no_permission
from sandbox.zoho.render import moment
from sandbox.zoho.users import User, refuse_activation, refuse_deactivation

_ROLE: Final = {"name": "Sales", "id": "5000000000000011"}
_TYPES: Final[Mapping[str, Callable[[User], bool]]] = {
    "AllUsers": lambda _: True,
    "ActiveUsers": lambda user: user.active,
    "AllActiveUsers": lambda user: user.active,
    "DeactiveUsers": lambda user: user.status == "disabled",
    "ActiveAndDeactive": lambda user: user.status != "deleted",
    "DeletedUsers": lambda user: user.status == "deleted",
    "ConfirmedUsers": lambda user: user.confirm,
    "NotConfirmedUsers": lambda user: not user.confirm,
    "ActiveConfirmedUsers": lambda user: user.active and user.confirm,
    "AdminUsers": lambda user: user.is_admin,
    "ActiveConfirmedAdmins": lambda user: user.is_admin and user.active and user.confirm,
}


def listing(call: Call) -> Answer:
    kind = call.query.get("type", "AllUsers")
    page, per_page = call.number("page", 1, maximum=10_000), call.number("per_page", 200, maximum=200)
    found = [user for user in call.crm.people.all() if _matches(call, kind, user)]
    if "ids" in call.query:
        wanted = call.query["ids"].split(",")
        found = [user for user in found if user.id in wanted]
    shown = found[(page - 1) * per_page : page * per_page]
    if not shown:
        return EMPTY
    info = {"per_page": per_page, "count": len(shown), "page": page, "more_records": page * per_page < len(found)}
    return Answer({"users": [_pick(call, _json(call, user)) for user in shown], "info": info})


def _matches(call: Call, kind: str, user: User) -> bool:
    if kind == "CurrentUser":
        return user.id == call.user.id
    if kind not in _TYPES:
        raise ApiError(400, "INVALID_DATA", "invalid data", {"param_name": "type"})
    return _TYPES[kind](user)


def count(call: Call) -> Answer:
    kind = call.query.get("type", "AllUsers")
    return Answer({"count": sum(_matches(call, kind, user) for user in call.crm.people.all())})


def one(call: Call) -> Answer:
    return Answer({"users": [_pick(call, _json(call, path_user(call)))]})


def path_user(call: Call) -> User:
    """The user named in the path. Raises INVALID_DATA."""
    user = call.crm.people.find(call.path["id"])
    if user is None:
        raise bad_path()
    return user


def _pick(call: Call, user: Json) -> Json:
    if "fields" not in call.query:
        return user
    wanted = {"id", *call.query["fields"].split(",")}
    return {name: value for name, value in user.items() if name in wanted}


def _json(call: Call, user: User) -> Json:
    manager = call.crm.people.find(user.reports_to) if user.reports_to else None
    return {
        "id": user.id,
        "full_name": user.full_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "zuid": f"7{user.id[-8:]}",
        "status": user.status,
        "status_reason__s": user.status_reason,
        "confirm": user.confirm,
        "type__s": "Regular User",
        "role": _ROLE,
        "profile": user.profile_ref,
        "Reporting_To": {"name": manager.full_name, "id": manager.id} if manager else None,
        "created_time": moment(user.modified - 90_000_000),
        "Modified_Time": moment(user.modified),
        "alias": None,
        "phone": None,
        "mobile": None,
        "locale": user.locale,
        "time_zone": user.time_zone,
        "microsoft": False,
        "sandboxDeveloper": False,
    }


def update_one(call: Call) -> Answer:
    _require_manager(call)
    given = call.objects("users", maximum=1)[0]
    path_user(call)
    return Answer({"users": [_update(call, {**given, "id": call.path["id"]})]})


def update_many(call: Call) -> Answer:
    _require_manager(call)
    rows: list[Json] = []
    for given in call.objects("users", maximum=10):
        try:
            rows.append(_update(call, given))
        except ApiError as error:
            rows.append(error.entry)
    failed = sum(row["status"] == "error" for row in rows)
    status = 400 if failed == len(rows) else 207 if failed else 200
    return Answer({"users": rows}, status=status)


def _require_manager(call: Call) -> None:
    if not call.user.is_admin:
        raise no_permission("Crm_Implied_Manage_Users")


def _update(call: Call, given: Json) -> Json:
    user = call.crm.people.find(str(given.get("id", "")))
    if user is None:
        raise ApiError(400, "INVALID_DATA", "the id given seems to be invalid", {"api_name": "id"}, root="users")
    if "Reporting_To" in given:
        _set_manager(call, user, given["Reporting_To"])
    if "status" in given:
        _set_status(call, user, given["status"])
    call.crm.changes.touch()
    return entry("SUCCESS", "User updated", {"id": user.id})


def _set_status(call: Call, user: User, status: Any) -> None:
    """`inactive` goes in, `disabled` comes out: the words differ between PUT and GET."""
    people = call.crm.people
    match status:
        case "inactive":
            refuse_deactivation(user, call.user)
            people.set_status(user, "disabled", "disabled manually")
        case "active":
            refuse_activation(user, sum(each.active for each in people.all()))
            people.set_status(user, "active")
            call.crm.backed_up.discard(user.id)
        case _:
            details = {"api_name": "status", "json_path": "$.users[0].status"}
            raise ApiError(400, "INVALID_DATA", "invalid data", details, root="users")


def _set_manager(call: Call, user: User, manager: Any) -> None:
    known = manager is None or call.crm.people.find(str(manager)) is not None
    if not known or manager == user.id:
        details = {"api_name": "Reporting_To", "json_path": "$.users[0].Reporting_To"}
        raise ApiError(400, "CONFLICTING_DATA_FOUND", "conflicting data found", details, root="users")
    call.crm.people.set_manager(user.id, manager)


def delete(call: Call) -> Answer:
    """Records stay with the deleted user, who can no longer be brought back."""
    if not call.user.super_admin:
        raise no_permission("Crm_Implied_Manage_Users")
    user = path_user(call)
    if user.status == "deleted":
        raise ApiError(400, "ID_ALREADY_DELETED", "User is already deleted", {"id": user.id}, root="users")
    if user.super_admin:
        raise ApiError(400, "INVALID_REQUEST", "Primary contact cannot be deleted", {"id": user.id}, root="users")
    call.crm.people.set_status(user, "deleted", "disabled manually")
    call.crm.changes.touch()
    return Answer({"users": [entry("SUCCESS", "User deleted", {"id": user.id})]})
