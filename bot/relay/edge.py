"""Zoho CRM's way in: verify, read, store what is to be announced, answer.

    POST /relay/zoho-crm          a workflow rule's webhook, with the secret in a header
    POST /relay/zoho-crm/SECRET   a notification channel, which sends no header of ours

An answer of 200 means stored, or understood and nothing to do.
"""

import hmac
from typing import Any, Final

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

from bot.inbound import Ignored, Malformed
from bot.relay.announcer import Announcer
from bot.relay.payloads import is_notification, parse, read
from bot.web import body_of, refusal, too_long

_log = structlog.get_logger("offboard.relay")

PATH: Final = "/relay/zoho-crm"
HEADER: Final = "x-offboard-relay"
_WRONG: Final = "the secret is missing or wrong"


class RelayEdge:
    """Hands the owner changes that Zoho CRM reports to an `Announcer`. Raises `ValueError` for an empty secret."""

    def __init__(self, announcer: Announcer, *, secret: str) -> None:
        if not secret:
            raise ValueError("The relay needs a secret")
        self._announcer = announcer
        self._secret = secret.encode()

    def router(self) -> APIRouter:
        """The two routes, to be included in the service's app."""
        router = APIRouter()
        for path in (PATH, PATH + "/{secret}"):
            router.add_route(path, self.handle, methods=["POST"])
        return router

    async def handle(self, request: Request) -> Response:
        """Answer one HTTP request."""
        if not self._is_secret(request.path_params.get("secret") or request.headers.get(HEADER)):
            return refusal(401, _WRONG)
        body = await body_of(request)
        if body is None:
            return too_long()
        try:
            return await self._take(parse(body, request.headers.get("content-type", "")))
        except Malformed as error:
            _log.warning("relay.refused", reason=str(error))
            return refusal(400, str(error))
        except DBAPIError as error:
            _log.error("relay.not_stored", error=type(error.orig).__name__)
            return refusal(503, "the event could not be stored")

    async def _take(self, payload: dict[str, Any]) -> Response:
        # https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html: the token proves the channel
        if is_notification(payload) and not self._is_secret(payload.get("token")):
            return refusal(401, _WRONG)
        inbound = read(payload)
        if isinstance(inbound, Ignored):
            _log.info("relay.ignored", reason=inbound.reason)
        else:
            await self._announcer.announce(inbound)
        return Response(status_code=200)

    def _is_secret(self, given: object) -> bool:
        said = given.encode(errors="replace") if isinstance(given, str) else b""
        return hmac.compare_digest(said, self._secret)
