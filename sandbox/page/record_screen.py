"""The page of one record, where the links in the bot's messages and in the panes lead."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.page.blocks import environment
from sandbox.people import COMPANY
from sandbox.pipedrive.schema import BY_NAME as PIPEDRIVE
from sandbox.vendor import Vendor
from sandbox.zoho.crm import ZGID
from sandbox.zoho.schema import BY_NAME, OWNED

if TYPE_CHECKING:
    from sandbox.town import Town

# Everything the page needs comes from this town: no style, script or picture from elsewhere, nothing inline.
HEADERS: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
_MOST: Final = 5000  # records of one owner that are looked through for a record's tags
_OWNERS: Final = ("Owner", "owner_id", "assigned_user_id", "assignee_ids")
_LABELS: Final = ("name", "title", "subject", "document_name", "Full_Name")
_HIDDEN: Final = frozenset({"id", "Tag", "label_ids", "module_name", "attributes", *_OWNERS})


def record_path(vendor: Vendor, module: str, record_id: str) -> str:
    """Where a record's page is, below the town's address."""
    if vendor.system == "zoho_crm":
        return f"/crm/org{ZGID}/tab/{BY_NAME[module].module_name}/{record_id}"
    if vendor.system == "pipedrive":
        return f"/pipedrive/{_pipedrive_word(module)}/{record_id}"
    return f"/{vendor.system}/index.php?module={module}&action=DetailView&record={record_id}"


def _pipedrive_word(module: str) -> str:
    return "leads/inbox" if module == "leads" else PIPEDRIVE[module].word


def record_routes(town: "Town") -> list[BaseRoute]:
    """The pages of records in all connected CRMs."""
    return [
        Route(path, _page(town, system, module_of), methods=["GET"])
        for system in town.systems
        for path, module_of in _paths(system)
    ]


def _paths(system: str) -> Iterator[tuple[str, Callable[[Request], str]]]:
    """The paths of a system's records, each with how it tells the module."""
    if system == "zoho_crm":
        tabs = {name: module.api_name for module in OWNED for name in (module.module_name, module.api_name)}
        yield f"/crm/org{ZGID}/tab/{{tab}}/{{record_id}}", lambda request: tabs.get(request.path_params["tab"], "")
    elif system == "pipedrive":
        for module in PIPEDRIVE:
            yield f"/pipedrive/{_pipedrive_word(module)}/{{record_id}}", _always(module)
    else:
        yield f"/{system}/index.php", lambda request: request.query_params.get("module", "")


def _always(module: str) -> Callable[[Request], str]:
    return lambda _: module


def _page(town: "Town", system: str, module_of: Callable[[Request], str]) -> Callable[[Request], Any]:
    async def page(request: Request) -> Response:
        record_id = request.path_params.get("record_id") or request.query_params.get("record", "")
        found = record_page(town.systems[system], module_of(request), record_id)
        if found is None:
            raise HTTPException(404, "There is no such record.")
        several = len(town.options.systems) > 1
        name = f"{COMPANY} {found['vendor'].label}" if several else f"{COMPANY} CRM"
        html = environment().get_template("record.html").render(company=COMPANY, crm=name, **found)
        return HTMLResponse(html, headers=HEADERS)

    return page


def record_page(vendor: Vendor, module_name: str, record_id: str) -> dict[str, Any] | None:
    """One record as people read it; None where there is none."""
    module = next((each for each in vendor.modules() if each.name == module_name), None)
    record = vendor.record(module.name, record_id) if module else None
    if module is None or record is None:
        return None
    values = {**record, **record.get("attributes", {})}
    users = {user.id: user for user in vendor.users()}
    owner = users.get(_owner_id(values))
    listed = vendor.records(module.name, owner=owner.id, limit=_MOST) if owner else ()
    fields = ((name, _plain(value, users)) for name, value in values.items() if _is_shown(name))
    return {
        "vendor": vendor,
        "module": module,
        "id": record_id,
        "label": _label(vendor, module_name, values) or record_id,
        "owner": owner.name if owner else "nobody",
        "owner_key": owner.key if owner else "",
        "tags": next((each.tags for each in listed if each.id == record_id), ()),
        "fields": [(name.replace("_", " "), text) for name, text in fields if text],
    }


def _is_shown(name: str) -> bool:
    return name not in _HIDDEN and not name.startswith("$")


def _label(vendor: Vendor, module: str, values: Mapping[str, Any]) -> str:
    named = (BY_NAME[module].label_field,) if vendor.system == "zoho_crm" else _LABELS
    found = next((str(values[name]) for name in named if values.get(name)), "")
    return found or " ".join(str(values[name]) for name in ("first_name", "last_name") if values.get(name))


def _owner_id(values: Mapping[str, Any]) -> str:
    for name in _OWNERS:
        value = values.get(name)
        if value:
            value = value[0] if isinstance(value, list) else value
            return str(value.get("id", "") if isinstance(value, dict) else value)
    return ""


def _plain(value: Any, users: Mapping[str, Any]) -> str:
    """A field's value as people read it: a lookup and a user by their names; "" for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        named = value.get("name") or value.get("label") or value.get("value")
        inner = (f"{name}: {text}" for name, each in value.items() if (text := _plain(each, users)))
        return str(named) if named else ", ".join(inner)
    if isinstance(value, list | tuple):
        return ", ".join(text for each in value if (text := _plain(each, users)))
    user = users.get(str(value))
    return user.name if user else str(value)
