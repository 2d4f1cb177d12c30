"""The Pipedrive connector before a scripted vendor, and before the town's Pipedrive without a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from scripted_vendor import QUICK
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.base import Part
from connectors.http import Timings
from connectors.pipedrive.crm import Pipedrive
from sandbox.people import INTEGRATION_USER, PIPEDRIVE_IDS
from sandbox.pipedrive import Pipedrive as Town

HASTY: Final = Timings(base=0.001, cap=0.002, total=0.05, attempt=5)
ANY: Final = 1_000_000
IDS: Final = {key: str(number) for key, number in PIPEDRIVE_IDS.items()}
AMIT, SOFIA, BEN, WALTER = IDS["amit"], IDS["sofia"], IDS["ben"], IDS["walter"]

Reply = Mapping[str, Any] | httpx.Response | Callable[[httpx.Request], httpx.Response]


def envelope(data: Any, **extra: Any) -> dict[str, Any]:
    return {"success": True, "data": data, "additional_data": extra or None}


def refusal(status: int, **changes: Any) -> httpx.Response:
    """An error with the keys that version 1 has."""
    body = {"success": False, "error": "Dana Doe may not", "error_info": "", "data": None, "additional_data": None}
    return httpx.Response(status, json=body | changes)


def user(number: int, **changes: Any) -> dict[str, Any]:
    known = {"id": number, "name": f"User {number}", "email": f"u{number}@acme.example", "active_flag": True}
    rest = {"activated": True, "is_deleted": False, "has_created_company": False, "is_you": False}
    return known | rest | changes


@dataclass
class Script:
    """Answers by method and path below /api; a list is used up one answer a call, its last one for ever."""

    replies: dict[str, Reply | list[Reply]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._serve)

    def count(self, call: str) -> int:
        return [f"{each.method} {each.url.path.removeprefix('/api')}" for each in self.requests].count(call)

    async def _serve(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        found = self.replies[f"{request.method} {request.url.path.removeprefix('/api')}"]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, httpx.Response):
            return found
        return found(request) if callable(found) else httpx.Response(200, json=found)


class Now:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def scripted(script: Script, **changes: Any) -> Pipedrive:
    values: dict[str, Any] = {
        "url": "https://acme.pipedrive.example",
        "api_token": "very-secret-token",
        "requests_per_two_seconds": ANY,
        "timings": QUICK,
        "transport": script.transport,
    }
    return Pipedrive(**values | changes)


class InTown:
    """The connector with the town behind it; `calls` are method and path of what it has sent."""

    def __init__(self, town: Town) -> None:
        town.limits.burst, town.limits.daily_tokens = ANY, ANY
        self.town = town
        self.calls: list[tuple[str, str]] = []
        app = Starlette(routes=[Mount("/pipedrive", town.app("http://town.example"))])

        async def counting(scope: Any, receive: Any, send: Any) -> None:
            self.calls.append((scope["method"], scope["path"].removeprefix("/pipedrive/api")))
            await app(scope, receive, send)

        self._transport = httpx.ASGITransport(app=counting)
        self.crm = self.make()

    def make(self, key: str = INTEGRATION_USER, **changes: Any) -> Pipedrive:
        values: dict[str, Any] = {
            "url": "http://town.example/pipedrive",
            "api_token": self.town.token_of(key),
            "requests_per_two_seconds": ANY,
            "timings": QUICK,
            "clock": self.town.clock.now,
            "transport": self._transport,
        }
        return Pipedrive(**values | changes)

    def sent(self, method: str, start: str = "") -> list[str]:
        return [path for called, path in self.calls if called == method and path.startswith(start)]

    async def owned(self, module: str, owner: str = AMIT) -> list[str]:
        """The ids of the owner's open records."""
        page = await self.crm.owned(owner, module, Part.OPEN)
        return [record.id for record in page.records]
