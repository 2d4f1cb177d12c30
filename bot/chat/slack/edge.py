"""Slack's way in: HTTP or Socket Mode, verify, read, hand to the door, answer.

    POST /slack/events ─▶ verify ─▶ parse ─┐
                                           ├─▶ payloads.read ─▶ Bolt ─▶ listener ─▶ Door ─▶ acknowledgement
    Socket Mode envelope ──────────────────┘

Bolt runs with `process_before_response`: the listener stores the delivery, then the answer leaves, so that an answer of
200 means stored. When storing fails Slack gets 503 and shows the person its own error.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from fastapi import APIRouter
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.chat.slack import controls, ids, render
from bot.chat.slack.payloads import Inbound, read
from bot.chat.slack.verify import Verifier, parse
from bot.chat.surface import Door, FieldErrors
from bot.inbound import Ignored, Malformed, Search
from bot.web import body_of, refusal, too_long
from handlers.intents import Delivery, Submit

_log = structlog.get_logger(__name__)

PATH: Final = "/slack/events"
# Slack waits three seconds for options: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
_SUGGEST_SECONDS: Final = 2.5
_INBOUND: Final = "inbound"


class _NoLookup(AsyncAuthorize):
    """Bolt would ask Slack's `auth.test` before the first listener; ours call the door, never Slack.

    Given explicitly it also keeps Bolt from OAuth mode, into which SLACK_CLIENT_ID and SLACK_CLIENT_SECRET in the
    environment would switch it without a word.
    """

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult:
        del context, user_id, actor_enterprise_id, actor_team_id, actor_user_id
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


class SlackEdge:
    """Hands what Slack sends to a `Door`.

    `acknowledge` words the line that a person sees at once after a command; "" shows nothing. `signing_secret` is
    needed for HTTP; with Socket Mode, where Slack vouches for the connection, it may be None and HTTP answers 404.
    """

    def __init__(
        self,
        door: Door,
        *,
        acknowledge: Callable[[Delivery], str],
        signing_secret: str | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bolt = _bolt()
        self._door = door
        self._acknowledge = acknowledge
        self._verifier = Verifier(signing_secret, clock=clock) if signing_secret is not None else None
        self._listen()

    def router(self) -> APIRouter:
        """The one route, to be included in the service's app."""
        router = APIRouter()
        router.add_route(PATH, self.handle, methods=["POST"])
        return router

    def before(self, app: ASGIApp) -> ASGIApp:
        """The same around an app, for all that goes to the one path: a framework's layers would delay each answer."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
                answer = await self.handle(Request(scope, receive))
                await answer(scope, receive, send)
            else:
                await app(scope, receive, send)

        return serve

    async def handle(self, request: Request) -> Response:
        """Answer one HTTP request."""
        if self._verifier is None:
            return refusal(404, "Slack is connected by Socket Mode")
        body = await body_of(request)
        if body is None:
            return too_long()
        if not self._verifier.accepts(body, request.headers):
            return refusal(401, "the signature is missing, wrong or older than five minutes")
        try:
            payload = parse(body, request.headers.get("content-type", ""))
        except Malformed as error:
            return refusal(400, str(error))
        answer = await self.dispatch(payload)
        return Response(answer.body, answer.status, headers=answer.first_headers_without_set_cookie())

    async def dispatch(self, payload: dict[str, Any]) -> BoltResponse:
        """Answer one verified payload, from HTTP or Socket Mode alike."""
        try:
            inbound = read(payload)
            if isinstance(inbound, Ignored) and payload.get("type") != "url_verification":
                _log.debug("slack_payload_ignored", reason=inbound.reason)
                return BoltResponse(status=200, body="")
            request = _bolt_request(payload, inbound)
        except Malformed as error:
            _log.warning("slack_payload_refused", reason=str(error))
            # https://docs.slack.dev/apis/events-api#errors: repeating would not help
            return BoltResponse(status=400, body={"error": str(error)}, headers={"x-slack-no-retry": "1"})
        return await self.bolt.async_dispatch(request)

    def _listen(self) -> None:
        anything = re.compile("")
        self.bolt.command(anything)(self._command)
        self.bolt.block_action(anything)(self._plainly)
        self.bolt.global_shortcut(anything)(self._plainly)
        self.bolt.event("app_home_opened")(self._plainly)
        self.bolt.view_submission(anything)(self._submission)
        self.bolt.block_suggestion(anything)(self._search)
        self.bolt.error(self._failed)

    async def _command(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        delivery: Delivery = context[_INBOUND]
        await self._door.receive(delivery)
        said = self._acknowledge(delivery)
        await (ack(text=said, response_type="ephemeral") if said else ack())

    async def _plainly(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        await self._door.receive(context[_INBOUND])
        await ack()

    async def _submission(self, ack: AsyncAck, context: AsyncBoltContext, body: Mapping[str, Any]) -> None:
        delivery: Delivery = context[_INBOUND]
        refused = await self._door.submit(delivery)
        await (ack(**_errors(refused, delivery, body["view"])) if refused else ack())

    async def _search(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        search: Search = context[_INBOUND]
        try:
            async with asyncio.timeout(_SUGGEST_SECONDS):
                found = await self._door.suggest(search.actor, search.token, search.field, search.query)
        except TimeoutError:
            _log.warning("slack_suggestions_late", field=search.field)
            found = ()
        await ack(options=[controls.option(choice) for choice in found])

    async def _failed(self, error: Exception) -> BoltResponse:
        _log.error("slack_delivery_not_stored", exc_info=error)
        return BoltResponse(status=503, body={"error": "the delivery could not be stored"})


def _bolt() -> AsyncApp:
    """Bolt without what `dispatch` has done or does not need; the signature is checked before the body is parsed."""
    return AsyncApp(
        name="offboard",
        signing_secret="",
        authorize=_NoLookup(),  # type: ignore[no-untyped-call]  # Bolt's constructor lacks annotations
        process_before_response=True,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
    )


def _bolt_request(payload: dict[str, Any], inbound: Inbound) -> AsyncBoltRequest:
    """The payload for Bolt, which collects ids from it. Raises `Malformed` where it does not know their shape."""
    try:
        # Mode "socket_mode" is Bolt's word for "parsed and vouched for".
        return AsyncBoltRequest(mode="socket_mode", body=payload, context={_INBOUND: inbound})
    except (AttributeError, KeyError, TypeError) as error:
        raise Malformed("a part of the payload has the wrong type") from error


def _errors(refused: FieldErrors, delivery: Delivery, view: Mapping[str, Any]) -> dict[str, Any]:
    """The answer that keeps the window open. Slack takes errors only beside inputs that the window has.

    https://docs.slack.dev/surfaces/modals#displaying_errors
    """
    fields = tuple(delivery.intent.fields) if isinstance(delivery.intent, Submit) else ()
    if not fields:
        view = render.told(view, refused.errors.values())
        return {"response_action": "update", "view": view}
    beside: dict[str, str] = {}
    for name, sentence in refused.errors.items():
        block = ids.FIELD + (name if name in fields else fields[0])
        beside[block] = f"{beside[block]} {sentence}" if block in beside else sentence
    return {"response_action": "errors", "errors": beside}
