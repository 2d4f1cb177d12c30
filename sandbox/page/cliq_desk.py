"""What people at the page can do in Cliq: everything goes through the same doors that a real client would use."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.cliq.client import Client
from sandbox.cliq.form_rules import flat
from sandbox.cliq.forms import NotOnScreen, field_of
from sandbox.cliq.hall import cliq_id
from sandbox.cliq.model import BOT_NAME, Json, Message, OpenForm, User
from sandbox.page.options import Option
from sandbox.page.place import Place

if TYPE_CHECKING:
    from sandbox.town import Town

Body = Mapping[str, Any]
Result = dict[str, Any]


class CliqDesk:
    """The actions in Cliq. Each raises LookupError or ValueError for what is not on the screen.

    `actions` are those that Cliq alone has; the others have the names and arguments that they have in Slack.
    """

    def __init__(self, town: "Town") -> None:
        self.town = town
        self._suggested: dict[str, list[Json]] = {}  # by person: what the app has suggested last
        self.actions: dict[str, Callable[[Body], Awaitable[Result]]] = {
            "cliq-press": self.press,
            "cliq-change": self.change,
            "cliq-menu": self.menu,
            "cliq-widget": self.widget,
            "cliq-widget-press": self.widget_press,
            "cliq-close-account": self.close_account,
        }

    def concerns(self, asked: Mapping[str, Any]) -> bool:
        """Whether this is done in Cliq."""
        return Place.of(asked).settled(self.town.options.apps, ()).app == "cliq"

    def client(self, asked: Mapping[str, Any]) -> Client:
        return Client(self.town.hall, cliq_id(Place.of(asked).person))

    # Typing

    async def say(self, body: Body) -> Result:
        client, chat, said = self.client(body), str(body["channel"]), str(body["text"])
        calls = f"@{BOT_NAME}"
        if said.startswith("/"):
            suggested = self._suggested.get(client.user_id, [])
            picked = [one for one in suggested if one["title"] == body.get("picked")]
            await client.command(chat, said, picked=picked)
        elif said.startswith(calls) and self.town.hall.chat(chat).kind == "channel":
            await client.mention(chat, said.removeprefix(calls).strip())
        else:
            await client.say(chat, said)
        return {}

    async def complete(self, asked: Mapping[str, str]) -> list[Option]:
        """What the message field suggests: commands, people, and what the app suggests for the rest of its command."""
        word = asked.get("q", "")
        before, at, name = word.rpartition("@")
        if at:
            return self._people(before, name.strip())
        if " " in word:
            return await self._from_the_app(word, asked)
        commands = (one for one in self.town.hall.components.values() if one.kind == "command")
        known = {f"/{one.name}": str(one.content.get("hint", "")) for one in commands}
        return [Option(name, name, hint) for name, hint in known.items() if name.startswith(word)]

    def _people(self, before: str, typed: str) -> list[Option]:
        """People by their names; nobody once a name is complete."""
        everyone = [user for user in self.town.hall.users.values() if user.active]
        names = [user.name for user in everyone]
        if typed in names and names.count(typed) == 1:
            return []
        found = [user for user in everyone if any(p.startswith(typed.casefold()) for p in _parts(user))]
        # Only a pick from the list tells two people of one name apart.
        spelled = {user.id: f"@{user.name}" if names.count(user.name) == 1 else f"{{@{user.id}}}" for user in found}
        return [Option(before + spelled[user.id], user.name, user.title) for user in found]

    async def _from_the_app(self, line: str, asked: Mapping[str, str]) -> list[Option]:
        client, command = self.client(asked), line.partition(" ")[0]
        try:
            found = await client.suggestions(line, chat_id=asked.get("channel"))
        except NotOnScreen:  # no such command, or it suggests nothing
            return []
        self._suggested[client.user_id] = found
        return [Option(f"{command} {one['title']}", one["title"], one.get("description", "")) for one in found]

    # Clicking

    async def press(self, body: Body) -> Result:
        client = self.client(body)
        await client.click(_message(client, str(body["source"])), int(body["button"]), body.get("typed"))
        return {}

    async def menu(self, body: Body) -> Result:
        await self.client(body).menu(str(body["name"]), str(body.get("sub") or ""))
        return {}

    async def close_account(self, body: Body) -> Result:
        self.town.hall.deactivate(self.town.hall.by_key(str(body["who"])).id)
        return {"done": "The Cliq account is closed."}

    # Forms

    async def submit(self, body: Body) -> Result:
        """Submit a form. What the app was told of already is not entered again: it may offer something else by now."""
        client = self.client(body)
        opened = _opened(client, str(body["view"]))
        entered = {one["action"]: one.get("value") for one in body["inputs"]}
        values = {name: value for name, value in entered.items() if value != _values(opened.values.get(name))}
        return {"errors": await client.submit(opened, values)}

    async def close(self, body: Body) -> Result:
        client = self.client(body)
        await client.cancel(_opened(client, str(body["view"])))
        return {}

    async def change(self, body: Body) -> Result:
        client = self.client(body)
        await client.change(_opened(client, str(body["view"])), str(body["field"]), body.get("value"))
        return {}

    async def options(self, asked: Mapping[str, str]) -> list[Option]:
        """What a select offers for what has been typed into it."""
        client, typed = self.client(asked), asked.get("q", "")
        opened = _opened(client, asked["source"])
        field = field_of(opened.content, asked["action"])
        if field["type"] == "dynamic_select" and len(typed) >= field.get("min_characters", 0):
            return [_option(one) for one in await client.options(opened, field["name"], typed)]
        if field["type"] == "native_select":
            people = [user for user in self.town.hall.users.values() if user.active]
            return [Option(u.id, u.name, u.title) for u in people if typed.casefold() in u.name.casefold()]
        given = [_option(one) for one in flat(field.get("options", []))]
        return [one for one in given if typed.casefold() in one.label.casefold()]

    # The widget

    async def home(self, body: Body) -> Result:
        await self.client(body).widget()
        return {}

    async def widget(self, body: Body) -> Result:
        await self.client(body).widget(str(body["event"]), body.get("tab") or None)
        return {}

    async def widget_press(self, body: Body) -> Result:
        await self.client(body).widget_button(str(body["button"]))
        return {}


def _message(client: Client, source: str) -> Message:
    """The message of that name ("message:CT_1:1700_1") on this person's screen."""
    _, chat, wanted = source.split(":")
    for message in client.messages(chat):
        if message.id == wanted:
            return message
    raise NotOnScreen("That is not on the screen any more.")


def _opened(client: Client, form_id: str) -> OpenForm:
    for form in client.forms():
        if form.id == form_id:
            return form
    raise NotOnScreen("That is not on the screen any more.")


def _values(held: Any) -> Any:
    """What a field holds, as the page sends it: options by their `value`."""
    if isinstance(held, list):
        return [one["value"] for one in held]
    return held.get("value", "") if isinstance(held, Mapping) else held


def _option(option: Json) -> Option:
    return Option(option["value"], option["label"])


def _parts(user: User) -> tuple[str, ...]:
    """All that somebody can be found by from its beginning."""
    name = user.name.casefold()
    return (name, *name.split(), user.key)
