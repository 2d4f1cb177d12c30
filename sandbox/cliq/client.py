"""A person at their Cliq client: what they see, and what they can do."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sandbox.cliq import payloads
from sandbox.cliq.forms import NotOnScreen
from sandbox.cliq.hall import Hall
from sandbox.cliq.interactions import Interactions
from sandbox.cliq.mentions import Mentions, Typed
from sandbox.cliq.model import BOT_NAME, Banner, Chat, Component, Handler, Json, Message, OpenForm

_ORDER: Final = {"channel": 0, "bot": 1}
_EVENTS: Final = ("load", "refresh", "tab_click")


class Client:
    """One person's client. It keeps nothing itself: two clients of one person show the same.

    What a person cannot do, because it is not there for them, raises `NotOnScreen`. Closed accounts see nothing.
    """

    def __init__(self, hall: Hall, user_id: str, *, consents: bool = True) -> None:
        """`consents` is what the person says when an app asks for their data. Raises `CliqError` "user_not_found"."""
        self.user_id = user_id
        self._hall = hall
        self._user = hall.user(user_id)
        self._hands = Interactions(hall, self._user)
        self.consents = consents

    @property
    def consents(self) -> bool:
        return self._hands.consents

    @consents.setter
    def consents(self, consents: bool) -> None:
        self._hands.consents = consents

    # Looking

    def chats(self) -> list[Chat]:
        """Channels first, then the conversation with the bot."""
        if not self._user.active:
            return []
        self._hall.direct(self._user.id)
        return sorted(self._hall.chats_of(self._user.id), key=lambda chat: _ORDER[chat.kind])

    def messages(self, chat_id: str) -> list[Message]:
        """The messages of a chat in order of time, those for this person alone among them."""
        readers = (None, self._user.id)
        shown = (m for m in self._chat(chat_id).messages.values() if m.only_for in readers and not m.deleted)
        return sorted(shown, key=lambda message: message.time)

    def forms(self) -> list[OpenForm]:
        """The open forms; the last one lies on top."""
        return [form for form in self._hall.forms if form.user == self._user.id and self._user.active]

    @property
    def banners(self) -> list[Banner]:
        return [banner for banner in self._hall.banners if banner.user == self._user.id and self._user.active]

    @property
    def applet(self) -> Json | None:
        """What the app's widget shows; None before it was first loaded."""
        return self._hall.widgets.get(self._user.id) if self._user.active else None

    # Typing

    async def command(self, chat_id: str, typed: str, *, picked: Sequence[Json] = ()) -> None:
        """Send a slash command, together with the suggestions that were `picked`.

        People are mentioned as `@Full Name`, or as `{@id}` for a pick from the list.
        """
        name, _, text = typed.removeprefix("/").partition(" ")
        component = self._component("command", name)
        occasion = self._hands.occasion(component, _handler(component, "execution_handler"), self._chat(chat_id))
        await self._hands.send(occasion, self._typed(component, text, picked))

    async def suggestions(self, typed: str, *, chat_id: str | None = None) -> list[Json]:
        """What the app suggests while a command is being typed."""
        name, _, text = typed.removeprefix("/").partition(" ")
        component = self._component("command", name)
        chat = self._chat(chat_id) if chat_id else self._direct()
        occasion = self._hands.occasion(component, _handler(component, "suggestion_handler"), chat)
        return await self._hands.send(occasion, self._typed(component, text, ())) or []

    async def say(self, chat_id: str, text: str) -> Message:
        """Write a message. The bot hears of it in its own conversation, where it has a message handler."""
        chat = self._chat(chat_id)
        written = self._read(text)
        message = self._hall.post(chat, {"text": written.text}, sender=self._user.id)
        if chat.kind == "bot" and (heard := self._bot_handler("message_handler")):
            occasion = self._hands.occasion(*heard, chat)
            await self._hands.send(occasion, payloads.said(occasion, message, written.mentions))
        return message

    async def mention(self, chat_id: str, text: str) -> Message:
        """Mention the bot before `text`; it hears of that where it has a mention handler."""
        chat = self._chat(chat_id)
        written = self._read(f"@{BOT_NAME} {text}".rstrip())
        message = self._hall.post(chat, {"text": written.text}, sender=self._user.id)
        if heard := self._bot_handler("mention_handler"):
            occasion = self._hands.occasion(*heard, chat)
            await self._hands.send(occasion, payloads.mentioned(occasion, message, written.mentions))
        return message

    async def welcome(self) -> None:
        """Subscribe to the bot."""
        chat = self._direct()
        if heard := self._bot_handler("welcome_handler"):
            await self._hands.send(self._hands.occasion(*heard, chat), {"newuser": True})

    async def menu(self, name: str, sub_action: str = "") -> None:
        """Choose an entry of the bot's menu: https://www.zoho.com/cliq/help/platform/bot-menuhandler.html"""
        chat = self._direct()
        component = self._component("bot", BOT_NAME)
        handler = _handler(component, "menu_handler", name=name)
        offered = [each["name"] for each in handler.extra.get("sub_actions", [])]
        if sub_action and sub_action not in offered:
            raise NotOnScreen(f"{name} has no entry {sub_action}")
        await self._hands.send(self._hands.occasion(component, handler, chat), {"sub_action": sub_action})

    # Clicking

    async def click(self, message: Message, button: str | int, typed: str | None = None) -> None:
        """Click a button, named by its key or by its place among all buttons of the message as it stands now.

        Whether its confirm dialog is agreed to is up to the caller; `typed` is what is entered there. A button that
        opens a page tells the app nothing.
        """
        current = self._current(message)
        await self._hands.click(current, _button(current, button), entered_text=typed)

    # Forms

    async def submit(self, form: OpenForm, values: Json | None = None) -> dict[str, str]:
        """Fill in `{field: value}` and submit the form: the `value` of an option, the id of a person, a text.

        Returns what is wrong, by field: nothing when it was accepted, or when Cliq could not reach the app (see
        `banners` for that; the form then stays open).
        """
        current = self._open(form)
        for name, value in (values or {}).items():
            self._hands.enter(current, name, value)
        return await self._hands.submit(current)

    async def cancel(self, form: OpenForm) -> None:
        """Close a form; the app hears of it where it asked to."""
        await self._hands.cancel(self._open(form))

    async def options(self, form: OpenForm, field: str, query: str) -> list[Json]:
        """What the app suggests in a dynamic select when the person has typed `query`."""
        return await self._hands.options(self._open(form), field, query)

    async def change(self, form: OpenForm, field: str, value: Any) -> None:
        """Fill in one field; the app hears of it where it asked to."""
        await self._hands.change(self._open(form), field, value)

    # The widget

    async def widget(self, event: str = "load", tab: str | None = None) -> Json | None:
        """Open or refresh the app's widget, or go to one of its tabs; returns what it shows then."""
        self._see()
        if event not in _EVENTS:
            raise NotOnScreen(f"a widget knows no {event}")
        chosen = None
        if tab is not None:
            tabs = (self.applet or {}).get("tabs", [])
            chosen = next((each for each in tabs if each["id"] == tab), None)
            if chosen is None:
                raise NotOnScreen(f"the widget has no tab {tab}")
        await self._hands.widget(event, chosen)
        return self.applet

    async def widget_button(self, button: str) -> None:
        """Click a button of the widget, named by its id or its label."""
        applet = self.applet or {}
        for section_id, each in _widget_buttons(applet):
            if button in (each.get("id"), each["label"]) and not each.get("disabled"):
                await self._hands.widget_button(each, section_id=section_id, tab_id=applet.get("active_tab"))
                return
        raise NotOnScreen(f"the widget has no button {button}")

    def _see(self) -> None:
        if not self._user.active:
            raise NotOnScreen(f"{self._user.name} has no account any more")

    def _chat(self, chat_id: str) -> Chat:
        for chat in self.chats():
            if chat.id == chat_id:
                return chat
        raise NotOnScreen(f"{self._user.name} does not see {chat_id}")

    def _direct(self) -> Chat:
        self._see()
        return self._hall.direct(self._user.id)

    def _current(self, message: Message) -> Message:
        """The message as it stands now, however old the one that the caller holds is."""
        for current in self.messages(message.chat_id):
            if current.id == message.id:
                return current
        raise NotOnScreen("a message that is not there any more")

    def _open(self, form: OpenForm) -> OpenForm:
        for current in self.forms():
            if current.id == form.id:
                return current
        raise NotOnScreen(f"{form.id} is not open")

    def _component(self, kind: str, name: str) -> Component:
        self._see()
        if found := self._hall.component(kind, name):
            return found
        raise NotOnScreen(f"there is no {kind} {name}")

    def _bot_handler(self, handler: str) -> tuple[Component, Handler] | None:
        bot = self._hall.component("bot", BOT_NAME)
        found = next((each for each in bot.handlers if each.type == handler), None) if bot else None
        return (bot, found) if bot and found else None

    def _read(self, text: str) -> Typed:
        mentions = Mentions(self._hall.users.values(), bot_id=self._hall.bot_sender)
        return mentions.read(text, as_tokens=self._hall.courier.mention_tokens)

    def _typed(self, command: Component, text: str, picked: Sequence[Json]) -> Json:
        read = self._read(text.strip())
        options = payloads.options_in(read.text, command.content.get("options", {}))
        return payloads.typed(read.text, mentions=read.mentions, options=options, selections=picked)


def _handler(component: Component, kind: str, *, name: str | None = None) -> Handler:
    for handler in component.handlers:
        if handler.type == kind and (name is None or handler.extra.get("name") == name):
            return handler
    raise NotOnScreen(f"{component.kind} {component.name} has no {name or kind}")


def _button(message: Message, wanted: str | int) -> Json:
    """A slide may carry buttons of its own: https://www.zoho.com/cliq/help/restapi/v3/messageformat/"""
    slides = message.content.get("slides", [])
    found: list[Json] = [*message.buttons, *(button for slide in slides for button in slide.get("buttons", []))]
    for index, button in enumerate(found):
        if wanted in (index, button.get("key")):
            return button
    raise NotOnScreen(f"the message has no button {wanted!r}")


def _widget_buttons(applet: Json) -> Iterator[tuple[str | None, Json]]:
    """All buttons of a widget, each with the id of its section."""
    for part in ("header", "footer"):
        for button in applet.get(part, {}).get("buttons", []):
            yield None, button
    for section in applet.get("sections", []):
        for element in section["elements"]:
            for button in element.get("buttons", []):
                yield section["id"], button
    if button := applet.get("info", {}).get("button"):
        yield None, button
