"""Who is who in Cliq, from memory where that is fresh: Cliq allows few look-ups, and deliveries describe people too.

https://www.zoho.com/cliq/help/restapi/v2/users/
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from bot.chat.cliq.client import CliqApi
from bot.chat.cliq.pace import Family
from bot.chat.remembered import Remembered
from bot.chat.surface import ChatPerson, Refused

_PAGE: Final = 100
_UNKNOWN: Final = frozenset({"user_not_found", "user_not_exists", "http_404", "http_204"})


class Directory:
    """Looks people up by id and by address. Every call may raise the errors of a surface."""

    def __init__(self, api: CliqApi, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._by_id: Remembered[ChatPerson | None] = Remembered(clock)
        self._id_by_email: Remembered[str | None] = Remembered(clock)

    def met(self, people: Iterable[ChatPerson]) -> None:
        """Remember whom a verified delivery describes."""
        for person in people:
            self._by_id[person.id] = person
            if person.email:
                self._id_by_email[person.email] = person.id

    async def person(self, chat_id: str) -> ChatPerson | None:
        if chat_id not in self._by_id:
            self._by_id[chat_id] = await self._info(chat_id)
        return self._by_id[chat_id]

    async def by_email(self, email: str) -> ChatPerson | None:
        email = email.lower()
        if email not in self._id_by_email:
            self._id_by_email[email] = await self._lookup(email)
        found = self._id_by_email[email]
        return await self.person(found) if found else None

    async def _info(self, chat_id: str) -> ChatPerson | None:
        try:
            answer = await self._api.get(f"/v2/users/{quote(chat_id, safe='')}", Family.USER, fields="all")
        except Refused as error:
            if error.code in _UNKNOWN:
                return None
            raise
        data = answer.get("data") if isinstance(answer, dict) else None
        return _person(data) if isinstance(data, dict) else None

    async def _lookup(self, email: str) -> str | None:
        """The search finds parts of names and addresses as well: only an equal address counts. Closed accounts too."""
        token: str | None = None
        while True:
            more: dict[str, str | int] = {"next_token": token} if token else {}
            answer = await self._api.get("/v2/users", Family.USERS, search=email, limit=_PAGE, **more)
            page = answer if isinstance(answer, dict) else {}
            for user in page.get("data") or ():
                if str(user.get("email_id", "")).lower() == email:
                    return str(user.get("zuid") or user["id"])
            token = page.get("next_token") if page.get("has_more") else None
            if not token:
                return None


def _person(user: Mapping[str, Any]) -> ChatPerson:
    email = user.get("email_id") or user.get("email")
    return ChatPerson(
        id=str(user["id"]),
        name=user.get("full_name") or user.get("display_name") or str(user["id"]),
        email=str(email).lower() if email else None,
        language="de" if str(user.get("language", "")).startswith("de") else "en",
        time_zone=user.get("timezone") or "UTC",
        active="inactive" not in str(user.get("status", "active")),
        is_bot=False,
    )
