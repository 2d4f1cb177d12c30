"""The users of the simulated Pipedrive, their seats, and what a deactivation ends.

https://support.pipedrive.com/en/article/what-happens-when-a-user-gets-deactivated
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.people import BY_KEY, INTEGRATION_USER, PIPEDRIVE_IDS, Mailbox, Person, address_in
from sandbox.pipedrive.api import Json, forbidden, user_not_found
from sandbox.pipedrive.meter import Meter

PURGE_AFTER: Final = timedelta(days=30)
COMPANY_ID: Final = 7_461_120
APPS: Final = ("sales", "projects", "campaigns", "global", "account_settings")
_PRIVATE_MAILS: Final = 37  # of whoever has a mailbox connected
_OWNER: Final = "petra"  # has created the company's account
WITHOUT_PROJECTS: Final = frozenset({"claire"})
_ADMINS: Final = frozenset({_OWNER, "ada", INTEGRATION_USER})


@dataclass(frozen=True)
class User:
    """A Pipedrive user. `deactivated_at` starts the countdown for the private mails."""

    id: int
    key: str
    name: str
    email: str
    active: bool
    activated: bool
    admin: bool
    has_created_company: bool
    apps: tuple[str, ...]
    time_zone: str
    language: str
    mail_sync: bool
    private_mails: int
    created: datetime
    modified: datetime
    deactivated_at: datetime | None = None

    @property
    def purge_at(self) -> datetime | None:
        """When the mails are erased that are neither shared nor linked to a record; None while the user is active."""
        return self.deactivated_at + PURGE_AFTER if self.deactivated_at else None

    @property
    def token(self) -> str:
        """The user's API token: 40 hexadecimal digits."""
        return hashlib.sha256(f"pipedrive/{self.key}".encode()).hexdigest()[:40]


def set_id(app: str, kind: str) -> str:
    """The id of a permission set, a UUID."""
    digits = hashlib.sha256(f"{app}/{kind}".encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:32]))


def _user(person: Person, now: datetime) -> User:
    gone = person.crm_status != "active"
    admin = person.key in _ADMINS
    apps = ("sales", "projects", "global", *(("account_settings",) if admin else ()))
    left = now - timedelta(days=120) if gone else None
    mailbox = person.mailbox is not Mailbox.NONE
    return User(
        id=PIPEDRIVE_IDS[person.key],
        key=person.key,
        name=person.name,
        email=address_in("pipedrive", person.key),
        active=not gone,
        activated=person.crm_confirmed,
        admin=admin,
        has_created_company=person.key == _OWNER,
        apps=tuple(app for app in apps if app != "projects" or person.key not in WITHOUT_PROJECTS),
        time_zone=person.time_zone,
        language=person.language,
        mail_sync=mailbox and not gone,
        private_mails=_PRIVATE_MAILS if mailbox else 0,
        created=now - timedelta(days=1_400),
        modified=left or now - timedelta(days=20),
        deactivated_at=left,
    )


class People:
    """All users. `meter.seats` follows who is brought back; `version` grows with every change to a user."""

    def __init__(self, clock: Clock, meter: Meter) -> None:
        self._clock = clock
        self._meter = meter
        self.version = 0
        now = clock.now().replace(microsecond=0)
        self._users = {user.id: user for user in (_user(BY_KEY[key], now) for key in PIPEDRIVE_IDS)}
        meter.seats = self.seats_used

    @property
    def seats_used(self) -> int:
        return sum(user.active for user in self._users.values())

    def all(self) -> Sequence[User]:
        return [self.get(user_id) for user_id in sorted(self._users)]

    def find(self, user_id: int) -> User | None:
        user = self._users.get(user_id)
        if user and user.purge_at and user.private_mails and user.purge_at <= self._clock.now():
            user = self._users[user_id] = replace(user, private_mails=0)
        return user

    def get(self, user_id: int) -> User:
        """Raises KeyError for an unknown id."""
        user = self.find(user_id)
        if user is None:
            raise KeyError(user_id)
        return user

    def by_token(self, token: str) -> User | None:
        """Whose API token this is; those of inactive users are dead."""
        return next((user for user in self._users.values() if user.active and user.token == token), None)

    def set_active(self, user: User, *, active: bool) -> User:
        """Take the log-in away or give it back. What is so already stays as it is.

        A user who comes back takes a free seat; where there is none the company pays for one more.
        https://support.pipedrive.com/en/article/how-can-i-deactivate-or-reactivate-a-user
        """
        if user.active == active:
            return user
        now = self._clock.now().replace(microsecond=0)
        left = None if active else now
        self._users[user.id] = replace(
            user, active=active, mail_sync=False, modified=now, deactivated_at=left
        )  # the sync ends with a deactivation, and only its user can start it again
        self._meter.seats = max(self._meter.seats, self.seats_used)
        self.version += 1
        return self._users[user.id]

    def refuse_change(self, caller: User, target: User | None) -> User:
        """The user to change. Raises 403 or 404 where the caller may not: the shapes for oneself and for the account's
        owner are not documented."""
        if not caller.admin:
            raise forbidden()
        if target is None:
            raise user_not_found()
        if target.id == caller.id or target.has_created_company:
            raise forbidden()
        return target

    def show(self, user: User, caller: User) -> Json:
        """https://developers.pipedrive.com/docs/api/v1/Users#getUser"""
        offset = self._clock.now().astimezone(ZoneInfo(user.time_zone)).strftime("%z")
        return {
            "id": user.id,
            "name": user.name,
            "default_currency": "EUR",
            "locale": user.language.replace("-", "_"),
            "lang": 1 if user.language.startswith("en") else 5,
            "email": user.email,
            "phone": None,
            "activated": user.activated,
            "last_login": text_time(user.modified) if user.activated else None,
            "created": text_time(user.created),
            "modified": text_time(user.modified),
            "has_created_company": user.has_created_company,
            "access": [
                {
                    "app": app,
                    "admin": user.admin,
                    "permission_set_id": set_id(app, "admin" if user.admin else "regular"),
                }
                for app in user.apps
            ],
            "active_flag": user.active,
            "timezone_name": user.time_zone,
            "timezone_offset": f"{offset[:3]}:{offset[3:]}",
            "role_id": 1,
            "icon_url": None,
            "is_you": user.id == caller.id,
            "is_deleted": False,
        }


def text_time(at: datetime) -> str:
    """A time as v1 writes it, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
