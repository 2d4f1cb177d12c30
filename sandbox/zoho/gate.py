"""From an HTTP request to a handler and back: faults, authentication, scopes, credits, errors."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.zoho.api import Answer, ApiError, Call, Handler, bad_url
from sandbox.zoho.crm import Crm
from sandbox.zoho.meter import too_concurrent
from sandbox.zoho.oauth import Grant
from sandbox.zoho.schema import BY_NAME

_VERSIONS: Final = {f"v{number}": number for number in range(2, 9)}
_RESERVED_REFRESHES: Final = 5  # the fault of dying tokens never uses up the allowance of fetching new ones


@dataclass(frozen=True)
class Endpoint:
    """One line of the API's table. `{module}` in a scope stands for the module's scope word."""

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...]
    credits: Callable[[Call], int] = lambda _: 1
    heavy: Callable[[Call], bool] = lambda _: False
    writes: bool = False


class _Cut(Response):
    """The write is done, but the connection breaks before the answer: a promise of a body that never comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"content-type", b"application/json;charset=UTF-8"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def respond(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=dict(answer.headers))
    body = json.dumps(answer.body, ensure_ascii=False)
    return Response(body, answer.status, dict(answer.headers), media_type="application/json;charset=UTF-8")


def gate(crm: Crm, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint that lets good calls through to the handler."""

    async def serve(request: Request) -> Response:
        try:
            with crm.meter.in_flight():
                answer = await _answer(crm, endpoint, request)
        except ApiError as error:
            answer = error.answer()
        if answer is _GATEWAY_DOWN:
            return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, media_type="text/html")
        if endpoint.writes and answer.status < 300 and crm.faults.strikes(Fault.LOST_RESPONSE):
            return _Cut()
        remaining = crm.meter.remaining_header()
        return respond(Answer(answer.body, answer.status, {**answer.headers, **remaining}))

    return serve


_GATEWAY_DOWN: Final = Answer(None, 502)


async def _answer(crm: Crm, endpoint: Endpoint, request: Request) -> Answer:
    raw = await request.body()
    if (broken := _fault(crm)) is not None:
        return broken
    version = _VERSIONS.get(request.path_params["version"])
    if version is None:
        raise bad_url()
    call = Call(
        crm=crm,
        grant=_authenticate(crm, request.headers.get("authorization")),
        version=version,
        method=request.method,
        url="/crm" + request.url.path.partition("/crm")[2],
        path=request.path_params,
        query=request.query_params,
        headers=request.headers,
        body=_parse(raw),
    )
    call.grant.require(*_scopes(endpoint, call), call=call)
    crm.meter.spend(endpoint.credits(call))
    with crm.meter.heavy(endpoint.heavy(call)):
        if crm.faults.strikes(Fault.LATENCY):
            await asyncio.sleep(crm.faults.latency_seconds)
        return endpoint.handler(call)


def _fault(crm: Crm) -> Answer | None:
    """The answer of an overloaded or broken vendor, before anything is done."""
    if crm.faults.strikes(Fault.RATE_LIMIT):
        strike = crm.faults.struck[Fault.RATE_LIMIT]
        refusal = too_concurrent().answer()
        return Answer(refusal.body, refusal.status, {"Retry-After": "1"} if strike % 2 == 0 else {})
    if not crm.faults.strikes(Fault.SERVER_ERROR):
        return None
    match crm.faults.struck[Fault.SERVER_ERROR] % 3:
        case 1:
            return ApiError(500, "INTERNAL_ERROR", "Internal Server Error").answer()
        case 2:
            return _GATEWAY_DOWN
        case _:
            return ApiError(503, "SERVICE_UNAVAILABLE", "service unavailable").answer()


def _authenticate(crm: Crm, header: str | None) -> Grant:
    grant = crm.accounts.authenticate(header)
    if crm.faults.strikes(Fault.REVOKED):
        raise ApiError(401, "INVALID_TOKEN", "invalid oauth token")
    spare = crm.accounts.refreshes_left(grant) > _RESERVED_REFRESHES
    if spare and crm.faults.strikes(Fault.EXPIRED_TOKEN):
        crm.accounts.kill_token(header)
    return crm.accounts.authenticate(header)


def _scopes(endpoint: Endpoint, call: Call) -> tuple[str, ...]:
    module = BY_NAME.get(call.path.get("module", ""))
    return tuple(scope.format(module=module.scope if module else "custom") for scope in endpoint.scopes)


def _parse(raw: bytes) -> Any:
    """Raises INVALID_DATA for a body that is no JSON."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise ApiError(400, "INVALID_DATA", "body", {"expected_data_type": "jsonobject"}) from None
