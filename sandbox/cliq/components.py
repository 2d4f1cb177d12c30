"""What an app registers: commands, bots, functions and their handlers, with Cliq's rules for each.

https://www.zoho.com/cliq/help/restapi/v3/slashcommands/, https://www.zoho.com/cliq/help/restapi/v3/bots/ and
https://www.zoho.com/cliq/help/restapi/v3/functions/
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from sandbox.cliq.hall import Hall
from sandbox.cliq.model import CliqError, Component, Handler, Json
from sandbox.cliq.schema import refusal
from sandbox.cliq.shapes import Check, Flaw, Misfit, choice, items, mapping, record, string, whole

Kind = Literal["command", "bot", "function"]

URL: Final = 225
_IMAGE: Final = 140_000  # 100 KB in base64
_MENU_ITEMS: Final = 5

# Which data about people and places a handler may ask for.
PERMISSIONS: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    "command": {
        "execution_handler": ("attachments", "chat", "location", "user"),
        "suggestion_handler": ("chat", "location", "user"),
    },
    "bot": {
        "welcome_handler": ("user",),
        "message_handler": ("attachments", "chat", "location", "message", "user"),
        "mention_handler": ("chat", "location", "message", "user"),
        "context_handler": ("attachments", "chat", "user"),
        "incoming_webhook_handler": ("user",),
        "participation_handler": ("chat", "user"),
        "menu_handler": ("chat", "location", "user"),
        "call_handler": ("user",),
    },
    "function": {
        "button_handler": ("chat", "message", "user"),
        "form_submit_handler": ("chat", "message", "user"),
        "form_change_handler": ("chat", "user"),
        "form_dynamic_select_handler": ("chat", "user"),
        "form_view_handler": ("user",),
        "widget_button_handler": ("user",),
    },
}
# The first one exists from the beginning and cannot be deleted.
_OF_FUNCTION: Final[Mapping[str, tuple[str, ...]]] = {
    "button": ("button_handler",),
    "form": ("form_submit_handler", "form_change_handler", "form_dynamic_select_handler", "form_view_handler"),
    "widget_button": ("widget_button_handler",),
}
_COMMON: Final[Mapping[str, Check]] = {
    "description": string(300),
    "execution_type": choice("deluge", "webhook"),
    "execution_url": string(URL, pattern="https?://"),
}
_AUDIENCE: Final[Mapping[str, Check]] = {
    "scope": choice("organization", "team", "personal"),
    "team_ids": items(string(50), 4),
    "image": string(_IMAGE),
}
_FIELDS: Final[Mapping[Kind, Mapping[str, Check]]] = {
    "command": {
        **_COMMON,
        **_AUDIENCE,
        "name": string(30, pattern="[a-z]+$"),
        "hint": string(128),
        "options": mapping(string(100), 5),
        "max_suggestions": whole(0, 5),
    },
    "bot": {
        **_COMMON,
        **_AUDIENCE,
        "name": string(20),
        "status_messages": items(string(50), 10, least=0),
        "channel_participation": items(choice("listen_message", "send_message", "auto_follow_thread"), 3, least=0),
        # The pages print one pair of words for creating and the other for changing.
        "calls": choice("enable", "disable", "enabled", "disabled"),
    },
    "function": {**_COMMON, "name": string(30), "function_type": choice(*_OF_FUNCTION)},
}
_REQUIRED: Final[Mapping[Kind, tuple[str, ...]]] = {
    "command": ("name", "hint", "scope"),
    "bot": ("name", "description"),
    "function": ("name", "description", "function_type"),
}
_FIXED: Final = ("execution_type", "function_type")
_RENAMED_COMMAND: Final = string(30, pattern="[a-z0-9_]+$")
_CREATE: Final = {kind: record(fields, required=_REQUIRED[kind]) for kind, fields in _FIELDS.items()}
_CHANGE: Final = {
    kind: record(
        {name: check for name, check in fields.items() if name not in _FIXED}
        | ({"name": _RENAMED_COMMAND} if kind == "command" else {})
    )
    for kind, fields in _FIELDS.items()
}
_MENU: Final[Mapping[str, Check]] = {
    "name": string(15),
    "icon": string(100),
    "sub_actions": items(record({"name": string(15)}, required=["name"]), 5, least=0),
}


def create(hall: Hall, kind: Kind, given: Any, *, creator: str) -> Component:
    """Register a component for the person `creator`. Raises `CliqError`."""
    _examine(_CREATE[kind], given)
    content = {"execution_type": "deluge", "scope": "personal", "status": "enabled", **given}
    _require_sound(content)
    _require_free_name(hall, kind, content["name"])
    number = f"2278280000001{hall.number():05d}"
    component = Component(kind, number, content["name"], content, creator)
    if kind == "bot":
        component.unique_name = _unique_name(hall, component.name)
    else:
        component.handlers.append(Handler(_default_handler(component) or ""))
    hall.components[component.id] = component
    hall.changed()
    return component


def change(hall: Hall, component: Component, given: Any) -> None:
    """Raises `CliqError`, "invalid_inputs" for what is fixed for ever."""
    if isinstance(given, dict) and (fixed := [name for name in _FIXED if name in given]):
        raise CliqError(400, "invalid_inputs", f"The '{fixed[0]}' cannot be changed.")
    _examine(_CHANGE[component.kind], given)
    if component.kind == "bot" and not component.handlers:
        raise CliqError(400, "operation_failed", "The bot has no handler yet.")
    content = component.content | given
    _require_sound(content)
    if content["name"] != component.name:
        _require_free_name(hall, component.kind, content["name"])
    component.name, component.content = content["name"], content
    hall.changed()


def _examine(check: Check, given: Any) -> None:
    """Most flaws of a component are answered with one bare sentence."""
    try:
        check(given, "body")
    except Misfit as misfit:
        if misfit.key == "scope" and misfit.flaw is Flaw.VALUE:
            raise CliqError(400, "invalid_scope", "The scope is not valid.") from None
        if misfit.flaw is Flaw.EXTRA:
            raise refusal(misfit) from None
        raise CliqError(400, "", "Security validation error") from None


def _require_sound(content: Json) -> None:
    """A webhook needs its URL, a script has none; a team component names its teams."""
    by_webhook, url = content["execution_type"] == "webhook", content.get("execution_url")
    if by_webhook and not url:
        raise CliqError(400, "execution_url_required", "The execution URL is required.")
    if url and not by_webhook:
        raise CliqError(400, "execution_url_not_allowed", "The execution URL is not allowed.")
    if content["scope"] == "team" and not content.get("team_ids"):
        raise CliqError(400, "invalid_scope", "The scope needs team_ids.")


def _require_free_name(hall: Hall, kind: Kind, name: str) -> None:
    if hall.component(kind, name):
        raise CliqError(400, f"{kind}_name_already_exists", f"A {kind} of this name exists already.")


def _unique_name(hall: Hall, name: str) -> str:
    """The name that a bot keeps for ever, also when it is renamed."""
    base = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum()) + "bot"
    taken = {component.unique_name for component in hall.components.values()}
    return next(each for each in (base, *(f"{base}{n}" for n in range(2, 1000))) if each not in taken)


# Handlers


def _possible(component: Component) -> tuple[str, ...]:
    if component.kind == "function":
        return _OF_FUNCTION[component.content["function_type"]]
    return tuple(PERMISSIONS[component.kind])


def _default_handler(component: Component) -> str | None:
    return None if component.kind == "bot" else _possible(component)[0]


def handler(component: Component, kind: str, handler_id: str | None = None) -> Handler:
    """One handler; `handler_id` tells the items of a menu apart. Raises "execution_handler_not_found"."""
    for each in component.handlers:
        if each.type == kind and handler_id in (None, each.extra.get("id")):
            return each
    raise CliqError(400, "execution_handler_not_found", "The handler does not exist.")


def add_handler(hall: Hall, component: Component, given: Any) -> Handler:
    """Raises `CliqError`, among others for a handler that the component has or cannot have."""
    kind = given.get("type") if isinstance(given, dict) else None
    if not kind:
        raise CliqError(400, "execution_handler_data_required", "The 'type' of the handler is missing.")
    if kind not in _possible(component):
        raise _bad_handler("type")
    _examine_handler(component, kind, given)
    is_menu = kind == "menu_handler"
    if is_menu and "name" not in given:
        raise CliqError(400, "execution_handler_data_required", "The 'name' of the menu is missing.")
    alike = [each for each in component.handlers if each.type == kind]
    if len(alike) >= (_MENU_ITEMS if is_menu else 1):
        raise CliqError(400, "execution_handler_create_failed", "The handler exists already.")
    extra = {"id": str(hall.number())} if is_menu else {}
    extra |= {name: value for name, value in given.items() if name in _MENU}
    added = Handler(kind, list(given.get("permissions", [])), extra)
    component.handlers.append(added)
    hall.changed()
    return added


def change_handler(hall: Hall, component: Component, found: Handler, given: Any) -> None:
    """Raises `CliqError`."""
    if not isinstance(given, dict) or not given:
        raise CliqError(400, "execution_handler_data_required", "There is nothing to change.")
    _examine_handler(component, found.type, given)
    found.permissions = list(given.get("permissions", found.permissions))
    found.extra |= {name: value for name, value in given.items() if name in _MENU}
    hall.changed()


def drop_handler(hall: Hall, component: Component, found: Handler) -> None:
    """Raises `CliqError` "default_handler_delete_not_allowed"."""
    if found.type == _default_handler(component):
        raise CliqError(400, "default_handler_delete_not_allowed", "The default handler cannot be deleted.")
    component.handlers.remove(found)
    hall.changed()


def _examine_handler(component: Component, kind: str, given: Json) -> None:
    allowed = choice(*PERMISSIONS[component.kind][kind])
    fields: Mapping[str, Check] = {"type": choice(kind), "permissions": items(allowed, 5, least=0)}
    try:
        record({**fields, **(_MENU if kind == "menu_handler" else {})})(given, "body")
    except Misfit as misfit:
        raise (refusal(misfit) if misfit.flaw is Flaw.EXTRA else _bad_handler(misfit.key)) from None


def _bad_handler(key: str) -> CliqError:
    return CliqError(400, "execution_handler_data_invalid", f"The value passed for the '{key}' key is not valid.")
