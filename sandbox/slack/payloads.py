"""The payloads that tell the app what a person did. https://docs.slack.dev/reference/interaction-payloads"""

from collections.abc import Sequence
from typing import Any, Final

from sandbox.slack.directory import User
from sandbox.slack.forms import VALUE_KEYS
from sandbox.slack.model import APP_ID, LEGACY_TOKEN, TEAM_DOMAIN, TEAM_ID, Channel, Json, Message, View

_TEAM: Final[Json] = {"id": TEAM_ID, "domain": TEAM_DOMAIN}
# What a slash command calls conversations whose name it does not give away.
_HIDDEN_NAMES: Final = {"im": "directmessage", "private": "privategroup", "mpim": "privategroup"}


def command(user: User, channel: Channel, *, name: str, text: str, response_url: str, trigger_id: str) -> Json:
    return {
        "token": LEGACY_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": _HIDDEN_NAMES.get(channel.kind, channel.name),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _common(kind: str, user: User) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": LEGACY_TOKEN,
        "team": _TEAM,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _conversation(channel: Channel) -> Json:
    return {"id": channel.id, "name": _HIDDEN_NAMES.get(channel.kind, channel.name)}


def _message_place(message: Message, channel: Channel) -> Json:
    """Where an element of a message stands. What an ephemeral message says is not sent along."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    place: Json = {"container": container, "channel": _conversation(channel)}
    return place if message.only_for else place | {"message": message.json()}


def _view_place(view: View) -> Json:
    return {"container": {"type": "view", "view_id": view.id}, "view": view.json()}


def place(surface: Message | View, channel: Channel | None) -> Json:
    """The part of a payload that says where something was done; `channel` is the message's."""
    if isinstance(surface, View):
        return _view_place(surface)
    if channel is None:
        raise TypeError("a message stands in a channel")
    return _message_place(surface, channel)


def action(element: Json, block_id: str, *, held: Json, stamp: str) -> Json:
    """One entry of `actions`: the element, without its options, and what it holds now."""
    hidden = {"options", "option_groups", "placeholder", "confirm", "focus_on_load", "accessibility_label"}
    shown = {name: value for name, value in element.items() if name not in hidden}
    return shown | held | {"block_id": block_id, "action_ts": stamp}


def block_actions(user: User, where: Json, action: Json, *, trigger_id: str, state: Json | None) -> Json:
    """`state` is what a message's elements hold; a view brings its own."""
    payload = _common("block_actions", user) | where | {"trigger_id": trigger_id, "actions": [action]}
    return payload if state is None else payload | {"state": {"values": state}}


def block_suggestion(user: User, where: Json, *, block_id: str, action_id: str, typed: str) -> Json:
    names = {"block_id": block_id, "action_id": action_id, "value": typed}
    return _common("block_suggestion", user) | where | names


def view_submission(user: User, view: View, *, trigger_id: str, response_urls: Sequence[Json]) -> Json:
    rest = {"trigger_id": trigger_id, "view": view.json(), "response_urls": list(response_urls)}
    return _common("view_submission", user) | rest


def view_closed(user: User, view: View, *, cleared: bool) -> Json:
    """What inputs held is not sent."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    state = {block_id: held for block_id, held in view.state.items() if block_id not in inputs}
    return _common("view_closed", user) | {"view": view.json(state), "is_cleared": cleared}


def shortcut(user: User, callback_id: str, *, trigger_id: str, stamp: str) -> Json:
    rest = {"callback_id": callback_id, "trigger_id": trigger_id, "action_ts": stamp}
    return _common("shortcut", user) | rest


def message_action(
    user: User, callback_id: str, message: Message, *, channel: Channel, response_url: str, trigger_id: str, stamp: str
) -> Json:
    rest = {"callback_id": callback_id, "trigger_id": trigger_id, "action_ts": stamp, "response_url": response_url}
    where = {"channel": _conversation(channel), "message_ts": message.ts, "message": message.json()}
    return _common("message_action", user) | where | rest


def wanted_response_urls(view: View) -> list[tuple[str, str, str]]:
    """Block, action and chosen conversation of each input that asked for a response URL."""
    found: list[tuple[str, str, str]] = []
    for block in view.blocks:
        element: dict[str, Any] = block.get("element") or {}
        if block["type"] == "input" and element.get("response_url_enabled"):
            held = view.state.get(block["block_id"], {}).get(element["action_id"], {})
            if chosen := held.get(VALUE_KEYS[element["type"]]):
                found.append((block["block_id"], element["action_id"], chosen))
    return found
