"""The company's users. Only version 1 of the API knows them.

https://developers.pipedrive.com/docs/api/v1/Users
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Account, NotAuthorised, Rejected, Unavailable
from connectors.http import together
from connectors.pipedrive.api import V1, Api, Row
from connectors.pipedrive.errors import NOT_FOUND, SYSTEM
from connectors.pipedrive.rows import text_of

_USERS: Final = f"{V1}/users"
_FRESH_FOR: Final = timedelta(minutes=1)
_RECEIVES_FOR: Final = timedelta(minutes=10)  # how long a look at whoever gets records holds
_SEAT_WORDS: Final = ("seat", "licen", "capping")


@dataclass(frozen=True)
class _Seen:
    """A user as last read, with the apps that it may use; none where the answer did not tell."""

    account: Account
    apps: frozenset[str]
    at: datetime


class Directory:
    """Who has a user, and which users Pipedrive will not let us deactivate."""

    def __init__(self, api: Api, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._lock = asyncio.Lock()
        self._me: Row | None = None
        self._known: dict[str, _Seen] = {}  # everybody ever seen
        self._read_at: datetime | None = None

    async def me(self) -> Row:
        """The token's own user, with the company's domain and currency; read once."""
        async with self._lock:
            if self._me is None:
                self._me = await self._api.one(f"{_USERS}/me")
            return self._me

    async def is_admin(self, app: str) -> bool:
        """Whether the token's user is an administrator of the app now."""
        return is_admin(await self._api.one(f"{_USERS}/me"), app)

    async def accounts(self, *, fresh: bool) -> tuple[Account, ...]:
        """Whether the list has the inactive users is not documented: whoever is missing is read by id."""
        async with self._lock:
            if fresh or self._read_at is None or self._clock() - self._read_at > _FRESH_FOR:
                rows, _ = await self._api.page(_USERS, {})
                listed = {account.id for account in map(self._note, rows)}
                await together(self._reread(each) for each in self._known.keys() - listed)
                self._read_at = self._clock()
            return tuple(seen.account for seen in self._known.values())

    async def account(self, account_id: str) -> Account:
        """Raises `Rejected` with code "NOT_FOUND" where there is none."""
        return self._note(await self.user(account_id))

    async def user(self, account_id: str) -> Row:
        """The user as the vendor answers it, with the apps that it may use."""
        if not account_id.isdecimal():
            raise Rejected("Pipedrive has no such user", system=SYSTEM, code=NOT_FOUND)
        return await self._api.one(f"{_USERS}/{account_id}")

    def is_former(self, account_id: str) -> bool:
        """Whether the user was inactive when last seen."""
        return account_id in self._known and not self._known[account_id].account.active

    async def owner(self, account_id: str) -> Account:
        """Somebody who owns records, whether the list of users has them or not, or even nobody can read them."""
        if account_id in self._known:
            return self._known[account_id].account
        try:
            return await self.account(account_id)
        except Rejected as error:
            if error.code != NOT_FOUND:
                raise
            return Account(SYSTEM, account_id, f"#{account_id}", "", active=False)

    async def must_receive(self, account_id: str, app: str) -> None:
        """Raises `Rejected` where the user is inactive or lacks the app. Whether Pipedrive itself refuses such an owner
        is not documented; a look of the last minutes holds."""
        seen = self._known.get(account_id)
        if seen is None or self._clock() - seen.at > _RECEIVES_FOR:
            await self.account(account_id)
            seen = self._known[account_id]
        if not seen.account.active:
            raise Rejected("The receiver is inactive", system=SYSTEM, code="INACTIVE_OWNER")
        if seen.apps and app not in seen.apps:
            raise Rejected(f"The receiver may not use the app {app}", system=SYSTEM, code="NO_APP")

    async def deactivate(self, account_id: str) -> bool:
        account = await self.account(account_id)
        if not account.active:
            return False
        if account.protected:
            text = "This user cannot be deactivated through the API"
            raise Rejected(text, system=SYSTEM, code=account.protected.upper())
        await self._set(account_id, active=False)
        return True

    async def activate(self, account_id: str) -> bool:
        """Raises `Rejected` with code "NO_LICENCE" where Pipedrive refuses for want of a seat.

        Where it adds a paid seat by itself, it does not say so:
        https://support.pipedrive.com/en/article/how-can-i-deactivate-or-reactivate-a-user
        """
        row = await self.user(account_id)
        if self._note(row).active:
            return False
        if row.get("is_deleted"):
            raise Rejected("This user was deleted for good", system=SYSTEM, code="USER_DELETED")
        await self._set(account_id, active=True)
        return True

    async def _set(self, account_id: str, *, active: bool) -> None:
        """Change the state and read it back: Pipedrive has answered "done" to true and false, and heeded 1 and 0."""
        for flag in (active, int(active)):
            await self._put(account_id, flag)
            if (await self.account(account_id)).active is active:
                return
        state, code = ("inactive", "STILL_INACTIVE") if active else ("active", "STILL_ACTIVE")
        raise Unavailable(f"The user is still {state} after the change", system=SYSTEM, code=code)

    async def _put(self, account_id: str, flag: int) -> None:
        try:
            await self._api.write("PUT", f"{_USERS}/{account_id}", {"active_flag": flag})
        except (Rejected, NotAuthorised) as error:
            if flag and (error.code == "HTTP_402" or any(word in error.code.lower() for word in _SEAT_WORDS)):
                raise Rejected("Pipedrive has no free seat", system=SYSTEM, code="NO_LICENCE") from error
            raise

    async def _reread(self, account_id: str) -> None:
        """Whoever is in no list and cannot be read by id either has left for good, and may own records still."""
        try:
            await self.account(account_id)
        except Rejected as error:
            if error.code != NOT_FOUND:
                raise
            left = replace(self._known[account_id].account, active=False)
            self._known[account_id] = _Seen(left, frozenset(), self._clock())

    def _note(self, row: Row) -> Account:
        account = _account(row)
        self._known[account.id] = _Seen(account, apps_of(row), self._clock())
        return account


def apps_of(user: Row) -> frozenset[str]:
    """The apps that the user may use; empty where the answer does not tell."""
    return frozenset(str(each.get("app")) for each in user.get("access") or ())


def is_admin(user: Row, app: str) -> bool:
    return any(each.get("app") == app and each.get("admin") is True for each in user.get("access") or ())


def _account(row: Row) -> Account:
    email = str(row.get("email") or "")
    return Account(
        system=SYSTEM,
        id=str(text_of(row["id"])),
        name=row.get("name") or email,
        email=email,
        active=bool(row.get("active_flag")) and not row.get("is_deleted"),
        confirmed=bool(row.get("activated", True)),
        protected=_protection(row),
    )


def _protection(row: Row) -> str | None:
    """Pipedrive deactivates neither the account's owner nor whoever asks for it."""
    if row.get("has_created_company"):
        return "account_owner"
    return "own_grant" if row.get("is_you") else None
