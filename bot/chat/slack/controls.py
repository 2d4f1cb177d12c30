"""Buttons, menus and inputs as Block Kit elements. https://docs.slack.dev/reference/block-kit/block-elements"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bot.chat.slack import ids
from bot.chat.slack.mrkdwn import MORE, plain
from handlers.elements import (
    Actions,
    Button,
    Choice,
    ChoiceField,
    Confirm,
    Field,
    LinkButton,
    PersonField,
    Style,
    TextField,
)

Json = dict[str, Any]

_ELEMENTS: Final = 25  # in one block of actions
_MENU: Final = 5  # options of an overflow menu
_OPTION_VALUE: Final = 150
_OPTION_TEXT: Final = 75
_RADIO: Final = 10
_OPTIONS: Final = 100
_ONE_LINE: Final = 150  # longer texts get a field of several lines


def actions(element: Actions, numbers: Iterator[int]) -> list[Json]:
    """The controls in blocks of at most 25; `numbers` makes their names unique on the page."""
    foldable = [button for button in element.menu if _foldable(button)]
    menu = foldable if len(foldable) > 1 else []
    in_sight = [*element.buttons, *(button for button in element.menu if button not in menu)]
    shown = [_button(button, next(numbers)) for button in in_sight]
    shown += [_overflow(part, next(numbers)) for part in _menus(menu)]
    parts = [shown[start : start + _ELEMENTS] for start in range(0, len(shown), _ELEMENTS)]
    return [{"type": "actions", "elements": part} for part in parts]


def field(item: Field) -> Json:
    """An input block; its `block_id` names the field."""
    optional = isinstance(item, TextField | PersonField) and item.optional
    hint = {"hint": plain(_hint(item), 2000)} if _hint(item).strip() else {}
    return {
        "type": "input",
        "block_id": ids.FIELD + item.name,
        "label": plain(item.label, 2000),
        "optional": optional,
        "element": {"action_id": ids.INPUT, **_input(item)},
        **hint,
    }


def option(choice: Choice) -> Json:
    """An option of a select, of radio buttons or among suggestions."""
    described = {"description": plain(choice.hint, _OPTION_TEXT)} if choice.hint.strip() else {}
    return {"text": plain(choice.text, _OPTION_TEXT), "value": choice.value, **described}


def _foldable(button: Button) -> bool:
    """Whether a button can stand in a menu: a menu has one confirmation for all its entries, so none of theirs."""
    return button.confirm is None and len(button.token.encode()) <= _OPTION_VALUE


def _menus(menu: Sequence[Button]) -> list[Sequence[Button]]:
    """Menus of about equal length, so that none has a single entry."""
    count = -(-len(menu) // _MENU)
    return [menu[len(menu) * index // count : len(menu) * (index + 1) // count] for index in range(count)]


def _button(button: Button | LinkButton, number: int) -> Json:
    if isinstance(button, LinkButton):
        return {
            "type": "button",
            "action_id": f"{ids.LINK}{number}",
            "text": plain(button.text, _OPTION_TEXT),
            "url": button.url,
        }
    shown: Json = {
        "type": "button",
        "action_id": f"{ids.OURS}{button.token.action}:{number}",
        "text": plain(button.text, _OPTION_TEXT),
        "value": button.token.encode(),
    }
    if button.style is not Style.NORMAL:
        shown["style"] = button.style.value
    if button.confirm:
        shown["confirm"] = _confirm(button.confirm, danger=button.style is Style.DANGER)
    return shown


def _confirm(confirm: Confirm, *, danger: bool) -> Json:
    return {
        "title": plain(confirm.title, 100),
        "text": plain(confirm.text, 300),
        "confirm": plain(confirm.yes, 30),
        "deny": plain(confirm.no, 30),
        **({"style": "danger"} if danger else {}),
    }


def _overflow(buttons: Sequence[Button], number: int) -> Json:
    options = [{"text": plain(button.text, _OPTION_TEXT), "value": button.token.encode()} for button in buttons]
    return {"type": "overflow", "action_id": f"{ids.OURS}menu:{number}", "options": options}


def _hint(item: Field) -> str:
    surplus = len(item.choices) - _OPTIONS if isinstance(item, ChoiceField) else 0
    return f"{item.hint} {MORE} + {surplus}" if surplus > 0 else item.hint


def _input(item: Field) -> Json:
    match item:
        case PersonField():
            initial = {"initial_option": option(item.initial)} if item.initial else {}
            return {"type": "external_select", "min_query_length": 1, **initial}
        case TextField():
            length = min(item.max_length, 3000)
            return {"type": "plain_text_input", "multiline": length > _ONE_LINE, "max_length": length}
        case ChoiceField():
            return _choice_input(item)


def _choice_input(item: ChoiceField) -> Json:
    offered = {choice.value: option(choice) for choice in item.choices[:_OPTIONS]}
    kind = "radio_buttons" if len(offered) <= _RADIO else "static_select"
    initial = {"initial_option": offered[item.initial]} if item.initial in offered else {}
    return {"type": kind, "options": list(offered.values()), **initial}
