"""The shape and limits of forms: https://www.zoho.com/cliq/help/platform/cliq-form.html

Where Zoho gives no limit, there is a generous one.
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cliq.shapes import (
    Check,
    Flaw,
    Misfit,
    choice,
    every,
    flag,
    items,
    record,
    string,
    variant,
    whole,
)

ACTIONS: Final = ("submit", "cancel")
_MANY: Final = 1000  # where Cliq documents no limit
_NAME: Final = string(50, pattern=r"[a-zA-Z0-9_-]+\Z")


def anything(_value: Any, _key: str) -> None:
    """Whatever: what nobody documents, and a `type` that has picked its variant already."""


def text(most: int) -> Check:
    """A string that may be empty."""
    filled = string(most)

    def check(value: Any, key: str) -> None:
        if value != "":
            filled(value, key)

    return check


def _option(most: int) -> Check:
    fields = {"label": string(100), "value": string(most), "thumbnail": string(500)}
    return record(fields, required=["label", "value"])


OPTION: Final = _option(100)
_GROUP: Final = record({"label": string(100), "options": items(OPTION, 100)}, required=["label", "options"])


def _option_or_group(value: Any, key: str) -> None:
    check = _GROUP if isinstance(value, dict) and "options" in value else OPTION
    check(value, key)


def flat(options: list[Any]) -> list[Any]:
    """Options without their groups."""
    return [inner for item in options for inner in item.get("options", [item])]


def _few(value: Any, key: str) -> None:
    if len(flat(value)) > 100:
        raise Misfit(Flaw.SIZE, key)


_OPTIONS: Final = every(items(_option_or_group, 100), _few)


def preselected(field: Mapping[str, Any]) -> list[Any]:
    """The values with which a selection begins; Cliq takes them bare or together with their labels."""
    value = field.get("value")
    chosen = value if isinstance(value, list) else [value] if value else []
    return [item.get("value") if isinstance(item, dict) else item for item in chosen]


def _one_of_the_options(field: Any, _key: str) -> None:
    known = [option["value"] for option in flat(field.get("options", []))]
    if any(value not in known for value in preselected(field)):
        raise Misfit(Flaw.VALUE, f"{field['name']}.value")


_COMMON: Final[Mapping[str, Check]] = {
    "type": anything,
    "name": _NAME,
    "label": string(50),
    "placeholder": string(100),
    "hint": string(100),
    "mandatory": flag,
    "trigger_on_change": flag,
    "disabled": flag,
}
_SEVERAL: Final[Mapping[str, Check]] = {"multiple": flag, "max_selections": whole(1, 100)}
_SELECTION: Final[Mapping[str, Check]] = {"options": _OPTIONS, "value": anything}


def _prompting(fields: Mapping[str, Check], *required: str) -> Check:
    """A field that must have a placeholder."""
    return record({**_COMMON, **fields}, required=["name", "label", "placeholder", *required])


def _labelled(fields: Mapping[str, Check], *required: str) -> Check:
    return record({**_COMMON, **fields}, required=["name", "label", *required])


FIELD: Final = variant(
    {
        "text": _prompting(
            {
                "format": choice("email", "tel", "url", "password"),
                "min_length": whole(0, _MANY),
                "max_length": whole(1, _MANY),
                "value": text(100),
            }
        ),
        "textarea": _prompting({"min_length": whole(0, 5000), "max_length": whole(1, 5000), "value": text(1000)}),
        "number": _labelled({"min": anything, "max": anything, "step_value": anything, "value": anything}),
        "select": every(_prompting({**_SEVERAL, **_SELECTION}, "options"), _one_of_the_options),
        "dynamic_select": every(
            _prompting(
                {
                    **_SEVERAL,
                    **_SELECTION,
                    "min_characters": whole(0, 100),
                    "auto_search_min_results": whole(0, 100),
                }
            ),
            _one_of_the_options,
        ),
        "native_select": _prompting(
            {
                "data_source": choice("channels", "conversations", "teams", "contacts"),
                "filter": items(string(50), 20),
                "multiple": flag,
                "max_selections": whole(1, 10),
                "value": text(_MANY),
            },
            "data_source",
        ),
        "radio": every(
            _labelled({"options": items(_option(50), 5, least=2), "value": string(50)}, "options"),
            _one_of_the_options,
        ),
        "checkbox": every(_labelled(_SELECTION, "options"), _one_of_the_options),
        "toggle": _labelled({"value": flag}),
        "hidden": record({"type": anything, "name": _NAME, "value": text(_MANY)}, required=["name"]),
        **dict.fromkeys(
            ("date", "datetime", "file", "location", "phone_number", "catalogue"),
            _labelled({"value": anything, "boundary": anything, "filter": anything, "multiple": flag}),
        ),
    }
)


def _as_a_whole(form: Any, _key: str) -> None:
    names = [field["name"] for field in form["inputs"]]
    if len(set(names)) < len(names):
        raise Misfit(Flaw.VALUE, "name")
    if "action" in form and "actions" in form:
        raise Misfit(Flaw.EXTRA, "action")


_ACTION: Final = record(
    {"type": choice("invoke.function"), "name": string(30), "mode": choice("immediate", "confirm")},
    required=["type", "name"],
)
FORM: Final = every(
    record(
        {
            "type": anything,
            "name": string(50),
            "title": string(_MANY),
            "hint": string(_MANY),
            "version": whole(1, 1),
            "button_label": string(100),
            "trigger_on_cancel": flag,
            "mode": choice("classic", "kiosk"),
            "action": _ACTION,
            "actions": record(dict.fromkeys(ACTIONS, _ACTION), required=["submit"]),
            "inputs": items(FIELD, 100),
        },
        required=["name", "title", "inputs"],
        any_of=["actions", "action"],
    ),
    _as_a_whole,
)
