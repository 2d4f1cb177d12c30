"""From an HTTP request to a handler and back: faults, authentication, scopes, limits, errors."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.cliq.api import Answer, Call, Endpoint
from sandbox.cliq.hall import Hall
from sandbox.cliq.model import CliqError, User
from sandbox.cliq.throttle import limit_exceeded
from sandbox.faults import Fault
from sandbox.zoho.api import ApiError
from sandbox.zoho.oauth import Grant

_BAD_TOKEN: Final = "oauthtoken_invalid"
_RESERVED_REFRESHES: Final = 5  # the fault of dying tokens never uses up the allowance of fetching new ones


class _Cut(Response):
    """The write is done, but the connection breaks before the answer: a promise of a body that never comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def gate(hall: Hall, endpoint: Endpoint, version: int) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint that lets good calls through to the handler."""

    async def serve(request: Request) -> Response:
        raw = await request.body()
        if hall.faults.strikes(Fault.LATENCY):
            await asyncio.sleep(hall.faults.latency_seconds)
        if hall.faults.strikes(Fault.RATE_LIMIT):
            return refuse(version, limit_exceeded())
        if hall.faults.strikes(Fault.SERVER_ERROR):
            return _broken(hall.faults.struck[Fault.SERVER_ERROR])
        try:
            answer = _answer(hall, endpoint, request, raw=raw, version=version)
        except CliqError as error:
            return refuse(version, error)
        if endpoint.writes and hall.faults.strikes(Fault.LOST_RESPONSE):
            return _Cut()
        return Response(status_code=204) if answer.body is None else JSONResponse(answer.body, answer.status)

    return serve


def _answer(hall: Hall, endpoint: Endpoint, request: Request, *, raw: bytes, version: int) -> Answer:
    user = _authenticate(hall, endpoint, request)
    hall.throttle.count(user.id, endpoint.family)
    call = Call(
        hall=hall,
        user=user,
        version=version,
        url="/api" + request.url.path.partition("/api")[2],
        path=request.path_params,
        query=request.query_params,
        body=_parse(raw),
    )
    return endpoint.handler(call)


def refuse(version: int, error: CliqError) -> Response:
    """v3 puts the message first. Some refusals are a bare message, in v3 that of a bad token too."""
    bare = not error.code or (version == 3 and error.code == _BAD_TOKEN)
    code = {} if bare else {"code": error.code}
    message = {"message": error.message}
    return JSONResponse(message | code if version == 3 else code | message, error.status)


def _broken(strike: int) -> Response:
    """Nothing was done. https://www.zoho.com/cliq/help/restapi/v3/ lists 500 with a bare message."""
    match strike % 3:
        case 1:
            return JSONResponse({"message": "Internal Server Error"}, 500)
        case 2:
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        case _:
            return JSONResponse({"message": "Service Unavailable"}, 503)


def _authenticate(hall: Hall, endpoint: Endpoint, request: Request) -> User:
    """Whose call it is. A webhook token stands for its owner, and has no scopes.

    https://www.zoho.com/cliq/help/platform/webhook-tokens.html
    """
    token = request.query_params.get("zapikey")
    if endpoint.webhook and token is not None:
        owner = hall.webhook_tokens.get(token)
        if owner is None:
            raise _unauthenticated()
    else:
        grant = _grant(hall, request.headers.get("authorization"))
        if not any(grant.covers(scope) for scope in endpoint.scopes):
            text = "The OAuth token passed does not have the required scope."
            raise CliqError(401, "oauthtoken_scope_invalid", text)
        owner = grant.user_id
    user = hall.users.get(owner)
    if user is None or not user.active:
        raise CliqError(403, "inactive_appaccount_user", "The user does not have an active account.")
    return user


def _grant(hall: Hall, header: str | None) -> Grant:
    accounts = hall.accounts
    try:
        grant = accounts.authenticate(header)
        spare = accounts.refreshes_left(grant) > _RESERVED_REFRESHES
        if spare and hall.faults.strikes(Fault.EXPIRED_TOKEN):
            accounts.kill_token(header)
        return accounts.authenticate(header)
    except ApiError:
        raise _unauthenticated() from None


def _unauthenticated() -> CliqError:
    return CliqError(401, _BAD_TOKEN, "Request was rejected because of invalid AuthToken.")


def _parse(raw: bytes) -> Any:
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except ValueError:
        raise CliqError(400, "input_pattern_mismatch", "The body is not a JSON Object.") from None
