"""The faults of the town that strike before or after a product's own code: its proxy, its server, the line."""

from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault, Faults

_REASONS: Final = {
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class Cut(Response):
    """The write is done, but the connection breaks before the answer: a promise of a body that never comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def _page(status: int, *, retry_after: str | None = None) -> Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return HTMLResponse(f"<html><body><h1>{status} {_REASONS[status]}</h1></body></html>", status, headers)


def outage(faults: Faults) -> Response | None:
    """The answer of a proxy that throttles, or of a server that is down, before anything is done."""
    if faults.strikes(Fault.RATE_LIMIT):
        return _page(429, retry_after="1" if faults.struck[Fault.RATE_LIMIT] % 2 == 0 else None)
    if faults.strikes(Fault.SERVER_ERROR):
        return _page((503, 500, 502)[faults.struck[Fault.SERVER_ERROR] % 3])
    return None
