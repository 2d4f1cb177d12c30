"""Plays a whole departure without a browser: types the command, presses the buttons, prints what is said."""

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any, Final

from sandbox.faults import Fault
from sandbox.people import BY_KEY, ROSTER, Person
from sandbox.slack.client import Client
from sandbox.slack.model import Message
from sandbox.town import Town

_PATIENCE: Final = 600.0  # seconds without anything new before the script gives up
_ADMIN: Final = BY_KEY["ada"]
_SUCCESSOR: Final = BY_KEY["sofia"]
# What a button of the bot is for stands in its action_id. Pressed in this order where several are open.
_DIRECT: Final = ("approve", "retry")
_WITH_FORM: Final = ("successor", "mailbox", "backup")
_RETRIES: Final = 3
_QUIET: Final = 3.0  # seconds without a new message, after which the play is over


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class Player:
    """Sits at everybody's Slack client at once."""

    def __init__(self, town: Town, leaver: Person) -> None:
        self._town = town
        self._leaver = leaver
        self._people = [p for p in ROSTER if p.slack_id and not p.slack_deleted and p is not leaver]
        self._clients = {p.key: Client(town.workspace, p.slack_id or "") for p in self._people}
        self._told: dict[str, str] = {}
        self._pressed: set[tuple[str, str]] = set()
        self._retries = 0
        self.ended = False

    async def begin(self) -> None:
        client = self._clients[_ADMIN.key]
        leaver = self._leaver
        typed = f"/offboard @{leaver.name}" if leaver.slack_id else f"/offboard {leaver.email}"
        _say(f"{_ADMIN.name} types: {typed}")
        await client.command(self._town.workspace.direct(_ADMIN.slack_id or "").id, typed)

    async def look(self) -> bool:
        """Print what is new, press one button. True when something happened."""
        happened = False
        for person in self._people:
            for message in self._messages(person):
                happened |= self._tell(person, message)
        for person in self._people:
            for message in self._messages(person):
                if await self._press(person, message):
                    return True
        return happened

    def _messages(self, person: Person) -> Iterator[Message]:
        client = self._clients[person.key]
        for channel in client.channels():
            if channel.direct or person is _ADMIN:
                yield from (m for m in client.messages(channel.id) if m.by_bot or m.system)

    def _tell(self, person: Person, message: Message) -> bool:
        key = f"{message.channel}:{message.ts}"
        if self._told.get(key) == message.text:
            return False
        sign = "~" if key in self._told else ">"
        self._told[key] = message.text
        channel = self._town.workspace.channels[message.channel]
        _say(f"  {sign} [{person.name if channel.direct else '#' + channel.name}] {message.text}")
        if "closed" in _actions_and_ids(message):
            self.ended = True
        return True

    async def _press(self, person: Person, message: Message) -> bool:
        for block, element in _buttons(message):
            action = element["action_id"].split(":")[1] if element["action_id"].startswith("ob:") else ""
            mark = (f"{message.channel}:{message.ts}", element.get("value", ""))
            if mark in self._pressed or action not in (*_DIRECT, *_WITH_FORM):
                continue
            if action == "retry":
                self._retries += 1
                if self._retries > _RETRIES:
                    raise Stuck(f"{person.name} has tried again {_RETRIES} times")
            self._pressed.add(mark)
            await self._use(person, message, block, element, action=action)
            return True
        return False

    async def _use(
        self, person: Person, message: Message, block: dict[str, Any], element: dict[str, Any], *, action: str
    ) -> None:
        client = self._clients[person.key]
        _say(f"{person.name} presses: {element['text']['text']}")
        _print_blocks(message) if action == "approve" else None
        await client.click(message=message, block_id=block["block_id"], action_id=element["action_id"])
        if action in _WITH_FORM:
            await self._fill(person, client, action)

    async def _fill(self, person: Person, client: Client, action: str) -> None:
        for _ in range(100):
            if client.modals():
                break
            await asyncio.sleep(0.1)
        else:
            self._pressed = {mark for mark in self._pressed if f":{action}:" not in mark[1]}
            _say(f"  ! [{person.name}] no form opened; pressing again")
            return
        view = client.modals()[-1]
        values: dict[str, dict[str, Any]] = {}
        for block in view.blocks:
            element = block.get("element")
            if element is None:
                continue
            value = f"Looked at by {person.name}."
            if element["type"] == "external_select":
                ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
                found = await client.options(view=view, query=_SUCCESSOR.last_name, **ids)
                value = found[0]["value"] if found else element.get("initial_option", {}).get("value", "")
                _say(f"{person.name} types “{_SUCCESSOR.last_name}” and chooses {_SUCCESSOR.name}")
            values[block["block_id"]] = {element["action_id"]: value}
        errors = await client.submit(view.id, values)
        if errors:
            raise Stuck(f"{person.name}'s form was not accepted: {errors}")


class Stuck(Exception):
    """The departure does not go on."""


def _buttons(message: Message) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        (block, element)
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    ]


def _actions_and_ids(message: Message) -> str:
    key = ((message.metadata or {}).get("event_payload") or {}).get("key", "")
    return "closed" if re.search(r":closed:", key) else ""


def _print_blocks(message: Message) -> None:
    """The texts of a card, as a reader of the approval sees them."""
    for block in message.blocks:
        for text in _texts(block):
            for line in text.splitlines():
                _say(f"      {line}")


def _texts(block: dict[str, Any]) -> Iterator[str]:
    if block["type"] == "table":
        for row in block["rows"]:
            yield " | ".join(_cell(cell) for cell in row)
    for part in [block.get("text"), *block.get("fields", []), *block.get("elements", [])]:
        if isinstance(part, dict) and part.get("type") in ("mrkdwn", "plain_text"):
            yield str(part["text"])


def _cell(cell: dict[str, Any]) -> str:
    if "text" in cell:
        return str(cell["text"])
    return "".join(
        str(part.get("text", "")) for group in cell.get("elements", []) for part in group.get("elements", [])
    )


async def play(town: Town, leaver_key: str, *, kill: bool = False) -> int:
    """Play the departure of one leaver. 0 only when an independent count finds nothing left."""
    leaver = BY_KEY[leaver_key]
    player = Player(town, leaver)
    began = time.monotonic()
    killer = asyncio.create_task(_kill_in_mid_run(town)) if kill else None
    try:
        await player.begin()
        await _play_on(town, player)
    except Stuck as error:
        _say(f"The departure does not go on: {error}.")
    finally:
        if killer:
            killer.cancel()
    return _verdict(town, leaver, ended=player.ended, seconds=time.monotonic() - began)


async def _play_on(town: Town, player: Player) -> None:
    last, version = time.monotonic(), town.workspace.version
    while not player.ended:
        if await player.look():
            last = time.monotonic()
        elif time.monotonic() - last > _PATIENCE:
            raise Stuck(f"nothing happened for {_PATIENCE:.0f} seconds")
        else:
            version = await town.workspace.wait_for_change(version, 1.0)
    quiet = time.monotonic()
    while time.monotonic() - quiet < _QUIET:  # the last messages and edits still arrive
        if await player.look():
            quiet = time.monotonic()
        await asyncio.sleep(0.2)


async def _kill_in_mid_run(town: Town) -> None:
    """kill -9 the service as soon as the first records have changed hands, and start it again."""
    before = len(town.crm.recent_changes)
    while len(town.crm.recent_changes) == before:  # noqa: ASYNC110 — the CRM has no event to wait for
        await asyncio.sleep(0.01)
    if town.service:
        await town.service.kill()
        _say("  * kill -9: the service is dead in the middle of the transfer; it starts again")
        await town.service.start()


def _verdict(town: Town, leaver: Person, *, ended: bool, seconds: float) -> int:
    left = {module: n for module, n in town.crm.open_owned(leaver.crm_id or "").items() if n}
    row = next(row for row in town.crm.overview() if row.user.id == leaver.crm_id)
    keys = [((m.metadata or {}).get("event_payload") or {}).get("key") for m in town.workspace.transcript()]
    doubles = len([k for k in keys if k]) - len({k for k in keys if k})
    _say("")
    for vendor, faults in town.faults.items():
        for fault in Fault:
            if faults.struck[fault]:
                _say(f"Met and overcome: {fault.value} at {vendor}, {faults.struck[fault]} times")
    _say(f"Exchanges on the wire: {town.wire.count}; seconds: {seconds:.1f}")
    _say(f"{leaver.name}'s account: {row.status}")
    _say(f"Messages posted twice: {doubles}")
    _say(f"Ghost records, counted in the CRM's own tables: {sum(left.values())}{f' {left}' if left else ''}")
    good = ended and not left and row.status != "active" and not doubles
    _say("VERDICT: the departure is closed and nothing is left behind." if good else "VERDICT: not clean.")
    return 0 if good else 1
