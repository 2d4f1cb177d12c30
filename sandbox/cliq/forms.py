"""What a person can enter into a form, and the shape in which payloads carry it.

https://www.zoho.com/cliq/help/platform/cliq-form.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.cliq.form_rules import flat, preselected
from sandbox.cliq.model import Json, User

_CHOICES: Final = {"select", "dynamic_select", "native_select", "radio", "checkbox"}
# https://www.zoho.com/cliq/help/platform/cliq-form.html: these must be filled in unless the form says otherwise.
_MANDATORY: Final = {"text", "textarea", "number", "select", "dynamic_select", "native_select"}
_FORMATS: Final = {
    "email": (re.compile(r"[^@\s]+@[^@\s]+"), "Enter a valid email address"),
    "url": (re.compile(r"https?://\S+"), "Enter a valid URL"),
    "tel": (re.compile(r"[+\d][\d ()-]*"), "Enter a valid phone number"),
}
_LONGEST: Final = {"text": 1000, "textarea": 1000}
REQUIRED: Final = "This field is mandatory"


class NotOnScreen(LookupError):
    """The person cannot do that: the chat, button, field or option is not there (any more)."""


def field_of(content: Json, name: str) -> Json:
    """The field of a form. Raises `NotOnScreen`."""
    for field in content["inputs"]:
        if field["name"] == name:
            found: Json = field
            return found
    raise NotOnScreen(f"no field {name} in the form {content['name']}")


def initial_values(content: Json) -> Json:
    """The form's values before anybody has touched anything."""
    return {field["name"]: _initial(field) for field in content["inputs"]}


def _initial(field: Json) -> Any:
    value = field.get("value")
    match field["type"]:
        case "toggle":
            return bool(value)
        case "native_select":
            return _empty(field)
        case kind if kind in _CHOICES:
            return _chosen(field, preselected(field), flat(field.get("options", [])))
        case _:
            return "" if value is None else value


def _takes_several(field: Json) -> bool:
    return bool(field["type"] == "checkbox" or field.get("multiple"))


def _empty(field: Json) -> Json | list[Json]:
    """What a selection that nobody has made looks like: `{}` for an unselected dynamic_select."""
    return [] if _takes_several(field) else {}


def _chosen(field: Json, values: Sequence[str], known: Sequence[Json]) -> Any:
    by_value = {option["value"]: {"label": option["label"], "value": option["value"]} for option in known}
    for value in values:
        if value not in by_value:
            raise NotOnScreen(f"{value!r} is none of the options of {field['name']}")
    held = [by_value[value] for value in values]
    if _takes_several(field):
        return held
    return held[0] if held else _empty(field)


def entered(field: Json, value: Any, offered: Sequence[Json], users: Mapping[str, User]) -> Any:
    """What a field holds once a person has entered `value`, as `form.values` carries it.

    Options are named by their `value`, people by their id; an empty value clears the field. `offered` are the options
    that the app sent for a dynamic select. Raises `NotOnScreen` for what was not offered, and for fields that the
    person cannot touch.
    """
    if field["type"] == "hidden" or field.get("disabled"):
        raise NotOnScreen(f"{field['name']} cannot be changed")
    if field["type"] not in _CHOICES:
        return bool(value) if field["type"] == "toggle" else value
    values = value if isinstance(value, list) else [value] if value else []
    known = flat(field.get("options", [])) + list(offered)
    if field["type"] == "native_select":
        known = [{"label": user.name, "value": user.id} for user in users.values() if user.active]
    return _chosen(field, values, known)


def complaints(content: Json, values: Json) -> dict[str, str]:
    """What the client itself refuses to submit, by field: empty mandatory fields, wrong lengths and forms."""
    found: dict[str, str] = {}
    for field in content["inputs"]:
        if not field.get("disabled") and (complaint := _complaint(field, values[field["name"]])):
            found[field["name"]] = complaint
    return found


def _complaint(field: Json, value: Any) -> str | None:
    kind = field["type"]
    if value in ("", [], {}, None):
        return REQUIRED if field.get("mandatory", kind in _MANDATORY) else None
    if isinstance(value, list) and len(value) > field.get("max_selections", 100):
        return f"Choose at most {field['max_selections']}"
    if kind == "number":
        return _wrong_number(field, value)
    if kind in _LONGEST:
        return _wrong_text(field, value)
    return None


def _wrong_text(field: Json, value: str) -> str | None:
    least, most = field.get("min_length", 0), field.get("max_length", _LONGEST[field["type"]])
    if not least <= len(value) <= most:
        return f"Enter {least} to {most} characters"
    form, wanted = _FORMATS.get(field.get("format", ""), (None, ""))
    return wanted if form and not form.fullmatch(value) else None


def _wrong_number(field: Json, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Enter a number"
    if number < float(field.get("min", number)):
        return f"Enter at least {field['min']}"
    return f"Enter at most {field['max']}" if number > float(field.get("max", number)) else None


def modified(content: Json, values: Json, actions: Sequence[Json]) -> tuple[Json, Json]:
    """The form and its values after a `form_modification`. Fields that stay keep what was entered.

    Raises `NotOnScreen` when an action names a field that the form does not have.
    """
    fields, held = list(content["inputs"]), dict(values)
    for action in actions:
        place = next((i for i, field in enumerate(fields) if field["name"] == action["name"]), None)
        if place is None:
            raise NotOnScreen(f"no field {action['name']} in the form {content['name']}")
        match action["type"]:
            case "remove":
                del fields[place]
            case "clear":
                held[action["name"]] = _initial({**fields[place], "value": None})
            case "enable" | "disable":
                fields[place] = {**fields[place], "disabled": action["type"] == "disable"}
            case "update":
                fields[place] = action["input"]
                held.pop(action["name"], None)
            case before_or_after:
                fields.insert(place + (before_or_after == "add_after"), action["input"])
    return {**content, "inputs": fields}, {f["name"]: held.get(f["name"], _initial(f)) for f in fields}
