"""The Slack app's manifest: what an admin pastes at https://api.slack.com/apps to create the app.

    python -m manifests.slack --url https://offboard.example.com    the service has a public address
    python -m manifests.slack --socket                              it has none: Socket Mode

Rules: https://docs.slack.dev/reference/app-manifest
"""

import json
from typing import Any, Final

import click

from manifests.address import endpoint

EVENTS_PATH: Final = "/slack/events"

# Every scope, and what would not work without it. https://docs.slack.dev/reference/scopes
SCOPES: Final[dict[str, str]] = {
    "commands": "the slash command and the shortcut",
    "chat:write": "posts cards, edits them, answers one person",
    "im:write": "opens the direct messages with a person, whose channel must be known to look for a card there",
    "im:history": "looks for a card in direct messages after a lost answer, so that none is posted twice",
    "channels:history": "the same in public channels; Slack lets the bot read only where it has been invited",
    "groups:history": "the same in private channels",
    "files:write": "adds the report and the ledger to the card of a departure that is closed",
    "users:read": "names, language, time zone, and whether an account is closed",
    "users:read.email": "finds the chat account that belongs to an account of a connected system",
}
EVENTS: Final[dict[str, str]] = {"app_home_opened": "shows the open departures to whoever opens the bot's page"}


def manifest(url: str | None) -> dict[str, Any]:
    """The manifest for a service at the public `url` (without a path), or for Socket Mode where there is none.

    Raises `ValueError` for a URL that Slack cannot call.
    """
    address = endpoint(url, EVENTS_PATH) if url is not None else None
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Offboard",
            "description": "Hands over a leaver's CRM records and proves that nothing is left behind",
            "background_color": "#1f2a44",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "offboard", "always_online": True},
            "shortcuts": [
                {
                    "name": "Start an offboarding",
                    "type": "global",
                    "callback_id": "offboard_start",
                    "description": "Shows how to hand over the records of someone who leaves",
                }
            ],
            "slash_commands": [_command(address)],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**_at("request_url", address), "bot_events": list(EVENTS)},
            "interactivity": {
                "is_enabled": True,
                **_at("request_url", address),
                **_at("message_menu_options_url", address),
            },
            "org_deploy_enabled": False,
            "socket_mode_enabled": address is None,
            "token_rotation_enabled": False,
        },
    }


def text(url: str | None) -> str:
    """The manifest as JSON, ready to paste."""
    return json.dumps(manifest(url), indent=2) + "\n"


def _command(address: str | None) -> dict[str, Any]:
    return {
        "command": "/offboard",
        **_at("url", address),
        "description": "Hand over the records of someone who leaves",
        "usage_hint": "@person [on DATE | now] | status, reschedule, cancel, undo @person | list | ghosts | help",
        # Mentions arrive as ids, not as display names, which are not unique.
        # https://docs.slack.dev/interactivity/implementing-slash-commands
        "should_escape": True,
    }


def _at(name: str, address: str | None) -> dict[str, str]:
    return {name: address} if address else {}


@click.command()
@click.option("--url", help="Public address of the service, such as https://offboard.example.com.")
@click.option("--socket", is_flag=True, help="For a service without a public address.")
def main(url: str | None, *, socket: bool) -> None:
    """Print the manifest of the Slack app."""
    if socket == (url is not None):
        raise click.UsageError("Give either --url or --socket.")
    try:
        click.echo(text(url), nl=False)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error


if __name__ == "__main__":
    main()
