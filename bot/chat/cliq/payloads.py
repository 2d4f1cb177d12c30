"""Cliq's payloads, read: a verified body in, a `Delivery` (or a `Search`, `Suggest`, `Widget`, `Ignored`) out. No I/O.

https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.chat.cliq import ids
from bot.chat.cliq.typed import Mentioned, read_called, read_command, with_pick
from bot.chat.surface import ChatPerson
from bot.inbound import Ignored, Malformed, Payload, Search, filled, part, pressed, text
from handlers.intents import (
    Actor,
    Delivery,
    Help,
    Intent,
    InvalidToken,
    OpenHome,
    ReplyTo,
    Token,
)

_LONGEST_ID: Final = 100


@dataclass(frozen=True)
class Suggest:
    """Somebody types behind the command."""

    actor: Actor
    text: str


@dataclass(frozen=True)
class Widget:
    """Somebody looks at the widget, or presses one of its buttons. `tab` is "" where Cliq shows the first."""

    delivery: Delivery
    tab: str = ""


Inbound = Delivery | Search | Suggest | Widget | Ignored


def read(body: Payload) -> Inbound:
    """Read one payload. Raises `Malformed`."""
    # Older extensions are sent the handler's name alone.
    handler = ("handler",) if isinstance(body.get("handler"), str) else ("handler", "type")
    kind = text(body, "type"), text(body, *handler)
    if kind in IGNORED:
        return Ignored(IGNORED[kind])
    reader = KINDS.get(kind)
    if reader is None:
        raise Malformed(f"unknown type and handler {kind[0][:40]!r}, {kind[1][:40]!r}")
    return reader(body)


def overheard(body: Payload) -> bool:
    """Whether others would read the answer: the bot was called by its name, where it is not alone with somebody."""
    handler = part(body, "handler", "type") or part(body, "handler")
    return bool(handler == "mention_handler" and part(body, "params", "chat", "type") != "bot")


def people(body: Payload) -> tuple[ChatPerson, ...]:
    """Whom the payload itself describes, with their address: who did it, and the mentioned."""
    described = [part(body, "params", "user"), *(m for m in _mentions(body) if m.get("type") == "user")]
    found = [person for user in described if (person := _person(user))]
    return tuple({person.id: person for person in found}.values())


def _command(body: Payload) -> Delivery:
    typed = text(body, "params", "arguments", needed=False)
    for pick in _list(body, "params", "selections"):
        typed = with_pick(typed, text(pick, "title", needed=False))
    return _delivery(body, read_command(typed, _mentioned(body)))


def _suggest(body: Payload) -> Suggest:
    return Suggest(_actor(body), text(body, "params", "arguments", needed=False))


def _message(body: Payload) -> Delivery | Ignored:
    """A line to the bot is a command line."""
    return _said(body, read_command)


def _call(body: Payload) -> Delivery | Ignored:
    return _said(body, read_called)


def _said(body: Payload, reader: Callable[[str, Sequence[Mentioned]], Intent]) -> Delivery | Ignored:
    """The bot hears other bots and itself as well: it never answers them."""
    if _actor(body).id.startswith("b-"):
        return Ignored("a bot speaks")
    message = part(body, "params", "message")
    said = message if isinstance(message, str) else text(message, "text", needed=False)
    return _delivery(body, reader(said, _mentioned(body)))


def _welcome(body: Payload) -> Delivery:
    return _delivery(body, Help())


def _menu(body: Payload) -> Delivery:
    name = text(body, "handler", "name")
    if name != ids.HOME_MENU:
        raise Malformed(f"unknown menu entry {name[:40]!r}")
    return _delivery(body, OpenHome())


def _click(body: Payload) -> Delivery:
    carried = text(body, "params", "arguments", "token", needed=False)
    return _delivery(body, pressed(carried or text(body, "params", "arguments", "key")))


def _widget_click(body: Payload) -> Widget:
    return Widget(_delivery(body, pressed(text(body, "params", "target", "id"))))


def _form(body: Payload) -> Delivery | Ignored:
    values = _form_values(body)
    match text(body, "params", "form", "action"):
        case "submit":
            token = _value(values.get(ids.TOKEN_FIELD))
            return _delivery(body, filled(token, _fields(values)))
        case "cancel":
            return Ignored("a closed form changes nothing")
        case action:
            raise Malformed(f"unknown action of a form {action[:40]!r}")


def _search(body: Payload) -> Search | Ignored:
    try:
        token = Token.decode(_value(_form_values(body).get(ids.TOKEN_FIELD)))
    except InvalidToken:
        return Ignored("a form of an earlier version")
    field = ids.field_name(text(body, "params", "target", "name"))
    return Search(_actor(body), token, field, text(body, "params", "target", "query", needed=False))


def _widget(body: Payload) -> Widget:
    return Widget(_delivery(body, OpenHome()), text(body, "params", "target", "id", needed=False))


# An extension's components and those registered alone spell some handlers differently; both spellings are read.
KINDS: Final[Mapping[tuple[str, str], Callable[[Payload], Inbound]]] = {
    ("command", "execution_handler"): _command,
    ("command", "suggestion_handler"): _suggest,
    ("bot", "message_handler"): _message,
    ("bot", "mention_handler"): _call,
    ("bot", "welcome_handler"): _welcome,
    ("bot", "menu_handler"): _menu,
    ("bot", "action_handler"): _menu,
    ("function", "button_handler"): _click,
    ("function", "form_submit_handler"): _form,
    ("function", "form_handler"): _form,
    ("function", "form_dynamic_select_handler"): _search,
    ("function", "form_values_handler"): _search,
    ("function", "widget_button_handler"): _widget_click,
    ("function", "applet_button_handler"): _widget_click,
    ("widget", "view_handler"): _widget,
}
IGNORED: Final[Mapping[tuple[str, str], str]] = {
    ("bot", "context_handler"): "the bot asks no questions in a row",
    ("bot", "participation_handler"): "membership shows when a card is posted",
    ("bot", "incoming_webhook_handler"): "nothing is sent to the bot from outside",
    ("bot", "incomingwebhook_handler"): "nothing is sent to the bot from outside",
    ("bot", "call_handler"): "the bot calls nobody",
    ("bot", "alert_handler"): "the bot calls nobody",
    ("function", "form_change_handler"): "no field depends on another",
    ("function", "form_view_handler"): "a form opens from its button only",
    ("messageaction", "execution_handler"): "the bot is spoken to by command, message and button only",
    ("link_preview", "unfurl_handler"): "our links need no preview",
    ("link_preview", "unfurl_button_action_handler"): "our links need no preview",
    ("link_preview", "unfurl_dynamic_action_handler"): "our links need no preview",
    ("link_preview", "unfurl_post_message_handler"): "our links need no preview",
    ("extension", "installation_validator"): "every organisation may install it",
    ("extension", "installation_handler"): "people are looked up when they are needed",
    ("extension", "uninstallation_handler"): "the next call is refused and says so",
}


def _delivery(body: Payload, intent: Intent) -> Delivery:
    reply = ReplyTo(
        channel=_id(body, "params", "chat", "id") or _id(body, "params", "access", "chat_id") or None,
        response_url=text(body, "response_url", needed=False) or None,
        trigger_id=_id(body, "params", "message", "id") or _id(body, "params", "access", "message_id") or None,
    )
    return Delivery(_delivery_id(body), _actor(body), intent, reply)


def _delivery_id(body: Payload) -> str:
    """Cliq names no id of a delivery, but the end of its `response_url` is another each time; else the body tells."""
    path = text(body, "response_url", needed=False).partition("?")[0]
    last = path.rstrip("/").rpartition("/")[2]
    if last and len(last) <= _LONGEST_ID:
        return f"cliq:{last}"
    try:
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    except RecursionError as error:
        raise Malformed("the body is nested too deeply") from error
    return f"cliq:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _actor(body: Payload) -> Actor:
    """Who did it. `user` needs a permission of the handler, `access` none, and mentions have ids as `user` has."""
    found = _id(body, "params", "user", "id") or _id(body, "params", "access", "user_id")
    if not found:
        raise Malformed("params.user.id or params.access.user_id must be an id")
    return Actor("cliq", found)


def _mentions(body: Payload) -> list[Mapping[str, Any]]:
    return [mention for mention in _list(body, "params", "mentions") if isinstance(mention, Mapping)]


def _mentioned(body: Payload) -> list[Mentioned]:
    return [
        Mentioned(found, str(m.get("type")), _names(m), _email(m)) for m in _mentions(body) if (found := _id(m, "id"))
    ]


def _names(user: Mapping[str, Any]) -> tuple[str, ...]:
    """What somebody is called, the full name first."""
    full = " ".join(str(user[name]) for name in ("first_name", "last_name") if user.get(name))
    others = (user.get(name) for name in ("dname", "name", "first_name"))
    return tuple(dict.fromkeys(text for name in (full, *others) if (text := str(name or "").strip())))


def _email(user: Mapping[str, Any]) -> str:
    return str(user.get("email") or "").strip().lower()


def _person(user: Any) -> ChatPerson | None:
    if not isinstance(user, Mapping) or not _id(user, "id") or not _email(user):
        return None
    return ChatPerson(
        id=_id(user, "id"),
        name=next(iter(_names(user)), _email(user)),
        email=_email(user),
        language="de" if str(user.get("language") or "").startswith("de") else "en",
        time_zone=str(user.get("timezone") or "UTC"),
        active=True,
        is_bot=False,
    )


def _form_values(body: Payload) -> Mapping[str, Any]:
    if text(body, "params", "form", "name") != ids.FORM:
        raise Malformed("unknown form")
    values = part(body, "params", "form", "values")
    if not isinstance(values, Mapping):
        raise Malformed("params.form.values must be an object")
    return values


def _fields(values: Mapping[str, Any]) -> dict[str, str]:
    """Field name to value; a field left empty has the value ""."""
    return {
        ids.field_name(name): _value(value)
        for name, value in values.items()
        if name != ids.TOKEN_FIELD and not name.startswith(ids.ABOUT_FIELD)
    }


def _value(value: Any) -> str:
    """What a field holds: a text; for a choice its value, or the id of a person; of several the first."""
    while isinstance(value, list | Mapping):
        value = next(iter(value), "") if isinstance(value, list) else value.get("value", value.get("id", ""))
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _list(payload: Any, *path: str) -> list[Any]:
    found = part(payload, *path)
    return found if isinstance(found, list) else []


def _id(payload: Any, *path: str) -> str:
    """An id, which Cliq writes as a text or as a number, or "" where there is none."""
    found = part(payload, *path)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
