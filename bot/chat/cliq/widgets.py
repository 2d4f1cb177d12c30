"""Cards as the page of the widget, and elements in plain words, for where Cliq shows neither slides nor markdown.

https://www.zoho.com/cliq/help/platform/widget-execution-handler.html
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from bot.chat.cliq import controls, ids, tables
from bot.chat.cliq.markup import MORE, NOTHING, cut_at_word, neutral, plain, spoken
from bot.chat.cliq.slides import bar, percent
from handlers.elements import (
    Actions,
    Card,
    Divider,
    Element,
    Fact,
    Facts,
    Heading,
    Link,
    LinkButton,
    Note,
    Paragraph,
    Progress,
    Table,
)

Json = dict[str, Any]

_SECTIONS: Final = 25
_ELEMENTS: Final = 20  # in a section
# Zoho names no limit for these texts; ours keep them readable.
_TITLE: Final = 100
_TAB: Final = 30
_TEXT: Final = 1000
_LINE: Final = 200


def applet(card: Card) -> Json:
    """The page: the first heading is its title. Buttons stand where the card has them."""
    first = next((each for each in card.elements if isinstance(each, Heading)), None)
    title = first.text if first else card.text
    shown = list(chain.from_iterable(_render(each) for each in card.elements if each is not first))
    return {
        "type": "applet",
        "tabs": [{"id": ids.TAB, "label": plain(title, _TAB)}],
        "active_tab": ids.TAB,
        "data_type": "sections",
        "header": {"title": plain(title, _TITLE)},
        "sections": _sections(shown or [_text("text", neutral(card.text.strip()) or MORE)]),
    }


def told(element: Element) -> Iterator[str]:
    """The element in lines without markdown; a button is none."""
    match element:
        case Heading(text):
            yield plain(text, _LINE)
        case Paragraph(inlines) | Note(inlines):
            if said := spoken(inlines):
                yield said
        case Facts(facts):
            yield from map(_fact, facts)
        case Table(header, rows):
            yield from (" · ".join(plain(cell, _LINE) for cell in row) for row in (header, *rows))
        case Progress(label):
            yield f"{plain(label, _LINE)} {percent(element)}"
        case Divider() | Actions():
            return


def _sections(elements: list[Json]) -> list[Json]:
    room = _SECTIONS * _ELEMENTS
    if len(elements) > room:
        elements = [*elements[: room - 1], _text("subtext", f"{MORE} + {len(elements) - room + 1}")]
    parts = [elements[start : start + _ELEMENTS] for start in range(0, len(elements), _ELEMENTS)]
    return [{"id": str(number), "elements": part} for number, part in enumerate(parts, 1)]


def _render(element: Element) -> Iterator[Json]:
    match element:
        case Table():
            data, missing = tables.rendered(element)
            yield {"type": "table", **data}
            if missing:
                yield _text("subtext", f"{MORE} + {missing}")
        case Progress():
            yield _text("text", f"{plain(element.label, _LINE)}\n{bar(element)} {percent(element)}")
        case Divider():
            yield {"type": "divider"}
        case Actions():
            yield from _actions(element)
        case _:
            if said := "\n".join(told(element)):
                yield _text({Heading: "title", Note: "subtext"}.get(type(element), "text"), said)


def _actions(actions: Actions) -> Iterator[Json]:
    every = [*actions.buttons, *actions.menu]
    pages = [each for each in every if isinstance(each, LinkButton) and not controls.openable(each)]
    yield from (_text("text", spoken((Link(each.text, each.url),)) or NOTHING) for each in pages)
    buttons = [controls.widget_button(each) for each in every if each not in pages]
    for start in range(0, len(buttons), controls.BUTTONS):
        yield {"type": "buttons", "buttons": buttons[start : start + controls.BUTTONS]}


def _text(kind: str, text: str) -> Json:
    return {"type": kind, "text": cut_at_word(text, _TEXT)}


def _fact(fact: Fact) -> str:
    return f"{plain(fact.label, _LINE)}: {spoken(fact.words) or NOTHING}"
