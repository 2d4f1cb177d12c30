"""The payloads that tell the app what a person did.

https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.cliq.model import BOT_NAME, BOT_UNIQUE_NAME, ORGANISATION_ID, Chat, Handler, Json, Message, OpenForm, User

# Zoho's samples have a `response_url` for these alone; everything else can only be answered at once.
_ANSWERED_LATER: Final = {"command", "bot"}
_FUNCTIONS_ANSWERED_LATER: Final = {"button_handler", "form_submit_handler"}
_USER_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"


@dataclass
class Occasion:
    """Something that a person did and the app hears of: which handler it goes to, and where an answer belongs."""

    kind: str  # "command", "bot", "function", "widget"
    name: str
    handler: Handler
    url: str
    user: User
    chat: Chat | None  # None on the home page, where widgets are
    message: Message | None = None  # whose button was clicked, there or in a form's beginning
    form: OpenForm | None = None
    field: str | None = None  # whose options are asked for
    answers_left: int = 1  # through the response URL

    @property
    def place(self) -> tuple[str, str]:
        return self.kind, self.handler.type

    @property
    def answerable_later(self) -> bool:
        return self.kind in _ANSWERED_LATER or self.handler.type in _FUNCTIONS_ANSWERED_LATER

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.handler.type}"


def envelope(occasion: Occasion, params: Json, *, hall_url: str, response_url: str | None) -> Json:
    """The payload as the courier takes it: handlers have the names of the v3 API, and the timestamp is to come."""
    handler: Json = {"type": occasion.handler.type}
    if occasion.handler.type == "menu_handler":
        handler["name"] = occasion.handler.extra["name"]
    payload: Json = {"name": occasion.name, "handler": handler, "type": occasion.kind, "timestamp": 0}
    if occasion.kind == "bot":
        payload["unique_name"] = BOT_UNIQUE_NAME
    if response_url:
        payload["response_url"] = response_url
    always = {"environment": _environment(hall_url), "access": _access(occasion)}
    return payload | {"params": params | always}


def _environment(hall_url: str) -> Json:
    return {"tld": ".com", "data_center": "US", "base_url": f"{hall_url}/company/{ORGANISATION_ID}"}


def _access(occasion: Occasion) -> Json:
    access: Json = {
        "user_id": occasion.user.id,
        "zoho_user_id": occasion.user.id,
        "organization": {"type": "company", "id": ORGANISATION_ID},
        "user_agent": _USER_AGENT,
    }
    return access | {"chat_id": occasion.chat.id} if occasion.chat else access


def permitted(occasion: Occasion, users: Mapping[str, User]) -> Json:
    """The objects that the handler's permissions allow: https://www.zoho.com/cliq/help/restapi/v3/commands/"""
    granted = set(occasion.handler.permissions)
    found: Json = {}
    if "user" in granted:
        found["user"] = user_json(occasion.user)
    if "chat" in granted and occasion.chat:
        found["chat"] = _chat(occasion.chat, users)
    if "message" in granted and occasion.message:
        found["message"] = _message(occasion.message, users)
    if "location" in granted:
        found["location"] = {"status": "denied"}
    return found


def user_json(user: User) -> Json:
    """https://www.zoho.com/cliq/help/platform/cliq-objects/user-object.html"""
    rest = {"zoho_user_id": user.id, "admin": user.admin, "organization_id": ORGANISATION_ID}
    return _person(user) | rest


def mention(user: User) -> Json:
    """https://www.zoho.com/cliq/help/platform/cliq-objects/mentions-object.html"""
    return {"type": "user", **_person(user)}


def bot_mention(bot_id: str) -> Json:
    return {"type": "bot", "id": bot_id, "name": BOT_NAME}


def _person(user: User) -> Json:
    return {
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "timezone": user.time_zone,
        "country": "us",
        "language": user.language,
    }


def _chat(chat: Chat, users: Mapping[str, User]) -> Json:
    """https://www.zoho.com/cliq/help/platform/cliq-objects/chat-object.html"""
    found: Json = {
        "id": chat.id,
        "type": chat.kind,
        "title": chat.title,
        "owner": min(chat.members),
        "chat_type": chat.kind,
        "members": [_member(users[member]) for member in sorted(chat.members)],
        "recent_messages": [],
    }
    if chat.kind == "channel":
        found |= {"channel_unique_name": chat.unique_name, "channel_id": chat.channel_id}
    return found


def _member(user: User) -> Json:
    return {
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "status": "0",
    }


def _message(message: Message, users: Mapping[str, User]) -> Json:
    """https://www.zoho.com/cliq/help/platform/cliq-objects/message-object.html"""
    by = users.get(message.sender)
    return {
        "id": message.id,
        "type": "text",
        "text": message.text,
        "time": str(message.time),
        "is_read": True,
        "sender": _person(by) if by else {"id": message.sender, "name": BOT_NAME},
    }


def typed(arguments: str, *, mentions: Sequence[Json], options: Json, selections: Sequence[Json]) -> Json:
    """What a command says without any permission: https://www.zoho.com/cliq/help/platform/commandexecution.html"""
    return {
        "arguments": arguments,
        "mentions": list(mentions),
        "options": options,
        "selections": list(selections),
        "attachments": [],
    }


def options_in(arguments: str, declared: Collection[str]) -> Json:
    """The `-option value` pairs of options that the command declares."""
    words = arguments.split()
    pairs = zip(words, [*words[1:], ""], strict=False)
    return {word[1:]: value for word, value in pairs if word.startswith("-") and word[1:] in declared}


def said(occasion: Occasion, message: Message, mentions: Sequence[Json]) -> Json:
    """A message to the bot: https://www.zoho.com/cliq/help/platform/bot-messagehandler.html"""
    rest: Json = {"links": [], "attachments": [], "mentions": list(mentions)}
    rest |= {"options": {}, "selections": [], "arguments": ""}
    if "message" not in occasion.handler.permissions:
        return rest
    inner = {"type": "text", "text": message.text, "mentions": list(mentions)}
    details = {"time": message.time, "message": inner}
    return rest | {"message": message.text, "raw_message": message.text, "message_details": details}


def mentioned(occasion: Occasion, message: Message, mentions: Iterable[Json]) -> Json:
    """A mention of the bot, where the message is an object.

    https://www.zoho.com/cliq/help/platform/bot-mentionshandler.html
    """
    found: Json = {"mentions": list(mentions)}
    if "message" in occasion.handler.permissions:
        sender = _person(occasion.user)
        found["message"] = {"sender": sender, "time": message.time, "text": message.text, "type": "text"}
    return found


def clicked(button: Json, *, entered: Any) -> Json:
    """A click: https://www.zoho.com/cliq/help/platform/functions_workflow.html

    `arguments` holds the key, what the button carries, and what was entered into the confirm dialog.
    """
    arguments: Json = {"key": button["key"]} if "key" in button else {}
    arguments |= button.get("arguments", {})
    if entered is not None:
        arguments["input"] = entered
    target = {"name": button["label"], "hint": button.get("hint", "")}
    return {"event": "click", "target": target, "arguments": arguments}


def form(opened: OpenForm, action: str, target: Json | None = None) -> Json:
    """`action` is submit, cancel, change or input: https://www.zoho.com/cliq/help/platform/cliq-form.html"""
    params: Json = {"form": {"name": opened.content["name"], "action": action, "values": opened.values}}
    return params if target is None else params | {"target": target}
