"""What Zoho CRM sends about deals, the company it is about, and a service's part that takes it in."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from sqlalchemy import Connection, select

from bot.relay.announcer import Announcer
from bot.relay.edge import HEADER, PATH, RelayEdge
from bot.store import departures
from bot.store.database import Database
from bot.store.tables import outbox
from bot.store.transaction import CARD
from connectors.base import Account
from handlers.cards import Channel
from handlers.departure import Departure, open_departure
from handlers.elements import Card
from handlers.events import Opened
from handlers.people import Person

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SECRET = "0f3a9c7e5b1d2468ace013579bdf2468ace013579bdf"
DEAL = "5000000000020001"
SARA = Account("zoho_crm", "5000000000000120", "Sara Lindqvist", "sara@brightwater.example", active=True)
BEN = Account("zoho_crm", "5000000000000121", "Ben Carter", "ben@brightwater.example", active=True)
TWINS = tuple(
    Account("zoho_crm", f"500000000000013{n}", "Kim Park", f"kim{n}@brightwater.example", active=True) for n in (1, 2)
)
SLACK = Channel("C0LOG", "slack", "en", "UTC")
CLIQ = Channel("crmlog", "cliq", "de", "Europe/Berlin")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def webhook(**changes: Any) -> dict[str, Any]:
    """The form that `docs/zoho-setup.md` asks for."""
    body = {
        "module": "Deals",
        "id": DEAL,
        "label": "Harbour <crane> & Sons",
        "owner": "Sara Lindqvist",
        "time": "2026-11-02T10:29:00+01:00",
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


def notification(**changes: Any) -> dict[str, Any]:
    """https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html"""
    body = {
        "server_time": 1793611740000,
        "query_params": {},
        "module": "Deals",
        "resource_uri": "https://www.zohoapis.com/crm/v8/Deals",
        "ids": [DEAL],
        "affected_fields": [],
        "affected_values": [],
        "operation": "update",
        "channel_id": "1000000068001",
        "token": SECRET,
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


@dataclass
class Crm:
    """The part of a connector that the relay asks."""

    people: tuple[Account, ...] = (SARA, BEN, *TWINS)
    failure: Exception | None = None

    async def accounts(self) -> tuple[Account, ...]:
        if self.failure:
            raise self.failure
        return self.people

    def record_url(self, module: str, record_id: str) -> str:
        return f"https://crm.example/{module}/{record_id}"


@dataclass
class Rig:
    database: Database
    http: httpx.AsyncClient
    crm: Crm = field(default_factory=Crm)
    now: datetime = NOW
    woken: int = 0

    @property
    def edge(self) -> RelayEdge:
        """A service that starts anew."""
        announcer = Announcer(
            self.database, self.crm, channels=(SLACK, CLIQ), now=lambda: self.now, on_messages=self._wake
        )
        return RelayEdge(announcer, secret=SECRET)

    def _wake(self) -> None:
        self.woken += 1

    async def post(
        self, body: bytes, *, kind: str = FORM, path: str = PATH, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        given = {HEADER: SECRET} if headers is None else headers
        return await self.http.post(path, content=body, headers={"content-type": kind, **given})

    async def webhook(self, **changes: Any) -> httpx.Response:
        return await self.post(urlencode(webhook(**changes)).encode())

    async def notify(self, **changes: Any) -> httpx.Response:
        body = json.dumps(notification(**changes)).encode()
        return await self.post(body, kind=JSON, path=f"{PATH}/{SECRET}", headers={})

    def restart(self) -> None:
        self.http._transport = transport(self.edge)

    async def cards(self, channel: Channel = SLACK) -> list[Card]:
        """What a channel is told, in its order."""
        query = select(outbox.c.body).where(outbox.c.recipient == channel.id).order_by(outbox.c.seq)
        bodies = await self.database.read(lambda c: list(c.scalars(query)))
        return [CARD.validate_json(body) for body in bodies]

    async def said(self, channel: Channel = SLACK) -> list[str]:
        return [card.text for card in await self.cards(channel)]

    def later(self, by: timedelta) -> None:
        self.now += by


def transport(edge: RelayEdge) -> httpx.ASGITransport:
    app = FastAPI()
    app.include_router(edge.router())
    return httpx.ASGITransport(app)


def opened(connection: Connection, departure_id: str = "d1") -> Departure:
    """A departure of somebody, in the store."""
    leaver = Account("zoho_crm", f"{departure_id}-leaver", "Amit Kumar", "amit@brightwater.example", active=True)
    admin = Person("Ada Brandt", "ada@brightwater.example", {"slack": "U0ADA"})
    event = Opened(
        at=NOW, by=admin, leaver=Person("Amit Kumar", leaver.email), admin=admin, accounts={"zoho_crm": leaver}
    )
    return departures.create(connection, open_departure(departure_id, event), (event,))


@contextmanager
def without_outbox(database: Database) -> Iterator[None]:
    """The store refuses what is to be said."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ob_outbox RENAME TO ob_outbox_away")
    try:
        yield
    finally:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE ob_outbox_away RENAME TO ob_outbox")


def ids(count: int, start: int = 0) -> list[str]:
    return [str(5000000000030000 + n) for n in range(start, start + count)]
