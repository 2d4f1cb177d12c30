"""The users of the simulated CRM, and the rules about who may be deactivated, activated or deleted.

https://www.zoho.com/crm/developer/docs/api/v8/update-user.html
"""

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.clock import Clock
from sandbox.people import BY_KEY, ROSTER, Mailbox, Person
from sandbox.zoho.api import ApiError, Json
from sandbox.zoho.profiles import PROFILES
from sandbox.zoho.schema import parse_id

if TYPE_CHECKING:
    from sandbox.zoho.store import Store

LICENCES: Final = 25


@dataclass(frozen=True)
class User:
    """A CRM user. `status` is the word that GET answers: active, disabled, deleted."""

    id: str
    key: str
    first_name: str
    last_name: str
    full_name: str
    email: str
    status: str
    status_reason: str | None
    confirm: bool
    profile: str
    super_admin: bool
    reports_to: str | None
    mailbox: Mailbox
    time_zone: str
    locale: str
    modified: int

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def is_admin(self) -> bool:
        return self.profile == "Administrator"

    @property
    def profile_ref(self) -> Json:
        return {"name": self.profile, "id": PROFILES[self.profile].id}

    def sees(self, module: str) -> bool:
        """Whether the profile shows the module (API name)."""
        return module not in PROFILES[self.profile].hidden


def _user(row: sqlite3.Row) -> User:
    values = dict(row)
    reports_to = values.pop("reports_to")
    return User(
        **values
        | {
            "id": str(values["id"]),
            "confirm": bool(values["confirm"]),
            "super_admin": bool(values["super_admin"]),
            "reports_to": str(reports_to) if reports_to else None,
            "mailbox": Mailbox(values["mailbox"]),
        }
    )


class People:
    """All users, kept in the store so that queries can join them."""

    def __init__(self, store: "Store", clock: Clock) -> None:
        self._store = store
        self._clock = clock
        rows = [_row(person, int(clock.time())) for person in ROSTER if person.crm_id]
        store.insert("users", rows, width=16)

    def all(self) -> list[User]:
        return [_user(row) for row in self._store.query("SELECT * FROM users ORDER BY id")]

    def find(self, user_id: str) -> User | None:
        number = parse_id(user_id)
        if number is None:
            return None
        found = self._store.query("SELECT * FROM users WHERE id = ?", (number,))
        return _user(found[0]) if found else None

    def get(self, user_id: str) -> User:
        """Raises KeyError for an unknown id."""
        user = self.find(user_id)
        if user is None:
            raise KeyError(user_id)
        return user

    def subordinates(self, user_id: str) -> list[User]:
        return [user for user in self.all() if user.reports_to == user_id and user.active]

    def set_status(self, user: User, status: str, reason: str | None = None) -> None:
        self._store.db.execute(
            "UPDATE users SET status = ?, status_reason = ?, modified = ? WHERE id = ?",
            (status, reason, int(self._clock.time()), int(user.id)),
        )

    def set_manager(self, user_id: str, manager_id: str | None) -> None:
        manager = int(manager_id) if manager_id else None
        self._store.db.execute("UPDATE users SET reports_to = ? WHERE id = ?", (manager, int(user_id)))

    def set_mailbox(self, user_id: str, mailbox: Mailbox) -> None:
        self._store.db.execute("UPDATE users SET mailbox = ? WHERE id = ?", (mailbox.value, int(user_id)))


def _row(person: Person, now: int) -> tuple[object, ...]:
    manager = BY_KEY[person.reports_to].crm_id if person.reports_to else None
    return (
        int(person.crm_id or 0),
        person.key,
        person.first_name,
        person.last_name,
        person.name,
        person.email,
        person.crm_status,
        None if person.crm_status == "active" else "disabled manually",
        person.crm_confirmed,
        person.crm_profile,
        person.super_admin,
        int(manager) if manager else None,
        person.mailbox.value,
        person.time_zone,
        person.language.replace("-", "_"),
        now,
    )


def receiver_problem(user: User | None, *, deleted_status: int = 400) -> tuple[int, Json] | None:
    """Why this user cannot be given records: the HTTP status and the extra details; None for a good receiver."""
    if user is None:
        return 400, {}
    if user.status == "deleted":
        return deleted_status, {"owner_status": "deleted"}
    if not user.active or not user.confirm:  # who never accepted the invitation owns nothing either
        return 400, {"owner_status": "inactive"}
    return None


def refuse_deactivation(user: User, caller: User) -> None:
    """Raises `ApiError` (row form) where Zoho keeps the user active."""
    refusals = (
        (user.status == "deleted", "CANNOT_UPDATE_DELETED_USER", "Deleted user cannot be updated"),
        (not user.active, "ID_ALREADY_DEACTIVATED", "User is already deactivated"),
        (user.super_admin, "INVALID_REQUEST", "Primary Contact cannot be deactivated"),
        (user.id == caller.id, "INVALID_REQUEST", "You can't perform this action over logged in user"),
    )
    for applies, code, message in refusals:
        if applies:
            raise ApiError(400, code, message, {"id": user.id}, root="users")


def refuse_activation(user: User, active_users: int) -> None:
    """Raises `ApiError` (row form) where Zoho does not bring the user back."""
    refusals = (
        (user.status == "deleted", "CANNOT_UPDATE_DELETED_USER", "Deleted user cannot be updated"),
        (user.active, "ID_ALREADY_ACTIVE", "User is already active"),
        (active_users >= LICENCES, "LICENSE_LIMIT_EXCEEDED", "license limit exceeded"),
    )
    for applies, code, message in refusals:
        if applies:
            raise ApiError(400, code, message, {"id": user.id}, root="users")
