"""Sangam CRM by a script: what its documents show of its answers, and a connector that is fed with them."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
from scripted_vendor import QUICK, Clock, Reply, Vendor

from connectors.sangam.crm import SangamCrm

KEY = "a-push-key"
API = "/api/v1"
FIELDS: dict[str, Any] = {
    **{name: {"display_name": name} for name in ("id", "last_name", "previous_owner_c", "date_modified")},
    "assigned_user_id": {"display_name": "Assigned To"},
    "status": {"display_name": "Status", "options": {"New": "New", "Converted": "Converted", "Dead": "Dead"}},
}


def named(row: Mapping[str, str]) -> dict[str, Any]:
    """A record as SugarCRM's relatives answer it."""
    return {"id": row["id"], "name_value_list": {key: {"name": key, "value": value} for key, value in row.items()}}


def sangam(users: list[dict[str, str]] | None = None, **replies: Any) -> Vendor:
    """A tenant with the one module Lead. Who its users are is told only where they are given."""
    found: dict[str, Any] = {
        "/modulelist": {"module_list": ["Lead"]},
        "/fieldlist": {"field_list": FIELDS},
        "/login": {"status": 200, "data": {"id": "s1"}},
        "/getentry-list-new": {"data": []},
        **replies,
    }
    records = found["/getentry-list-new"]

    def pull(request: httpx.Request) -> Reply:
        if json.loads(request.content)["rest_data"]["module_name"] in ("User", "Users"):
            if users is None:
                return httpx.Response(200, json={"status": 400, "message": "Invalid module name"})
            return {"data": users}
        reply = records
        if isinstance(records, list):
            reply = records.pop(0) if len(records) > 1 else records[0]
        answer: Reply = reply(request) if callable(reply) else reply
        return answer

    return Vendor({f"{API}{path}": reply for path, reply in {**found, "/getentry-list-new": pull}.items()})


def sessions() -> list[Reply]:
    return [{"status": 200, "data": {"id": f"s{number}"}} for number in (1, 2, 3)]


def make_sangam(vendor: Vendor, **changes: Any) -> SangamCrm:
    values: dict[str, Any] = {
        "url": f"http://acme.example{API}/",
        "user": "integration",
        "password": "a-password",
        "push_key": KEY,
        "requests_per_second": 1_000_000.0,
        "timings": QUICK,
        "clock": Clock(),
        "transport": vendor.transport,
    }
    return SangamCrm(**values | changes)


def bodies(vendor: Vendor, path: str) -> list[dict[str, Any]]:
    return [json.loads(each.content) for each in vendor.requests if each.url.path == f"{API}{path}"]


def queries(vendor: Vendor) -> list[str]:
    return [body["rest_data"]["query"] for body in bodies(vendor, "/getentry-list-new")]
