"""Servers of this process on free ports of this machine."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True)
class Listener:
    socket: socket.socket
    url: str


def listening() -> Listener:
    # asyncio switches Nagle's algorithm off only for sockets that name their protocol; with it each answer takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return Listener(listener, f"http://127.0.0.1:{listener.getsockname()[1]}")


class Switch:
    """Passes requests on to `app`; while there is none, answers as a proxy does whose service is down."""

    def __init__(self, app: ASGIApp | None = None) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.app or PlainTextResponse("nobody there", 502))(scope, receive, send)


@asynccontextmanager
async def serving(app: Any, at: Listener) -> AsyncIterator[None]:
    """A server without the loop that watches for signals: it starts and stops at once."""
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([at.socket])
    try:
        yield
    finally:
        await server.shutdown([at.socket])
