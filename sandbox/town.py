"""The town: one company's Slack, Cliq and CRM, a page to look at all, and the bot's own port, behind one address."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from logging import LogRecord, getLogger
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from sandbox.cliq.app import build_cliq
from sandbox.cliq.hall import Hall
from sandbox.cliq.seed import install
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.page.routes import page_routes
from sandbox.recorder import Recorder
from sandbox.slack import Workspace, build_slack
from sandbox.supervisor import Service
from sandbox.wire import Wire
from sandbox.zoho import Crm, build_zoho

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# Headers that belong to one connection and end at a proxy. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
_OF_THE_HOP: Final = frozenset(
    ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length"]
)


@dataclass(frozen=True)
class TownOptions:
    """What a town is made of.

    `public_url` is where people and the service reach the town ("http://127.0.0.1:8700"), `service_url` where the
    service listens on this machine. `records` overrides how many records `leaver` owns. Everything the town keeps
    lies in the directory `storage`; `wire_file` gets every HTTP exchange as a line of JSON. `surface` is what the page
    shows of the chat products: "slack", "cliq" or "both".
    """

    public_url: str
    service_url: str
    storage: Path
    seed: int = 7
    records: int | None = None
    leaver: str = "amit"
    wire_file: Path | None = None
    socket_mode: bool = False
    surface: str = "slack"

    @property
    def apps(self) -> tuple[str, ...]:
        """The chat products in which people meet the bot, as the page shows them."""
        return ("slack", "cliq") if self.surface == "both" else (self.surface,)


class Town:
    """A built town. `service` is the bot, once somebody has set it; `app` is the whole town as one ASGI app."""

    def __init__(self, options: TownOptions) -> None:
        options.storage.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.clock = Clock()
        self.faults = {"zoho": Faults(), "slack": Faults(), "cliq": Faults()}
        self.wire = Wire(options.wire_file)
        self.crm = Crm(
            clock=self.clock,
            faults=self.faults["zoho"],
            storage=options.storage,
            seed=options.seed,
            records=options.records,
            leaver=options.leaver,
        )
        self.workspace = Workspace(
            clock=self.clock,
            faults=self.faults["slack"],
            public_url=options.public_url,
            request_url=f"{options.service_url}/slack/events",
            socket_mode=options.socket_mode,
            wire=self.wire,
        )
        self.cliq_secret = secrets.token_urlsafe(16)
        cliq_url = f"{options.service_url}/cliq/events?s={self.cliq_secret}"
        self.hall = Hall(
            clock=self.clock,
            faults=self.faults["cliq"],
            public_url=options.public_url,
            app_url=cliq_url,
            accounts=self.crm.accounts,
            wire=self.wire,
        )
        install(self.hall, cliq_url)
        self.service: Service | None = None
        self.closing = asyncio.Event()
        self._to_service = httpx.AsyncClient(base_url=options.service_url, timeout=30.0, trust_env=False)
        self.app = self._build()

    def _build(self) -> Starlette:
        zoho = build_zoho(self.crm, public_url=self.options.public_url)
        return Starlette(
            routes=[
                Mount("/slack", Recorder(build_slack(self.workspace), self.wire, self.clock)),
                Mount("/zoho", Recorder(zoho, self.wire, self.clock)),
                Mount("/cliq", Recorder(build_cliq(self.hall), self.wire, self.clock)),
                Route("/bot/{path:path}", self._pass_on, methods=_METHODS),
                *page_routes(self),
            ]
        )

    async def _pass_on(self, request: Request) -> Response:
        """Hand a request to the service, so that people see page and bot behind one address."""
        try:
            answer = await self._to_service.request(
                request.method,
                "/" + request.path_params["path"],
                params=request.query_params,
                headers={name: value for name, value in request.headers.items() if name not in _OF_THE_HOP},
                content=await request.body(),
            )
        except httpx.TransportError:
            return PlainTextResponse("The bot does not answer: it is not running, or still starting.", status_code=502)
        # httpx has unpacked the body, so the encoding of the answer no longer applies.
        gone = _OF_THE_HOP | {"content-encoding"}
        headers = {name: value for name, value in answer.headers.items() if name not in gone}
        return Response(answer.content, status_code=answer.status_code, headers=headers)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Serve the town at its public URL inside the running loop, and close it at the end.

        Raises OSError when the port is taken. Signals stay with the caller.
        """
        address = urlsplit(self.options.public_url)
        listener = socket.create_server((address.hostname or "127.0.0.1", address.port or 80))
        config = uvicorn.Config(self.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        getLogger("uvicorn.error").addFilter(_unless_cut)
        server = _QuietServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.up.wait()
            yield
        finally:
            self.closing.set()
            server.should_exit = True
            await serving
            listener.close()
            await self.close()

    async def close(self) -> None:
        """Stop the service, if there is one, and release files and connections."""
        self.closing.set()
        if self.service:
            await self.service.stop()
        await self._to_service.aclose()
        await self.workspace.aclose()
        await self.hall.aclose()
        self.crm.close()
        self.wire.close()


def _unless_cut(record: LogRecord) -> bool:
    """An answer that the town cut off on purpose is no error of the town."""
    return not str(record.msg).startswith("ASGI callable returned without completing response")


class _QuietServer(uvicorn.Server):
    """Leaves SIGINT and SIGTERM to the program that hosts the town."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
