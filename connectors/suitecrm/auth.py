"""SuiteCRM's OAuth2 by client credentials: one access token, renewed early and by one call only.

The client acts as the user that it is associated with, under that user's rights.
https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import NotAuthorised, Rejected
from connectors.http import Answer, Call, FixedGrant, Grant, Http, Timings, Transport
from connectors.suitecrm.errors import NO_API, SYSTEM, TOKEN_RULES, token_problem

_EARLY: Final = timedelta(minutes=5)
_LIFETIME: Final = 3600
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
# Version 7 has its API at the first. Version 8 routes that to its legacy part, where the second works as well.
_ROOTS: Final = ("/Api", "/legacy/Api")


class SuiteAuthority:
    """Turns client credentials into grants for the API of the installation at `url`."""

    def __init__(
        self,
        *,
        url: str,
        client_id: str,
        client_secret: str,
        clock: Callable[[], datetime],
        timings: Timings,
        transport: Transport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._clock = clock
        self._http = Http(
            system=SYSTEM,
            authority=FixedGrant(Grant(self._url)),
            problem_of=token_problem,
            rules=TOKEN_RULES,
            timings=timings,
            transport=transport,
        )
        self._root: str | None = None
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

    def refused(self, grant: Grant, code: str) -> bool:  # noqa: ARG002 - whatever the reason, a new token may help
        if self._grant is grant:
            self._grant = None
        return True

    async def aclose(self) -> None:
        if self._renewal and not self._renewal.done():
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        await self._http.aclose()

    async def _renew(self) -> Grant:
        for root in (self._root,) if self._root else _ROOTS:
            try:
                answer = await self._http.send(Call("POST", f"{root}/access_token", form=self._form, repeatable=True))
            except Rejected as error:
                if error.code != NO_API:
                    raise
                continue
            self._root = root
            self._grant = self._read(answer, root)
            return self._grant
        raise NotAuthorised(
            "There is no SuiteCRM API at this address. Check the address of the installation.",
            system=SYSTEM,
            code=NO_API,
        )

    def _read(self, answer: Answer, root: str) -> Grant:
        payload: dict[str, Any] = answer.payload
        seconds = str(payload.get("expires_in"))
        lifetime = timedelta(seconds=int(seconds) if _SECONDS.fullmatch(seconds) else _LIFETIME)
        self._renew_at = self._clock() + lifetime - min(_EARLY, lifetime / 2)
        headers = {"Authorization": f"Bearer {payload['access_token']}", "Accept": "application/vnd.api+json"}
        return Grant(f"{self._url}{root}/V8", headers)
