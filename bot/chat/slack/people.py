"""Who is who in Slack, from memory where that is fresh."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.remembered import Remembered
from bot.chat.slack.client import pooled
from bot.chat.slack.errors import translated
from bot.chat.surface import ChatPerson, Refused

_PAGE: Final = 200  # https://docs.slack.dev/reference/methods/users.list asks for at most 200
_UNKNOWN: Final = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


class Directory:
    """Looks people up by id and by address. Every call may raise the errors of a surface."""

    def __init__(self, client: AsyncWebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._by_id: Remembered[ChatPerson | None] = Remembered(clock)
        self._id_by_email: Remembered[str | None] = Remembered(clock)
        self._closed: Remembered[dict[str, str]] = Remembered(clock)

    async def person(self, chat_id: str) -> ChatPerson | None:
        if chat_id not in self._by_id:
            self._by_id[chat_id] = await self._info(chat_id)
        return self._by_id[chat_id]

    async def by_email(self, email: str) -> ChatPerson | None:
        email = email.lower()
        if email not in self._id_by_email:
            self._id_by_email[email] = await self._lookup(email) or (await self._closed_accounts()).get(email)
        found = self._id_by_email[email]
        return await self.person(found) if found else None

    async def _info(self, chat_id: str) -> ChatPerson | None:
        try:
            with translated(changes=False):
                answer = await pooled(self._client).users_info(user=chat_id, include_locale=True)
        except Refused as error:
            if error.code in _UNKNOWN:
                return None
            raise
        return _person(answer["user"])

    async def _lookup(self, email: str) -> str | None:
        try:
            with translated(changes=False):
                answer = await pooled(self._client).users_lookupByEmail(email=email)
        except Refused as error:
            if error.code in _UNKNOWN:
                return None
            raise
        return str(answer["user"]["id"])

    async def _closed_accounts(self) -> dict[str, str]:
        """Address to id of the closed accounts: `users.lookupByEmail` finds the others only."""
        if "" not in self._closed:
            found: dict[str, str] = {}
            cursor = ""
            while True:
                with translated(changes=False):
                    answer = await pooled(self._client).users_list(limit=_PAGE, cursor=cursor or None)
                found |= {
                    mail: user["id"] for user in answer["members"] if user.get("deleted") and (mail := _mail(user))
                }
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    break
            self._closed[""] = found
        return self._closed[""]


def _mail(user: Mapping[str, Any]) -> str | None:
    email = user.get("profile", {}).get("email")
    return email.lower() if email else None


def _person(user: Mapping[str, Any]) -> ChatPerson:
    profile = user.get("profile", {})
    return ChatPerson(
        id=user["id"],
        name=profile.get("real_name") or user.get("real_name") or profile.get("display_name") or user["id"],
        email=_mail(user),
        language="de" if str(user.get("locale", "")).startswith("de") else "en",
        time_zone=user.get("tz") or "UTC",
        active=not user.get("deleted", False),
        is_bot=bool(user.get("is_bot")),
    )
