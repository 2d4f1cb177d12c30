"""What a message may contain. Cliq is strict: a key it does not know refuses the whole message.

https://www.zoho.com/cliq/help/restapi/v3/messageformat/ and https://www.zoho.com/cliq/help/restapi/v3/buttons/.
Where its pages and its servers differ, the servers count. The codes for extra keys and for unknown values are theirs;
those for a wrong type, a missing key and what is too long are this town's choice among the documented ones.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sandbox.cliq.model import CliqError, Json
from sandbox.cliq.shapes import (
    Check,
    Flaw,
    Misfit,
    choice,
    every,
    flag,
    items,
    mapping,
    number,
    record,
    scalar,
    some_object,
    string,
    variant,
    whole,
)

TEXT: Final = 5000
BUTTONS: Final = 5
SLIDES: Final = 20
_SLIDE_CHARACTERS: Final = 10_000
_MANY: Final = 1000  # where Cliq documents no limit

_REFUSALS: Final[Mapping[Flaw, tuple[str, str]]] = {
    Flaw.EXTRA: ("extra_key_found", "'{}' is an extra key in the JSON Object."),
    Flaw.VALUE: ("input_pattern_mismatch", "Unidentified value passed for the '{}' key"),
    Flaw.TYPE: ("input_pattern_mismatch", "The value passed for the '{}' key is of a wrong type"),
    Flaw.MISSING: ("param_missing", "The '{}' key is missing or empty."),
    Flaw.SIZE: ("invalid_parameters", "The value passed for the '{}' key exceeds the limit"),
}


def refusal(misfit: Misfit) -> CliqError:
    code, message = _REFUSALS[misfit.flaw]
    return CliqError(400, code, message.format(misfit.key))


def _any(_value: Any, _key: str) -> None:
    """Checked elsewhere: the `type` that picked a variant."""


# Buttons


def _prompt(value: Any, key: str) -> None:
    """What a confirmation asks to type in: a text, or one of Cliq's own prompts."""
    if isinstance(value, dict):
        record({"type": choice("user_webhook_token")}, required=["type"])(value, key)
    else:
        string(300)(value, key)


_CONFIRM: Final = record(
    {
        "title": string(100),
        "description": string(100),
        "input": _prompt,
        "emotion": choice("positive", "neutral", "negative"),
        "button_label": string(100),
        "cancel_button_label": string(100),
        "mandatory": choice("true", "false"),
    }
)
_LINKS: Final = {
    "web": string(256, pattern=r"(https?|tel|sms|sip):"),
    "windows": string(256),
    "iOS": string(256),
    "android": string(256),
}


def _action(fields: Mapping[str, Check], *, required: tuple[str, ...] = (), any_of: tuple[str, ...] = ()) -> Check:
    data = record(fields, required=required, any_of=any_of)
    return record({"type": _any, "data": data, "confirm": _CONFIRM}, required=["data"])


_ACTION: Final = variant(
    {
        "invoke.function": _action({"name": string(30), "owner": string(100)}, required=("name",)),
        "open.url": _action(_LINKS, any_of=tuple(_LINKS)),
        "preview.url": _action({"url": string(500)}, required=("url",)),
        "system.api": _action(
            {"api": string(100, pattern="(audiocall|videocall|startchat|invite|joinchannel)/|locationpermission$")},
            required=("api",),
        ),
        "copy": _action({"text": string(200)}, required=("text",)),
    }
)
BUTTON: Final = record(
    {
        "label": string(20),
        "hint": string(100),
        "type": choice("+", "-"),
        "key": string(100),
        "action": _ACTION,
        "arguments": some_object,
    },
    required=["label", "action"],
)
_BUTTONS: Final = items(BUTTON, BUTTONS, least=0)

# Slides


def _pair(value: Any, key: str) -> None:
    """One line of a label slide: an object with a single key."""
    if not isinstance(value, dict) or len(value) != 1:
        raise Misfit(Flaw.TYPE, key)
    for name, item in value.items():
        scalar(item, name)


def _rows_fit_headers(value: Any, _key: str) -> None:
    headers = value["headers"]
    if len(set(headers)) != len(headers):
        raise Misfit(Flaw.VALUE, "headers")
    if any(set(row) != set(headers) for row in value["rows"]):
        raise Misfit(Flaw.VALUE, "rows")


def _adds_up(value: Any, key: str) -> None:
    """Widths are percentages of the whole table."""
    if sum(value) != 100:
        raise Misfit(Flaw.VALUE, key)


_TABLE_STYLES: Final = record(
    {
        "width": every(items(number, _MANY), _adds_up),
        "sticky": record({"rows": whole(0, 2), "columns": whole(0, 2)}),
    }
)
_TABLE: Final = every(
    record(
        {
            "headers": items(string(_MANY), _MANY),
            "rows": items(mapping(scalar, _MANY), _MANY, least=0),
            "styles": _TABLE_STYLES,
        },
        required=["headers", "rows"],
    ),
    _rows_fit_headers,
)
_POINT: Final = record({"label": string(20), "value": number}, required=["label", "value"])
_SERIES: Final = record({"category": string(20), "values": items(_POINT, 20)}, required=["category", "values"])
_LIST_STYLES: Final = choice(
    "disc", "circle", "square", "decimal", "lower-alpha", "upper-alpha", "lower-roman", "upper-roman"
)


def _slide(data: Check, styles: Check | None = None) -> Check:
    fields = {"type": _any, "title": string(_MANY), "data": data, "buttons": _BUTTONS}
    return record(fields | ({"styles": styles} if styles else {}), required=["data"])


_SLIDE: Final = variant(
    {
        "text": _slide(string(_SLIDE_CHARACTERS)),
        "label": _slide(items(_pair, _MANY)),
        "list": _slide(items(string(_MANY), _MANY), record({"type": _LIST_STYLES})),
        "table": _slide(_TABLE, _TABLE_STYLES),
        "images": _slide(items(string(_MANY, pattern="https://"), _MANY)),
        "percentage_chart": _slide(items(_POINT, 5), record({"preview": choice("pie", "doughnut", "semi_doughnut")})),
        "graph": _slide(
            items(_SERIES, 5),
            record(
                {
                    "preview": choice("vertical_bar", "vertical_stacked_bar", "trend"),
                    "x_axis": string(_MANY),
                    "y_axis": string(_MANY),
                }
            ),
        ),
    }
)


def _characters(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield len(name)
            yield from _characters(item)
    elif isinstance(value, list):
        for item in value:
            yield from _characters(item)
    else:
        yield len(str(value))


def _fits(value: Any, key: str) -> None:
    """What all slides show together, without their keys and buttons."""
    shown = [(slide.get("title", ""), slide["data"]) for slide in value]
    if sum(sum(_characters(list(each))) for each in shown) > _SLIDE_CHARACTERS:
        raise Misfit(Flaw.SIZE, key)


# Messages

_CARD: Final = record(
    {
        "title": string(200),
        "theme": choice("modern-inline", "poll", "prompt", "basic"),
        "thumbnail": string(_MANY),
        "icon": string(_MANY),
    }
)
CONTENT: Final[Mapping[str, Check]] = {
    "text": string(TEXT),
    "card": _CARD,
    "slides": every(items(_SLIDE, SLIDES, least=0), _fits),
    "buttons": _BUTTONS,
    "references": mapping(record({"type": choice("button"), "object": BUTTON}, required=["type", "object"]), _MANY),
    "bot": record({"name": string(100), "image": string(_MANY)}),
    "styles": record(
        {
            "background": choice("red", "yellow", "green", "blue", "grey"),
            "markdown": flag,
            "highlight": flag,
        }
    ),
}
_PLAIN: Final[Mapping[str, Check]] = {"text": string(TEXT), "reply_to": string(100), "sync_message": flag}
_RICH: Final = {**_PLAIN, **{name: check for name, check in CONTENT.items() if name != "styles"}}
_CHAT: Final = {**_RICH, "mark_as_read": flag}
_BOT: Final = {**_CHAT, "broadcast": flag, "userids": string(10_000)}
# By version and the word of the path. v3 documents cards for chats and bots only.
_POSTS: Final[Mapping[tuple[int, str], Mapping[str, Check]]] = {
    (2, "channels"): _RICH,
    (2, "channelsbyname"): _RICH,
    (2, "chats"): _CHAT,
    (2, "buddies"): _CHAT,
    (2, "bots"): _BOT,
    (3, "channels"): _PLAIN,
    (3, "channelsbyname"): _PLAIN,
    (3, "chats"): _CHAT,
    (3, "bots"): {**_BOT, "styles": CONTENT["styles"], "notify_edit": flag, "message_topic": string(255)},
}
_EDIT: Final = {name: CONTENT[name] for name in ("text", "card", "slides", "buttons", "bot")} | {"notify_edit": flag}
_KEPT: Final = (*CONTENT, "reply_to")


def _accepted(fields: Mapping[str, Check]) -> Callable[[Any], Json]:
    check = record(fields, any_of=[name for name in ("text", "card", "slides") if name in fields])

    def accept(body: Any) -> Json:
        try:
            check(body, "body")
        except Misfit as misfit:
            raise refusal(misfit) from None
        return {name: value for name, value in body.items() if name in _KEPT}

    return accept


_ACCEPT_POST: Final = {where: _accepted(fields) for where, fields in _POSTS.items()}
_ACCEPT_EDIT: Final = _accepted(_EDIT)
_ACCEPT_CONTENT: Final = _accepted(CONTENT)


def accepted_post(body: Any, *, version: int, to: str) -> Json:
    """The content of a new message; `to` is the path's word: "channels", "bots", … Raises `CliqError`."""
    return _ACCEPT_POST[version, to](body)


def accepted_edit(body: Any) -> Json:
    """What an edit changes. Raises `CliqError`."""
    return _ACCEPT_EDIT(body)


def accepted_content(body: Any) -> Json:
    """The content of a message that answers a delivery: no keys of a REST call. Raises `CliqError`."""
    return _ACCEPT_CONTENT(body)
