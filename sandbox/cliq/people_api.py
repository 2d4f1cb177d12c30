"""Users over the API: search, read one, who am I. https://www.zoho.com/cliq/help/restapi/v2/users/"""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sandbox.cliq.api import Answer, Call, invalid
from sandbox.cliq.hall import Hall
from sandbox.cliq.model import ORGANISATION_ID, CliqError, Json, User

_ZOHO_ORGANISATION: Final = "746753262"
_STATES: Final = ("active", "inactive", "pending", "imported_active", "imported_inactive")
_PAGE: Final = 100


def find_user(hall: Hall, name: str) -> User:
    """By id (which is the ZUID as well) or e-mail address. Raises `CliqError` "user_not_found"."""
    for user in hall.users.values():
        if user.email.lower() == name.lower():
            return user
    return hall.user(name)


def listing(call: Call) -> Answer:
    """`search` matches parts of names and addresses."""
    state = call.query.get("status")
    if state is not None and state not in _STATES:
        raise invalid("status")
    wanted = call.query.get("search", "").lower()
    found = [
        user
        for user in call.hall.users.values()
        if (wanted in user.name.lower() or wanted in user.email.lower()) and state in (None, _status(user))
    ]
    shown, token = call.page(found, default=_PAGE, most=_PAGE)
    more = {"next_token": token} if token else {}
    return Answer({"data": [_json(call, user) for user in shown], "has_more": bool(token), **more})


def one(call: Call) -> Answer:
    return Answer({"data": _json(call, find_user(call.hall, call.path["user"]))})


def me(call: Call) -> Answer:
    return Answer({"data": _short(call.user) | _long(call, call.user)})


def _json(call: Call, user: User) -> Json:
    """The short form, and what `fields` asks for beyond it."""
    asked = call.query.get("fields", "")
    full = _long(call, user)
    if asked != "all":
        full = {name: value for name, value in full.items() if name in asked.split(",")}
    return _short(user) | full


def _short(user: User) -> Json:
    return {
        "id": user.id,
        "zuid": user.id,
        "zoid": _ZOHO_ORGANISATION,
        "organization_id": ORGANISATION_ID,
        "email_id": user.email,
        "display_name": user.name,
        "name": user.name,
    }


def _long(call: Call, user: User) -> Json:
    offset = call.hall.clock.now().astimezone(ZoneInfo(user.time_zone)).utcoffset() or timedelta()
    manager = call.hall.users.get(user.reports_to or "")
    reporting = {"reportingto": {"name": manager.name, "id": manager.id}} if manager else {}
    return {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.name,
        "status": _status(user),
        "timezone": user.time_zone,
        "timeoffset": int(offset.total_seconds() * 1000),
        "language": user.language,
        "department": _named(call, user.department, "department"),
        "designation": _named(call, user.title, "title"),
        **reporting,
    }


def _named(call: Call, name: str, attribute: str) -> Json:
    """A department or a job title, with an id that stays the same."""
    names = sorted({getattr(user, attribute) for user in call.hall.users.values()})
    return {"name": name, "id": str(7_000_000 + names.index(name))}


def _status(user: User) -> str:
    return "active" if user.active else "inactive"


def may_manage(user: User, creator: str) -> bool:
    return user.admin or user.id == creator


def forbidden(code: str = "") -> CliqError:
    return CliqError(403, code, "The user does not have enough permission to perform the operation.")
