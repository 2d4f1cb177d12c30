"""Payloads as Slack documents them. https://docs.slack.dev/reference/interaction-payloads"""

from typing import Any

TOKEN = "o1:approve:dep1:3:9f2c"
RESPONSE_URL = "https://hooks.slack.com/commands/T1/123/xyz"

Json = dict[str, Any]


def command(text: str = "<@U0AMIT|amit>", **changes: Any) -> Json:
    return {
        "token": "legacy",
        "team_id": "T1",
        "team_domain": "acme",
        "channel_id": "C1",
        "channel_name": "ops",
        "user_id": "U1",
        "user_name": "ada",
        "command": "/offboard",
        "text": text,
        "api_app_id": "A1",
        "is_enterprise_install": "false",
        "response_url": RESPONSE_URL,
        "trigger_id": "111.222.abc",
    } | changes


def _interaction(kind: str, **changes: Any) -> Json:
    return {
        "type": kind,
        "user": {"id": "U1", "username": "ada", "name": "ada", "team_id": "T1"},
        "api_app_id": "A1",
        "token": "legacy",
        "trigger_id": "111.222.abc",
        "team": {"id": "T1", "domain": "acme"},
        "enterprise": None,
        "is_enterprise_install": False,
    } | changes


def button(value: str = TOKEN, action_id: str = "ob:approve:0") -> Json:
    text = {"type": "plain_text", "text": "Approve", "emoji": True}
    return {"type": "button", "action_id": action_id, "block_id": "ob:2", "text": text, "value": value}


def menu(value: str = TOKEN) -> Json:
    option = {"text": {"type": "plain_text", "text": "Details", "emoji": True}, "value": value}
    return {"type": "overflow", "action_id": "ob:menu:1", "block_id": "ob:2", "selected_option": option}


def click(action: Json | None = None, **changes: Any) -> Json:
    """A click on a message."""
    return (
        _interaction(
            "block_actions",
            container={"type": "message", "message_ts": "1760000000.000100", "channel_id": "C1", "is_ephemeral": False},
            channel={"id": "C1", "name": "ops"},
            message={"type": "message", "user": "UBOT", "bot_id": "B1", "ts": "1760000000.000100", "text": "…"},
            state={"values": {}},
            response_url="https://hooks.slack.com/actions/T1/123/xyz",
            actions=[action or button()],
        )
        | changes
    )


def home_click() -> Json:
    """A click on the Home tab: neither channel nor response URL."""
    body = click(container={"type": "view", "view_id": "V1"}, view={"id": "V1", "type": "home"})
    return {name: part for name, part in body.items() if name not in ("channel", "message", "response_url")}


def _view(values: Json, metadata: str) -> Json:
    return {
        "id": "V1",
        "team_id": "T1",
        "type": "modal",
        "blocks": [],
        "private_metadata": metadata,
        "callback_id": "ob:form",
        "state": {"values": values},
        "hash": "1760000000.ab12cd34",
        "title": {"type": "plain_text", "text": "Successor", "emoji": False},
        "app_installed_team_id": "T1",
    }


PICKED: Json = {
    "ob:field:successor": {
        "ob:input": {
            "type": "external_select",
            "selected_option": {"text": {"type": "plain_text", "text": "Ben Carter"}, "value": "5000000000121"},
        }
    },
    "ob:field:note": {"ob:input": {"type": "plain_text_input", "value": None}},
    "ob:field:when": {
        "ob:input": {
            "type": "radio_buttons",
            "selected_option": {"text": {"type": "plain_text", "text": "Now"}, "value": "now"},
        }
    },
}


def submission(values: Json | None = None, *, carried: str = "o1:successor:dep1:3:", **changes: Any) -> Json:
    view = _view(PICKED if values is None else values, carried)
    return _interaction("view_submission", view=view, response_urls=[]) | changes


def suggestion(
    query: str = "be", *, carried: str = "o1:successor:dep1:3:", block_id: str = "ob:field:successor"
) -> Json:
    view = _view({}, carried)
    return _interaction("block_suggestion", action_id="ob:input", block_id=block_id, value=query, view=view)


def shortcut(callback_id: str = "offboard_start") -> Json:
    return _interaction("shortcut", callback_id=callback_id, action_ts="1760000000.1")


def event(inner: Json, event_id: str = "Ev123") -> Json:
    return {
        "token": "legacy",
        "team_id": "T1",
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1760000000,
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "event": inner,
    }


def home_opened(tab: str = "home") -> Json:
    return event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": tab, "event_ts": "1760000000.0"})
