"""The organisation and its users.

https://www.zoho.com/crm/developer/docs/api/v8/get-users.html
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import Account, Rejected, Unavailable
from connectors.http import together
from connectors.zoho.api import Api, Row, unless

SYSTEM: Final = "zoho_crm"
_PAGE: Final = 200
_FRESH_FOR: Final = timedelta(minutes=1)
_SAME_LOOK: Final = timedelta(seconds=5)
_UNKNOWN_ID: Final = frozenset({"INVALID_DATA", "RESOURCE_NOT_FOUND"})


@dataclass(frozen=True)
class Organisation:
    """`number` stands in links; `grant_user` is the id of the user whose grant we use."""

    number: str
    primary_email: str
    edition: str
    currency: str | None
    grant_user: str


class Directory:
    """Who has an account, and which accounts the vendor will not let us deactivate."""

    def __init__(self, api: Api, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._lock = asyncio.Lock()
        self._organisation: Organisation | None = None
        self._accounts: tuple[Account, ...] = ()
        self._read_at: datetime | None = None
        self._seen: dict[str, tuple[Row, datetime]] = {}  # whoever was read last, and when

    @property
    def known_organisation(self) -> Organisation | None:
        """The organisation where it was read already."""
        return self._organisation

    async def organisation(self) -> Organisation:
        """Read once: a new super admin is rare, and Zoho guards the account itself."""
        async with self._lock:
            if self._organisation is None:
                self._organisation = await self._read_organisation()
            return self._organisation

    async def accounts(self, *, fresh: bool) -> tuple[Account, ...]:
        organisation = await self.organisation()
        async with self._lock:
            if fresh or self._read_at is None or self._clock() - self._read_at > _FRESH_FOR:
                # whether "all" has the deleted ones, who may still own records, differs
                listed = await together(self._list(kind) for kind in ("AllUsers", "DeletedUsers"))
                users = {user["id"]: user for users in reversed(listed) for user in users}
                self._accounts = tuple(_account(user, organisation) for user in users.values())
                self._read_at = self._clock()
            return self._accounts

    async def account(self, account_id: str) -> Account:
        return _account(await self._user(account_id), await self.organisation())

    async def reports(self, account_id: str) -> tuple[str, ...]:
        """The names of the active users who report to this one, as it is now: one call for each 200 users."""
        organisation = await self.organisation()
        accounts = (_account(user, organisation) for user in await self._list("AllUsers"))
        return tuple(account.name for account in accounts if account.active and account.manager_id == account_id)

    async def profile(self, account_id: str) -> str | None:
        """The id of the user's profile, which says what the user may see, from a look of the last seconds."""
        seen = self._seen.get(account_id)
        user = seen[0] if seen and self._clock() - seen[1] < _SAME_LOOK else await self._user(account_id)
        profile = user.get("profile") or {}
        return profile.get("id")

    async def deactivate(self, account_id: str) -> bool:
        """Deactivate and read back: GET shows "disabled" where PUT says "inactive".

        https://www.zoho.com/crm/developer/docs/api/v8/update-user.html
        """
        account = await self.account(account_id)
        if not account.active:
            return False
        if account.protected:
            raise Rejected(
                "This user cannot be deactivated through the API", system=SYSTEM, code=account.protected.upper()
            )
        if (await self._changed(account_id, "inactive", done="ID_ALREADY_DEACTIVATED")).active:
            raise Unavailable("The user is still active after the change", system=SYSTEM, code="STILL_ACTIVE")
        return True

    async def activate(self, account_id: str) -> bool:
        """Activate and read back. Raises `Rejected` with code "NO_LICENCE" where all licences are in use."""
        if (await self.account(account_id)).active:
            return False
        try:
            account = await self._changed(account_id, "active", done="ID_ALREADY_ACTIVE")
        except Rejected as error:
            if error.code != "LICENSE_LIMIT_EXCEEDED":
                raise
            raise Rejected("Zoho CRM has no free licence", system=SYSTEM, code="NO_LICENCE") from error
        if not account.active:
            raise Unavailable("The user is still inactive after the change", system=SYSTEM, code="STILL_INACTIVE")
        return True

    async def _changed(self, account_id: str, status: str, *, done: str) -> Account:
        """The user after the change. `done` is the code of our own first try, whose answer was lost."""
        body = {"users": [{"id": account_id, "status": status}]}
        await unless({done}, self._api.write("PUT", f"/users/{account_id}", body))
        self._read_at = None
        return await self.account(account_id)

    async def _user(self, account_id: str) -> Row:
        answer = await unless(_UNKNOWN_ID, self._api.get(f"/users/{account_id}"))
        if not answer or not answer.get("users"):
            raise Rejected("Zoho CRM has no such user", system=SYSTEM, code="NOT_FOUND")
        user: Row = answer["users"][0]
        self._seen = {account_id: (user, self._clock())}
        return user

    async def _list(self, kind: str) -> list[dict[str, Any]]:
        users: list[dict[str, Any]] = []
        page, more = 1, True
        while more:
            found, more = await self._api.page("/users", "users", type=kind, page=page, per_page=_PAGE)
            users += (dict(user) for user in found)
            page += 1
        return users

    async def _read_organisation(self) -> Organisation:
        orgs, current = await together((self._api.get("/org"), self._api.get("/users", type="CurrentUser")))
        org: Mapping[str, Any] = orgs["org"][0]
        return Organisation(
            number=str(org.get("zgid", "")),
            primary_email=str(org.get("primary_email", "")).lower(),
            edition=str((org.get("license_details") or {}).get("paid_type", "")),
            currency=org.get("iso_code"),
            grant_user=current["users"][0]["id"],
        )


def _account(user: Mapping[str, Any], organisation: Organisation) -> Account:
    email = str(user.get("email") or "")
    manager = user.get("Reporting_To") or {}
    return Account(
        system=SYSTEM,
        id=user["id"],
        name=user.get("full_name") or email,
        email=email,
        active=user.get("status") == "active",
        confirmed=bool(user.get("confirm", True)),
        manager_id=manager.get("id"),
        protected=_protection(user["id"], email, organisation),
    )


def _protection(user_id: str, email: str, organisation: Organisation) -> str | None:
    if email and email.lower() == organisation.primary_email:
        return "super_admin"
    return "own_grant" if user_id == organisation.grant_user else None
