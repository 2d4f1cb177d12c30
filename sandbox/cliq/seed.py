"""The app as if it had been installed already: a town that nobody has to set up."""

from typing import Any, Final

from sandbox.cliq.components import Kind, add_handler, change_handler, create
from sandbox.cliq.hall import GRANT_USER, Hall
from sandbox.cliq.model import BOT_NAME, Json

_WIDE: Final = ["chat", "message", "user"]
_NARROW: Final = ["chat", "user"]
_HINT: Final = "@person [on DATE | now] | status, reschedule, cancel, undo @person | list | ghosts | help"
# What is created, and then the permissions of each handler; the first of a command or function exists already.
_COMPONENTS: Final[tuple[tuple[Kind, Json, tuple[Json, ...]], ...]] = (
    (
        "command",
        {"name": "offboard", "hint": _HINT, "scope": "organization"},
        (
            {"type": "execution_handler", "permissions": _NARROW},
            {"type": "suggestion_handler", "permissions": _NARROW},
        ),
    ),
    (
        "bot",
        {"name": BOT_NAME, "description": "Hands over a leaver's records", "scope": "organization"},
        (
            {"type": "message_handler", "permissions": _WIDE},
            {"type": "welcome_handler", "permissions": ["user"]},
            {"type": "mention_handler", "permissions": _WIDE},
            {"type": "menu_handler", "name": "Home", "permissions": _NARROW},
        ),
    ),
    (
        "function",
        {"name": "offboardbutton", "description": "A click on a button", "function_type": "button"},
        ({"type": "button_handler", "permissions": _WIDE},),
    ),
    (
        "function",
        {"name": "offboardform", "description": "A form is filled in", "function_type": "form"},
        (
            {"type": "form_submit_handler", "permissions": _WIDE},
            {"type": "form_change_handler", "permissions": _NARROW},
            {"type": "form_dynamic_select_handler", "permissions": _NARROW},
        ),
    ),
    (
        "function",
        {"name": "offboardwidget", "description": "A click in the widget", "function_type": "widget_button"},
        ({"type": "widget_button_handler", "permissions": ["user"]},),
    ),
)


def install(hall: Hall, url: str) -> None:
    """Register bot, command and functions, which deliver to `url`, as the v3 API would. Raises `CliqError`."""
    creator = hall.by_key(GRANT_USER).id
    execution: dict[str, Any] = {"execution_type": "webhook", "execution_url": url}
    for kind, content, handlers in _COMPONENTS:
        component = create(hall, kind, content | execution, creator=creator)
        there = {handler.type: handler for handler in component.handlers}
        for given in handlers:
            if given["type"] in there:
                change_handler(hall, component, there[given["type"]], given)
            else:
                add_handler(hall, component, given)
