"""What each Block Kit element and composition object may contain, as a table.

https://docs.slack.dev/reference/block-kit/block-elements and
https://docs.slack.dev/reference/block-kit/composition-objects
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.slack.schema import Check, Problem, anything, enum, flag, items, number, plain, record, string, text

CONFIRM: Final = record(
    {
        "title": plain(100),
        "text": text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": enum("primary", "danger"),
    },
    required=["title", "text", "confirm", "deny"],
)


def _option(label: Check) -> Check:
    fields = {"text": label, "value": string(150), "description": text(75)}
    return record(fields, required=["text", "value"])


_PLAIN_OPTION: Final = _option(plain(75))
_RICH_OPTION: Final = _option(text(75))
_LINK_OPTION: Final = record(
    {"text": plain(75), "value": string(150), "description": plain(75), "url": string(3000)}, required=["text", "value"]
)
_GROUP: Final = record({"label": plain(75), "options": items(_PLAIN_OPTION, 100)}, required=["label", "options"])
_DISPATCH: Final = record(
    {"trigger_actions_on": items(enum("on_enter_pressed", "on_character_entered"), 2)}, required=["trigger_actions_on"]
)
_FILTER: Final = record(
    {
        "include": items(enum("im", "mpim", "private", "public"), 4),
        "exclude_bot_users": flag,
        "exclude_external_shared_channels": flag,
    }
)
_FOCUS: Final[dict[str, Check]] = {"focus_on_load": flag, "placeholder": plain(150)}
_CONFIRMED: Final[dict[str, Check]] = {"confirm": CONFIRM}
_PICK: Final = {**_FOCUS, **_CONFIRMED}
_OPTIONS: Final[dict[str, Check]] = {"options": items(_PLAIN_OPTION, 100), "option_groups": items(_GROUP, 100)}
_TYPED: Final[dict[str, Check]] = {**_FOCUS, "dispatch_action_config": _DISPATCH}
_MANY: Final[dict[str, Check]] = {"max_selected_items": number(1, 100)}
_IDS: Final = items(string(255), 100)


def options_offered(element: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The options of a select, those of all its groups in one list."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group["options"])]


def _initial_is_offered(element: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    offered = [(option["text"]["text"], option["value"]) for option in options_offered(element)]
    chosen = {"initial_option": [element["initial_option"]]} if "initial_option" in element else {}
    if "initial_options" in element:
        chosen["initial_options"] = element["initial_options"]
    for name, options in chosen.items():
        if any((option["text"]["text"], option["value"]) not in offered for option in options):
            yield Problem(f"{pointer}/{name}", "must match one of the provided options")


def _element(required: tuple[str, ...] = (), /, **fields: Check) -> Check:
    return record({"type": anything, "action_id": string(255), **fields}, required=required)


def _choice(option: Check, most: int, **fields: Check) -> Check:
    known: dict[str, Check] = {
        "type": anything,
        "action_id": string(255),
        "options": items(option, most),
        **_CONFIRMED,
        **fields,
    }
    return record(known, required=["options"], also=_initial_is_offered)


def _select(**fields: Check) -> Check:
    known: dict[str, Check] = {"type": anything, "action_id": string(255), **_PICK, **_OPTIONS, **fields}
    return record(known, any_of=["options", "option_groups"], also=_initial_is_offered)


_LABEL: Final[dict[str, Check]] = {"text": plain(75), "value": string(2000), "accessibility_label": string(75)}

BUTTON: Final = _element(
    ("text",),
    **_LABEL,
    url=string(3000),
    style=enum("primary", "danger"),
    confirm=CONFIRM,
    agent_prompt=string(4000),
    visible_to_user_ids=_IDS,
)
IMAGE: Final = record(
    {"type": anything, "image_url": string(3000), "slack_file": anything, "alt_text": string(2000)},
    required=["alt_text"],
    any_of=["image_url", "slack_file"],
)

SELECTS: Final[dict[str, Check]] = {
    "static_select": _select(initial_option=_PLAIN_OPTION),
    "external_select": _element(**_PICK, initial_option=_PLAIN_OPTION, min_query_length=number(0, 3000)),
    "users_select": _element(**_PICK, initial_user=string(255)),
    "conversations_select": _element(
        **_PICK,
        initial_conversation=string(255),
        default_to_current_conversation=flag,
        response_url_enabled=flag,
        filter=_FILTER,
    ),
    "channels_select": _element(**_PICK, initial_channel=string(255), response_url_enabled=flag),
}
MULTI_SELECTS: Final[dict[str, Check]] = {
    "multi_static_select": _select(**_MANY, initial_options=items(_PLAIN_OPTION, 100)),
    "multi_external_select": _element(
        **_PICK, **_MANY, initial_options=items(_PLAIN_OPTION, 100), min_query_length=number(0, 3000)
    ),
    "multi_users_select": _element(**_PICK, **_MANY, initial_users=_IDS),
    "multi_conversations_select": _element(
        **_PICK, **_MANY, initial_conversations=_IDS, default_to_current_conversation=flag, filter=_FILTER
    ),
    "multi_channels_select": _element(**_PICK, **_MANY, initial_channels=_IDS),
}
PICKERS: Final[dict[str, Check]] = {
    "datepicker": _element(**_PICK, initial_date=string(10)),
    "timepicker": _element(**_PICK, initial_time=string(5), timezone=string(255)),
    "datetimepicker": _element(**_CONFIRMED, focus_on_load=flag, initial_date_time=number(0, 9_999_999_999)),
    "checkboxes": _choice(_RICH_OPTION, 10, focus_on_load=flag, initial_options=items(_RICH_OPTION, 10)),
    "radio_buttons": _choice(_RICH_OPTION, 10, focus_on_load=flag, initial_option=_RICH_OPTION),
}
TEXT_INPUTS: Final[dict[str, Check]] = {
    "plain_text_input": _element(
        **_TYPED,
        initial_value=string(3000, least=0),
        multiline=flag,
        min_length=number(0, 3000),
        max_length=number(1, 3000),
    ),
    "email_text_input": _element(**_TYPED, initial_value=string(3000)),
    "url_text_input": _element(**_TYPED, initial_value=string(3000)),
    "number_input": _element(
        ("is_decimal_allowed",),
        **_TYPED,
        is_decimal_allowed=flag,
        initial_value=string(255),
        min_value=string(255),
        max_value=string(255),
    ),
}
RICH_TEXT_INPUT: Final = _element(**_TYPED, initial_value=anything, min_lines=number(1, 100), max_lines=number(1, 100))
FILE_INPUT: Final = _element(filetypes=items(string(255), 100), max_files=number(1, 10))
OVERFLOW: Final = _choice(_LINK_OPTION, 5)
WORKFLOW_BUTTON: Final = _element(("text", "workflow"), **_LABEL, workflow=anything, style=enum("primary", "danger"))
ICON_BUTTON: Final = _element(
    ("icon", "text"), **_LABEL, icon=enum("trash"), visible_to_user_ids=items(string(255), 10), confirm=CONFIRM
)
_FEEDBACK: Final = record(_LABEL, required=["text", "value"])
FEEDBACK_BUTTONS: Final = _element(
    ("positive_button", "negative_button"), positive_button=_FEEDBACK, negative_button=_FEEDBACK
)
