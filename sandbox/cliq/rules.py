"""What Cliq shows of an app's answers: one check for each kind of answer, and who may answer with what.

https://www.zoho.com/cliq/help/platform/cliq-responses.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.cliq.form_rules import ACTIONS, FIELD, FORM, OPTION, anything, text
from sandbox.cliq.model import CliqError, Json
from sandbox.cliq.schema import accepted_content
from sandbox.cliq.shapes import Check, Flaw, Misfit, choice, items, mapping, record, string, variant
from sandbox.cliq.widget_rules import APPLET, SECTION

_MANY: Final = 1000  # where Cliq documents no limit
# https://www.zoho.com/cliq/help/platform/cliq-banner.html and https://www.zoho.com/cliq/help/platform/cliq-message-edit.html
_TALK: Final = frozenset({"message", "banner", "form"})
ALLOWED: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("command", "execution_handler"): _TALK | {"preview_url"},
    ("command", "suggestion_handler"): frozenset({"suggestions"}),
    ("bot", "welcome_handler"): frozenset({"message"}),
    ("bot", "message_handler"): _TALK,
    ("bot", "mention_handler"): _TALK,
    ("bot", "menu_handler"): _TALK,
    ("function", "button_handler"): _TALK | {"message_edit", "preview_url"},
    ("function", "form_submit_handler"): _TALK | {"message_edit", "form_error", "preview_url", "applet"},
    ("function", "form_change_handler"): frozenset({"form_modification", "form_error"}),
    ("function", "form_dynamic_select_handler"): frozenset({"options"}),
    # https://www.zoho.com/cliq/help/platform/widget-section-elements/buttons.html
    ("function", "widget_button_handler"): frozenset({"applet", "section", "banner", "form", "preview_url"}),
    ("widget", "view_handler"): frozenset({"applet"}),
}


def _message(value: Any, key: str) -> None:
    if not isinstance(value, dict):
        raise Misfit(Flaw.TYPE, key)
    accepted_content(without_type(value))


def _message_edit(value: Any, key: str) -> None:
    """A part of a message is enough: what is not named stays."""
    _message({"text": "stays", **value}, key)


def without_type(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "type"}


_CHANGE: Final = record({"type": anything, "name": string(50)}, required=["name"])
_CHANGE_WITH_FIELD: Final = record({"type": anything, "name": string(50), "input": FIELD}, required=["name", "input"])
_CHANGES: Final = variant(
    dict.fromkeys(("remove", "clear", "enable", "disable"), _CHANGE)
    | dict.fromkeys(("update", "add_before", "add_after"), _CHANGE_WITH_FIELD)
)
_SUGGESTION: Final = record(
    {"title": string(_MANY), "description": text(_MANY), "imageurl": string(_MANY)}, required=["title"]
)
_KINDS: Final[Mapping[str, Check]] = {
    "message": _message,
    "message_edit": _message_edit,
    "banner": record(
        {"type": anything, "text": string(_MANY), "status": choice("success", "failure")}, required=["text", "status"]
    ),
    "form": FORM,
    "form_error": record(
        {"type": anything, "text": string(_MANY), "inputs": mapping(string(_MANY), 100)}, any_of=["text", "inputs"]
    ),
    "form_modification": record({"type": anything, "actions": items(_CHANGES, 100)}, required=["actions"]),
    "options": record({"options": items(OPTION, 100, least=0)}, required=["options"]),
    "suggestions": items(_SUGGESTION, 50, least=0),
    "preview_url": record({"type": anything, "url": string(500)}, required=["url"]),
    "applet": APPLET,
    "section": SECTION,
}


def kind_of(output: Any) -> str:
    """Which kind of answer this is; an unknown `type` is returned as it is."""
    if isinstance(output, list):
        return "suggestions"
    if not isinstance(output, dict):
        return type(output).__name__
    if "type" not in output:
        return "options" if "options" in output else "message"
    return "message" if output["type"] == "text" else str(output["type"])


def complaint(output: Any, place: tuple[str, str]) -> str | None:
    """The first thing that Cliq holds against an answer of the handler at `place`, in words."""
    kind = kind_of(output)
    if kind not in ALLOWED[place]:
        return f"{kind} is no answer from here"
    try:
        _KINDS[kind](output, kind)
    except (Misfit, CliqError) as error:
        return f"{kind}: {error}"
    return None


def functions_named(output: Any) -> set[tuple[str, str]]:
    """The functions that a form or a widget names, as (type of function, name)."""
    kind = kind_of(output)
    if kind == "form":
        return {("form", action["name"]) for action in form_actions(output).values()}
    if kind in ("applet", "section"):
        return {("widget_button", button["name"]) for button in _invoking(output)}
    return set()


def form_actions(form: Json) -> dict[str, Json]:
    """What happens on submit and on cancel; a single `action` stands for both."""
    if "actions" in form:
        found: dict[str, Json] = form["actions"]
        return found
    action: Json = form["action"]
    return dict.fromkeys(ACTIONS, action)


def _invoking(value: Any) -> Iterator[Json]:
    """Every button that invokes a function, wherever it stands."""
    if isinstance(value, list):
        for item in value:
            yield from _invoking(item)
    elif isinstance(value, dict):
        if value.get("type") == "invoke.function" and "name" in value:
            yield value
        for item in value.values():
            yield from _invoking(item)
