"""The installation's users. Whether somebody may log in is never shown: only a filter by `status` tells it.

https://github.com/salesagility/SuiteCRM/blob/v7.14.6/modules/Users/vardefs.php (`api-visible`)
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Account, NotAuthorised, Rejected, Unavailable
from connectors.http import together
from connectors.suitecrm.api import Api, Row, Where, text_of, unless_withheld
from connectors.suitecrm.errors import SYSTEM

USERS: Final = "Users"
TOKENS: Final = "OAuth2Tokens"
_FIELDS: Final = ("first_name", "last_name", "email1", "employee_status", "reports_to_id")
_INACTIVE: Final = Where("status", "eq", "Inactive")
_WORKING: Final = frozenset({"", "Active"})  # not Terminated, nor on a Leave of Absence
_FRESH_FOR: Final = timedelta(minutes=1)
_TRUSTED_FOR: Final = timedelta(minutes=10)


class Directory:
    """Who has an account, and what of it can be changed."""

    def __init__(self, api: Api, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._lock = asyncio.Lock()
        self._me: str | None = None
        self._accounts: tuple[Account, ...] = ()
        self._read_at: datetime | None = None
        self._able: dict[str, datetime] = {}  # who could be given records, and when that was seen

    async def me(self) -> Row:
        """The user that the OAuth2 client stands for."""
        found = await self._api.attributes("/current-user")
        self._me = found["id"]
        return found

    async def accounts(self, *, fresh: bool) -> tuple[Account, ...]:
        """All of them, with the deleted ones where SuiteCRM lists those: version 7.14 fails at it, as it loads each
        row once more as one that is not deleted."""
        me = await self._my_id()
        async with self._lock:
            if fresh or self._read_at is None or self._clock() - self._read_at > _FRESH_FOR:
                users, inactive, deleted = await together(
                    (
                        self._api.everything(USERS, (), fields=_FIELDS),
                        self._api.everything(USERS, (_INACTIVE,), fields=()),
                        self._deleted(),
                    )
                )
                out = {row["id"] for row in (*inactive, *deleted)}
                rows = {row["id"]: row for row in (*deleted, *users)}
                self._accounts = tuple(_account(row, active=row["id"] not in out, me=me) for row in rows.values())
                self._read_at = self._clock()
            return self._accounts

    async def account(self, account_id: str) -> Account:
        """Two calls: what is shown of the user, and whether the filter finds the user among the inactive ones."""
        row, inactive = await self._user(account_id), await self._is_inactive(account_id)
        if text_of(row.get("employee_status")) in (None, *_WORKING) and not inactive:
            self._able[account_id] = self._clock()
        return _account(row, active=not inactive, me=await self._my_id())

    async def working(self, account_id: str) -> bool:
        """Whether SuiteCRM counts the user as somebody who works here, and so offers them for new records."""
        return (text_of((await self._user(account_id)).get("employee_status")) or "") in _WORKING

    async def must_be_able(self, account_id: str) -> None:
        """SuiteCRM gives records to anybody. Raises `Rejected` where this one is inactive, terminated or unknown, by
        what was seen in the last ten minutes."""
        seen = self._able.get(account_id)
        if seen is not None and self._clock() - seen <= _TRUSTED_FOR:
            return
        self._able.pop(account_id, None)
        await self.account(account_id)
        if account_id not in self._able:
            raise Rejected("The receiver is not an active user", system=SYSTEM, code="RECEIVER_INACTIVE")

    async def deactivate(self, account_id: str) -> bool:
        """Take the log-in away, prove it by the filter, and revoke the tokens, which SuiteCRM leaves alive.

        Tokens that may not be revoked are not an error here: the references name them.
        """
        if await self._is_inactive(account_id):
            await self._user(account_id)
            await self._revoke(account_id)
            return False
        if account_id == await self._my_id():
            raise Rejected("This is the user of our own grant", system=SYSTEM, code="OWN_GRANT")
        await self._user(account_id)
        await self._change(account_id, status="Inactive", employee_status="Terminated")
        if not await self._is_inactive(account_id):
            raise Unavailable("The user is still active after the change", system=SYSTEM, code="STILL_ACTIVE")
        await self._revoke(account_id)
        return True

    async def activate(self, account_id: str) -> bool:
        """Let the user in again and prove it. There are no licences that could be missing."""
        await self._user(account_id)
        if not await self._is_inactive(account_id):
            return False
        await self._change(account_id, status="Active", employee_status="Active")
        if await self._is_inactive(account_id):
            raise Unavailable("The user is still inactive after the change", system=SYSTEM, code="STILL_INACTIVE")
        return True

    async def tokens(self, account_id: str) -> list[Row] | None:
        """The OAuth2 tokens that still let programs in as this user; None where they cannot be read."""
        where = (Where("assigned_user_id", "eq", account_id), Where("token_is_revoked", "eq", "0"))
        fields = ("oauth2client_name",)
        return await unless_withheld(self._api.everything(TOKENS, where, fields=fields))

    async def _revoke(self, account_id: str) -> None:
        """That a token may be written through the API is not documented; where it may not, the others are not tried."""
        for token in await self.tokens(account_id) or ():
            try:
                await self._api.patch(TOKENS, token["id"], {"token_is_revoked": "1"})
            except (Rejected, NotAuthorised):
                return

    async def _change(self, account_id: str, **attributes: str) -> None:
        self._able.pop(account_id, None)
        await self._api.patch(USERS, account_id, attributes)
        self._read_at = None

    async def _user(self, account_id: str) -> Row:
        page = await self._api.listed(USERS, (Where("id", "eq", account_id),), fields=_FIELDS, size=1)
        if not page.rows:
            raise Rejected("SuiteCRM has no such user", system=SYSTEM, code="NOT_FOUND")
        return page.rows[0]

    async def _is_inactive(self, account_id: str) -> bool:
        where = (Where("id", "eq", account_id), _INACTIVE)
        return await self._api.total(USERS, where) > 0

    async def _deleted(self) -> list[Row]:
        try:
            return await self._api.everything(USERS, (Where("deleted", "eq", "1"),), fields=_FIELDS)
        except Rejected as error:
            if error.code != "NOT_FOUND":
                raise
            return []

    async def _my_id(self) -> str:
        return self._me or str((await self.me())["id"])


def _account(row: Row, *, active: bool, me: str) -> Account:
    email = text_of(row.get("email1")) or ""
    names = (text_of(row.get(field)) for field in ("first_name", "last_name"))
    return Account(
        system=SYSTEM,
        id=row["id"],
        name=" ".join(name for name in names if name) or email or row["id"],
        email=email,
        active=active,
        manager_id=text_of(row.get("reports_to_id")),
        protected="own_grant" if row["id"] == me else None,
    )
