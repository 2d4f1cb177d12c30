"""The simulated SuiteCRM as an ASGI application: the table of its API, and the way from a request to an answer."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from sandbox.faults import Fault
from sandbox.suitecrm import meta_api, records_api, relations_api
from sandbox.suitecrm.api import Answer, Call, DatabaseFailure, Handler, Refused, refusal
from sandbox.suitecrm.beans import dumped
from sandbox.suitecrm.crm import SuiteCrm
from sandbox.suitecrm.detail import detail_page
from sandbox.suitecrm.legacy import WRITES, LegacyError
from sandbox.suitecrm.oauth import OAuthError, denied, unknown_client
from sandbox.suitecrm.outage import Cut, outage
from sandbox.suitecrm.params import nested

_RECORD: Final = "/module/{moduleName}/{id}"


@dataclass(frozen=True)
class Endpoint:
    """One line of the API's table."""

    method: str
    path: str
    handler: Handler
    writes: bool = False


# https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/Config/routes.php
_ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("POST", "/logout", meta_api.logout),
    Endpoint("GET", "/current-user", meta_api.current_user),
    Endpoint("GET", "/meta/modules", meta_api.modules),
    Endpoint("GET", "/meta/fields/{moduleName}", meta_api.fields),
    Endpoint("GET", "/module/{moduleName}", records_api.listing),
    Endpoint("GET", _RECORD, records_api.one),
    Endpoint("POST", "/module", records_api.create, writes=True),
    Endpoint("PATCH", "/module", records_api.update, writes=True),
    Endpoint("DELETE", _RECORD, records_api.delete, writes=True),
    Endpoint("GET", f"{_RECORD}/relationships/{{linkFieldName}}", relations_api.listing),
    Endpoint("POST", f"{_RECORD}/relationships", relations_api.add, writes=True),
    Endpoint("POST", f"{_RECORD}/relationships/{{linkFieldName}}", relations_api.add_by_link, writes=True),
    Endpoint(
        "DELETE", f"{_RECORD}/relationships/{{linkFieldName}}/{{relatedBeanId}}", relations_api.remove, writes=True
    ),
)


def build_suitecrm(crm: SuiteCrm) -> Starlette:
    """V8 and v4.1, each also below `/legacy` as SuiteCRM 8 has them, and the page of a record."""

    async def token(request: Request) -> Response:
        try:
            if crm.faults.strikes(Fault.REVOKED):
                raise unknown_client()
            return respond(crm.oauth.token(await _fields(request)))
        except OAuthError as error:
            return respond(error.answer)

    async def rest(request: Request) -> Response:
        return await _legacy(crm, request)

    async def detail(request: Request) -> Response:
        return detail_page(crm, request)

    def served() -> list[BaseRoute]:
        v8 = [Route(f"/V8{each.path}", gate(crm, each), methods=[each.method]) for each in _ENDPOINTS]
        return [
            Mount("/Api", routes=[Route("/access_token", token, methods=["POST"]), *v8]),
            Route("/service/v4_1/rest.php", rest, methods=["GET", "POST"]),
            Route("/index.php", detail, methods=["GET"]),
        ]

    return Starlette(
        routes=[Mount("/legacy", routes=served()), *served()],
        exception_handlers={404: _not_found, 405: _bad_method},
    )


def respond(answer: Answer) -> Response:
    return Response(dumped(answer.body), answer.status, media_type=answer.media_type)


def gate(crm: SuiteCrm, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint that lets good calls through to the handler."""

    async def serve(request: Request) -> Response:
        body = await _body(request)
        if (broken := outage(crm.faults)) is not None:
            return broken
        try:
            token_id, user_id = _authenticate(crm, request.headers.get("authorization"))
        except OAuthError as error:
            return respond(error.answer)
        if crm.faults.strikes(Fault.LATENCY):
            await asyncio.sleep(crm.faults.latency_seconds)
        call = Call(
            crm=crm,
            user_id=user_id,
            token_id=token_id,
            path=f"/V8{request.url.path.partition('/V8')[2]}",
            arguments=request.path_params,
            query=nested(request.query_params.multi_items()),
            body=body,
        )
        try:
            answer = endpoint.handler(call)
        except Refused as refused:
            return respond(refusal(str(refused)))
        if endpoint.writes and crm.faults.strikes(Fault.LOST_RESPONSE):
            return Cut()
        return respond(answer)

    return serve


def _authenticate(crm: SuiteCrm, header: str | None) -> tuple[str, str]:
    """Token id and user id. Raises OAuthError."""
    if crm.faults.strikes(Fault.REVOKED):
        raise denied("Access token has been revoked")
    token_id, _ = crm.oauth.authenticate(header)
    if crm.faults.strikes(Fault.EXPIRED_TOKEN):
        crm.oauth.kill(token_id)
    return crm.oauth.authenticate(header)


async def _body(request: Request) -> Any:
    """A body of JSON, also of `application/vnd.api+json`; None for any other."""
    raw = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not raw or not kind.endswith(("/json", "+json")):
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return None


async def _fields(request: Request) -> dict[str, Any]:
    """The parameters of a token call: JSON or a form; client and secret may stand in a Basic header instead."""
    parsed = await _body(request)
    form = parsed if isinstance(parsed, dict) else dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    return _basic(request.headers.get("authorization", "")) | form


def _basic(header: str) -> dict[str, Any]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": client_id, "client_secret": secret}


async def _legacy(crm: SuiteCrm, request: Request) -> Response:
    form = {**request.query_params, **dict(parse_qsl((await request.body()).decode("utf-8", "replace")))}
    if (broken := outage(crm.faults)) is not None:
        return broken
    if crm.faults.strikes(Fault.LATENCY):
        await asyncio.sleep(crm.faults.latency_seconds)
    method = form.get("method", "")
    if method != "login" and crm.faults.strikes(Fault.EXPIRED_TOKEN):
        crm.legacy.sessions.clear()
    try:
        answer = crm.legacy.answer(method, _arguments(form.get("rest_data", "")))
    except LegacyError as error:
        return _json(error.body)
    except DatabaseFailure as failure:
        return PlainTextResponse(str(failure), 500)
    if method in WRITES and crm.faults.strikes(Fault.LOST_RESPONSE):
        return Cut()
    return _json(answer)


def _arguments(rest_data: str) -> list[Any]:
    """The arguments in the order in which they stand; their names count for nothing."""
    try:
        given = json.loads(rest_data)
    except ValueError:
        return []
    return list(given.values()) if isinstance(given, dict) else given if isinstance(given, list) else [given]


def _json(body: Any) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json; charset=UTF-8")


async def _not_found(_: Request, __: Exception) -> Response:
    return JSONResponse({"message": "Not found"}, 404)


async def _bad_method(_: Request, error: Exception) -> Response:
    allowed = (getattr(error, "headers", None) or {}).get("Allow", "")
    return JSONResponse({"message": f"Method not allowed. Must be one of: {allowed}"}, 405)
