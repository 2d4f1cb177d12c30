"""Socket Mode: payloads travel over WebSockets that the app opens. https://docs.slack.dev/apis/events-api/using-socket-mode"""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import uuid4

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack.courier import Answer, Delivery
from sandbox.slack.model import APP_ID, Json
from sandbox.wire import Exchange

if TYPE_CHECKING:
    from sandbox.slack.workspace import Workspace

CONNECTIONS: Final = 10
_HOST: Final = "applink-brightwater"
Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(eq=False)
class _Link:
    """One open connection. `gone` is set when it has closed."""

    websocket: WebSocket
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, frame: Json) -> None:
        try:
            await self.websocket.send_text(json.dumps(frame, ensure_ascii=False))
        except (WebSocketDisconnect, RuntimeError):  # Starlette raises the second when the peer has closed
            self.gone.set()


class Hub:
    """The open connections. Each payload goes to any one of them and waits for its acknowledgement."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._tickets: set[str] = set()
        self._links: list[_Link] = []
        self._arrival = asyncio.Event()
        self._acks: dict[str, asyncio.Future[Json]] = {}

    def open_url(self) -> str:
        """The address of a new connection, good for one."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"ws{self._workspace.url.removeprefix('http')}/link/?ticket={ticket}&app_id={APP_ID}"

    async def serve(self, websocket: WebSocket) -> None:
        """Hold one connection until the app closes it."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close()
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        link = _Link(websocket)
        if len(self._links) >= CONNECTIONS:
            await link.send(_disconnect("too_many_websockets"))
            await websocket.close()
            return
        self._links.append(link)
        await link.send(self._hello())
        self._arrival.set()
        self._arrival = asyncio.Event()
        try:
            while True:
                self._take(await websocket.receive_text())
        except WebSocketDisconnect:
            link.gone.set()
        finally:
            self._links.remove(link)

    async def send(self, delivery: Delivery, *, attempt: int, reason: str) -> Answer:
        """Offer a payload to one connection; to another with the same envelope id if that one breaks meanwhile."""
        envelope: Json = {
            "envelope_id": str(uuid4()),
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.answerable,
        }
        started = time.perf_counter()
        answer = Answer("connection_failed" if not self._links else "http_timeout")
        try:
            async with asyncio.timeout(self._workspace.deliver_timeout):
                while answer.failure == "http_timeout":
                    ack = await self._offer(await self._link(), _attempted(envelope, attempt, reason))
                    answer = Answer("http_timeout") if ack is None else Answer(body=_body(ack, delivery))
                    attempt, reason = attempt + 1, "connection_failed"
        except TimeoutError:
            answer = Answer("http_timeout")
        self._record(envelope, answer, started)
        return answer

    async def disconnect(self, reason: Reason) -> None:
        """Tell every connection that it will end; all but a warning end it."""
        for link in list(self._links):
            await link.send(_disconnect(reason))
            if reason != "warning":
                await link.websocket.close()
                link.gone.set()

    async def _link(self) -> _Link:
        while not (alive := [link for link in self._links if not link.gone.is_set()]):
            await self._arrival.wait()
        return secrets.choice(alive)

    async def _offer(self, link: _Link, envelope: Json) -> Json | None:
        """The acknowledgement, or None when the connection broke before one came."""
        ack: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._acks[envelope["envelope_id"]] = ack
        gone = asyncio.ensure_future(link.gone.wait())
        either: list[asyncio.Future[Any]] = [ack, gone]
        try:
            await link.send(envelope)
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return ack.result() if ack.done() else None
        finally:
            gone.cancel()
            self._acks.pop(envelope["envelope_id"], None)

    def _take(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except json.JSONDecodeError:
            return
        ack = self._acks.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
        if ack and not ack.done():
            ack.set_result(frame)

    def _hello(self) -> Json:
        debug = {"host": _HOST, "build_number": 1, "approximate_connection_time": 18060}
        info = {"app_id": APP_ID}
        return {"type": "hello", "num_connections": len(self._links), "connection_info": info, "debug_info": debug}

    def _record(self, envelope: Json, answer: Answer, started: float) -> None:
        if self._workspace.wire:
            self._workspace.wire.record(
                Exchange(
                    at=self._workspace.clock.now().isoformat(),
                    direction="to_service",
                    method="SOCKET",
                    url=f"{self._workspace.url}/link/",
                    headers={},
                    body=json.dumps(envelope, ensure_ascii=False),
                    status=0 if answer.failure else 200,
                    answer=None if answer.failure else json.dumps(answer.body or {}, ensure_ascii=False),
                    milliseconds=(time.perf_counter() - started) * 1000,
                )
            )


def _attempted(envelope: Json, attempt: int, reason: str) -> Json:
    if not attempt and envelope["type"] != "events_api":
        return envelope
    return envelope | {"retry_attempt": attempt, "retry_reason": reason}


def _body(ack: Json, delivery: Delivery) -> Any:
    return (ack.get("payload") or None) if delivery.answerable else None


def _disconnect(reason: Reason) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}}
