"""The response URLs, by which an app answers later than its time allows. They ask for no token.

https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
"""

import json
import secrets
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.cliq.answers import settle
from sandbox.cliq.courier import Answer, output_of
from sandbox.cliq.payloads import Occasion

if TYPE_CHECKING:
    from sandbox.cliq.hall import Hall

EXTENSION_NUMBER: Final = 2980


def response_url(hall: "Hall", occasion: Occasion) -> str | None:
    """A fresh URL for late answers; None where Cliq takes none."""
    if not occasion.answerable_later:
        return None
    occasion.answers_left = hall.courier.response_uses
    number = f"{hall.stamp()}{secrets.randbelow(10**13):013d}"
    hall.awaited[number] = occasion
    return f"{hall.url}/v2/extensions/{EXTENSION_NUMBER}/responses/{number}"


def routes(hall: "Hall") -> list[Route]:
    async def respond(request: Request) -> Response:
        occasion = hall.awaited.get(request.path_params["id"])
        if occasion is None or occasion.answers_left < 1:
            return _refusal(404, "request_url_invalid", "The response URL is not valid any more.")
        try:
            output = output_of(json.loads(await request.body()))
        except ValueError:
            hall.refusals.append(f"{occasion}: a late answer without `output`")
            return _refusal(400, "invalid_inputs", "The response has no output.")
        occasion.answers_left -= 1
        settle(hall, occasion, Answer(output=output))
        return Response(status_code=200)

    return [Route("/v2/extensions/{number:int}/responses/{id}", respond, methods=["POST"])]


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status)
