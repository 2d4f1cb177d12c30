"""Departures that wait for their approval, and the requests that Slack sends when people act on them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from bot.chat.slack import ids, render
from bot.store import departures
from bot.store.database import Database
from connectors.base import Account, Inventory
from handlers.cards import postings
from handlers.commands import Approve, ConfirmSuccessor
from handlers.decide import decide
from handlers.departure import Departure, State, evolved, open_departure
from handlers.elements import Card
from handlers.events import Event, Opened, Planned
from handlers.intents import Action, Token
from handlers.people import Party, Person
from handlers.plan import Handover, Method
from sandbox.people import BY_KEY
from sandbox.slack import payloads
from sandbox.slack.courier import Delivery, encoded, signature
from sandbox.slack.model import BOT_USER, Message
from sandbox.slack.tickets import Origin
from sandbox.slack.workspace import Workspace

CHANNEL: Final = "C0GENERAL"
_IN_ONE_WRITE: Final = 200
_MAILBOX: Final = {"kind": "imap", "sharing": "public", "method": "retain"}


def person(key: str) -> Person:
    """Somebody of the town as the service knows them."""
    who = BY_KEY[key]
    language = "de" if who.language.startswith("de") else "en"
    return Person(who.name, who.email, {"slack": who.slack_id} if who.slack_id else {}, language, who.time_zone)


ADMIN: Final = Party(person("ada"), admin=True)
LEAD: Final = Party(person("tomas"), admin=False)
SUCCESSOR: Final = "sofia"


@dataclass(frozen=True)
class World:
    """What was read from the town's CRM: the inventory of a leaver with many records, and who takes over."""

    inventory: Inventory
    successor: Account


def waiting(world: World, number: int) -> tuple[Departure, list[Event]]:
    """A departure of a leaver of its own that waits for the lead's approval, and how it came there."""
    name, email = f"Leaver {number:05d}", f"leaver{number:05d}@brightwater.example"
    account = replace(world.inventory.account, id=f"6{number:018d}", name=name, email=email)
    return _approvable(world, f"bench{number:05d}", Person(name, email), account)


def ready_to_run(world: World) -> tuple[Departure, list[Event]]:
    """The leaver's own departure, approved: what is missing is the word that the mailbox is safe."""
    leaver = BY_KEY["amit"]
    departure, events = _approvable(world, "transfer", person(leaver.key), world.inventory.account)
    approved = decide(departure, Approve(departure.digest or ""), LEAD, now=datetime.now(UTC))
    return evolved(departure, approved), [*events, *approved]


def _approvable(world: World, key: str, leaver: Person, account: Account) -> tuple[Departure, list[Event]]:
    now, system = datetime.now(UTC), account.system
    opened = Opened(at=now, by=ADMIN.person, leaver=leaver, accounts={system: account}, admin=ADMIN.person)
    inventories = {system: replace(world.inventory, account=account)}
    planned = Planned(at=now, inventories=inventories, lead=LEAD.person, approvers=(LEAD.person,), suggestion=None)
    asked = evolved(open_departure(key, opened), (planned,))
    receivers = {f"{system}/{world.successor.id}": person(SUCCESSOR)}
    chosen = ConfirmSuccessor({system: Handover(world.successor)}, receivers, frozenset(), Method())
    confirmed = decide(asked, chosen, ADMIN, now=now)
    return evolved(asked, confirmed), [opened, planned, *confirmed]


async def store(database_url: str, found: list[tuple[Departure, list[Event]]]) -> None:
    """Write departures as the service would have, before it runs."""
    database = Database(database_url)
    await database.upgrade()
    for start in range(0, len(found), _IN_ONE_WRITE):
        await database.write(_create, found[start : start + _IN_ONE_WRITE])
    await database.close()


def _create(connection: Connection, found: list[tuple[Departure, list[Event]]]) -> None:
    for departure, events in found:
        opened, rest = events[0], events[1:]
        if not isinstance(opened, Opened):
            raise TypeError("a departure begins with its opening")
        new = departures.create(connection, open_departure(departure.id, opened), (opened,))
        departures.append(connection, evolved(new, rest), rest, expected_revision=new.revision)


class Slack:
    """Makes finished HTTP requests, signed, as Slack would send them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def command(self, text: str) -> bytes:
        """`/offboard …`, typed by the admin."""
        user = self._workspace.user(_slack_id(ADMIN))
        payload = payloads.command(
            user,
            self._workspace.channels[CHANNEL],
            name="/offboard",
            text=text,
            response_url=self._workspace.tickets.response_url("commands", Origin(user.id, CHANNEL)),
            trigger_id=self._workspace.tickets.trigger(user.id),
        )
        return self._request(Delivery("slash_commands", payload))

    def approvals(self, sample: Departure) -> Callable[[Departure], bytes]:
        """Makes the lead's click on Approve; the message around the button is the real one, made once."""
        user = self._workspace.user(_slack_id(LEAD))
        channel = self._workspace.direct(user.id)
        token = _approval(sample).encode()
        text, blocks = render.message(_approval_card(sample))
        message = Message(ts=f"{time.time():.6f}", channel=channel.id, user=BOT_USER, text=text, blocks=blocks)
        button = next(e for b in blocks if b["type"] == "actions" for e in b["elements"] if e.get("value") == token)
        block = next(b for b in blocks if button in b.get("elements", ()))
        done = payloads.action(button, block["block_id"], held={}, stamp=f"{time.time():.6f}")
        place = json.dumps([payloads.place(message, channel), done])

        def click(departure: Departure) -> bytes:
            where, action = json.loads(place.replace(token, _approval(departure).encode()))
            trigger = self._workspace.tickets.trigger(user.id)
            payload = payloads.block_actions(user, where, action, trigger_id=trigger, state={})
            return self._request(Delivery("interactive", payload))

        return click

    def mailbox_is_safe(self, departure: Departure) -> bytes:
        """The admin's filled form; the run begins."""
        user = self._workspace.user(_slack_id(ADMIN))
        token = Token(Action.MAILBOX_SAFE, departure.id, departure.turn)
        chosen = {name: {"selected_option": {"value": value}} for name, value in _MAILBOX.items()}
        filled: dict[str, Any] = {**chosen, "note": {"value": "Looked at."}}
        form = {
            "type": "modal",
            "callback_id": ids.FORM,
            "private_metadata": token.encode(),
            "state": {"values": {f"{ids.FIELD}{name}": {ids.INPUT: value} for name, value in filled.items()}},
        }
        payload: dict[str, Any] = {
            "type": "view_submission",
            "user": {"id": user.id},
            "view": form,
            "trigger_id": self._workspace.tickets.trigger(user.id),
        }
        return self._request(Delivery("interactive", payload))

    def _request(self, delivery: Delivery) -> bytes:
        content_type, body = encoded(delivery)
        timestamp = str(int(time.time()))
        head = (
            "POST /slack/events HTTP/1.1",
            "Host: 127.0.0.1",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            f"X-Slack-Request-Timestamp: {timestamp}",
            f"X-Slack-Signature: {signature(self._workspace.signing_secret, timestamp, body)}",
            "Accept: application/json,*/*",
            "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)",
        )
        return "\r\n".join((*head, "", "")).encode() + body


def _slack_id(party: Party) -> str:
    return party.person.chat["slack"]


def _approval(departure: Departure) -> Token:
    return Token(Action.APPROVE, departure.id, departure.turn, departure.digest or "")


def _approval_card(departure: Departure) -> Card:
    asked = f":prompt:{State.APPROVAL}:"
    found = postings(departure, None, now=datetime.now(UTC), channels=())
    return next(posting.card for posting in found if asked in posting.key)
