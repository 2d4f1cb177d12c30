"""A simulated vendor behind a real HTTP server of this machine."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn


@contextlib.asynccontextmanager
async def served(make_app: Callable[[str], Any], requests: list[tuple[str, str]]) -> AsyncIterator[str]:
    """Serve an application, made for its own address, on a free port of this machine; gives the address."""
    # asyncio switches Nagle's algorithm off only for sockets that name their protocol; with it each answer takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = make_app(base_url)

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        requests.append((scope["method"], scope["path"]))
        await app(scope, receive, send)

    config = uvicorn.Config(counting, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    try:
        yield base_url
    finally:
        server.should_exit = True
        await task
        listener.close()
