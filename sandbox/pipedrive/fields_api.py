"""Fields and options, in both generations: https://developers.pipedrive.com/docs/api/v1/DealFields"""

import uuid
from collections.abc import Callable
from typing import Any, Final

from sandbox.pipedrive.api import (
    Answer,
    Call,
    Json,
    forbidden,
    good,
    invalid,
    not_allowed,
    not_found,
    offset_page,
    refusal,
)
from sandbox.pipedrive.labels import LABEL, MOST_OPTIONS, FieldDef, Option

_TYPES: Final = ("varchar", "text", "int", "double", "enum", "set", "user", "date", "monetary", "phone", "time")


def _code(call: Call, each: FieldDef) -> str:
    return call.crm.quirks.label_field_code if each.code == LABEL else each.code


def _option(option: Option) -> Json:
    return {"id": option.id, "label": option.label, "color": option.color}


def _show(call: Call, each: FieldDef) -> Json:
    return {
        "field_name": each.name,
        "field_code": _code(call, each),
        "field_type": each.type,
        "is_custom_field": each.custom,
        "is_optional_response_field": False,
        "description": None,
        "options": None if each.options is None else [_option(option) for option in each.options],
        "subfields": None,
    }


def _show_v1(module: str, each: FieldDef) -> Json:
    """v1 calls the field of the labels "label", and the owner of a deal its user."""
    names = {LABEL: "label", "owner_id": "user_id" if module == "deals" else "owner_id"}
    shown: Json = {
        "id": each.id,
        "key": names.get(each.code, each.code),
        "name": each.name,
        "field_type": each.type,
        "active_flag": True,
        "edit_flag": each.custom,
    }
    if each.options is not None:
        shown["options"] = [_option(option) for option in each.options]
    return shown


def lists(module: str) -> Callable[[Call], Answer]:
    def listing(call: Call) -> Answer:
        call.only("limit", "cursor", "include_fields")
        known = call.crm.fields.by_module[module]
        after = int(call.query["cursor"]) if call.query.get("cursor", "").isdecimal() else 0
        page = known[after : after + call.limit]
        more = str(after + call.limit) if after + call.limit < len(known) else None
        return good([_show(call, each) for each in page], {"next_cursor": more})

    return listing


def reads(module: str) -> Callable[[Call], Answer]:
    return lambda call: good(_show(call, _by_code(call, module)))


def creates(module: str) -> Callable[[Call], Answer]:
    def create(call: Call) -> Answer:
        body = call.fields()
        for name in set(body) - {"field_name", "field_type", "options", "description"}:
            raise not_allowed(name)
        if not isinstance(body.get("field_name"), str) or body.get("field_type") not in _TYPES:
            raise invalid("field_type", f"Must be one of: {', '.join(_TYPES)}")
        options = tuple(_labels(body.get("options") or []))
        number = len(call.crm.fields.by_module[module])
        code = (uuid.uuid5(uuid.NAMESPACE_URL, f"pipedrive/{module}/{number}").hex * 2)[:40]
        made = call.crm.fields.add(module, body["field_name"], body["field_type"], code=code, options=options)
        return good(_show(call, made), status=201)

    return create


def adds_options(module: str) -> Callable[[Call], Answer]:
    """Answers the new options alone."""

    def add(call: Call) -> Answer:
        each = _by_code(call, module)
        if each.options is None or (not each.custom and not call.crm.quirks.v2_label_options):
            raise refusal(400, "Options can be added to custom fields of the types enum and set only")
        if not isinstance(call.body, list) or not call.body:
            raise invalid("body", "Expected an array with at least one object")
        labels = _labels(call.body)
        _refuse_labels(call, each, len(labels))
        new = call.crm.fields.add_options(each, labels)
        call.crm.changes.version += 1
        return good([{"id": option.id, "label": option.label} for option in new])

    return add


def lists_v1(module: str) -> Callable[[Call], Answer]:
    def listing(call: Call) -> Answer:
        known = call.crm.fields.by_module[module]
        page = known[call.start : call.start + call.limit + 1]
        return offset_page([_show_v1(module, each) for each in page], start=call.start, limit=call.limit)

    return listing


def updates_v1(module: str) -> Callable[[Call], Answer]:
    """The options sent take the place of all: those without their id are new, those not sent are gone."""

    def update(call: Call) -> Answer:
        each = next((each for each in call.crm.fields.by_module[module] if each.id == call.path_number()), None)
        if each is None:
            raise not_found()
        sent = call.fields().get("options")
        if each.options is None or not isinstance(sent, list):
            raise refusal(400, "Bad request")
        known = {option.id: option for option in each.options}
        named = [option for option in sent if isinstance(option, dict) and "id" in option]
        new = _labels([option for option in sent if option not in named])
        if not all(isinstance(option["id"], int) and option["id"] in known for option in named):
            raise refusal(400, "An option does not exist")
        kept = [known[option["id"]] for option in named]
        _refuse_labels(call, each, len(new) - len(known) + len(kept))
        each.options = kept
        call.crm.fields.add_options(each, new)
        call.crm.changes.version += 1
        return good(_show_v1(module, each))

    return update


def _refuse_labels(call: Call, each: FieldDef, more: int) -> None:
    """Raises 403 where labels are locked, 400 where there would be too many options."""
    if call.crm.quirks.labels_locked and not each.custom:
        raise forbidden()
    if len(each.options or ()) + more > MOST_OPTIONS:
        raise refusal(400, f"A field has at most {MOST_OPTIONS} options")


def _labels(sent: Any) -> list[str]:
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise invalid("options", "Expected an array of objects")
    labels = [each.get("label") for each in sent]
    if not all(isinstance(label, str) and label for label in labels):
        raise invalid("options", "Each option needs a label")
    return [str(label) for label in labels]


def _by_code(call: Call, module: str) -> FieldDef:
    for each in call.crm.fields.by_module[module]:
        if _code(call, each) == call.path["code"]:
            return each
    raise not_found()
