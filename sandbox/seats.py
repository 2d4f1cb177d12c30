"""Where the script sits for a person: at their Slack or at their Cliq. Both show and do the same things."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.cliq.client import Client as CliqClient
from sandbox.cliq.hall import cliq_id
from sandbox.cliq.model import Message as CliqMessage
from sandbox.page.chat_screen import reader_of
from sandbox.page.cliq_markdown import markdown
from sandbox.page.cliq_screen import names_of
from sandbox.page.mrkdwn import mrkdwn, plain, words
from sandbox.people import BY_KEY, Person
from sandbox.slack.client import Client as SlackClient
from sandbox.slack.model import Message as SlackMessage
from sandbox.slack.model import View

if TYPE_CHECKING:
    from sandbox.town import Town

ADMIN = BY_KEY["ada"]
_FORM_TRIES = 100
_OURS = ("o1:",)
_DOT = "--"  # how the bot writes a dot in the name of a field in Cliq


@dataclass(frozen=True)
class Control:
    """A button of the bot. `token` is the same on both surfaces; `action` says what it is for."""

    action: str
    label: str
    token: str
    message: Any
    place: Any


@dataclass(frozen=True)
class Said:
    """One message as its reader sees it. `key` names it, `where` is a person or a channel."""

    key: str
    where: str
    text: str
    controls: tuple[Control, ...]


@dataclass(frozen=True)
class Filling:
    """What somebody writes into a form: `given` by field, else what the form offers, else `note` where words are due.

    `person` is whom they look for in a field that finds people; `others` are those for a system of which the field is
    ("successor.pipedrive"), where it is not to be left empty.
    """

    note: str
    person: Person
    given: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Person] = field(default_factory=dict)

    def whom(self, name: str) -> Person | None:
        """Whom they look for in this field; None for nobody."""
        system = name.partition(".")[2]
        return self.others.get(system) if system else self.person

    def choice(self, name: str, offered: Sequence[str], initial: str | None) -> str:
        wanted = self.given.get(name, "")
        return wanted if wanted in offered else initial or offered[0]

    def words(self, name: str, *, optional: bool) -> str:
        return self.given.get(name, "" if optional else self.note)


class Seat(ABC):
    """One person at one chat product."""

    surface: str

    def __init__(self, town: "Town", person: Person) -> None:
        self.town = town
        self.person = person

    @abstractmethod
    def messages(self) -> Iterator[Said]:
        """What the bot, or the chat product itself, has told this person; the administrator reads the channels too."""

    @abstractmethod
    async def command(self, typed: str) -> None: ...

    @abstractmethod
    async def press(self, control: Control) -> None: ...

    @abstractmethod
    def lines(self, control: Control) -> Iterator[str]:
        """The texts of the card on which a button stands."""

    @abstractmethod
    async def fill(self, filling: Filling) -> dict[str, str] | None:
        """Fill in the form that has opened and send it; what is wrong by field. None where no form opened."""

    @abstractmethod
    async def close(self) -> None:
        """Close the form without sending it."""


class SlackSeat(Seat):
    surface = "slack"

    def __init__(self, town: "Town", person: Person) -> None:
        super().__init__(town, person)
        self._client = SlackClient(town.workspace, person.slack_id or "")

    def messages(self) -> Iterator[Said]:
        for channel in self._client.channels():
            if not channel.direct and self.person is not ADMIN:
                continue
            for message in self._client.messages(channel.id):
                if message.by_bot or message.system:
                    where = self.person.name if channel.direct else "#" + channel.name
                    text = words(mrkdwn(message.text, reader_of(self.town, self.person)))
                    text = text or ", ".join(f"file {file['name']}" for file in message.files)
                    yield Said(f"{message.channel}:{message.ts}", where, text, tuple(_slack_controls(message)))

    async def command(self, typed: str) -> None:
        await self._client.command(self.town.workspace.direct(self.person.slack_id or "").id, typed)

    async def press(self, control: Control) -> None:
        block, element = control.place
        chosen = control.token if element["type"] == "overflow" else None
        await self._client.click(
            message=control.message, block_id=block["block_id"], action_id=element["action_id"], value=chosen
        )

    def lines(self, control: Control) -> Iterator[str]:
        for block in control.message.blocks:
            if block["type"] == "table":
                yield from (" | ".join(_cell(cell) for cell in row) for row in block["rows"])
            for part in [block.get("text"), *block.get("fields", []), *block.get("elements", [])]:
                if isinstance(part, dict) and part.get("type") == "mrkdwn":
                    yield words(mrkdwn(part["text"], reader_of(self.town, self.person)))
                elif isinstance(part, dict) and part.get("type") == "plain_text":
                    yield words(plain(part["text"]))

    async def fill(self, filling: Filling) -> dict[str, str] | None:
        for _ in range(_FORM_TRIES):
            if self._client.modals():
                break
            await asyncio.sleep(0.1)
        else:
            return None
        view = self._client.modals()[-1]
        values: dict[str, dict[str, Any]] = {}
        for block in view.blocks:
            if element := block.get("element"):
                value = await self._value(view, block, element, filling)
                if value:
                    values[block["block_id"]] = {element["action_id"]: value}
        errors = await self._client.submit(view.id, values)
        return {_field(name): text for name, text in errors.items()}

    async def _value(self, view: View, block: dict[str, Any], element: dict[str, Any], filling: Filling) -> str:
        name, initial = _field(block["block_id"]), element.get("initial_option", {}).get("value")
        if element["type"] == "external_select":
            whom = filling.whom(name)
            if whom is None:
                return ""
            ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
            found = await self._client.options(view=view, query=whom.last_name, **ids)
            return str(found[0]["value"] if found else initial or "")
        if "options" in element:
            return filling.choice(name, [each["value"] for each in element["options"]], initial)
        return filling.words(name, optional=bool(block.get("optional")))

    async def close(self) -> None:
        for view in reversed(self._client.modals()):
            await self._client.close(view.id)


def _field(block_id: str) -> str:
    """The name of a form's field: the last part of what the bot calls its block."""
    return block_id.rpartition(":")[2]


def _slack_controls(message: SlackMessage) -> Iterator[Control]:
    for block in message.blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            if element["type"] == "button" and element["action_id"].startswith("ob:"):
                action, token = element["action_id"].split(":")[1], element.get("value", "")
                yield Control(action, element["text"]["text"], token, message, (block, element))
            for option in element.get("options", ()) if element["type"] == "overflow" else ():
                if option["value"].startswith(_OURS):
                    action = option["value"].split(":")[1]
                    yield Control(action, option["text"]["text"], option["value"], message, (block, element))


def _cell(cell: dict[str, Any]) -> str:
    if "text" in cell:
        return str(cell["text"])
    parts = (part for group in cell.get("elements", []) for part in group.get("elements", []))
    return "".join(str(part.get("text", "")) for part in parts)


class CliqSeat(Seat):
    surface = "cliq"

    def __init__(self, town: "Town", person: Person) -> None:
        super().__init__(town, person)
        self._client = CliqClient(town.hall, cliq_id(person))

    def messages(self) -> Iterator[Said]:
        for chat in self._client.chats():
            if chat.kind != "bot" and self.person is not ADMIN:
                continue
            for message in self._client.messages(chat.id):
                if message.by_bot:
                    where = self.person.name if chat.kind == "bot" else "#" + chat.title
                    yield Said(message.id, where, self._read(message.text), tuple(_cliq_controls(message)))

    async def command(self, typed: str) -> None:
        await self._client.command(self.town.hall.direct(cliq_id(self.person)).id, typed)

    async def press(self, control: Control) -> None:
        await self._client.click(control.message, control.place)

    def lines(self, control: Control) -> Iterator[str]:
        content = control.message.content
        yield content.get("card", {}).get("title", "")
        for slide in content.get("slides", ()):
            data = slide["data"]
            if slide["type"] == "table":
                rows = [data["headers"], *([row.get(head, "") for head in data["headers"]] for row in data["rows"])]
                yield from (" | ".join(map(self._read, row)) for row in rows)
            elif slide["type"] == "label":
                yield from (" ".join(map(self._read, fact)) for pair in data for fact in pair.items())
            else:
                yield self._read(data)

    def _read(self, text: object) -> str:
        return words(markdown(text, names_of(self.town.hall)))

    async def fill(self, filling: Filling) -> dict[str, str] | None:
        """Cliq opens a form as the answer to the click: it is there, or it will not come."""
        if not self._client.forms():
            return None
        form = self._client.forms()[-1]
        values: dict[str, str] = {}
        for item in form.content["inputs"]:
            if item["type"] != "hidden" and not item.get("disabled"):
                values[item["name"]] = await self._value(form, item, filling)
        errors = await self._client.submit(form, values)
        return None if self._client.forms() and not errors else errors

    async def _value(self, form: Any, item: dict[str, Any], filling: Filling) -> str:
        name, initial = item["name"], item.get("value")
        if item["type"] == "dynamic_select":
            whom = filling.whom(name.replace(_DOT, "."))
            found = await self._client.options(form, name, whom.last_name) if whom else []
            return str(found[0]["value"]) if found else ""
        if "options" in item:
            initial = initial.get("value") if isinstance(initial, dict) else initial
            return filling.choice(name, [each["value"] for each in item["options"]], initial)
        return filling.words(name, optional=not item.get("mandatory"))

    async def close(self) -> None:
        for form in reversed(self._client.forms()):
            await self._client.cancel(form)


def _cliq_controls(message: CliqMessage) -> Iterator[Control]:
    for number, button in enumerate(message.buttons):
        token = str(button.get("arguments", {}).get("token", ""))
        if token.startswith(_OURS):
            yield Control(token.split(":")[1], button["label"], token, message, number)
