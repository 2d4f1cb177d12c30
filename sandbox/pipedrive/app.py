"""The simulated Pipedrive as an ASGI application: the table of its API, with what each call takes from the budget.

The costs are the `x-token-cost` of https://developers.pipedrive.com/docs/api/v1/openapi.yaml and openapi-v2.yaml.
"""

from collections.abc import Iterator
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.pipedrive import fields_api, filters, followers, leads_api, records_api, things_api, users_api, webhooks
from sandbox.pipedrive.api import not_found, refusal
from sandbox.pipedrive.crm import Pipedrive
from sandbox.pipedrive.gate import Endpoint, gate, respond
from sandbox.pipedrive.schema import DEALS, ORGANIZATIONS, PERSONS, PRODUCTS, PROJECTS, V2_MODULES, Module

_V1: Final[tuple[Endpoint, ...]] = (
    Endpoint("GET", "/users", users_api.listing, 20),
    Endpoint("GET", "/users/find", users_api.find, 40),
    Endpoint("GET", "/users/me", users_api.me, 2),
    Endpoint("GET", "/users/{id}", users_api.one, 2),
    Endpoint("PUT", "/users/{id}", users_api.update, 10),
    Endpoint("GET", "/users/{id}/permissions", users_api.permissions, 10),
    Endpoint("GET", "/permissionSets", users_api.permission_sets, 20),
    Endpoint("GET", "/permissionSets/{id}/assignments", users_api.assignments, 20),
    Endpoint("GET", "/leads", leads_api.lists(archived=False), 20),
    Endpoint("GET", "/leads/archived", leads_api.lists(archived=True), 40),
    Endpoint("GET", "/leads/{id}", leads_api.one, 2),
    Endpoint("PATCH", "/leads/{id}", leads_api.change, 10),
    Endpoint("GET", "/leadLabels", leads_api.labels, 10),
    Endpoint("POST", "/leadLabels", leads_api.create_label, 10),
    Endpoint("GET", "/notes", things_api.notes, 20),
    Endpoint("GET", "/notes/{id}", things_api.one_note, 2),
    Endpoint("PUT", "/notes/{id}", things_api.change_note, 10),
    Endpoint("GET", "/goals/find", things_api.goals, 20),
    Endpoint("PUT", "/goals/{id}", things_api.change_goal, 10),
    Endpoint("GET", "/filters", filters.listing, 20),
    Endpoint("POST", "/filters", filters.create, 10),
    Endpoint("GET", "/filters/{id}", filters.one, 2),
    Endpoint("GET", "/webhooks", webhooks.listing, 10),
    Endpoint("POST", "/webhooks", webhooks.create, 10),
    Endpoint("DELETE", "/webhooks/{id}", webhooks.delete, 6),
    Endpoint("GET", "/deals/summary", things_api.summary, 40),
)
_FOLLOWED: Final = (DEALS, PERSONS, ORGANIZATIONS, PRODUCTS)
_WITH_MAILS: Final = (DEALS, PERSONS, ORGANIZATIONS)
_WITH_FIELDS: Final = (DEALS, PERSONS, ORGANIZATIONS, PRODUCTS, PROJECTS)


def _v1() -> Iterator[Endpoint]:
    yield from _V1
    for module in _WITH_MAILS:
        path = f"/{module.name}/{{id}}"
        yield Endpoint("GET", f"{path}/mailMessages", things_api.mails(module), 20)
        yield Endpoint("GET", f"{path}/changelog", things_api.changelog(module), 20)
        yield Endpoint("GET", f"/{module.word}Fields", fields_api.lists_v1(module.name), 20)
        yield Endpoint("PUT", f"/{module.word}Fields/{{id}}", fields_api.updates_v1(module.name), 10)


def _v2() -> Iterator[Endpoint]:
    for module in V2_MODULES:
        yield from _records(module)
    yield Endpoint("POST", "/projects/{id}/archive", records_api.archive_project, 3)
    yield Endpoint("GET", "/users/{id}/followers", followers.of_user, 10)
    for module in _FOLLOWED:
        path = f"/{module.name}/{{id}}/followers"
        yield Endpoint("GET", path, followers.lists(module), 10)
        yield Endpoint("POST", path, followers.adds(module), 5)
        yield Endpoint("DELETE", f"{path}/{{user}}", followers.removes(module), 3)
    for module in _WITH_FIELDS:
        path = f"/{module.word}Fields"
        yield Endpoint("GET", path, fields_api.lists(module.name), 10)
        yield Endpoint("POST", path, fields_api.creates(module.name), 5)
        yield Endpoint("GET", f"{path}/{{code}}", fields_api.reads(module.name), 1)
        yield Endpoint("POST", f"{path}/{{code}}/options", fields_api.adds_options(module.name), 5)


def _records(module: Module) -> Iterator[Endpoint]:
    path = f"/{module.name}"
    yield Endpoint("GET", path, records_api.lists(module), 10)
    if module is DEALS:
        yield Endpoint("GET", f"{path}/archived", records_api.lists(module, archived=True), 20)
    if module is PROJECTS:
        yield Endpoint("GET", f"{path}/archived", records_api.lists(module, archived=True), 10)
    yield Endpoint("GET", f"{path}/{{id}}", records_api.reads(module), 1)
    yield Endpoint("PATCH", f"{path}/{{id}}", records_api.changes(module), 5)


def build_pipedrive(crm: Pipedrive) -> Starlette:
    """The API at `/api/v1`, `/api/v2` and, as the address without a company has it, `/v1`."""
    served = [("/api/v2", each) for each in _v2()]
    served += [(prefix, each) for prefix in ("/api/v1", "/v1") for each in _v1()]
    return Starlette(
        routes=[Route(prefix + each.path, gate(crm, each), methods=[each.method]) for prefix, each in served],
        exception_handlers={404: _not_found, 405: _bad_method},
    )


async def _not_found(_: Request, __: Exception) -> Response:
    return respond(not_found().answer())


async def _bad_method(_: Request, __: Exception) -> Response:
    return respond(refusal(405, "Method not allowed").answer())
