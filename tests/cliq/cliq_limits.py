"""What Cliq takes, written down apart from the code that keeps to it: each function says what is wrong.

https://www.zoho.com/cliq/help/restapi/v3/messages/, …/messagecards/, …/buttons/ and
https://www.zoho.com/cliq/help/platform/cliq-form.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FUNCTIONS = {"offboardbutton", "offboardform", "offboardwidget"}
_KEYS = {
    "message": {"text", "card", "slides", "buttons"},
    "card": {"title", "theme"},
    "slide": {"type", "data"},
    "button": {"label", "hint", "type", "key", "action", "arguments"},
    "action": {"type", "data", "confirm"},
    "confirm": {"title", "description", "emotion", "button_label", "cancel_button_label"},
    "form": {"type", "name", "title", "hint", "version", "button_label", "action", "inputs"},
    "input": {
        "type", "name", "label", "placeholder", "hint", "mandatory", "disabled", "max_length", "value", "options",
        "min_characters",
    },
    "widget button": {"label", "type", "name", "url", "id", "emotion", "confirm"},
}  # fmt: skip


def message_problems(message: Mapping[str, Any]) -> list[str]:
    return list(_message(message))


def form_problems(form: Mapping[str, Any]) -> list[str]:
    return list(_form(form))


def widget_problems(applet: Mapping[str, Any]) -> list[str]:
    return list(_widget(applet))


def _message(message: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys("message", message)
    yield from _text("text", message.get("text"), 5000)
    if card := message.get("card"):
        yield from _keys("card", card)
        yield from _text("card.title", card.get("title"), 200)
        yield from _among("card.theme", card.get("theme"), {"modern-inline"})
    slides = message.get("slides", [])
    if len(slides) > 20 or len(json.dumps(slides, ensure_ascii=False)) > 10_000:
        yield f"{len(slides)} slides of {len(json.dumps(slides, ensure_ascii=False))} characters"
    for slide in slides:
        yield from _slide(slide)
    yield from _buttons(message.get("buttons", []))


def _slide(slide: Any) -> Iterator[str]:
    if not isinstance(slide, dict):
        yield "slides must be flat"
        return
    yield from _keys("slide", slide)
    data = slide.get("data")
    match slide.get("type"):
        case "text":
            yield from _text("slide", data, 10_000)
        case "label":
            yield from _pairs(data)
        case "table":
            yield from _table(data)
        case other:
            yield f"slide of type {other!r}"


def _pairs(data: Any) -> Iterator[str]:
    if not isinstance(data, list) or not data:
        yield "a label slide must hold pairs"
        return
    if any(len(pair) != 1 for pair in data):
        yield "a pair must have one key"
    names = [name for pair in data for name in pair]
    if len(set(names)) != len(names):
        yield "two pairs with one key"
    for pair in data:
        for name, value in pair.items():
            yield from _text("label", name, 100)
            yield from _text("value", value, 10_000)


def _table(data: Any) -> Iterator[str]:
    headers, rows = data["headers"], data["rows"]
    if not headers or len(set(headers)) != len(headers):
        yield f"headers {headers!r}"
    if any(list(row) != headers for row in rows):
        yield "the keys of a row are not the headers"
    for cell in [*headers, *(cell for row in rows for cell in row.values())]:
        yield from _text("cell", cell, 10_000)


def _buttons(buttons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(buttons) > 5:
        yield f"{len(buttons)} buttons"
    for button in buttons:
        yield from _keys("button", button)
        yield from _text("button.label", button.get("label"), 20)
        for name in ("hint", "key"):
            if name in button:
                yield from _text(f"button.{name}", button[name], 100)
        yield from _among("button.type", button.get("type", "+"), {"+", "-"})
        yield from _action(button["action"])


def _action(action: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys("action", action)
    match action.get("type"), action.get("data"):
        case "open.url", {"web": str(url)}:
            if len(url) > 256 or not re.fullmatch(r"https?://[!-~]+", url):
                yield f"open.url of {url!r}"
        case "invoke.function", {"name": name}:
            yield from _among("function", name, FUNCTIONS)
        case other:
            yield f"action {other!r}"
    yield from _confirm(action.get("confirm"))


def _confirm(confirm: Mapping[str, Any] | None) -> Iterator[str]:
    if confirm is not None:
        yield from _keys("confirm", confirm)
        for name in ("title", "description", "button_label", "cancel_button_label"):
            yield from _text(f"confirm.{name}", confirm.get(name), 100)
        yield from _among("confirm.emotion", confirm.get("emotion"), {"positive", "neutral", "negative"})


def _form(form: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys("form", form)
    yield from _text("form.title", form.get("title"), 100)
    yield from _text("form.name", form.get("name"), 50)
    yield from _text("form.button_label", form.get("button_label"), 30)
    if "hint" in form:
        yield from _text("form.hint", form["hint"], 500)
    yield from _among("form.action", form["action"].get("name"), FUNCTIONS)
    names = [each["name"] for each in form["inputs"]]
    if len(set(names)) != len(names):
        yield "two inputs with one name"
    for each in form["inputs"]:
        yield from _input(each)


def _input(item: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys("input", item)
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,50}", item["name"]):
        yield f"input called {item['name']!r}"
    kind = item["type"]
    if kind == "hidden":
        return
    yield from _text("input.label", item.get("label"), 50)
    if kind != "radio":
        yield from _text("input.placeholder", item.get("placeholder"), 100)
    if "hint" in item:
        yield from _text("input.hint", item["hint"], 100)
    match kind:
        case "text":
            yield from _text("text.value", item.get("value", "x"), 100)
        case "textarea":
            yield from _text("textarea.value", item.get("value", "x"), 1000)
            if item.get("max_length", 1) > 5000:
                yield f"textarea of {item['max_length']}"
        case "select" | "dynamic_select":
            yield from _options(item, most=100, value=100)
        case "radio":
            yield from _options(item, most=5, value=50)
        case other:
            yield f"input of type {other!r}"


def _options(item: Mapping[str, Any], *, most: int, value: int) -> Iterator[str]:
    options = item.get("options", [])
    least = {"dynamic_select": 0, "select": 1, "radio": 2}[item["type"]]
    if not least <= len(options) <= most:
        yield f"{item['type']} of {len(options)} options"
    for option in options:
        yield from _text("option.label", option["label"], 100)
        yield from _text("option.value", option["value"], value)
    if "value" in item and item["value"] not in [option["value"] for option in options]:
        yield "a value that is no option"


def _widget(applet: Mapping[str, Any]) -> Iterator[str]:
    if len(applet["tabs"]) > 5 or applet["active_tab"] not in [tab["id"] for tab in applet["tabs"]]:
        yield f"tabs {applet['tabs']!r}"
    sections = applet["sections"]
    if not 1 <= len(sections) <= 25 or len({section["id"] for section in sections}) != len(sections):
        yield f"{len(sections)} sections"
    for section in sections:
        if not 1 <= len(section["elements"]) <= 20:
            yield f"{len(section['elements'])} elements"
        for element in section["elements"]:
            yield from _element(element)


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    match element["type"]:
        case "title" | "text" | "subtext":
            yield from _text("element", element.get("text"), 1000)
        case "table":
            yield from _table(element)
        case "buttons":
            yield from _widget_buttons(element["buttons"])
        case "divider":
            return
        case other:
            yield f"element of type {other!r}"


def _widget_buttons(buttons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(buttons) <= 5:
        yield f"{len(buttons)} buttons in one element"
    for button in buttons:
        yield from _keys("widget button", button)
        yield from _text("label", button["label"], 30)
        if button["type"] == "invoke.function":
            yield from _text("id", button["id"], 500)
            yield from _among("function", button["name"], FUNCTIONS)
        elif button["type"] != "open.url" or not button["url"].startswith("http"):
            yield f"button {button!r}"
        yield from _confirm(button.get("confirm"))


def _keys(kind: str, found: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key!r} is an extra key of a {kind}" for key in found if key not in _KEYS[kind])


def _text(name: str, text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        yield f"{name} is {str(text)[:40]!r} of {len(str(text))} characters"


def _among(name: str, value: Any, known: set[str]) -> Iterator[str]:
    if value not in known:
        yield f"{name} is {value!r}"
