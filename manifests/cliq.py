"""The components by which Zoho Cliq knows Offboard: what `offboard install cliq` registers through Cliq's API.

    python -m manifests.cliq --url https://offboard.example.com

Cliq has no manifest that could be pasted; this is our own. Fields are those of the API:
https://www.zoho.com/cliq/help/restapi/v3/slashcommands/, …/v3/bots/ and …/v3/functions/
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import click

from manifests.address import endpoint

EVENTS_PATH: Final = "/cliq/events"
LONGEST_URL: Final = 225  # of an execution_url: https://www.zoho.com/cliq/help/restapi/v3/bots/
SHORTEST_SECRET: Final = 16
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]+")

# Every scope of the grant, and what would not work without it. https://www.zoho.com/cliq/help/restapi/v3/
SCOPES: Final[dict[str, str]] = {
    "ZohoCliq.Webhooks.CREATE": "posts cards and notices as the bot",
    "ZohoCliq.Messages.READ": "looks for a card after a lost answer, so that none is posted twice",
    "ZohoCliq.Messages.UPDATE": "edits a card when something has happened",
    "ZohoCliq.Chats.READ": "finds the conversation in which to look for a card",
    "ZohoCliq.Channels.READ": "finds the channel of owner changes",
    "ZohoCliq.Channels.UPDATE": "lets the bot join the channel of owner changes",
    "ZohoCliq.Users.READ": "names, language, time zone, and whether an account is closed; finds people by e-mail",
    "ZohoCliq.Bots.READ": "installer and doctor: find the bot",
    "ZohoCliq.Bots.CREATE": "installer: registers the bot",
    "ZohoCliq.Bots.UPDATE": "installer: brings the bot up to date",
    "ZohoCliq.Commands.READ": "installer: finds the slash command",
    "ZohoCliq.Commands.CREATE": "installer: registers the slash command",
    "ZohoCliq.Commands.UPDATE": "installer: brings the slash command up to date",
    "ZohoCliq.Functions.READ": "installer: finds the functions behind buttons and forms",
    "ZohoCliq.Functions.CREATE": "installer: registers the functions behind buttons and forms",
    "ZohoCliq.Functions.UPDATE": "installer: brings the functions up to date",
}


class Kind(StrEnum):
    COMMAND = "command"
    BOT = "bot"
    FUNCTION = "function"


@dataclass(frozen=True)
class Handler:
    """One event that Cliq sends us. `permissions` say which parts of the payload come along."""

    type: str
    permissions: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """What creates it."""
        return {"type": self.type, **self.extra, "permissions": list(self.permissions)}


@dataclass(frozen=True)
class Component:
    """A command, bot or function. `fields` are the rest of what creates it."""

    kind: Kind
    name: str
    fields: Mapping[str, Any]
    handlers: tuple[Handler, ...]

    @property
    def title(self) -> str:
        """What tells it from all others."""
        return f"{self.kind} {self.name}"

    @property
    def body(self) -> dict[str, Any]:
        """What creates it, without its handlers."""
        return {"name": self.name, **self.fields}


def components(url: str, secret: str) -> tuple[Component, ...]:
    """The components of a service at the public `url` (without a path), whose deliveries carry `secret`.

    Raises `ValueError` for a URL that Cliq cannot call and for a secret that is too weak or cannot stand in a URL.
    """
    webhook = {"execution_type": "webhook", "execution_url": _endpoint(url, secret)}
    return (_command(webhook), _bot(webhook), *_functions(webhook))


def text(url: str) -> str:
    """The components as JSON, to be read; the secret stays out."""
    shown: dict[str, list[dict[str, Any]]] = {f"{kind}s": [] for kind in Kind}
    for component in components(url, "s" * SHORTEST_SECRET):
        fields = {**component.body, "execution_url": endpoint(url, EVENTS_PATH) + "?s=SECRET"}
        shown[f"{component.kind}s"].append({**fields, "handlers": [handler.body for handler in component.handlers]})
    return json.dumps(shown, indent=2) + "\n"


def _command(webhook: Mapping[str, str]) -> Component:
    return Component(
        Kind.COMMAND,
        "offboard",
        {
            "hint": "@person [on DATE | now] | status, reschedule, cancel, undo @person | list | ghosts | help",
            "description": "Hand over the records of someone who leaves",
            "scope": "organization",
            "max_suggestions": 1,
            **webhook,
        },
        (Handler("execution_handler", ("chat", "user")), Handler("suggestion_handler", ("chat", "user"))),
    )


def _bot(webhook: Mapping[str, str]) -> Component:
    return Component(
        Kind.BOT,
        "Offboard",
        {
            "description": "Hands over the CRM records of someone who leaves and proves that nothing is left behind",
            "scope": "organization",
            # Without it the bot cannot post in the channel of owner changes.
            "channel_participation": ["send_message"],
            **webhook,
        },
        (
            Handler("message_handler", ("chat", "message", "user")),
            Handler("welcome_handler", ("user",)),
            Handler("mention_handler", ("chat", "message", "user")),
            Handler("menu_handler", ("chat", "user"), {"name": "Home"}),
        ),
    )


def _functions(webhook: Mapping[str, str]) -> tuple[Component, ...]:
    button = Handler("button_handler", ("chat", "message", "user"))
    submit = Handler("form_submit_handler", ("chat", "message", "user"))
    select = Handler("form_dynamic_select_handler", ("chat", "user"))
    widget = Handler("widget_button_handler", ("user",))
    return (
        _function("offboardbutton", "button", "The buttons of Offboard", webhook, button),
        _function("offboardform", "form", "The forms of Offboard", webhook, submit, select),
        _function("offboardwidget", "widget_button", "The buttons of the Offboard widget", webhook, widget),
    )


def _function(
    name: str, function_type: str, description: str, webhook: Mapping[str, str], *handlers: Handler
) -> Component:
    fields = {"description": description, "function_type": function_type, **webhook}
    return Component(Kind.FUNCTION, name, fields, handlers)


def _endpoint(url: str, secret: str) -> str:
    if not _SECRET.fullmatch(secret) or len(secret) < SHORTEST_SECRET:
        raise ValueError(
            f"OFFBOARD_CLIQ_URL_SECRET must have at least {SHORTEST_SECRET} characters, of A-Z, a-z, 0-9, - and _ only"
        )
    address = f"{endpoint(url, EVENTS_PATH)}?s={secret}"
    if len(address) > LONGEST_URL:
        raise ValueError(f"Cliq takes {LONGEST_URL} characters; address and secret together have {len(address)}")
    return address


@click.command()
@click.option("--url", required=True, help="Public address of the service, such as https://offboard.example.com.")
def main(url: str) -> None:
    """Print the components that Cliq gets."""
    try:
        click.echo(text(url), nl=False)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error


if __name__ == "__main__":
    main()
