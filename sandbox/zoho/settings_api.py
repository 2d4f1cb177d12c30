"""What the CRM says about itself: organisation, modules, fields, layouts, pipelines.

https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html
"""

from typing import Final

from sandbox.people import COMPANY, ROSTER
from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json
from sandbox.zoho.pipelines import LAYOUTS, Layout, Stage
from sandbox.zoho.schema import BY_NAME, MODULES, Field, Kind, Module
from sandbox.zoho.users import LICENCES

_JSON_TYPES: Final = {
    Kind.CURRENCY: "double",
    Kind.TAGS: "jsonarray",
    Kind.USERS: "jsonarray",
    Kind.OWNER: "jsonobject",
    Kind.USER: "jsonobject",
    Kind.LOOKUP: "jsonobject",
}
_CATEGORIES: Final = {"Open": "Pipeline", "Closed Won": "Closed", "Closed Lost": "Omitted"}


def org(call: Call) -> Answer:
    boss = next(person for person in ROSTER if person.super_admin)
    found = {
        "id": "5000000000000001",
        "zgid": call.crm.zgid,
        "company_name": COMPANY,
        "domain_name": COMPANY.lower(),
        "primary_email": boss.email,
        "primary_zuid": "70000000",
        "type": "production",
        "time_zone": "Europe/Berlin",
        "currency": "Euro - EUR",
        "iso_code": "EUR",
        "currency_symbol": "€",
        "hierarchy_preferences": {"type": "Reporting_To_Hierarchy", "strictly_reporting": None},
        "license_details": {"paid": True, "paid_type": "enterprise", "users_license_purchased": LICENCES},
    }
    return Answer({"org": [found]})


def modules(_: Call) -> Answer:
    return Answer({"modules": [_module(module) for module in MODULES]})


def _module(module: Module) -> Json:
    return {
        "id": str(5_000_000_000_000_002_000 + module.number),
        "api_name": module.api_name,
        "module_name": module.module_name,
        "singular_label": module.singular_label,
        "plural_label": module.plural_label,
        "generated_type": module.generated_type,
        "api_supported": module.api_supported,
        "viewable": True,
        "editable": module.api_supported,
        "creatable": module.api_supported,
        "deletable": module.api_supported,
        "triggers_supported": module.api_supported,
        "status": "visible",
        "sequence_number": module.number,
        "access_type": "org_based",
    }


def asked_module(call: Call) -> Module:
    """The module of the query string. Raises REQUIRED_PARAM_MISSING, INVALID_MODULE."""
    if "module" not in call.query:
        raise ApiError(
            400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": "module"}
        )
    module = BY_NAME.get(call.query["module"])
    if module is None or not module.api_supported:
        raise ApiError(400, "INVALID_MODULE", "the module name given seems to be invalid", {"param_name": "module"})
    return module


def fields(call: Call) -> Answer:
    module = asked_module(call)
    return Answer({"fields": [_field(module, number, each) for number, each in enumerate(module.fields.values())]})


def _field(module: Module, number: int, each: Field) -> Json:
    base = 5_000_000_000_000_300_000 + module.number * 10_000 + number * 100
    described: Json = {
        "id": str(base),
        "api_name": each.api_name,
        "field_label": each.label,
        # Tags are a text field to Zoho that carries a list.
        "data_type": "text" if each.kind is Kind.TAGS else each.kind.value,
        "json_type": _JSON_TYPES.get(each.kind, "string"),
        "custom_field": module.generated_type == "custom" and each.api_name in {own.api_name for own in module.own},
        "visible": True,
        "read_only": each.kind is Kind.ID,
        "pick_list_values": [_pick_value(base, at, value) for at, value in enumerate(each.values, start=1)],
    }
    if each.target:
        described["lookup"] = {"module": {"api_name": each.target}}
    return described


def _pick_value(base: int, at: int, value: str) -> Json:
    stage = next((s for layout in LAYOUTS for s in layout.stages if s.actual == value), None)
    display = (stage.display if stage else None) or value
    return {
        "display_value": display,
        "actual_value": value,
        "reference_value": value,
        "id": str(base + at),
        "sequence_number": at,
        "type": "used",
    }


def layouts(call: Call) -> Answer:
    module = asked_module(call)
    if module.api_name == "Deals":
        found = [{"id": layout.id, "name": layout.name, "status": "active"} for layout in LAYOUTS]
    else:
        found = [{"id": str(5_000_000_000_000_092_000 + module.number), "name": "Standard", "status": "active"}]
    return Answer({"layouts": found})


def pipeline(call: Call) -> Answer:
    layout = next((each for each in LAYOUTS if each.id == call.query.get("layout_id")), None)
    if layout is not None:
        return Answer({"pipeline": [_pipeline(layout)]})
    others = {str(5_000_000_000_000_092_000 + module.number) for module in MODULES}
    if call.query.get("layout_id") in others:
        return EMPTY
    raise ApiError(400, "INVALID_DATA", "the layout id given seems to be invalid", {"param_name": "layout_id"})


def _pipeline(layout: Layout) -> Json:
    return {
        "id": layout.pipeline_id,
        "display_value": layout.name,
        "actual_value": layout.name,
        "default": True,
        "maps": [_stage(layout, number, stage) for number, stage in enumerate(layout.stages, start=1)],
    }


def _stage(layout: Layout, number: int, stage: Stage) -> Json:
    category = _CATEGORIES[stage.forecast_type]
    return {
        "id": str(int(layout.pipeline_id) + number),
        "display_value": stage.display or stage.actual,
        "actual_value": stage.actual,
        "sequence_number": number,
        "forecast_category": {"name": category, "id": str(5_000_000_000_000_091_500 + len(category))},
        "forecast_type": stage.forecast_type,
    }
