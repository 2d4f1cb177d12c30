"""A vendor that answers from a script: unit tests feed it by hand and look at what it was sent."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors.http import Timings
from connectors.zoho.crm import ZohoCrm

# Patient with the machine, which may be busy: pauses are short, but an answer may take its time.
QUICK = Timings(base=0.001, cap=0.002, total=5, attempt=5)
IMPATIENT = Timings(base=0.001, cap=0.002, total=0.1, attempt=5)
TOKEN = {"access_token": "1000.secret", "api_domain": "http://api.example", "expires_in": 3600}
ORG = {"zgid": "77", "primary_email": "boss@acme.example", "iso_code": "EUR", "license_details": {"paid_type": "free"}}
ME = {"id": "900", "full_name": "Bot", "email": "bot@acme.example", "status": "active"}
LEAVER = {"id": "11", "full_name": "Dana", "email": "dana@acme.example", "status": "active", "confirm": True}

Reply = dict[str, Any] | httpx.Response | Exception | None
Responder = Callable[[httpx.Request], Reply]


@dataclass
class Vendor:
    """Answers by path; a list is used up one answer a call, its last one for ever. None is 204."""

    replies: dict[str, Reply | list[Reply] | Responder] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    busiest: int = 0
    _running: int = 0

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._serve)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    def count(self, path: str) -> int:
        return self.paths().count(path)

    def queries(self) -> list[str]:
        return [body(request)["select_query"] for request in self.requests if request.url.path.endswith("/coql")]

    async def _serve(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self._running += 1
        self.busiest = max(self.busiest, self._running)
        await asyncio.sleep(0.001)
        self._running -= 1
        found = self.replies[request.url.path.removeprefix("/crm/v8")]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        reply = found(request) if callable(found) else found
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, httpx.Response):
            return reply
        return httpx.Response(204) if reply is None else httpx.Response(200, json=reply)


def body(request: httpx.Request) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(request.content)
    return parsed


def refusal(status: int, code: str, message: str = "", **details: Any) -> httpx.Response:
    """An error in Zoho's envelope."""
    return httpx.Response(status, json={"code": code, "message": message, "details": details, "status": "error"})


# What may not be read: the call is unknown, the edition lacks it, the grant does.
WITHHELD = [
    refusal(404, "INVALID_URL_PATTERN"),
    refusal(403, "NO_PERMISSION", "feature not available in this edition"),
    refusal(403, "FEATURE_NOT_SUPPORTED"),
    refusal(401, "OAUTH_SCOPE_MISMATCH"),
]


def written(vendor: Vendor, path: str) -> list[dict[str, Any]]:
    """The bodies of the writes to the path."""
    writes = (request for request in vendor.requests if request.method in ("POST", "PUT"))
    return [body(request) for request in writes if request.url.path == f"/crm/v8{path}"]


@dataclass
class Clock:
    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def module(name: str, tab: str, **changes: Any) -> dict[str, Any]:
    known = {"api_name": name, "module_name": tab, "plural_label": name.replace("_", " "), "api_supported": True}
    return known | {"generated_type": "default", "status": "visible"} | changes


def picklist(name: str, *values: str) -> dict[str, Any]:
    return {"api_name": name, "data_type": "picklist", "pick_list_values": [{"actual_value": v} for v in values]}


OWNER = {"api_name": "Owner", "data_type": "ownerlookup"}
FIELDS = {
    "Projects1": [OWNER, {"api_name": "Name", "data_type": "text"}, picklist("Phase", "Running", "Done")],
    "Deals": [
        OWNER,
        {"api_name": "Deal_Name", "data_type": "text"},
        picklist("Stage", "New", "Won", "Closed Lost"),
        {"api_name": "Amount", "data_type": "currency"},
    ],
    "Leads": [
        OWNER,
        {"api_name": "Last_Name", "data_type": "text"},
        picklist("Lead_Status", "Fresh", "Junk Lead"),
        {"api_name": "Converted_Account", "data_type": "lookup"},
    ],
    "Cases": [OWNER, {"api_name": "Subject", "data_type": "text"}, picklist("Status", "Neu", "Erledigt")],
}


def fields_of(name: str) -> dict[str, Any] | None:
    return {"fields": FIELDS[name]} if name in FIELDS else None


def make_crm(vendor: Vendor, clock: Clock, **changes: Any) -> ZohoCrm:
    values: dict[str, Any] = {
        "accounts_url": "http://accounts.example",
        "client_id": "1000.CLIENT",
        "client_secret": "client-secret",
        "refresh_token": "1000.refresh-secret",
        "web_url": "https://crm.example/",
        "timings": QUICK,
        "clock": clock,
        "transport": vendor.transport,
    }
    return ZohoCrm(**values | changes)


def with_modules(vendor: Vendor, *modules: dict[str, Any]) -> None:
    vendor.replies["/settings/modules"] = {"modules": list(modules)}


def answering(answers: dict[str, Any]) -> Any:
    """COQL answers by a part of the query; 204 for the others."""

    def reply(request: httpx.Request) -> Any:
        query = body(request)["select_query"]
        return next((answer for part, answer in answers.items() if part in query), None)

    return reply


def rows(*found: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"data": list(found), "info": {"count": len(found), "more_records": more}}
