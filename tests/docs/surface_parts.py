"""The tables of `docs/surfaces.md`: what each chat product makes of every button, form and card, rendered for real."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Final

from surface_examples import READERS, Reader, card_examples, form_examples

from bot.chat.cliq import render as cliq
from bot.chat.slack import render as slack
from handlers.elements import (
    Actions,
    Button,
    Card,
    Divider,
    Element,
    Fact,
    Facts,
    Form,
    Heading,
    LinkButton,
    Note,
    Paragraph,
    Progress,
    Table,
)
from handlers.intents import Action, Token

Json = dict[str, Any]
HOME: Final = "home_card"
MORE: Final = "…"
_ENGLISH: Final = {reader.surface: reader for reader in READERS if reader.language == "en"}

# Lists that are longer than the five buttons of a message in Cliq, and how people get on there.
SHORT_IN_CLIQ: Final = {
    "list_card": "type `/offboard status @name`",
    "home_card": "the widget has them all; or type `/offboard status @name`",
    "choose_leaver_card": "type `/offboard` with the e-mail address, which is in the list",
}
ELEMENTS: Final[dict[str, Element]] = {
    "Heading": Heading("Title"),
    "Paragraph": Paragraph(("Words",)),
    "Note": Note(("Small print",)),
    "Facts": Facts((Fact("Label", ("Value",)),)),
    "Table": Table(("Module",), (("Deals",),)),
    "Progress": Progress("Moved", 1, 2),
    "Divider": Divider(),
    "Actions": Actions((Button("Press", Token(Action.SHOW)),)),
}


@dataclass(frozen=True)
class Placed:
    """A button as one card shows it. `where` is in the words of the table; `token` tells which button it is."""

    token: str
    label: str
    where: str
    confirm: str | None
    number: int
    of: int


@cache
def placed(surface: str, card: Card) -> list[Placed]:
    """The buttons that a card has on a surface, links apart."""
    return [each for each in _PLACED[surface](card) if each.token]


def _in_slack(card: Card) -> Iterator[Placed]:
    rows = [block["elements"] for block in slack.message(card)[1] if block["type"] == "actions"]
    shown = [element for row in rows for element in row]
    for number, element in enumerate(shown, 1):
        if element["type"] == "overflow":
            for entry in element["options"]:
                yield Placed(entry["value"], entry["text"]["text"], "in the menu", None, number, len(shown))
        else:
            asks = element.get("confirm", {}).get("text", {}).get("text")
            yield Placed(element.get("value", ""), element["text"]["text"], "in sight", asks, number, len(shown))


def _in_cliq(card: Card) -> Iterator[Placed]:
    shown = cliq.message(card).get("buttons", [])
    for number, button in enumerate(shown, 1):
        asks = button["action"].get("confirm", {}).get("description")
        yield Placed(button.get("arguments", {}).get("token", ""), button["label"], "", asks, number, len(shown))


_PLACED: Final[dict[str, Callable[[Card], Iterator[Placed]]]] = {"slack": _in_slack, "cliq": _in_cliq}


def wanted(card: Card) -> list[Button]:
    """The buttons that a card should have, links apart."""
    rows = [element for element in card.elements if isinstance(element, Actions)]
    return [each for row in rows for each in (*row.buttons, *row.menu) if not isinstance(each, LinkButton)]


@cache
def everything(reader: Reader) -> dict[str, list[Card]]:
    return card_examples(reader)


def left_out(surface: str, card: Card) -> list[Button]:
    there = {each.token for each in placed(surface, card)}
    return [each for each in wanted(card) if each.token.encode() not in there]


def buttons() -> Iterator[tuple[str, ...]]:
    """A row for each action: its labels, the cards that have it, and how it appears."""
    yield "Button", "On", "Slack", "Cliq"
    for action in Action:
        having = {
            name: found
            for name, each in everything(_ENGLISH["slack"]).items()
            if (found := [button for card in each for button in wanted(card) if button.token.action is action])
        }
        labels = dict.fromkeys(button.text for found in having.values() for button in found)
        yield (
            _name(list(labels) or [str(action)]),
            ", ".join(map(_code, having)),
            _slack_place(action),
            _cliq_place(action),
        )


def _name(labels: list[str]) -> str:
    """Both of two; of more, which differ by what they are about, the first."""
    return " / ".join(labels) if len(labels) <= 2 else f"{labels[0]} and the like"


def _slack_place(action: Action) -> str:
    found = _all_placed("slack", action)
    places = " or ".join(sorted({each.where for each in found}, reverse=True))
    return places + _asks(found)


def _cliq_place(action: Action) -> str:
    found = _all_placed("cliq", action)
    if not found:
        return "left out"
    first, last = min(each.number for each in found), max(each.number for each in found)
    numbers = str(first) if first == last else f"{first} to {last}"
    return f"button {numbers} of at most {max(each.of for each in found)}{_asks(found)}"


def _all_placed(surface: str, action: Action) -> list[Placed]:
    return [each for each in _everywhere(surface) if Token.decode(each.token).action is action]


@cache
def _everywhere(surface: str) -> list[Placed]:
    return [
        each for found in everything(_ENGLISH[surface]).values() for card in found for each in placed(surface, card)
    ]


def _asks(found: Iterable[Placed]) -> str:
    return "; asks before" if all(each.confirm for each in found) else ""


def forms() -> Iterator[tuple[str, ...]]:
    yield "Form", "Slack: a modal of", "Cliq: a form of", "Different in Cliq"
    for name in form_examples(READERS[0]):
        slack_form, cliq_form = (_longest(form_examples(_ENGLISH[each])[name]) for each in ("slack", "cliq"))
        blocks = [_input_of(block) for block in slack.modal(slack_form)["blocks"]]
        yield _code(name), _outline(blocks), _outline(_cliq_form(cliq_form)), _said(_form_losses(name))


def _longest(made: list[Form]) -> Form:
    return max(made, key=lambda form: len(json.dumps(slack.modal(form))))


def _input_of(block: Json) -> str:
    return str(block["element"]["type"]) if block["type"] == "input" else str(block["type"])


def _cliq_form(form: Form) -> list[str]:
    content = cliq.form(form)
    inputs = ["about" if each.get("disabled") else each["type"] for each in content["inputs"]]
    return [*(["hint"] if content.get("hint") else []), *inputs]


def _form_losses(name: str) -> Iterator[str]:
    shown = [cliq.form(form) for reader in READERS if reader.surface == "cliq" for form in form_examples(reader)[name]]
    if any(each.get("disabled") for content in shown for each in content["inputs"]):
        yield "a long explanation stands in a field that cannot be changed"
    if any(each.get("hint", "").endswith(MORE) for content in shown for each in content["inputs"]):
        yield "the hint of a field is cut"


def cards() -> Iterator[tuple[str, ...]]:
    yield "Card or notice", "Slack", "Cliq", "Different in Cliq"
    for name in everything(READERS[0]):
        in_slack, in_cliq = (_fullest(everything(_ENGLISH[each])[name]) for each in ("slack", "cliq"))
        yield _code(name), _slack_card(name, in_slack), _cliq_card(name, in_cliq), _said(_differences(name))


def _fullest(made: list[Card]) -> Card:
    return max(made, key=lambda card: len(card.elements))


def _slack_card(name: str, card: Card) -> str:
    blocks = slack.home(card)["blocks"] if name == HOME else slack.message(card)[1]
    return ("Home tab: " if name == HOME else "") + _outline(block["type"] for block in blocks)


def _cliq_card(name: str, card: Card) -> str:
    content = cliq.message(card)
    said = _outline([*(["title"] if "card" in content else []), *(each["type"] for each in content.get("slides", ()))])
    count = len(content.get("buttons", ()))
    message = ", ".join([said or "its sentence", *([f"{count} button{'s'[: count > 1]}"] if count else [])])
    if name != HOME:
        return message
    sections = cliq.widget(card)["sections"]
    page = _outline(element["type"] for section in sections for element in section["elements"])
    return f"widget: {page}; from the bot's menu: {message}"


def _differences(name: str) -> Iterator[str]:
    """What Cliq cannot show as the card has it; what happens to German readers alone says so."""
    english, german = (tuple(_losses(name, everything(reader)[name])) for reader in READERS if reader.surface == "cliq")
    yield from english
    yield from (f"in German {loss}" for loss in german if loss not in english)


def _losses(name: str, made: list[Card]) -> Iterator[str]:
    if missing := max(len(left_out("cliq", card)) for card in made):
        most = max(len(wanted(card)) for card in made)
        yield f"of {most} buttons {missing} are left out, which it says: {SHORT_IN_CLIQ.get(name, 'no other way')}"
    labels = dict.fromkeys(each for card in made for each in _labels(card))
    if any(label != text and not label.endswith(MORE) for label, text in labels):
        yield "buttons bear the name of whom they are about"
    cut = [text for label, text in labels if label.endswith(MORE)]
    if cut:
        yield f"“{cut[0]}”{' and the like' if len(cut) > 1 else ''} is cut, with all of it in the button's hint"
    questions = [each.confirm for card in made for each in placed("cliq", card) if each.confirm]
    if any(question.endswith(MORE) for question in questions):
        yield "the question that a button asks before is cut"
    if any(f"{MORE} +" in _slides(card) for card in made if not left_out("cliq", card)):
        yield "rows or paragraphs are left out, which it says"


@cache
def _slides(card: Card) -> str:
    return json.dumps(cliq.message(card).get("slides", []), ensure_ascii=False)


def _labels(card: Card) -> list[tuple[str, str]]:
    """Each button's label in Cliq, and its text."""
    texts = {button.token.encode(): button.text for button in wanted(card)}
    return [(each.label, texts[each.token]) for each in placed("cliq", card)]


def elements() -> Iterator[tuple[str, ...]]:
    """What becomes of each part of a card; a heading comes first, as on most cards."""
    yield "Part of a card", "Slack", "Cliq: message", "Cliq: widget"
    for name, element in ELEMENTS.items():
        card = Card("Said", (Heading("Title"), element))
        blocks = slack.message(card)[1][1:]
        message, widget = cliq.message(card), cliq.widget(card)
        shown = [*(each["type"] for each in message.get("slides", ())), *(["button"] if "buttons" in message else [])]
        page = [each["type"] for section in widget["sections"] for each in section["elements"]]
        yield name, _outline(each["type"] for each in blocks), _outline(shown) or "another slide", _outline(page)


def _outline(kinds: Iterable[str]) -> str:
    """What stands there in order; what comes again and again, alone or in pairs, is counted."""
    runs = [_times(kind, len(list(group))) for kind, group in groupby(kinds)]
    parts = []
    while runs:
        pair, count = runs[:2], 1
        while len(pair) == 2 and runs[2 * count : 2 * count + 2] == pair:
            count += 1
        width = 2 * count if count > 1 else 1
        parts.append(_times(f"({', '.join(pair)})", count) if count > 1 else runs[0])
        runs = runs[width:]
    return ", ".join(parts)


def _times(what: str, count: int) -> str:
    return what if count == 1 else f"{what} ×{count}"


def _said(notes: Iterable[str]) -> str:
    return "; ".join(notes)


def _code(name: str) -> str:
    return f"`{name}`"
