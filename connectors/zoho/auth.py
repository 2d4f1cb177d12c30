"""Zoho's OAuth: one access token, renewed early and by one call only, however many wait for it.

https://www.zoho.com/crm/developer/docs/api/v8/refresh.html
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import NotAuthorised
from connectors.http import Answer, Call, FixedGrant, Grant, Http, Timings, Transport
from connectors.zoho.errors import TOKEN_RULES, token_problem

_EARLY: Final = timedelta(minutes=5)
_LIFETIME: Final = 3600
_TOKEN_REFUSED: Final = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE"})


class ZohoAuthority:
    """Turns a refresh token into grants for the API.

    `api_url` is used only where the token answer names no `api_domain`, or where the product has a host of its own
    (`own_host`). `scopes` are those that the last token answer stated; Zoho does not always state them.
    """

    def __init__(
        self,
        *,
        accounts_url: str,
        api_url: str | None,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        clock: Callable[[], datetime],
        timings: Timings,
        own_host: bool = False,
        transport: Transport | None = None,
    ) -> None:
        self.scopes: frozenset[str] = frozenset()
        self._own_host = own_host
        self._api_url = api_url
        self._form = {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        }
        self._clock = clock
        self._http = Http(
            system="zoho_accounts",
            authority=FixedGrant(Grant(accounts_url.rstrip("/"))),
            problem_of=token_problem,
            rules=TOKEN_RULES,
            timings=timings,
            transport=transport,
        )
        self._grant: Grant | None = None
        self._renew_at: datetime | None = None
        self._renewal: asyncio.Task[Grant] | None = None

    async def grant(self) -> Grant:
        """The current grant, renewed five minutes before it ends. All who wait share one renewal and its failure."""
        if self._grant and self._renew_at and self._clock() < self._renew_at:
            return self._grant
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())
        return await asyncio.shield(self._renewal)

    def refused(self, grant: Grant, code: str) -> bool:
        """Forget a grant whose token died early; a missing scope is not cured by a new token."""
        if code not in _TOKEN_REFUSED:
            return False
        if self._grant is grant:
            self._grant = None
        return True

    async def aclose(self) -> None:
        if self._renewal and not self._renewal.done():
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        await self._http.aclose()

    async def _renew(self) -> Grant:
        answer = await self._http.send(Call("POST", "/oauth/v2/token", form=self._form, repeatable=True))
        self._grant = self._read(answer)
        return self._grant

    def _read(self, answer: Answer) -> Grant:
        payload: dict[str, Any] = answer.payload
        base_url = (None if self._own_host else payload.get("api_domain")) or self._api_url
        if not base_url:
            raise NotAuthorised(
                "The accounts server named no API domain. Set the API URL.",
                system="zoho_accounts",
                code="NO_API_DOMAIN",
            )
        lifetime = timedelta(seconds=int(payload.get("expires_in", _LIFETIME)))
        self._renew_at = self._clock() + lifetime - min(_EARLY, lifetime / 2)
        self.scopes = frozenset(str(payload.get("scope", "")).replace(",", " ").split())
        # the scheme is Zoho's own, not Bearer: https://www.zoho.com/crm/developer/docs/api/v8/oauth-overview.html
        return Grant(str(base_url).rstrip("/"), {"Authorization": f"Zoho-oauthtoken {payload['access_token']}"})
