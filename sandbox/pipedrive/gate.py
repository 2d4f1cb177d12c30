"""From an HTTP request to a handler and back: faults, authentication, limits, errors."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.pipedrive.api import Answer, ApiError, Call, Handler, refusal, unauthorized
from sandbox.pipedrive.crm import Pipedrive
from sandbox.pipedrive.meter import OverLimit

_OAUTH: Final = "v1u:"  # an access token of OAuth: the user's API token behind this prefix
_DOWN: Final = "<html><head><title>503</title></head><body><h1>Service Temporarily Unavailable</h1></body></html>"


@dataclass(frozen=True)
class Endpoint:
    """One line of the API's table. `tokens` is what a call takes from the day's budget."""

    method: str
    path: str
    handler: Handler
    tokens: int

    @property
    def writes(self) -> bool:
        return self.method != "GET"


class _Cut(Response):
    """The write is done, but the connection breaks before the answer: a promise of a body that never comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def respond(answer: Answer) -> Response:
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, dict(answer.headers), media_type="text/html")
    body = json.dumps(answer.body, ensure_ascii=False)
    return Response(body, answer.status, dict(answer.headers), media_type="application/json; charset=utf-8")


def gate(crm: Pipedrive, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint that lets good calls through to the handler."""

    async def serve(request: Request) -> Response:
        try:
            answer = await _answer(crm, endpoint, request)
        except ApiError as error:
            answer = error.answer()
            if isinstance(error, OverLimit) and crm.quirks.plain_429:
                return Response(str(error), answer.status, dict(answer.headers), media_type="text/plain")
        if endpoint.writes and answer.status < 300 and crm.faults.strikes(Fault.LOST_RESPONSE):
            return _Cut()
        return respond(answer)

    return serve


async def _answer(crm: Pipedrive, endpoint: Endpoint, request: Request) -> Answer:
    raw = await request.body()
    if (broken := _fault(crm)) is not None:
        return broken
    token = request.headers.get("x-api-token")
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    oauth = token is None and scheme.casefold() == "bearer" and bearer.startswith(_OAUTH)
    secret = bearer.removeprefix(_OAUTH) if oauth else token or ""
    caller = crm.people.by_token(secret)
    if caller is None or caller.id in crm.quirks.api_off or crm.faults.strikes(Fault.REVOKED):
        raise unauthorized()
    if crm.faults.strikes(Fault.USED_UP):
        raise crm.meter.nothing_left()
    headers = crm.meter.spend(secret, endpoint.tokens, oauth=oauth, writes=endpoint.writes)
    if crm.faults.strikes(Fault.LATENCY):
        await asyncio.sleep(crm.faults.latency_seconds)
    try:
        call = Call(crm=crm, caller=caller, path=request.path_params, query=request.query_params, body=_parse(raw))
        answer = endpoint.handler(call)
    except ApiError as error:
        answer = error.answer()
    return Answer(answer.body, answer.status, {**headers, **answer.headers})


def _fault(crm: Pipedrive) -> Answer | None:
    """The answer of an overloaded or broken vendor, before anything is done."""
    if crm.faults.strikes(Fault.RATE_LIMIT):
        named = crm.faults.struck[Fault.RATE_LIMIT] % 2 == 0
        return OverLimit({"x-ratelimit-reset": "1"} if named else {}).answer()
    if not crm.faults.strikes(Fault.SERVER_ERROR):
        return None
    match crm.faults.struck[Fault.SERVER_ERROR] % 3:
        case 1:
            return refusal(500, "Internal server error").answer()
        case 2:
            return Answer(_DOWN, 503)
        case _:
            return refusal(503, "Scheduled maintenance").answer()


def _parse(raw: bytes) -> Any:
    """Raises 400 for a body that is no JSON."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise refusal(400, "Bad request: the body is no valid JSON") from None
