"""A workspace on a port of this machine, and an app for it whose answers a test decides."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.slack import Client, Workspace, build_slack
from sandbox.wire import Wire

# Loading the certificate authorities for each test would cost more than the test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class App:
    """Stands in for the service: keeps what it is sent and answers as the test says."""

    heard: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    slow: float = 0.0

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        self.requests.append((dict(request.headers), body))
        if request.headers["content-type"] == "application/json":
            payload = json.loads(body)
        else:
            payload = dict(parse_qsl(body.decode(), keep_blank_values=True))
            payload = json.loads(payload["payload"]) if "payload" in payload else payload
        self.heard.append(payload)
        await asyncio.sleep(self.slow)
        return self.answers.pop(0) if self.answers else Response()

    def answer(self, *bodies: dict[str, Any]) -> None:
        self.answers += [JSONResponse(body) for body in bodies]

    @property
    def last(self) -> dict[str, Any]:
        return self.heard[-1]


@dataclass
class Rig:
    workspace: Workspace
    app: App
    base: str
    http: httpx.AsyncClient

    def person(self, name: str) -> Client:
        return Client(self.workspace, f"U0{name.upper()}")

    async def api(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call the Web API with the bot's token and a JSON body."""
        headers = {"authorization": f"Bearer {self.workspace.bot_token}"}
        answer = await self.http.post(f"{self.base}/slack/api/{method}", json=arguments, headers=headers)
        body: dict[str, Any] = answer.json()
        return body

    def sdk(self, token: str | None = None) -> AsyncWebClient:
        return AsyncWebClient(token=token or self.workspace.bot_token, base_url=f"{self.base}/slack/api/")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served(app: ASGIApp, port: int) -> AsyncIterator[None]:
    """Serve without uvicorn's own main loop, whose start and end take a tenth of a second each."""
    config = uvicorn.Config(app, port=port, log_level="critical", lifespan="off", ws="websockets-sansio")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    while server.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.001)


@asynccontextmanager
async def rig(**options: Any) -> AsyncIterator[Rig]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    app = App()
    options = {"request_url": f"{base}/service", "deliver_timeout": 0.3} | options
    workspace = Workspace(clock=Clock(), faults=Faults(), public_url=base, wire=Wire(), **options)
    routes = [Mount("/slack", build_slack(workspace)), Route("/service", app.__call__, methods=["POST"])]
    async with served(Starlette(routes=routes), port), httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
        yield Rig(workspace, app, base, http)
        await workspace.aclose()


def button(action_id: str = "go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Go"}, **more}


def actions(*elements: dict[str, Any], block_id: str = "buttons") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def question(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An input block whose element has the action id "it"."""
    label = {"type": "plain_text", "text": block_id}
    return {"type": "input", "block_id": block_id, "label": label, "element": {"action_id": "it", **element}, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "A modal"}
    submit = {"type": "plain_text", "text": "Send"}
    return {"type": "modal", "title": title, "submit": submit, "blocks": list(blocks), **more}
