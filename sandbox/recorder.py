"""Writes down every call that the service makes to a vendor of the town, as it went over the wire."""

import re
import time
from datetime import datetime
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.wire import Exchange, Wire, url_without_secrets, without_secrets

_LONGEST: Final = 16_000  # bytes kept of a body: whole pages of records would fill the memory
_SECRETS: Final = (
    re.compile(r"(?P<name>\b\w*(?:token|secret|password)=)[^&\s]+"),
    re.compile(r'(?P<name>"\w*(?:token|secret|password)"\s*:\s*")[^"]+'),
)


class Recorder:
    """ASGI middleware around one vendor. WebSockets pass through unrecorded."""

    def __init__(self, app: ASGIApp, wire: Wire, clock: Clock) -> None:
        self._app = app
        self._wire = wire
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        tape = _Tape(scope, receive, send)
        started, at = time.perf_counter(), self._clock.now()
        try:
            await self._app(scope, tape.receive, tape.send)
        finally:
            self._wire.record(tape.exchange(at, (time.perf_counter() - started) * 1000))


class _Tape:
    """One request and its answer while they pass."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._asked = bytearray()
        self._answered: bytearray | None = None
        self._status = 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            _keep(self._asked, message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        elif message["type"] == "http.response.body":
            self._answered = self._answered if self._answered is not None else bytearray()
            _keep(self._answered, message.get("body", b""))
        await self._send(message)

    def exchange(self, at: datetime, milliseconds: float) -> Exchange:
        query = self._scope["query_string"].decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._scope["headers"]}
        return Exchange(
            at=at.isoformat(timespec="milliseconds"),
            direction="to_town",
            method=self._scope["method"],
            url=url_without_secrets(self._scope["path"] + (f"?{query}" if query else "")),
            headers=without_secrets(headers),
            body=_shown(self._asked),
            status=self._status,
            answer=None if self._answered is None else _shown(self._answered),
            milliseconds=round(milliseconds, 1),
        )


def _keep(tape: bytearray, piece: bytes) -> None:
    """Append, but never more than one byte beyond what is shown: that one says that something is missing."""
    tape += piece[: _LONGEST + 1 - len(tape)]


def _shown(body: bytearray) -> str:
    text = body[:_LONGEST].decode("utf-8", errors="replace") + (" … (cut)" if len(body) > _LONGEST else "")
    for secret in _SECRETS:
        text = secret.sub(r"\g<name>***", text)
    return text
