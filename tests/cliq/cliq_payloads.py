"""Payloads as Cliq sends them. https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html"""

from typing import Any

TOKEN = "o1:approve:dep1:3:9f2c"
FORM_TOKEN = "o1:successor:dep1:3:"
RESPONSE_URL = "https://cliq.zoho.com/v2/extensions/2980/responses/17202823900615741410013820"
CHAT = "CT_1256246524399772951_1741337"
MESSAGE = "1599387839188_229293271789"

Json = dict[str, Any]

ADA: Json = {
    "id": "130720038",
    "zoho_user_id": "130720038",
    "first_name": "Ada",
    "last_name": "Lind",
    "email": "Ada.Lind@brightwater.example",
    "admin": True,
    "organization_id": "123456456",
    "timezone": "Europe/Berlin",
    "country": "de",
    "language": "de",
}
AMIT: Json = {
    "type": "user",
    "id": "631830849",
    "first_name": "Amit",
    "last_name": "Kumar",
    "email": "amit.kumar@brightwater.example",
    "timezone": "Asia/Kolkata",
    "country": "in",
    "language": "en",
}
BEN: Json = {"type": "user", "id": "631830850", "first_name": "Ben", "last_name": "Carter"}
BOT: Json = {"type": "bot", "id": "b-1775998000015152705", "name": "Offboard"}


def delivery(kind: str, handler: str, params: Json, **changes: Any) -> Json:
    access = {
        "user_id": "130720038",
        "zoho_user_id": "130720038",
        "organization": {"type": "company", "id": "123456456"},
        "user_agent": "Mozilla/5.0",
        "chat_id": CHAT,
    }
    environment = {"tld": ".com", "data_center": "US", "base_url": "https://cliq.zoho.com/company/123456456"}
    return {
        "name": "offboard",
        "handler": {"type": handler},
        "type": kind,
        "timestamp": 1796000000000,
        "response_url": RESPONSE_URL,
        "params": {"environment": environment, "access": access, "user": ADA, **params},
    } | changes


def command(arguments: str = "@Amit Kumar", *mentions: Json, selections: tuple[Json, ...] = ()) -> Json:
    said = {"arguments": arguments, "mentions": list(mentions or (AMIT,)), "selections": list(selections)}
    return delivery("command", "execution_handler", {**said, "options": {}, "attachments": [], "chat": {"id": CHAT}})


def typed(arguments: str) -> Json:
    """A command in which nobody is mentioned."""
    body = command(arguments)
    body["params"]["mentions"] = []
    return body


def click(arguments: Json | None = None) -> Json:
    carried = {"key": TOKEN, "token": TOKEN} if arguments is None else arguments
    target = {"name": "Approve", "hint": ""}
    message = {"id": MESSAGE, "type": "text", "text": "…"}
    params = {"event": "click", "target": target, "arguments": carried, "message": message, "chat": {"id": CHAT}}
    return delivery("function", "button_handler", params, name="offboardbutton")


def filled(values: Json | None = None, *, action: str = "submit", handler: str = "form_handler") -> Json:
    given = {"successor": {"label": "Ben Carter", "value": "5000000000121"}, "note": ""} if values is None else values
    form = {"name": "offboard", "action": action, "values": {"token": FORM_TOKEN, **given}}
    params = {"form": form, "chat": {"id": CHAT}, "message": {"id": MESSAGE}}
    return delivery("function", handler, params, name="offboardform")


def searched(
    query: str = "be", *, token: str = FORM_TOKEN, handler: str = "form_values_handler", name: str = "successor"
) -> Json:
    form = {"name": "offboard", "action": "input", "values": {"token": token, name: {}}}
    params = {"form": form, "target": {"name": name, "query": query}}
    body = delivery("function", handler, params, name="offboardform")
    del body["response_url"]
    return body


def message(text: str = "status", *mentions: Json, **user: Any) -> Json:
    params = {"message": text, "raw_message": text, "mentions": list(mentions), "chat": {"id": CHAT, "type": "bot"}}
    return delivery("bot", "message_handler", {**params, "user": ADA | user}, unique_name="offboardbot")


def call(text: str, *mentions: Json) -> Json:
    """The bot is mentioned in a channel."""
    said = {"message": {"text": text, "type": "text", "time": "1796000000000"}, "mentions": [BOT, *mentions]}
    return delivery("bot", "mention_handler", {**said, "chat": {"id": CHAT}}, unique_name="offboardbot")


def menu(name: str = "Home", handler: str = "action_handler") -> Json:
    return delivery("bot", handler, {"sub_action": ""}) | {"handler": {"type": handler, "name": name}}


def widget(event: str = "load", target: Json | None = None) -> Json:
    body = delivery("widget", "view_handler", {"event": event, "target": target or {}})
    del body["response_url"]
    return body


def widget_click(token: str = TOKEN, handler: str = "applet_button_handler") -> Json:
    target = {"label": "Show", "section_id": "1", "tab_id": "home", "id": token}
    body = delivery("function", handler, {"target": target}, name="offboardwidget")
    del body["response_url"]
    return body
