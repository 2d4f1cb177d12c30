"""Buttons and inputs as Cliq knows them.

https://www.zoho.com/cliq/help/restapi/v3/buttons/ and https://www.zoho.com/cliq/help/platform/cliq-form.html
"""

from collections.abc import Sequence
from typing import Any, Final

from bot.chat.cliq import ids
from bot.chat.cliq.markup import MORE, address, neutral, plain, safe
from handlers.elements import Button, Choice, ChoiceField, Confirm, Field, LinkButton, PersonField, Style, TextField
from handlers.intents import Token

Json = dict[str, Any]

BUTTONS: Final = 5  # in a message, or in one element of a widget
OPTIONS: Final = 100
_LABEL: Final = 20
_WIDGET_LABEL: Final = 30
_HINT: Final = 100
_URL: Final = 256
_FIELD_LABEL: Final = 50
_OPTION_TEXT: Final = 100
_RADIO: Final = 5
_RADIO_VALUE: Final = 50
_LONGEST_TEXT: Final = 5000
_ONE_LINE: Final = 150  # longer texts get a field of several lines
_SIGN: Final = {Style.PRIMARY: {"type": "+"}, Style.DANGER: {"type": "-"}, Style.NORMAL: {}}
_EMOTION: Final = {Style.PRIMARY: "positive", Style.DANGER: "negative", Style.NORMAL: "neutral"}


def button(item: Button | LinkButton, *, about: str = "") -> Json:
    """A button of a message. `about` is what it stands for, where several buttons have the same label."""
    if isinstance(item, LinkButton):
        action: Json = {"type": "open.url", "data": {"web": address(item.url)}}
        return {**_called(item.text, about), "action": action}
    token = item.token.encode()
    action = {"type": "invoke.function", "data": {"name": ids.BUTTON_FUNCTION}}
    if item.confirm:
        action["confirm"] = _confirm(item.confirm, item.style)
    # Cliq gives the key back even where it drops the arguments; it takes no longer one.
    key = {"key": token} if len(token) <= _HINT else {}
    return {**_called(item.text, about), **_SIGN[item.style], **key, "action": action, "arguments": {"token": token}}


def openable(item: LinkButton) -> bool:
    """Whether a button can hold the link."""
    return safe(item.url) and len(address(item.url)) <= _URL


def widget_button(item: Button | LinkButton) -> Json:
    """A button of a widget, which is flat: https://www.zoho.com/cliq/help/platform/widget-section-elements/buttons.html"""
    label = {"label": plain(item.text, _WIDGET_LABEL)}
    if isinstance(item, LinkButton):
        return {**label, "type": "open.url", "url": address(item.url)}
    confirm = {"confirm": _confirm(item.confirm, item.style)} if item.confirm else {}
    call = {"type": "invoke.function", "name": ids.WIDGET_FUNCTION, "id": item.token.encode()}
    return {**label, **call, "emotion": _EMOTION[item.style], **confirm}


def hidden(token: Token) -> Json:
    """The field in which a form's token travels."""
    return {"type": "hidden", "name": ids.TOKEN_FIELD, "value": token.encode()}


def field(item: Field) -> Json:
    """An input of a form."""
    optional = isinstance(item, TextField | PersonField) and item.optional
    hint = _hint(item)
    return {
        "name": ids.input_name(item.name),
        "label": plain(item.label, _FIELD_LABEL),
        "mandatory": not optional,
        **({"hint": hint} if hint else {}),
        **_input(item),
    }


def option(choice: Choice) -> Json:
    """An option of a select or of radio buttons. Cliq knows no second line: it stands behind the first."""
    text = f"{choice.text} · {choice.hint}" if choice.hint.strip() else choice.text
    return {"label": plain(text, _OPTION_TEXT), "value": choice.value}


def _called(text: str, about: str) -> Json:
    """What a button is called. Cliq shows the hint to whoever points at it: all that the label has no room for."""
    label = plain(about or text, _LABEL)
    whole = f"{text}: {about}" if about else text
    return {"label": label, **({"hint": plain(whole, _HINT)} if label != neutral(whole.strip()) else {})}


def _confirm(confirm: Confirm, style: Style) -> Json:
    return {
        "title": plain(confirm.title, _HINT),
        "description": plain(confirm.text, _HINT),
        "emotion": _EMOTION[style],
        "button_label": plain(confirm.yes, _HINT),
        "cancel_button_label": plain(confirm.no, _HINT),
    }


def _hint(item: Field) -> str:
    surplus = f" {MORE} + {missing}" if (missing := _missing(item)) else ""
    return (plain(item.hint, _HINT - len(surplus)) if item.hint.strip() else "") + surplus


def _missing(item: Field) -> int:
    return max(len(item.choices) - OPTIONS, 0) if isinstance(item, ChoiceField) else 0


def _input(item: Field) -> Json:
    placeholder = {"placeholder": plain(item.label, _HINT)}
    match item:
        case PersonField():
            initial = {"options": [option(item.initial)], "value": item.initial.value} if item.initial else {}
            return {"type": "dynamic_select", **placeholder, "min_characters": 1, **initial}
        case TextField():
            length = min(item.max_length, _LONGEST_TEXT)
            return {"type": "textarea" if length > _ONE_LINE else "text", **placeholder, "max_length": length}
        case ChoiceField():
            return _choice_input(item, placeholder)


def _choice_input(item: ChoiceField, placeholder: Json) -> Json:
    options = [option(choice) for choice in item.choices[:OPTIONS]]
    initial = {"value": item.initial} if any(each["value"] == item.initial for each in options) else {}
    if _fits_radio(options):
        return {"type": "radio", "options": options, **initial}
    return {"type": "select", **placeholder, "options": options, **initial}


def _fits_radio(options: Sequence[Json]) -> bool:
    return 2 <= len(options) <= _RADIO and all(len(each["value"]) <= _RADIO_VALUE for each in options)
