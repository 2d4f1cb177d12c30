"""SuiteCRM by a script: the answers of V8 in their own form, and a connector that is fed with them."""

import json
from collections.abc import Callable
from typing import Any

import httpx
from scripted_vendor import QUICK, Clock, Reply, Vendor

from connectors.suitecrm.crm import SuiteCrm

V8 = "/Api/V8"
TOKEN = {"token_type": "Bearer", "expires_in": 3600, "access_token": "secret-jwt"}
OWNER = {"type": "relate", "dbType": "id"}
FIELDS: dict[str, Any] = {"id": {"type": "id"}, "name": {"type": "name"}, "date_modified": {"type": "datetime"}}
TAGGED = {"previous_owner_c": {"type": "varchar", "source": "custom_fields"}}


def row(record_id: str, **attributes: Any) -> dict[str, Any]:
    return {"type": "Any", "id": record_id, "attributes": attributes, "relationships": {}}


def listing(*rows: dict[str, Any], pages: int = 1) -> dict[str, Any]:
    """A page; where nothing is found, the answer has no number of pages."""
    if not rows:
        return {"meta": {"message": "Request was successful, but there is no result"}, "data": []}
    return {"meta": {"total-pages": pages, "records-on-this-page": len(rows)}, "data": list(rows), "links": {}}


def document(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "any", "id": "", "attributes": attributes}}


def error(detail: str, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"errors": {"status": status, "title": None, "detail": detail}})


def written(record_id: str, **attributes: Any) -> httpx.Response:
    """What an update answers: 201, with the record."""
    return httpx.Response(201, json={"data": row(record_id, **attributes)})


def saved(request: httpx.Request) -> httpx.Response:
    data = json.loads(request.content)["data"]
    return written(data["id"], **data["attributes"])


def suite(modules: dict[str, dict[str, Any]], **replies: Any) -> Vendor:
    """An installation with these modules and their fields, and nothing in them; paths are below V8."""
    vendor = Vendor({"/Api/access_token": TOKEN})
    found: dict[str, Any] = {
        "/meta/modules": document(**{name: {"label": f"The {name}", "access": []} for name in modules}),
        "/current-user": {"data": row("me", is_admin="1")},
        "/module": saved,
        "/module/Users": users(),
        "/module/OAuth2Tokens": listing(),
        **{f"/meta/fields/{name}": document(**fields) for name, fields in modules.items()},
        **{f"/module/{name}": listing() for name in modules},
    }
    vendor.replies |= {f"{V8}{path}": reply for path, reply in {**found, **replies}.items()}
    return Keeping(vendor.replies)


class Keeping(Vendor):
    """What is not in the script is a module that the installation does not have."""

    async def _serve(self, request: httpx.Request) -> httpx.Response:
        if request.url.path not in self.replies:
            self.replies[request.url.path] = error("Module X does not exist")
        return await super()._serve(request)


def filters(request: httpx.Request) -> dict[str, str]:
    """The conditions of a list, such as {"id eq": "1"}."""
    found = {}
    for key, value in request.url.params.items():
        if key.startswith("filter[") and key != "filter[operator]":
            field, operator = key.removeprefix("filter[").removesuffix("]").split("][")
            found[f"{field} {operator}"] = value
    return found


def users(*inactive: str, deleted: Reply = None, **people: dict[str, Any]) -> Callable[[httpx.Request], Reply]:
    """The module Users: who is inactive is found by the filter alone."""
    everybody = {"me": {"last_name": "Bot"}, **people}

    def reply(request: httpx.Request) -> Reply:
        asked = filters(request)
        if asked.get("deleted eq") == "1":
            return deleted or listing()
        chosen = [each for each in everybody if asked.get("id eq", each) == each]
        if "status eq" in asked:
            chosen = [each for each in chosen if each in inactive]
        return listing(*(row(each, **everybody[each]) for each in chosen))

    return reply


def make_suite(vendor: Vendor, clock: Clock | None = None, **changes: Any) -> SuiteCrm:
    values: dict[str, Any] = {
        "url": "http://crm.example/",
        "client_id": "a-client",
        "client_secret": "client-secret",
        "timings": QUICK,
        "clock": clock or Clock(),
        "transport": vendor.transport,
    }
    return SuiteCrm(**values | changes)


def patches(vendor: Vendor) -> list[dict[str, Any]]:
    """What was written, in the order of the ids."""
    sent = [json.loads(each.content)["data"] for each in vendor.requests if each.method == "PATCH"]
    return sorted(sent, key=lambda data: str(data["id"]))


def asked(vendor: Vendor, module: str) -> list[dict[str, str]]:
    """The conditions of each list of the module that was read."""
    return [filters(each) for each in vendor.requests if each.url.path == f"{V8}/module/{module}"]
