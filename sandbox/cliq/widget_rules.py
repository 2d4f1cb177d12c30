"""The shape and limits of widgets: https://www.zoho.com/cliq/help/platform/widget-execution-handler.html

Elements are held to what is documented of them; the inside of charts and cards is taken as it comes.
"""

from typing import Any, Final

from sandbox.cliq.form_rules import anything
from sandbox.cliq.shapes import (
    Check,
    Flaw,
    Misfit,
    choice,
    every,
    flag,
    items,
    mapping,
    record,
    scalar,
    string,
    variant,
)

_MANY: Final = 1000  # where Cliq documents no limit
_BUTTON_TARGETS: Final = {"invoke.function": "name", "open.url": "url", "preview.url": "url", "system.api": "api"}


def _has_target(button: Any, _key: str) -> None:
    if _BUTTON_TARGETS[button["type"]] not in button:
        raise Misfit(Flaw.MISSING, _BUTTON_TARGETS[button["type"]])


# https://www.zoho.com/cliq/help/platform/widget-section-elements/buttons.html
_BUTTON: Final = every(
    record(
        {
            "label": string(30),
            "type": choice(*_BUTTON_TARGETS),
            "name": string(30),
            "url": string(_MANY),
            "api": string(100),
            "id": string(500),
            "emotion": choice("positive", "neutral", "negative"),
            "disabled": flag,
            "confirm": anything,
        },
        required=["label", "type"],
    ),
    _has_target,
)
_BUTTONS: Final = items(_BUTTON, 5, least=0)


def _rows_fit_headers(table: Any, _key: str) -> None:
    if any(set(row) != set(table["headers"]) for row in table["rows"]):
        raise Misfit(Flaw.VALUE, "rows")


_TABLE: Final = every(
    record(
        {
            "type": anything,
            "title": string(_MANY),
            "headers": items(string(_MANY), _MANY),
            "rows": items(mapping(scalar, _MANY), _MANY, least=0),
            "styles": anything,
        },
        required=["headers", "rows"],
    ),
    _rows_fit_headers,
)
_WORDS: Final = record({"type": anything, "text": string(_MANY), "buttons": _BUTTONS}, required=["text"])
_OPEN_ELEMENTS: Final = ("activity", "user_activity", "fields", "cards", "images", "percentage_chart", "graph")
_ELEMENTS: Final[dict[str, Check]] = {
    **dict.fromkeys(("title", "text", "subtext"), _WORDS),
    "divider": record({"type": anything}),
    "buttons": record({"type": anything, "buttons": items(_BUTTON, 5)}, required=["buttons"]),
    "table": _TABLE,
    **dict.fromkeys(_OPEN_ELEMENTS, anything),
}
SECTION: Final = record(
    {
        "type": choice("section"),
        "id": string(100),
        "title": string(_MANY),
        "elements": items(variant(_ELEMENTS), 20),
    },
    required=["id", "elements"],
)
_TAB: Final = record({"id": string(100), "label": string(100)}, required=["id", "label"])
_INFO: Final = record(
    {"title": string(_MANY), "image_url": string(_MANY), "description": string(_MANY), "button": _BUTTON}
)


def _as_a_whole(applet: Any, _key: str) -> None:
    if applet["data_type"] not in applet:
        raise Misfit(Flaw.MISSING, applet["data_type"])
    if "active_tab" in applet and applet["active_tab"] not in {tab["id"] for tab in applet.get("tabs", [])}:
        raise Misfit(Flaw.VALUE, "active_tab")


APPLET: Final = every(
    record(
        {
            "type": anything,
            "tabs": items(_TAB, 5),
            "active_tab": string(100),
            "data_type": choice("sections", "info", "map", "form", "web_view"),
            "header": record({"title": string(_MANY), "navigation": string(20), "buttons": _BUTTONS}),
            "footer": record({"text": string(_MANY), "buttons": _BUTTONS}),
            "sections": items(SECTION, 25),
            "info": _INFO,
            "map": anything,
            "form": anything,
            "web_view": record({"url": string(_MANY)}, required=["url"]),
        },
        required=["data_type"],
    ),
    _as_a_whole,
)
