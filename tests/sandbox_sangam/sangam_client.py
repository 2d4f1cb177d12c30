"""A client of the town's Sangam CRM that knows only the wire."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from sandbox.people import SANGAM_IDS
from sandbox.sangam import Sangam

TOWN = "http://town.example"
JULIA, HANNA, LENA, MEI = (SANGAM_IDS[key] for key in ("julia", "hanna", "lena", "mei"))


def values(row: dict[str, Any]) -> dict[str, str]:
    """A record's name/value pairs as a plain object."""
    return {name: pair["value"] for name, pair in row["name_value_list"].items()}


@dataclass
class Api:
    """Calls the five operations; logs in when it first needs a session."""

    crm: Sangam
    session: str | None = None
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.app = self.crm.app(TOWN)

    async def post(self, operation: str, body: Any, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=TOWN, trust_env=False) as client:
            return await client.post(f"/api/v1/{operation}", json=body, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=TOWN, trust_env=False) as client:
            return await client.get(path)

    async def push(self, operation: str, **body: Any) -> httpx.Response:
        return await self.post(operation, body, authorization=f"Bearer {self.crm.settings['sangam_push_key']}")

    async def log_in(self, **changes: str) -> httpx.Response:
        settings = self.crm.settings
        body = {"user_name": settings["sangam_user"], "password": settings["sangam_password"]}
        return await self.post("login", body | changes)

    async def pull(self, module: str, query: str = "", **more: Any) -> httpx.Response:
        if self.session is None:
            self.session = (await self.log_in()).json()["data"]["id"]
        asked = {"session": self.session, "module_name": module, "max_result": 100, "offset": 0, "query": query}
        return await self.post("getentry-list-new", {"rest_data": asked | more})

    async def save(self, module: str, **fields: Any) -> httpx.Response:
        return await self.push("save-data", module_name=module, field_name_list=fields)
