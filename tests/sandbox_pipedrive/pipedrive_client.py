"""A client of the town's Pipedrive that knows only the wire."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.people import PIPEDRIVE_IDS
from sandbox.pipedrive import Pipedrive

TOWN = "http://town.example"
AMIT, SOFIA, BEN, NOOR, PETRA, WALTER, CLAIRE, INES = (
    PIPEDRIVE_IDS[key] for key in ("amit", "sofia", "ben", "noor", "petra", "walter", "claire", "ines")
)
V1, V2 = "/api/v1", "/api/v2"


@dataclass
class Api:
    """Calls Pipedrive with one API token."""

    crm: Pipedrive
    key: str = "noor"
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.app = Starlette(routes=[Mount("/pipedrive", self.crm.app(TOWN))])
        self.headers = {"x-api-token": self.crm.token_of(self.key)}

    def of(self, key: str) -> "Api":
        return Api(self.crm, key)

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        headers = request.pop("headers", self.headers)
        async with httpx.AsyncClient(transport=transport, base_url=TOWN + "/pipedrive", trust_env=False) as client:
            return await client.request(method, path, headers=headers, **request)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.call("GET", path, params=params)

    async def patch(self, path: str, **body: Any) -> httpx.Response:
        return await self.call("PATCH", path, json=body)

    async def put(self, path: str, **body: Any) -> httpx.Response:
        return await self.call("PUT", path, json=body)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.call("POST", path, json=body)

    async def data(self, path: str, **params: Any) -> Any:
        answer = await self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def every(self, path: str, **params: Any) -> list[Any]:
        """All pages of a v2 list."""
        rows: list[Any] = []
        while True:
            answer = (await self.get(path, **params)).json()
            rows += answer["data"]
            params["cursor"] = answer["additional_data"]["next_cursor"]
            if params["cursor"] is None:
                return rows

    async def ids(self, module: str, owner: int = AMIT, **params: Any) -> list[int]:
        """The first ids of somebody's records, in order."""
        name = "assignee_id" if module == "tasks" else "owner_id"
        return [row["id"] for row in await self.data(f"{V2}/{module}", **{name: owner}, limit=500, **params)]


def error(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["success"] is False
    return answer.status_code, answer.json()["error"]
