"""What an app puts in front of people in Cliq, as HTML: slides, buttons, the elements of a widget.

https://www.zoho.com/cliq/help/restapi/v3/messageformat/. Each kind has a template of its own; what has none is named
and shown with its JSON, so that nothing the bot sends is silently left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from jinja2 import UndefinedError
from markupsafe import Markup

from sandbox.page.blocks import environment
from sandbox.page.cliq_markdown import markdown
from sandbox.page.mrkdwn import safe_url

Json = Mapping[str, Any]

SLIDES: Final = frozenset({"text", "label", "list", "table", "images", "percentage_chart", "graph"})
ELEMENTS: Final = frozenset({"title", "text", "subtext", "divider", "buttons", "table"})
_CHARTS: Final = frozenset({"percentage_chart", "graph"})
_SIGNS: Final = {"+": "positive", "-": "negative"}
# What these buttons do happens in Cliq's own windows.
_WOULD: Final = {"preview.url": "show a preview of {}", "system.api": "do {}"}


@dataclass(frozen=True)
class Pressable:
    """A button. `value` is what tells it from the others of its message or widget.

    `url` opens a page, `copies` is a text for the clipboard, `would` what only the real Cliq does.
    """

    value: str
    label: str
    look: str  # "positive", "negative", "neutral"
    hint: str = ""
    url: str = ""
    copies: str = ""
    would: str = ""
    confirm: Json | None = None
    disabled: bool = False


def in_message(buttons: Iterable[Json], first: int = 0) -> list[Pressable]:
    """Buttons of a message or of a slide; `first` is how many of the message come before them."""
    return [_in_message(each, str(number)) for number, each in enumerate(buttons, first)]


def in_widget(buttons: Iterable[Json]) -> list[Pressable]:
    """A widget's buttons are flat: https://www.zoho.com/cliq/help/platform/widget-section-elements/buttons.html"""
    return [
        _pressable(
            each["type"],
            each,
            value=str(each.get("id") or each["label"]),
            label=each["label"],
            look=each.get("emotion", "neutral"),
            confirm=each.get("confirm"),
            disabled=bool(each.get("disabled")),
        )
        for each in buttons
    ]


def slides(content: Json, source: str, names: Mapping[str, str]) -> list[Markup]:
    """All slides of a message in their order. `source` is the message's name on the page."""
    number = len(content.get("buttons", []))
    shown = []
    for slide in content.get("slides", []):
        own = in_message(slide.get("buttons", []), number)
        number += len(own)
        shown.append(_render("slides", slide, SLIDES, names=names, buttons=own, source=source))
    return shown


def element(item: Json, names: Mapping[str, str]) -> Markup:
    """One element of a widget."""
    if item.get("type") in _CHARTS:
        return _render("slides", item, _CHARTS, names=names, buttons=[], source="widget")
    own = in_widget(item.get("buttons", []))
    return _render("elements", item, ELEMENTS, names=names, buttons=own, source="widget")


def asks(content: Json) -> bool:
    """Whether there is a green button that tells the app something: the bot waits for somebody."""
    return any(each.get("type") == "+" for each in _telling(content))


def shares(points: Sequence[Json]) -> list[dict[str, Any]]:
    """The points of a percentage chart, each with its share of all in per cent."""
    total = sum(point["value"] for point in points) or 1
    return [dict(point) | {"share": round(100 * point["value"] / total)} for point in points]


def bars(series: Sequence[Json]) -> list[dict[str, Any]]:
    """The series of a graph, each point with its length in per cent of the longest."""
    longest = max((point["value"] for each in series for point in each["values"]), default=1) or 1
    return [
        {
            "category": each["category"],
            "values": [dict(one) | {"share": max(0, round(100 * one["value"] / longest))} for one in each["values"]],
        }
        for each in series
    ]


def cells(table: Json) -> list[list[Any]]:
    """The rows of a table in the order of its headers."""
    return [[row[head] for head in table["headers"]] for row in table["rows"]]


def _telling(content: Json) -> list[Json]:
    every = [*content.get("buttons", []), *(b for slide in content.get("slides", []) for b in slide.get("buttons", []))]
    return [each for each in every if each["action"]["type"] == "invoke.function"]


def _in_message(button: Json, value: str) -> Pressable:
    action = button["action"]
    return _pressable(
        action["type"],
        action["data"],
        value=value,
        label=button["label"],
        look=_SIGNS.get(button.get("type", ""), "neutral"),
        hint=button.get("hint", ""),
        confirm=action.get("confirm"),
    )


def _pressable(kind: str, data: Json, **known: Any) -> Pressable:
    match kind:
        case "invoke.function":
            return Pressable(**known)
        case "open.url" if url := safe_url(data.get("web") or data.get("url")):
            return Pressable(**known, url=url)
        case "copy":
            return Pressable(**known, copies=data["text"])
        case _:
            what = _WOULD.get(kind, kind + " {}").format(data.get("url") or data.get("api") or data.get("web", ""))
            return Pressable(**known, would=f"Cliq would {what} here.")


def _render(folder: str, item: Json, known: frozenset[str], **values: Any) -> Markup:
    values |= {"item": item, "md": partial(markdown, names=values["names"])}
    values |= {"shares": shares, "bars": bars, "cells": cells}
    kind = item.get("type")
    templates = [f"cliq/{folder}/{kind}.html"] if kind in known else []
    for template in (*templates, "cliq/would.html"):
        try:
            return Markup(environment().get_template(template).render(values))  # noqa: S704 - autoescaped
        except (UndefinedError, TypeError, KeyError):  # a shape that the template does not expect: show it as it is
            continue
    raise AssertionError(f"no template shows {kind}")
