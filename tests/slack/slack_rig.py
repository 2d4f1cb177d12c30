"""A town with a Slack workspace, and our edge and surface connected to it over real sockets of this machine."""

import asyncio
import hashlib
import hmac
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.chat.slack.client import web_client
from bot.chat.slack.edge import PATH, SlackEdge
from bot.chat.slack.surface import SlackSurface
from bot.chat.surface import FieldErrors
from handlers.elements import Choice
from handlers.intents import Actor, Delivery, Token
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.slack import Client, Workspace, build_slack

FORM = "application/x-www-form-urlencoded"


@dataclass
class RecordingDoor:
    """Keeps what arrives; `failure` is raised instead, `errors` answer a form, `choices` a search after `delay`."""

    deliveries: list[Delivery] = field(default_factory=list)
    searches: list[tuple[Actor, Token, str, str]] = field(default_factory=list)
    failure: Exception | None = None
    errors: FieldErrors | None = None
    choices: tuple[Choice, ...] = ()
    delay: float = 0.0

    async def receive(self, delivery: Delivery) -> None:
        if self.failure:
            raise self.failure
        self.deliveries.append(delivery)

    async def submit(self, delivery: Delivery) -> FieldErrors | None:
        await self.receive(delivery)
        return self.errors

    async def suggest(self, actor: Actor, token: Token, field: str, query: str) -> tuple[Choice, ...]:
        self.searches.append((actor, token, field, query))
        await asyncio.sleep(self.delay)
        return self.choices

    def last(self) -> Delivery:
        return self.deliveries[-1]


def edge(door: RecordingDoor, secret: str | None) -> SlackEdge:
    return SlackEdge(door, acknowledge=lambda _delivery: "I am on it.", signing_secret=secret)


def headers(body: bytes, secret: str, *, content_type: str = FORM, at: float | None = None) -> dict[str, str]:
    """The headers of a request that Slack signed."""
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "content-type": content_type,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest}",
    }


@dataclass
class Town:
    workspace: Workspace
    door: RecordingDoor
    surface: SlackSurface
    edge: SlackEdge

    @property
    def faults(self) -> Faults:
        return self.workspace.faults

    def client(self, user: str) -> Client:
        return Client(self.workspace, user)


@asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    """A server without the loop that watches for signals: it starts and stops at once."""
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield
    finally:
        await server.shutdown([listener])


@asynccontextmanager
async def town(*, socket_mode: bool = False) -> AsyncIterator[Town]:
    """One server for the vendor and for us: `/vendor/slack` is Slack, `/slack/events` is the edge."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    workspace = Workspace(
        clock=Clock(),
        faults=Faults(),
        public_url=f"{origin}/vendor",
        request_url=origin + PATH,
        socket_mode=socket_mode,
    )
    door = RecordingDoor()
    ours = edge(door, None if socket_mode else workspace.signing_secret)
    app = FastAPI()
    app.include_router(ours.router())
    whole = Starlette(routes=[Mount("/vendor/slack", build_slack(workspace)), Mount("/", app)])
    surface = SlackSurface(web_client(workspace.bot_token, base_url=f"{origin}/vendor/slack/api/"))
    async with serving(whole, listener):
        try:
            yield Town(workspace, door, surface, ours)
        finally:
            await surface.aclose()
            await workspace.aclose()
