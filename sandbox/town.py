"""The town: one company's Slack, Cliq and CRMs, a page to look at all, and the bot's own port, behind one address."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from logging import LogRecord, getLogger
from pathlib import Path
from typing import Final, TypeVar
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
from sandbox.page.record_screen import record_routes
from sandbox.page.routes import page_routes
from sandbox.pipedrive import Pipedrive
from sandbox.recorder import Recorder
from sandbox.sangam import Sangam
from sandbox.slack import Workspace, build_slack
from sandbox.suitecrm import SuiteCrm
from sandbox.supervisor import Service
from sandbox.vendor import Vendor
from sandbox.wire import Wire
from sandbox.zoho import Crm
from sandbox.zoho.vendor import ZohoVendor

T = TypeVar("T")

ZOHO: Final = "zoho_crm"
# The CRMs besides Zoho's, by the key by which the bot knows them too.
_VENDORS: Final[Mapping[str, Callable[..., Vendor]]] = {
    "pipedrive": Pipedrive, "suitecrm": SuiteCrm, "sangam": Sangam,
}  # fmt: skip
SYSTEMS: Final = (ZOHO, *_VENDORS)
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
    shows of the chat products: "slack", "cliq" or "both". `systems` are the CRMs that the company has connected; Zoho's
    accounts server is there whatever they are, because Cliq needs it.
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
    systems: tuple[str, ...] = (ZOHO,)

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
        others = [system for system in options.systems if system != ZOHO]
        self.faults = {name: Faults() for name in ("zoho", "slack", "cliq", *others)}
        self.wire = Wire(options.wire_file)
        self.crm: Crm = self._company(Crm, "zoho")
        self.zoho = ZohoVendor(self.crm)
        self.vendors: dict[str, Vendor] = {system: self._company(_VENDORS[system], system) for system in others}
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

    def _company(self, maker: Callable[..., T], vendor: str) -> T:
        """One system with the company in it."""
        options, faults = self.options, self.faults[vendor]
        return maker(
            clock=self.clock, faults=faults, storage=options.storage, seed=options.seed, records=options.records,
            leaver=options.leaver,
        )  # fmt: skip

    @property
    def systems(self) -> Mapping[str, Vendor]:
        """The connected CRMs by key, as people see them: in the order in which they were named."""
        known: dict[str, Vendor] = {ZOHO: self.zoho, **self.vendors}
        return {system: known[system] for system in self.options.systems}

    def _build(self) -> Starlette:
        url = self.options.public_url
        apps = {
            "slack": build_slack(self.workspace),
            "zoho": self.zoho.app(url),
            "cliq": build_cliq(self.hall),
            **{system: vendor.app(url) for system, vendor in self.vendors.items()},
        }
        return Starlette(
            routes=[
                *record_routes(self),  # the pages of records lie below the addresses of the APIs
                *(Mount(f"/{name}", Recorder(app, self.wire, self.clock)) for name, app in apps.items()),
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
        for vendor in self.vendors.values():
            vendor.close()
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
