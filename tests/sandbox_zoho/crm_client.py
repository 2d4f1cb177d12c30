"""A client of the town's CRM that knows only the wire."""
# ruff: noqa: S608  # queries of the vendor's own language, put together from constants

from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from sandbox.people import BY_KEY
from sandbox.zoho import Crm, build_zoho

TOWN = "http://town.example"


def crm_id(key: str) -> str:
    """The CRM user id of somebody in the roster."""
    found = BY_KEY[key].crm_id
    assert found
    return found


AMIT, SOFIA, BEN, NOOR, PETRA = (crm_id(key) for key in ("amit", "sofia", "ben", "noor", "petra"))


@dataclass
class Api:
    """Calls the CRM with one grant; fetches its access token when it first needs one."""

    crm: Crm
    refresh_token: str
    token: str | None = None
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.app = build_zoho(self.crm, public_url=TOWN)

    def with_grant(self, *scopes: str, user: str = "noor") -> "Api":
        """The same CRM through another grant."""
        return Api(self.crm, self.crm.make_grant(scopes, user_id=crm_id(user)))

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=TOWN, trust_env=False) as client:
            return await client.request(method, path, **request)

    async def refresh(self, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.refresh_token,
            "client_id": self.crm.client_id,
            "client_secret": self.crm.client_secret,
        }
        return await self.send("POST", "/accounts/oauth/v2/token", data=form | changes)

    async def call(self, method: str, path: str, *, version: str = "v8", **request: Any) -> httpx.Response:
        if self.token is None:
            self.token = (await self.refresh()).json()["access_token"]
        headers = {"Authorization": f"Zoho-oauthtoken {self.token}", **request.pop("headers", {})}
        return await self.send(method, f"/crm/{version}{path}", headers=headers, **request)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.call("GET", path, params=params)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.call("POST", path, json=body)

    async def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.call("PUT", path, json=body, headers=headers)

    async def coql(self, query: str) -> httpx.Response:
        return await self.post("/coql", {"select_query": query})

    async def ids(self, module: str, owner: str = AMIT, *, where: str = "id > '0'", limit: int = 50) -> list[str]:
        """Ids of somebody's records, in order; no converted leads."""
        extra = "(Converted_Account is null)" if module == "Leads" else "(id > '0')"
        query = f"select id from {module} where ((Owner = '{owner}' and {extra}) and ({where})) limit {limit}"
        answer = await self.coql(query)
        return [row["id"] for row in answer.json()["data"]] if answer.status_code == 200 else []

    async def count(self, module: str, owner: str, where: str = "id > '0'") -> int:
        answer = await self.coql(f"select COUNT(id) as n from {module} where (Owner = '{owner}' and ({where}))")
        return int(answer.json()["data"][0]["n"])

    async def change_owner(self, module: str, ids: list[str], to: str, **more: Any) -> httpx.Response:
        body = {"ids": ids, "owner": {"id": to}, "notify": False, **more}
        return await self.post(f"/{module}/actions/change_owner", body)


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal in root form."""
    return answer.status_code, answer.json()["code"]


def row(answer: httpx.Response, root: str = "data") -> dict[str, Any]:
    """The first object under the root key."""
    found: dict[str, Any] = answer.json()[root][0]
    return found
