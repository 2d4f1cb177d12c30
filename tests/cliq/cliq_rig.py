"""Our surface and our edge at the town's Cliq; nothing leaves the process."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from bot.chat.cliq.client import CliqApi, cliq_http
from bot.chat.cliq.edge import PATH, CliqEdge
from bot.chat.cliq.pace import Pace
from bot.chat.cliq.surface import CliqSurface
from bot.chat.cliq.verify import Verifier
from bot.chat.surface import FieldErrors, Shown
from connectors.http import FixedGrant, Grant, Timings
from connectors.zoho.auth import ZohoAuthority
from handlers.elements import Choice
from handlers.intents import Actor, Delivery, Token
from handlers.texts import Texts
from sandbox.cliq.app import build_cliq
from sandbox.cliq.client import Client
from sandbox.cliq.hall import REFRESH_TOKEN, Hall
from sandbox.cliq.model import BOT_UNIQUE_NAME, Handler, Message
from sandbox.cliq.payloads import Occasion
from sandbox.cliq.responses import response_url
from sandbox.cliq.seed import install
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.zoho.meter import Limits
from sandbox.zoho.oauth import CLIENT_ID, CLIENT_SECRET, Accounts

ORIGIN = "http://town.example"
URL = f"{ORIGIN}/cliq"
EVENTS = "http://app.example/cliq/events?s=the-secret"
SECRET = "the-secret"
Json = dict[str, Any]


class Ticks:
    """A clock in seconds that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class CountingTransport(httpx.ASGITransport):
    """Keeps which calls were made."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.calls: list[tuple[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((request.method, request.url.path.removeprefix("/cliq")))
        try:
            return await super().handle_async_request(request)
        except AssertionError as cut:  # httpx's own: the answer was cut off, as a broken connection would
            raise httpx.ReadError("the connection broke") from cut


@dataclass
class Town:
    """Cliq with the app installed, as one grant reaches it."""

    hall: Hall
    ticks: Ticks
    transport: CountingTransport
    surface: CliqSurface

    def id(self, who: str) -> str:
        return self.hall.by_key(who).id

    def direct(self, who: str) -> list[Message]:
        """The person's conversation with the bot, behind its greeting."""
        said = self.hall.direct(self.id(who)).messages.values()
        return [message for message in said if message.text != Texts("en").t("hello")]

    def channel(self, name: str) -> list[Message]:
        return list(self.hall.channel(name).messages.values())

    def response_url(self, who: str) -> str:
        """One for the answer to a command that the person has typed in a channel."""
        user, chat = self.hall.by_key(who), self.hall.channel("general")
        url = response_url(self.hall, Occasion("command", "offboard", Handler("execution_handler"), EVENTS, user, chat))
        assert url
        return url

    def told(self, who: str) -> list[str]:
        """What stands in the channel for this person alone."""
        client = Client(self.hall, self.id(who))
        return [m.text for m in client.messages(self.hall.channel("general").id) if m.only_for == self.id(who)]


def new_town(
    *, refresh_token: str = REFRESH_TOKEN, bot: str = BOT_UNIQUE_NAME, webhook_token: str | None = None
) -> Town:
    clock, ticks = Clock(), Ticks()
    accounts = Accounts(clock=clock, limits=Limits())
    hall = Hall(clock=clock, faults=Faults(), public_url=ORIGIN, app_url=EVENTS, accounts=accounts)
    install(hall, EVENTS)

    async def token(request: Request) -> JSONResponse:
        status, body, *_ = accounts.token(dict((await request.form()).items()), api_domain=ORIGIN)
        return JSONResponse(body, status)

    routes = [Mount("/cliq", build_cliq(hall)), Route("/accounts/oauth/v2/token", token, methods=["POST"])]
    transport = CountingTransport(Starlette(routes=routes))
    authority = ZohoAuthority(
        accounts_url=f"{ORIGIN}/accounts",
        api_url=URL,
        own_host=True,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        refresh_token=refresh_token,
        clock=lambda: datetime.now(UTC),
        timings=Timings(base=0.01, cap=0.01, total=0.0),
        transport=transport,
    )
    api = CliqApi(cliq_http(authority, transport=transport), Pace(ticks))
    return Town(hall, ticks, transport, CliqSurface(api, bot=bot, url=URL, webhook_token=webhook_token))


def answering(answer: Callable[[httpx.Request], httpx.Response], ticks: Ticks | None = None) -> CliqSurface:
    """A surface whose Cliq answers as the test says."""
    http = cliq_http(FixedGrant(Grant(URL)), transport=httpx.MockTransport(answer))
    return CliqSurface(CliqApi(http, Pace(ticks or Ticks())), bot=BOT_UNIQUE_NAME, url=URL)


@dataclass
class RecordingDoor:
    """Keeps what arrives, and answers what the test says; `failure` is raised instead."""

    shown: Shown = None
    choices: tuple[Choice, ...] = ()
    failure: Exception | None = None
    received: list[Delivery] = field(default_factory=list)
    asked: list[Delivery] = field(default_factory=list)
    searches: list[tuple[Actor, Token, str, str]] = field(default_factory=list)

    async def receive(self, delivery: Delivery) -> None:
        self.received.append(delivery)

    async def submit(self, delivery: Delivery) -> FieldErrors | None:
        raise NotImplementedError

    async def ask(self, delivery: Delivery, *, within: float) -> Shown:
        if self.failure:
            raise self.failure
        assert 0 < within < 15, "Cliq waits no longer"
        self.asked.append(delivery)
        return self.shown

    async def suggest(self, actor: Actor, token: Token, field: str, query: str) -> tuple[Choice, ...]:
        self.searches.append((actor, token, field, query))
        return self.choices


@dataclass
class Edge:
    """Our way in, as Cliq calls it. Its clock stands at the time of the payloads."""

    door: RecordingDoor
    surface: CliqSurface
    at: float

    async def post(self, body: bytes, *, secret: str = SECRET) -> httpx.Response:
        verifier = Verifier(None, SECRET, clock=lambda: self.at)
        app = FastAPI()
        app.include_router(CliqEdge(self.door, self.surface, verifier, late="One moment.", saved="Noted.").router())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app.example") as client:
            return await client.post(f"{PATH}?s={secret}", content=body)

    async def output(self, payload: Json) -> Any:
        answer = await self.post(json.dumps(payload).encode())
        assert answer.status_code == 200
        assert set(answer.json()) == {"output"}
        return answer.json()["output"]
