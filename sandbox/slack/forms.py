"""What a person can enter into blocks, and the form in which payloads carry it.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from sandbox.slack.elements import options_offered
from sandbox.slack.model import Json
from sandbox.slack.validate import inner_blocks, interactive

# Elements that remember something, and the key under which a payload carries it.
VALUE_KEYS: Final = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
_INITIAL: Final = {"value": "initial_value", "rich_text_value": "initial_value"}
_FORMS: Final = {
    "datepicker": (re.compile(r"\d{4}-\d{2}-\d{2}"), "Enter a date as YYYY-MM-DD"),
    "timepicker": (re.compile(r"\d{2}:\d{2}"), "Enter a time as HH:MM"),
    "email_text_input": (re.compile(r"[^@\s]+@[^@\s]+"), "Enter an e-mail address"),
    "url_text_input": (re.compile(r"https?://\S+"), "Enter a web address"),
    "number_input": (re.compile(r"-?\d+(\.\d+)?"), "Enter a number"),
}


class NotOnScreen(LookupError):
    """The person cannot do that: the element, option or view is not there (any more)."""


def find(blocks: Sequence[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    """The block and the element with these ids. Raises `NotOnScreen`."""
    for block in inner_blocks(blocks):
        if block.get("block_id") == block_id:
            for element in interactive(block):
                if element.get("action_id") == action_id:
                    return block, element
    raise NotOnScreen(f"no element {block_id}/{action_id} on the screen")


def entered(element: Json, value: Any, offered: Sequence[Json] = ()) -> Json:
    """What the element holds once a person has entered `value`, as `state.values` carries it.

    Options are named by their `value`; `offered` are those that the app sent for an external select. An empty value
    clears the element. Raises `NotOnScreen` for an option that was not offered.
    """
    kind = element["type"]
    key = VALUE_KEYS[kind]
    held: Any = value
    if key == "selected_option":
        held = _option(element, value, offered) if value else None
    elif key == "selected_options":
        held = [_option(element, item, offered) for item in value or ()]
    elif key == "selected_date_time":
        held = int(value) if value else None
    elif key.endswith("s"):
        held = list(value or ())
    return {"type": kind, key: held if isinstance(held, list) else held or None}


def _option(element: Json, value: str, offered: Sequence[Json]) -> Json:
    for option in [*options_offered(element), *offered]:
        if option.get("value") == value:
            return option
    raise NotOnScreen(f"{value!r} is none of the options of {element['action_id']}")


def initial_state(blocks: Sequence[Json]) -> Json:
    """`state.values` before anybody has touched anything."""
    state: Json = {}
    for block in inner_blocks(blocks):
        for element in interactive(block):
            if element["type"] in VALUE_KEYS:
                state.setdefault(block["block_id"], {})[element["action_id"]] = _initial(element)
    return state


def _initial(element: Json) -> Json:
    key = VALUE_KEYS[element["type"]]
    empty: list[Any] | None = [] if key.endswith("s") else None
    initial = _INITIAL.get(key) or key.replace("selected_", "initial_")
    return {"type": element["type"], key: element.get(initial, empty)}


def state_after_update(state: Json, blocks: Sequence[Json]) -> Json:
    """What stays entered when a view changes: elements that keep their ids keep what was entered."""
    fresh = initial_state(blocks)
    for block_id, held in fresh.items():
        entries = state.get(block_id, {})
        held.update({action_id: entries[action_id] for action_id in held if action_id in entries})
    return fresh


def complaints(blocks: Sequence[Json], state: Json) -> dict[str, str]:
    """What the client itself refuses to submit, as `{block_id: text}`: empty required inputs, wrong lengths."""
    found: dict[str, str] = {}
    for block in inner_blocks(blocks):
        if block["type"] == "input":
            element = block["element"]
            held = state.get(block["block_id"], {}).get(element["action_id"], {})
            value = held.get(VALUE_KEYS[element["type"]])
            if complaint := _complaint(element, value, optional=block.get("optional", False)):
                found[block["block_id"]] = complaint
    return found


def _complaint(element: Json, value: Any, *, optional: bool) -> str | None:
    if not value:
        return None if optional else "Please complete this required field."
    form, wanted = _FORMS.get(element["type"], (None, ""))
    if form and not form.fullmatch(value):
        return wanted
    if isinstance(value, list) and len(value) > element.get("max_selected_items", 100):
        return f"Choose at most {element['max_selected_items']}."
    if isinstance(value, str):
        return _wrong_length(value, element.get("min_length", 0), element.get("max_length", 3000))
    return None


def _wrong_length(value: str, least: int, most: int) -> str | None:
    if len(value) < least:
        return f"Enter at least {least} characters."
    return f"Enter at most {most} characters." if len(value) > most else None
