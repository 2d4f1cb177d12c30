"""Slack's payloads, read: a verified body in, a `Delivery` (or a `Search`, or an explicit `Ignored`) out. No I/O.

The same objects come over HTTP and over Socket Mode. https://docs.slack.dev/reference/interaction-payloads
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bot.chat.slack import ids
from bot.chat.slack.typed import read_command
from bot.inbound import Ignored, Malformed, Payload, Search, filled, part, pressed, text
from handlers.intents import (
    Actor,
    Delivery,
    Help,
    InvalidToken,
    OpenHome,
    ReplyTo,
    Token,
)

Inbound = Delivery | Search | Ignored


def read(body: Payload) -> Inbound:
    """Read one payload. Raises `Malformed`."""
    kind = "command" if isinstance(body.get("command"), str) else body.get("type")
    reader = KINDS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise Malformed(f"unknown payload type {str(kind)[:40]!r}")
    return reader(body)


def _command(body: Payload) -> Delivery:
    return Delivery(
        id=f"command:{text(body, 'trigger_id')}",
        actor=_actor(text(body, "user_id")),
        intent=read_command(text(body, "text", needed=False)),
        reply=ReplyTo(text(body, "channel_id"), text(body, "response_url"), text(body, "trigger_id")),
    )


def _click(body: Payload) -> Delivery | Ignored:
    actions = body.get("actions")
    if not isinstance(actions, Sequence) or not actions or not isinstance(actions[0], Mapping):
        raise Malformed("actions must hold an action")
    action = actions[0]
    name = text(action, "action_id")
    if name.startswith(ids.LINK):
        return Ignored("a button that opens a page")
    if not name.startswith(ids.OURS):
        raise Malformed(f"unknown action_id {name[:40]!r}")
    return Delivery(
        id=f"click:{text(body, 'trigger_id')}",
        actor=_actor(text(body, "user", "id")),
        intent=pressed(_value(action)),
        reply=ReplyTo(
            channel=text(body, "container", "channel_id", needed=False) or None,
            response_url=text(body, "response_url", needed=False) or None,
            trigger_id=text(body, "trigger_id"),
        ),
    )


def _submission(body: Payload) -> Delivery:
    _our_form(body)
    # A corrected form has the view id and the hash of the refused one: only the trigger tells the two apart.
    trigger = text(body, "trigger_id")
    return Delivery(
        id=f"submit:{trigger}",
        actor=_actor(text(body, "user", "id")),
        intent=filled(text(body, "view", "private_metadata", needed=False), _fields(body)),
        reply=ReplyTo(trigger_id=trigger),
    )


def _search(body: Payload) -> Search | Ignored:
    _our_form(body)
    if text(body, "action_id") != ids.INPUT:
        raise Malformed("unknown action_id")
    try:
        token = Token.decode(text(body, "view", "private_metadata", needed=False))
    except InvalidToken:
        return Ignored("a form of an earlier version")
    return Search(
        actor=_actor(text(body, "user", "id")),
        token=token,
        field=text(body, "block_id").removeprefix(ids.FIELD),
        query=text(body, "value", needed=False),
    )


def _shortcut(body: Payload) -> Delivery:
    if text(body, "callback_id") != ids.START_SHORTCUT:
        raise Malformed("unknown callback_id")
    trigger = text(body, "trigger_id")
    actor = _actor(text(body, "user", "id"))
    return Delivery(id=f"shortcut:{trigger}", actor=actor, intent=Help(), reply=ReplyTo(trigger_id=trigger))


def _event(body: Payload) -> Delivery | Ignored:
    kind = text(body, "event", "type")
    if kind in IGNORED_EVENTS:
        return Ignored(IGNORED_EVENTS[kind])
    if kind != "app_home_opened":
        raise Malformed(f"unknown event type {kind[:40]!r}")
    if text(body, "event", "tab", needed=False) == "messages":
        return Ignored("the messages tab needs no page")
    actor = _actor(text(body, "event", "user"))
    return Delivery(id=f"event:{text(body, 'event_id')}", actor=actor, intent=OpenHome())


def _ignored(reason: str) -> Callable[[Payload], Ignored]:
    return lambda _body: Ignored(reason)


KINDS: Final[Mapping[str, Callable[[Payload], Inbound]]] = {
    "command": _command,
    "block_actions": _click,
    "block_suggestion": _search,
    "view_submission": _submission,
    "view_closed": _ignored("a closed form changes nothing"),
    "shortcut": _shortcut,
    "event_callback": _event,
    "url_verification": _ignored("answered by Bolt"),
    "app_rate_limited": _ignored("Slack dropped events; each is about a page that opens again"),
}
IGNORED_EVENTS: Final[Mapping[str, str]] = {
    "app_uninstalled": "the next call is refused and says so",
    "tokens_revoked": "the next call is refused and says so",
    "user_change": "people are looked up when they are needed",
    "message": "the bot is spoken to by command and button only",
    "app_mention": "the bot is spoken to by command and button only",
    "member_joined_channel": "membership shows when a card is posted",
    "member_left_channel": "membership shows when a card is posted",
}


def _actor(user: str) -> Actor:
    return Actor("slack", user)


def _our_form(body: Payload) -> None:
    if text(body, "view", "callback_id") != ids.FORM:
        raise Malformed("unknown callback_id")


def _fields(body: Payload) -> dict[str, str]:
    """Field name to value; a field left empty has the value ""."""
    values = part(body, "view", "state", "values")
    if not isinstance(values, Mapping):
        raise Malformed("view.state.values must be an object")
    return {
        block_id.removeprefix(ids.FIELD): _value(part(elements, ids.INPUT))
        for block_id, elements in values.items()
        if block_id.startswith(ids.FIELD)
    }


def _value(element: Any) -> str:
    """What a control carries: a button or text its `value`, a select or a menu its `selected_option`."""
    return text(element, "selected_option", "value", needed=False) or text(element, "value", needed=False)
