"""What every way in does with a request: read a body that is not too long, and refuse one in words."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

MOST_BYTES: Final = 1_000_000


async def body_of(request: Request) -> bytes | None:
    """The body, or None as soon as it has more than `MOST_BYTES`."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MOST_BYTES:
            return None
    return bytes(parts)


def refusal(status: int, error: str) -> JSONResponse:
    return JSONResponse({"error": error}, status)


def too_long() -> JSONResponse:
    return refusal(413, f"the body must have at most {MOST_BYTES} bytes")
