"""The simulated Zoho as an ASGI application: the accounts server, and the table of the CRM's API."""

import math
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.zoho import (
    absences,
    automation,
    coql_sql,
    emails,
    owners,
    profiles,
    records_api,
    search,
    settings_api,
    tags,
    transfer,
    users_api,
)
from sandbox.zoho.api import ApiError, Call, bad_url
from sandbox.zoho.crm import Crm
from sandbox.zoho.gate import Endpoint, gate, respond

_READ: Final = "ZohoCRM.modules.{module}.READ"
_UPDATE: Final = "ZohoCRM.modules.{module}.UPDATE"


def _tag_credits(call: Call) -> int:
    return math.ceil(tags.rows_sent(call) / 50)


# The order matters: the first path that fits wins.
_ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("GET", "/org", settings_api.org, ("ZohoCRM.org.READ",)),
    Endpoint("GET", "/users", users_api.listing, ("ZohoCRM.users.READ",)),
    Endpoint("PUT", "/users", users_api.update_many, ("ZohoCRM.users.UPDATE",), writes=True),
    Endpoint("GET", "/users/actions/count", users_api.count, ("ZohoCRM.users.READ",)),
    Endpoint("GET", "/users/actions/transfer", transfer.transfer_status, ("ZohoCRM.change_owner.READ",)),
    Endpoint("GET", "/users/actions/transfer_and_delete", transfer.deletion_status, ("ZohoCRM.users.READ",)),
    Endpoint(
        "POST",
        "/users/actions/transfer_and_delete",
        transfer.transfer_and_delete,
        ("ZohoCRM.users.DELETE",),
        writes=True,
    ),
    Endpoint("GET", "/users/{id}", users_api.one, ("ZohoCRM.users.READ",)),
    Endpoint("PUT", "/users/{id}", users_api.update_one, ("ZohoCRM.users.UPDATE",), writes=True),
    Endpoint("DELETE", "/users/{id}", users_api.delete, ("ZohoCRM.users.DELETE",), writes=True),
    Endpoint(
        "GET",
        "/users/{id}/actions/validate_before_transfer",
        transfer.validate,
        ("ZohoCRM.change_owner.READ",),
    ),
    Endpoint(
        "POST",
        "/users/{id}/actions/transfer",
        transfer.transfer,
        ("ZohoCRM.change_owner.CREATE",),
        writes=True,
    ),
    Endpoint(
        "POST",
        "/users/{id}/actions/transfer_and_delete",
        transfer.transfer_and_delete,
        ("ZohoCRM.users.DELETE",),
        writes=True,
    ),
    Endpoint("GET", "/settings/modules", settings_api.modules, ("ZohoCRM.settings.modules.READ",)),
    Endpoint("GET", "/settings/fields", settings_api.fields, ("ZohoCRM.settings.fields.READ",)),
    Endpoint("GET", "/settings/layouts", settings_api.layouts, ("ZohoCRM.settings.layouts.READ",)),
    Endpoint("GET", "/settings/pipeline", settings_api.pipeline, ("ZohoCRM.settings.pipeline.READ",)),
    Endpoint("GET", "/settings/tags", tags.listing, ("ZohoCRM.settings.tags.READ",)),
    Endpoint("GET", "/settings/profiles", profiles.listing, ("ZohoCRM.settings.profiles.READ",)),
    Endpoint("GET", "/settings/profiles/{id}", profiles.one, ("ZohoCRM.settings.profiles.READ",)),
    Endpoint(
        "GET",
        "/settings/users_unavailability",
        absences.listing,
        ("ZohoCRM.settings.users_unavailability.READ",),
    ),
    Endpoint(
        "GET",
        "/settings/automation/assignment_rules",
        automation.list_assignment_rules,
        ("ZohoCRM.settings.assignment_rules.READ",),
    ),
    Endpoint(
        "GET",
        "/settings/automation/assignment_rules/{id}",
        automation.one_assignment_rule,
        ("ZohoCRM.settings.assignment_rules.READ",),
    ),
    Endpoint(
        "GET",
        "/settings/automation/workflow_rules",
        automation.list_workflow_rules,
        ("ZohoCRM.settings.workflow_rules.READ",),
    ),
    Endpoint("POST", "/settings/tags", tags.create, ("ZohoCRM.settings.tags.CREATE",), writes=True),
    Endpoint(
        "POST",
        "/coql",
        coql_sql.run,
        ("ZohoCRM.coql.READ",),
        credits=lambda call: coql_sql.asked(call).credits,
        heavy=lambda _: True,
    ),
    Endpoint(
        "POST",
        "/{module}/actions/change_owner",
        owners.change_many,
        ("ZohoCRM.change_owner.CREATE",),
        writes=True,
    ),
    Endpoint(
        "POST",
        "/{module}/{id}/actions/change_owner",
        owners.change_one,
        ("ZohoCRM.change_owner.CREATE",),
        writes=True,
    ),
    Endpoint(
        "POST",
        "/{module}/actions/add_tags",
        tags.add_many,
        ("ZohoCRM.settings.tags.UPDATE",),
        credits=_tag_credits,
        writes=True,
    ),
    Endpoint(
        "POST",
        "/{module}/{id}/actions/add_tags",
        tags.add_one,
        ("ZohoCRM.settings.tags.UPDATE",),
        credits=_tag_credits,
        writes=True,
    ),
    Endpoint(
        "POST",
        "/{module}/actions/remove_tags",
        tags.remove_many,
        ("ZohoCRM.settings.tags.UPDATE",),
        credits=_tag_credits,
        writes=True,
    ),
    Endpoint(
        "POST",
        "/{module}/{id}/actions/remove_tags",
        tags.remove_one,
        ("ZohoCRM.settings.tags.UPDATE",),
        credits=_tag_credits,
        writes=True,
    ),
    Endpoint("GET", "/{module}/search", search.search, (_READ, "ZohoSearch.securesearch.READ")),
    Endpoint(
        "GET",
        "/{module}/actions/count",
        search.count,
        (_READ, "ZohoSearch.securesearch.READ"),
        credits=lambda _: 50,
    ),
    Endpoint("GET", "/{module}", records_api.listing, (_READ,), heavy=lambda call: "sort_by" in call.query),
    Endpoint(
        "PUT",
        "/{module}",
        records_api.update_many,
        (_UPDATE,),
        credits=lambda call: math.ceil(records_api.rows_sent(call) / 10),
        heavy=lambda call: records_api.rows_sent(call) > 10,
        writes=True,
    ),
    Endpoint("GET", "/{module}/{id}", records_api.one, (_READ,)),
    Endpoint("PUT", "/{module}/{id}", records_api.update_one, (_UPDATE,), writes=True),
    Endpoint("GET", "/{module}/{id}/Emails", emails.listing, (_READ, "ZohoCRM.modules.emails.READ")),
    Endpoint(
        "GET",
        "/{module}/{id}/__emails_sharing_details",
        emails.sharing,
        (_READ, "ZohoCRM.modules.emails.READ"),
    ),
)


def build_zoho(crm: Crm, *, public_url: str) -> Starlette:
    """Accounts server at `/accounts`, CRM at `/crm/v8`; `public_url` is where the town that mounts this is reached."""
    api_domain = f"{public_url.rstrip('/')}/zoho"

    async def token(request: Request) -> Response:
        form = await _form(request)
        if form.get("refresh_token") == crm.refresh_token and crm.faults.strikes(Fault.REVOKED):
            return JSONResponse({"error": "invalid_code"})
        status, body = crm.accounts.token(form, api_domain=api_domain)
        return JSONResponse(body, status)

    async def revoke(request: Request) -> Response:
        known = crm.accounts.revoke((await _form(request)).get("token", ""))
        return JSONResponse({"status": "success"} if known else {"error": "invalid_code"})

    return Starlette(
        routes=[
            Route("/accounts/oauth/v2/token", token, methods=["POST"]),
            Route("/accounts/oauth/v2/token/revoke", revoke, methods=["POST"]),
            *(Route(f"/crm/{{version}}{each.path}", gate(crm, each), methods=[each.method]) for each in _ENDPOINTS),
        ],
        exception_handlers={404: _not_found, 405: _bad_method},
    )


async def _form(request: Request) -> dict[str, str]:
    """The parameters, which Zoho takes from the query string as well as from a form."""
    async with request.form() as form:
        sent = {name: value for name, value in form.items() if isinstance(value, str)}
    return {**request.query_params, **sent}


async def _not_found(_: Request, __: Exception) -> Response:
    return respond(bad_url().answer())


async def _bad_method(_: Request, __: Exception) -> Response:
    refusal = ApiError(405, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one")
    return respond(refusal.answer())
