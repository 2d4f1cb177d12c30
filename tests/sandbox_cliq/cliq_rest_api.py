"""A client of the town's Cliq that knows only the wire."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.cliq.app import build_cliq
from sandbox.cliq.hall import REFRESH_TOKEN, Hall, cliq_id
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import BY_KEY
from sandbox.zoho.meter import Limits
from sandbox.zoho.oauth import CLIENT_ID, CLIENT_SECRET, Accounts

TOWN = "http://town.example"
EVENTS = "http://app.example/cliq/events?s=secret"
LOG = "/channelsbyname/crmoffboardinglog"


def person(key: str) -> str:
    return cliq_id(BY_KEY[key])


def new_hall() -> Hall:
    clock = Clock()
    accounts = Accounts(clock=clock, limits=Limits())
    return Hall(clock=clock, faults=Faults(latency_seconds=0.05), public_url=TOWN, app_url=EVENTS, accounts=accounts)


@dataclass
class CliqApi:
    """Calls Cliq with one grant; fetches its access token when it first needs one."""

    hall: Hall
    refresh_token: str = REFRESH_TOKEN
    token: str | None = None
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.app = Starlette(routes=[Mount("/cliq", build_cliq(self.hall))])

    def with_grant(self, *scopes: str, user: str = "noor") -> "CliqApi":
        """The same hall through another grant; scopes without their prefix."""
        refresh_token = f"1000.{user}.{'.'.join(scopes)}"
        self.hall.accounts.grant(person(user), [f"ZohoCliq.{s}" for s in scopes], refresh_token=refresh_token)
        return CliqApi(self.hall, refresh_token)

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A call without a token; `path` begins with the version."""
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=TOWN, trust_env=False) as client:
            return await client.request(method, f"/cliq/api{path}", **request)

    def refresh(self) -> str:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.refresh_token,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        return str(self.hall.accounts.token(form, api_domain=TOWN)[1]["access_token"])

    async def call(self, method: str, path: str, body: Any = None, **request: Any) -> httpx.Response:
        if self.token is None:
            self.token = self.refresh()
        headers = {"Authorization": f"Zoho-oauthtoken {self.token}"}
        sent = {} if body is None else {"json": body}
        return await self.send(method, path, headers=headers, **sent, **request)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.call("GET", path, params=params)

    async def post(self, path: str, body: Any, **params: Any) -> httpx.Response:
        return await self.call("POST", path, body, params=params)

    async def post_in_log(self, body: Any) -> httpx.Response:
        """As the bot, by the second version."""
        return await self.post(f"/v2{LOG}/message", body, bot_unique_name="offboardbot")

    async def texts(self, chat_id: str, **params: Any) -> list[str]:
        answer = await self.get(f"/v2/chats/{chat_id}/messages", **params)
        return [message["content"]["text"] for message in answer.json()["data"]]


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]
