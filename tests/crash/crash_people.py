"""The people of a departure, who do what they are asked, and do it again only when Slack says that it failed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from crash_town import CrashTown

from sandbox.people import BY_KEY, LOG_CHANNEL, Person
from sandbox.seats import Filling
from sandbox.slack.client import Client
from sandbox.slack.forms import NotOnScreen
from sandbox.slack.model import Channel, Message, View

ADMIN: Final = BY_KEY["ada"]
SUCCESSOR: Final = BY_KEY["sofia"]
# What the buttons of the bot are for stands in their action_id.
_WITH_FORM: Final = ("successor", "mailbox", "backup")
_FILLING: Final = Filling("Looked at.", SUCCESSOR, {"sharing": "public"})
_WANTED: Final = ("approve", *_WITH_FORM)
_UNDO: Final = "undo"
_PAUSE: Final = 0.1
_LOOKS: Final = 40  # without a form, after which somebody presses again
_QUIET: Final = 0.3  # seconds without a change in Slack after which nothing more is coming


@dataclass(frozen=True)
class _Button:
    message: Message
    block_id: str
    action_id: str
    action: str
    token: str


class People:
    """Everybody at once. `play` goes through a departure until the chat says that it is closed."""

    def __init__(self, rig: CrashTown, leaver: str) -> None:
        self._rig = rig
        self._workspace = rig.town.workspace
        self._leaver = BY_KEY[leaver]
        lead = BY_KEY[self._leaver.reports_to or "noor"]
        self._people = (ADMIN, lead)
        self.clients = {p.key: Client(self._workspace, p.slack_id or "") for p in self._people}
        self._answered: set[str] = set()
        self._seen = 0
        self.failures = 0  # how often Slack told somebody that it did not work

    async def play(self, *, seconds: float = 120.0) -> None:
        """Raises `TimeoutError` with what was to be seen when the departure did not come to its end."""
        try:
            async with asyncio.timeout(seconds):
                await self._type()
                while not self._closed():
                    for person in self._people:
                        await self._serve(person)
                    await self._look_again()
                self._rig.calm()
                await self._until_quiet()
        except TimeoutError as error:
            raise TimeoutError(f"not closed after {seconds} s: {self.screen()}") from error

    async def undo(self, *, seconds: float = 60.0) -> None:
        """The admin takes a closed departure back. Raises `TimeoutError` as `play` does."""
        client = self.clients[ADMIN.key]
        channel = self._workspace.direct(client.user_id)
        try:
            async with asyncio.timeout(seconds):
                await self._insist(client, lambda: client.command(channel.id, f"/offboard undo {self._leaver.email}"))
                while not (offered := self._buttons(client, _UNDO)):
                    await self._look_again()
                await self._insist(client, lambda: self._press(client, offered[0]))
                while not any(":returned:" in key for key in self._keys(channel)):
                    await self._look_again()
                await self._until_quiet()
        except TimeoutError as error:
            raise TimeoutError(f"not undone after {seconds} s: {self.screen()}") from error

    def screen(self) -> str:
        """The newest that stands in everybody's direct messages, for a failure's text."""
        lines = [f"{m.channel}: {m.text}" for m in self._workspace.transcript()[-12:]]
        return "\n".join(
            [f"service {'up' if self._rig.up.is_set() else 'down'}, calls {self._rig.killer.calls}", *lines]
        )

    async def _type(self) -> None:
        client, leaver = self.clients[ADMIN.key], self._leaver
        typed = f"/offboard @{leaver.name}" if leaver.slack_id else f"/offboard {leaver.email}"
        channel = self._workspace.direct(client.user_id).id
        await self._rig.wait_until_up()
        await self._insist(client, lambda: client.command(channel, typed))

    async def _insist(self, client: Client, act: Callable[[], Awaitable[object]]) -> None:
        """Do it, and once more whenever Slack itself reports a failure."""
        while True:
            before = {notice.at for notice in client.errors}
            await act()
            if not {notice.at for notice in client.errors} - before:
                return
            self.failures += 1
            await self._service_is_back()

    async def _service_is_back(self) -> None:
        await asyncio.sleep(_PAUSE / 5)  # the keeper learns of the death as we do
        await self._rig.wait_until_up()

    async def _serve(self, person: Person) -> None:
        client = self.clients[person.key]
        for button in self._buttons(client, *_WANTED):
            if button.token in self._answered:
                continue
            if button.action == "backup":
                self._rig.town.crm.press_backup(self._leaver.crm_id or "")
            if button.action in _WITH_FORM:
                await self._fill(client, button)
            else:
                await self._insist(client, lambda button=button: self._press(client, button))  # type: ignore[misc]
            self._answered.add(button.token)

    async def _press(self, client: Client, button: _Button) -> None:
        try:
            await client.click(message=button.message, block_id=button.block_id, action_id=button.action_id)
        except NotOnScreen:
            return  # what was pressed before has had its effect by now

    async def _fill(self, client: Client, button: _Button) -> None:
        """Open the form, fill it in and send it. A form that does not come is asked for again."""
        for left_over in reversed(client.modals()):
            await client.close(left_over.id)
        while self._is_there(client, button):
            told = len(self._ephemerals(client))
            await self._insist(client, lambda: self._press(client, button))
            for _ in range(_LOOKS):
                if client.modals() or len(self._ephemerals(client)) > told or not self._is_there(client, button):
                    break
                await self._look_again()
            if client.modals():
                await self._send(client, client.modals()[-1])
                return

    async def _send(self, client: Client, view: View) -> None:
        values = {
            block["block_id"]: {block["element"]["action_id"]: await self._value(client, view, block)}
            for block in view.blocks
            if block["type"] == "input"
        }

        async def submit() -> None:
            assert await client.submit(view.id, values) == {}

        await self._insist(client, submit)

    async def _value(self, client: Client, view: View, block: dict[str, Any]) -> str:
        element, name = block["element"], block["block_id"].rpartition(":")[2]
        if "options" in element:
            initial = element.get("initial_option", {}).get("value")
            return _FILLING.choice(name, [option["value"] for option in element["options"]], initial)
        if element["type"] != "external_select":
            return _FILLING.words(name, optional=bool(block.get("optional")))
        found: list[dict[str, Any]] = []
        while not found:
            await self._rig.wait_until_up()
            ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
            found = await client.options(view=view, query=SUCCESSOR.last_name, **ids)
        return str(found[0]["value"])

    def _buttons(self, client: Client, *wanted: str) -> list[_Button]:
        return [
            _Button(message, block["block_id"], element["action_id"], action, element["value"])
            for channel in client.channels()
            if channel.direct
            for message in client.messages(channel.id)
            for block in message.blocks
            if block["type"] == "actions"
            for element in block["elements"]
            for action in [element["action_id"].split(":")[1]]
            if element["type"] == "button" and action in wanted
        ]

    def _is_there(self, client: Client, button: _Button) -> bool:
        return any(other.token == button.token for other in self._buttons(client, button.action))

    def _ephemerals(self, client: Client) -> list[Message]:
        return [m for c in client.channels() for m in client.messages(c.id) if m.only_for and not m.system]

    def _closed(self) -> bool:
        log = next(c for c in self._workspace.channels.values() if c.name == LOG_CHANNEL)
        return any(":closed:" in key for key in self._keys(log))

    def _keys(self, channel: Channel) -> Iterator[str]:
        for message in channel.messages.values():
            yield ((message.metadata or {}).get("event_payload") or {}).get("key", "")

    async def _look_again(self) -> None:
        self._rig.check()
        self._seen = await self._workspace.wait_for_change(self._seen, _PAUSE)

    async def _until_quiet(self) -> None:
        """The last messages and edits are still under way."""
        while not self._rig.up.is_set() or self._rig.unfinished():
            await self._look_again()
        await asyncio.sleep(_QUIET)
