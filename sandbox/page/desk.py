"""What people at the page can do: everything goes through the same doors that a real client would use."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.faults import Fault
from sandbox.page.cliq_desk import CliqDesk
from sandbox.page.hand_screen import give_all_away, give_one_away, user_of
from sandbox.page.mrkdwn import emoji
from sandbox.page.options import Option
from sandbox.page.place import Place
from sandbox.people import BY_KEY, Mailbox
from sandbox.slack import Client, Json, Message, View
from sandbox.slack.elements import options_offered
from sandbox.slack.forms import find
from sandbox.supervisor import Service, ServiceFailed
from sandbox.vendor import Vendor

if TYPE_CHECKING:
    from sandbox.town import Town

Body = Mapping[str, Any]
Result = dict[str, Any]


@dataclass(frozen=True)
class Surface:
    """What somebody uses an element of: a message, or a modal or Home tab."""

    message: Message | None = None
    view: View | None = None

    @property
    def either(self) -> Message | View:
        if surface := self.message or self.view:
            return surface
        raise LookupError("That is not on the screen any more.")


class Desk:
    """The actions of the page by name. Each raises LookupError or ValueError for what is not on the screen."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.cliq = CliqDesk(town)
        self._starting: set[asyncio.Task[None]] = set()
        self.actions: dict[str, Callable[[Body], Awaitable[Result]]] = {
            "say": self.say,
            "press": self.press,
            "submit": self.submit,
            "close": self.close,
            "home": self.home,
            "fault": self.fault,
            "bot": self.bot,
            "edit-owner": self.edit_owner,
            "give-all": self.give_all,
            "deactivate": self.deactivate,
            "mailbox": self.mailbox,
            "backup": self.backup,
            "close-account": self.close_account,
            **self.cliq.actions,
        }

    def client(self, asked: Mapping[str, str]) -> Client:
        return Client(self.town.workspace, Place.of(asked).person.slack_id or "")

    # In the chat: Slack's, or Cliq's where that is open

    async def say(self, body: Body) -> Result:
        if self.cliq.concerns(body):
            return await self.cliq.say(body)
        client, channel, said = self.client(body), str(body["channel"]), str(body["text"])
        await (client.command(channel, said) if said.startswith("/") else client.say(channel, said))
        return {}

    async def press(self, body: Body) -> Result:
        """Use an element; what stands in the inputs around it goes along, as in Slack."""
        client = self.client(body)
        surface = surface_of(client, str(body["source"]))
        screens, user = self.town.workspace.screens, Place.of(body).person.slack_id or ""
        for one in body.get("inputs", ()):
            if (one["block"], one["action"]) != (body["block"], body["action"]):
                screens.enter(user, surface.either, one["block"], one["action"], value=_value(one, body))
        await client.click(
            block_id=str(body["block"]),
            action_id=str(body["action"]),
            message=surface.message,
            view=surface.view,
            value=_value(body, body),
        )
        return {}

    async def submit(self, body: Body) -> Result:
        if self.cliq.concerns(body):
            return await self.cliq.submit(body)
        values: dict[str, dict[str, Any]] = {}
        for one in body["inputs"]:
            values.setdefault(one["block"], {})[one["action"]] = _value(one, body)
        return {"errors": await self.client(body).submit(str(body["view"]), values)}

    async def close(self, body: Body) -> Result:
        if self.cliq.concerns(body):
            return await self.cliq.close(body)
        await self.client(body).close(str(body["view"]))
        return {}

    async def home(self, body: Body) -> Result:
        if self.cliq.concerns(body):
            return await self.cliq.home(body)
        await self.client(body).open_home()
        return {}

    async def complete(self, asked: Mapping[str, str]) -> list[Option]:
        """What the message field suggests for the word before the cursor: commands or people."""
        if self.cliq.concerns(asked):
            return await self.cliq.complete(asked)
        client, word = self.client(asked), asked.get("q", "")
        if word.startswith("/"):
            known = client.commands(word)
            return [Option(one.name, one.name, f"{one.usage_hint} · {one.description}") for one in known]
        people = client.people(word.removeprefix("@"))
        return [Option(f"@{user.name}", user.real_name, user.title) for user in people if not user.bot]

    async def options(self, asked: Mapping[str, str]) -> list[Option]:
        """What a select offers for what has been typed into it."""
        if self.cliq.concerns(asked):
            return await self.cliq.options(asked)
        client, typed = self.client(asked), asked.get("q", "")
        surface = surface_of(client, asked["source"])
        _, element = find(surface.either.blocks, asked["block"], asked["action"])
        kind = str(element["type"]).removeprefix("multi_").removesuffix("_select")
        if kind == "users":
            return [Option(user.id, user.real_name, user.title) for user in client.people(typed) if not user.bot]
        if kind in ("conversations", "channels"):
            channels = [one for one in client.channels() if not one.direct and typed in one.name]
            return [Option(one.id, f"#{one.name}") for one in channels]
        if kind == "external":
            ids = {"block_id": asked["block"], "action_id": asked["action"]}
            return _named(await client.options(query=typed, message=surface.message, view=surface.view, **ids))
        return [one for one in _named(options_offered(element)) if typed.casefold() in one.label.casefold()]

    # In the town

    async def fault(self, body: Body) -> Result:
        self.town.faults[body["vendor"]].switch(Fault(body["fault"]), on=bool(body["on"]))
        return {"done": "Switched on." if body["on"] else "Switched off."}

    async def bot(self, body: Body) -> Result:
        service = self.town.service
        if service is None:
            raise LookupError("This town has no bot process of its own.")
        if body["order"] == "kill":
            await service.kill()
            return {"done": "Killed."}
        task = asyncio.create_task(_start(service))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return {"done": "Starting."}

    async def edit_owner(self, body: Body) -> Result:
        return {"done": give_one_away(self._system(body), str(body["who"]), str(body["to"]))}

    async def give_all(self, body: Body) -> Result:
        given = give_all_away(self._system(body), str(body["who"]), str(body["to"]))
        return {"done": f"{given:,} records have a new owner."}

    async def deactivate(self, body: Body) -> Result:
        vendor = self._system(body)
        vendor.deactivate_by_hand(user_of(vendor, str(body["who"])).id)
        return {"done": "The user is deactivated."}

    def _system(self, body: Body) -> Vendor:
        return self.town.systems[str(body.get("system") or self.town.options.systems[0])]

    async def mailbox(self, body: Body) -> Result:
        self.town.crm.set_mailbox(BY_KEY[body["who"]].crm_id or "", Mailbox(body["kind"]))
        return {"done": "The mailbox is changed."}

    async def backup(self, body: Body) -> Result:
        worked = self.town.crm.press_backup(BY_KEY[body["who"]].crm_id or "")
        return {
            "done": "The mails are saved."
            if worked
            else "Nothing was saved: Zoho backs up mails that are shared, and in some organisations those of POP alone."
        }

    async def close_account(self, body: Body) -> Result:
        await self.town.workspace.deactivate(BY_KEY[body["who"]].slack_id or "")
        return {"done": "The Slack account is closed."}


def surface_of(client: Client, source: str) -> Surface:
    """The message ("message:C1:1700000000.000100") or view ("view:V1") of that name on this person's screen."""
    kind, _, rest = source.partition(":")
    if kind == "message":
        channel, _, ts = rest.partition(":")
        return Surface(message=next((one for one in client.messages(channel) if one.ts == ts), None))
    home = client.home()
    views = [*client.modals(), *([home] if home else [])]
    return Surface(view=next((one for one in views if one.id == rest), None))


async def _start(service: Service) -> None:
    """Start the bot; when it fails, its state and its log, both on the page, say so."""
    with suppress(ServiceFailed):
        await service.start()


def _value(one: Body, body: Body) -> Any:
    """What the page sends for an element, as the client takes it: a moment in the person's time zone is a number."""
    value = one.get("value")
    if one.get("type") == "datetimepicker" and value:
        zone = ZoneInfo(Place.of(body).person.time_zone)
        return int(datetime.fromisoformat(value).replace(tzinfo=zone).timestamp())
    return value


def _named(options: Iterable[Json]) -> list[Option]:
    described = ((one, (one.get("description") or {}).get("text", "")) for one in options)
    return [Option(one["value"], emoji(one["text"]["text"]), emoji(detail)) for one, detail in described]
