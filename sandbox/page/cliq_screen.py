"""What Cliq shows one person: their channels, the bot, messages, forms, the widget, and who should look here next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from sandbox.cliq.client import Client
from sandbox.cliq.hall import Hall, cliq_id
from sandbox.cliq.model import BOT_NAME, Chat, Json, Message, OpenForm
from sandbox.page.cliq_cards import asks, element, in_message, in_widget, slides
from sandbox.page.cliq_markdown import markdown
from sandbox.page.place import Place
from sandbox.people import BY_KEY, Person

if TYPE_CHECKING:
    from sandbox.town import Town

_SHOWN: Final = 60  # messages of a conversation
_BANNERS: Final = 3
_BANNER_SECONDS: Final = 8.0
_FIELDS: Final = frozenset({
    "text", "textarea", "number", "select", "dynamic_select", "native_select", "radio", "checkbox", "toggle", "date",
    "datetime", "hidden",
})  # fmt: skip
_INPUT_TYPES: Final = {
    "number": "number", "date": "date", "datetime": "datetime-local", "email": "email", "tel": "tel", "url": "url",
    "password": "password",
}  # fmt: skip


@dataclass
class CliqMarks:
    """Which state of each message each person has seen: how often it had been edited then."""

    seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(self, user: str, messages: Iterable[Message]) -> None:
        self.seen |= {(user, message.id): len(message.edits) for message in messages}

    def unread(self, user: str, message: Message) -> bool:
        return message.sender != user and self.seen.get((user, message.id), -1) < len(message.edits)


class CliqScreen:
    """One person's Cliq at one moment."""

    def __init__(self, town: "Town", place: Place, marks: CliqMarks) -> None:
        self.town = town
        self.place = place
        self.marks = marks
        self.hall: Hall = town.hall
        self.user = cliq_id(place.person)
        self.client = Client(self.hall, self.user)
        self.names = names_of(self.hall)

    def context(self) -> dict[str, Any]:
        chats = self.client.chats()
        if not chats:
            return {"closed": True}
        chat = self._open_chat(chats)
        in_widget_tab = self.place.at == "home"
        messages = self.client.messages(chat.id)
        if not in_widget_tab:
            self.marks.read(self.user, messages)
        direct = self.hall.direct(self.user)
        return {
            "channels": [self._row(one, chat) for one in chats if one.kind == "channel"],
            "in_bot": chat.kind == "bot",
            "dm_unread": self._unread(direct),
            "dm_waiting": waits(self.hall, self.user),
            "chat": chat.id,
            "title": chat.title if chat.kind == "bot" else f"#{chat.title}",
            "subtitle": f"{len(chat.members)} people",
            "messages": [self._shown(one) for one in messages[-_SHOWN:]],
            "widget": self._widget() if in_widget_tab else None,
            "banners": self._banners(),
            "menu": self._menu() if chat.kind == "bot" else [],
            "suggestions": (first_line(self.town), "/offboard help"),
        }

    def form(self) -> dict[str, Any] | None:
        """The form on top of what is open on this person's screen."""
        stack = self.client.forms()
        if not stack:
            return None
        opened = stack[-1]
        content = opened.content
        return {
            "id": opened.id,
            "title": content["title"],
            "hint": content.get("hint", ""),
            "submit": content.get("button_label", "Submit"),
            "error": opened.error_text,
            "fields": [_field(opened, each) for each in content["inputs"] if each["type"] != "hidden"],
        }

    def _open_chat(self, chats: Iterable[Chat]) -> Chat:
        """The conversation that is open: the one with the bot where the address names none of theirs."""
        named = (one for one in chats if one.kind == "channel" and one.title == self.place.at)
        return next(named, self.hall.direct(self.user))

    def _row(self, channel: Chat, current: Chat) -> dict[str, Any]:
        here = channel.id == current.id
        return {"name": channel.title, "current": here, "unread": not here and self._unread(channel)}

    def _unread(self, chat: Chat) -> bool:
        return any(self.marks.unread(self.user, one) for one in self.client.messages(chat.id))

    def _shown(self, message: Message) -> dict[str, Any]:
        content, source = message.content, f"message:{message.chat_id}:{message.id}"
        author = self.hall.users.get(message.sender)
        at = datetime.fromtimestamp(message.time / 1000, tz=UTC).astimezone(ZoneInfo(self.place.person.time_zone))
        return {
            "key": message.id,
            "source": source,
            "by_bot": message.by_bot,
            "mine": message.sender == self.user,
            "author": author.name if author else content.get("bot", {}).get("name", BOT_NAME),
            "author_key": author.key if author else BOT_NAME,
            "at": at,
            "only_you": bool(message.only_for),
            "edited": bool(message.edits),
            "text": self._text(content),
            "card": content.get("card", {}),
            "slides": slides(content, source, self.names),
            "buttons": in_message(content.get("buttons", [])),
        }

    def _text(self, content: Json) -> Markup:
        if content.get("styles", {}).get("markdown", True):
            return markdown(content.get("text", ""), self.names)
        return Markup("{}").format(content.get("text", ""))

    def _banners(self) -> list[dict[str, Any]]:
        """The last lines at the top; those that Cliq has taken away again are read by screen readers alone."""
        now = self.hall.clock.time()
        return [
            {
                "key": f"banner-{one.time}",
                "text": one.text,
                "status": one.status,
                "gone": now - one.time / 1000 > _BANNER_SECONDS,
            }
            for one in self.client.banners[-_BANNERS:]
        ]

    def _menu(self) -> list[dict[str, Any]]:
        """The bot's menu: https://www.zoho.com/cliq/help/platform/bot-menuhandler.html"""
        bot = self.hall.component("bot", BOT_NAME)
        entries = [each.extra for each in bot.handlers if each.type == "menu_handler"] if bot else []
        return [
            {"name": each["name"], "subs": [one["name"] for one in each.get("sub_actions", [])]} for each in entries
        ]

    def _widget(self) -> dict[str, Any]:
        applet = self.client.applet
        if applet is None:
            return {"empty": True}
        kind = applet["data_type"]
        header, footer, info = (applet.get(part, {}) for part in ("header", "footer", "info"))
        return {
            "title": header.get("title", ""),
            "head_buttons": in_widget(header.get("buttons", [])),
            "tabs": applet.get("tabs", []),
            "active": applet.get("active_tab", ""),
            "sections": [self._section(each) for each in applet.get("sections", [])] if kind == "sections" else [],
            "info": info | {"buttons": in_widget([info["button"]] if "button" in info else [])},
            "other": None if kind in ("sections", "info") else {"type": kind, **dict(applet.get(kind) or {})},
            "footer": footer.get("text", ""),
            "foot_buttons": in_widget(footer.get("buttons", [])),
        }

    def _section(self, section: Json) -> dict[str, Any]:
        shown = [element(each, self.names) for each in section["elements"]]
        return {"id": section["id"], "title": section.get("title", ""), "elements": shown}


def first_line(town: "Town") -> str:
    """What starts this town's story; somebody who has no account any more is named by e-mail address."""
    leaver: Person = BY_KEY[town.options.leaver]
    return f"/offboard @{leaver.name}" if leaver.slack_id else f"/offboard {leaver.email}"


def names_of(hall: Hall) -> dict[str, str]:
    """What people and channels are called, by all that a mention may carry of them."""
    names = {user.id: user.name for user in hall.users.values()}
    names |= {user.email: user.name for user in hall.users.values()}
    return names | {chat.channel_id: chat.title for chat in hall.chats.values() if chat.channel_id}


def waits(hall: Hall, user: str) -> bool:
    """Whether the bot waits for this person: a green button in their conversation.

    A direct answer that only they see does not count: the bot cannot take its buttons away later.
    """
    return any(asks(one.content) for one in _conversation(hall, user) if one.by_bot and not one.only_for)


def told(hall: Hall, marks: CliqMarks, user: str) -> bool:
    """Whether the bot has told this person something that they have not seen."""
    return any(marks.unread(user, one) for one in _conversation(hall, user))


def _conversation(hall: Hall, user: str) -> list[Message]:
    return Client(hall, user).messages(hall.direct(user).id) if hall.user(user).active else []


def _field(opened: OpenForm, given: Json) -> dict[str, Any]:
    """One field of a form with what it holds and what is wrong with it."""
    name, kind = given["name"], given["type"]
    held = opened.values.get(name)
    return {
        "id": f"{opened.id}-{name}",
        "form": opened.id,
        "name": name,
        "kind": kind if kind in _FIELDS else "unknown",
        "given": given,
        "input_type": _INPUT_TYPES.get(str(given.get("format", kind)), "text"),
        "held": held,
        "picked": _options(held),
        "many": kind == "checkbox" or bool(given.get("multiple")),
        "error": opened.errors.get(name, ""),
        # The app is told of a choice at once where it asked to; what it has suggested must be chosen before it
        # suggests something else.
        "told": kind == "dynamic_select" or bool(given.get("trigger_on_change")),
        "shortest": 0 if given.get("options") else given.get("min_characters", 0),
        "state": {"given": given, "held": held, "error": opened.errors.get(name, "")},
    }


def _options(held: Any) -> list[Mapping[str, str]]:
    if isinstance(held, list):
        return held
    return [held] if isinstance(held, Mapping) and held else []
