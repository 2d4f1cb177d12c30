"""The tenant's users, as far as the pull call shows them; else whoever is seen as an owner of records."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Account, Rejected
from connectors.sangam.api import Api, Row, equals, text_of, unless_refused
from connectors.sangam.errors import SYSTEM
from connectors.sangam.modules import USER_MODULES, Catalogue

_FRESH_FOR: Final = timedelta(minutes=1)
_SEEN_FOR: Final = timedelta(hours=1)
_TRUSTED_FOR: Final = timedelta(minutes=10)
_PAGES_SEEN: Final = 20  # of a module, looked through for owners
_EMAILS: Final = ("email1", "email", "email_address", "user_email")
_NAMES: Final = ("full_name", "name", "user_name")


class Directory:
    """`readable` is None until somebody has tried to read the users."""

    def __init__(self, api: Api, catalogue: Catalogue, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._catalogue = catalogue
        self._clock = clock
        self._lock = asyncio.Lock()
        self._module: str | None = None
        self.readable: bool | None = None
        self._accounts: tuple[Account, ...] = ()
        self._read_at: datetime | None = None
        self._active: dict[str, datetime] = {}  # when an account was last seen to be active

    async def accounts(self, *, fresh: bool) -> tuple[Account, ...]:
        """Where the users cannot be read: people by id and name, without an address, from memory for an hour."""
        async with self._lock:
            module = await self._users()
            kept = _FRESH_FOR if module else _SEEN_FOR
            if (fresh and module) or self._read_at is None or self._clock() - self._read_at > kept:
                if module:
                    self._accounts = tuple(map(_account, await self._api.everything(module, "")))
                else:
                    self._accounts = await self._seen()
                self._read_at = self._clock()
            return self._accounts

    async def account(self, account_id: str) -> Account:
        async with self._lock:
            module = await self._users()
        if module:
            rows = await self._api.page(module, equals(module, "id", account_id), 0)
            found = [_account(row) for row in rows if row["id"] == account_id]
        else:
            found = [each for each in await self.accounts(fresh=False) if each.id == account_id]
        if not found:
            raise Rejected("Sangam CRM has no such user", system=SYSTEM, code="NOT_FOUND")
        return found[0]

    async def must_be_active(self, account_id: str) -> None:
        """Raises `Rejected` where the account is inactive, by what was seen in the last ten minutes: whether Sangam CRM
        itself would refuse it is not documented."""
        seen = self._active.get(account_id)
        if seen is not None and self._clock() - seen <= _TRUSTED_FOR:
            return
        if not (await self.account(account_id)).active:
            raise Rejected("The receiver is not an active user", system=SYSTEM, code="RECEIVER_INACTIVE")
        self._active[account_id] = self._clock()

    async def _users(self) -> str | None:
        """The module that tells the users, tried once: it is documented nowhere."""
        if self.readable is None:
            for name in USER_MODULES:
                if await unless_refused(self._api, name):
                    self._module = name
                    break
            self.readable = self._module is not None
        return self._module

    async def _seen(self) -> tuple[Account, ...]:
        """Everybody who owns one of the records looked through, taken for active: nothing says that they are not."""
        found: dict[str, str] = {}
        for spec in (await self._catalogue.metadata()).covered.values():
            for row in await self._api.everything(spec.name, "", pages=_PAGES_SEEN):
                owner = spec.owner_of(row)
                if owner and found.get(owner, owner) == owner:
                    found[owner] = text_of(row.get("assigned_user_name")) or owner
        return tuple(Account(SYSTEM, each, name, "", active=True) for each, name in sorted(found.items()))


def _account(row: Row) -> Account:
    full = " ".join(text for field in ("first_name", "last_name") if (text := text_of(row.get(field))))
    named = (text for field in _NAMES if (text := text_of(row.get(field))))
    email = next((text for field in _EMAILS if (text := text_of(row.get(field)))), "")
    return Account(
        system=SYSTEM,
        id=row["id"],
        name=full or next(named, email or row["id"]),
        email=email,
        active=(text_of(row.get("status")) or "").lower() != "inactive",
        manager_id=text_of(row.get("reports_to_id")),
    )
