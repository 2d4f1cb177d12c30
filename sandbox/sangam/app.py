"""The simulated Sangam CRM as an ASGI application."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.sangam import operations
from sandbox.sangam.crm import Sangam
from sandbox.sangam.operations import Json, Refused
from sandbox.suitecrm.detail import detail_page
from sandbox.suitecrm.outage import Cut, outage

Operation = Callable[[Sangam, str | None, Json], Json]
_OPERATIONS: Final[dict[str, Operation]] = {
    "modulelist": operations.module_list,
    "fieldlist": operations.field_list,
    "login": operations.login,
    "getentry-list-new": operations.entry_list,
    "save-data": operations.save_data,
}


def build_sangam(crm: Sangam) -> Starlette:
    """The operations below `/api/v1`, each a POST of JSON, and the page of a record."""

    async def detail(request: Request) -> Response:
        return detail_page(crm, request)

    served = [Route(f"/api/v1/{name}", _served(crm, name), methods=["POST"]) for name in _OPERATIONS]
    return Starlette(routes=[*served, Route("/index.php", detail)], exception_handlers={404: _not_found})


def _served(crm: Sangam, name: str) -> Callable[[Request], Awaitable[Response]]:
    operation = _OPERATIONS[name]

    async def serve(request: Request) -> Response:
        body = _parsed(await request.body())
        if name != "login":
            if (broken := outage(crm.faults)) is not None:
                return broken
            if name == "getentry-list-new" and crm.faults.strikes(Fault.EXPIRED_TOKEN):
                crm.expire_tokens()
        if crm.faults.strikes(Fault.LATENCY):
            await asyncio.sleep(crm.faults.latency_seconds)
        try:
            _check_grant(crm, name)
            answer = operation(crm, request.headers.get("authorization"), body)
        except Refused as refused:
            return JSONResponse(refused.body, refused.status if crm.quirks.http_errors else 200)
        if name == "save-data" and crm.faults.strikes(Fault.LOST_RESPONSE):
            return Cut()
        return JSONResponse(answer)

    return serve


def _check_grant(crm: Sangam, name: str) -> None:
    """Raises Refused while the fault of a dead grant strikes."""
    if name != "login" and crm.faults.strikes(Fault.REVOKED):
        raise Refused(401, "Invalid token")


def _parsed(raw: bytes) -> Json:
    try:
        body: Any = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def _not_found(_: Request, __: Exception) -> Response:
    return JSONResponse({"status": 404, "message": "Not found"}, 404)
