"""What a Cliq organisation consists of: people, chats, messages, open forms, components, and the error of a refusal."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Json = dict[str, Any]

ORGANISATION_ID: Final = "700900800"
BOT_UNIQUE_NAME: Final = "offboardbot"
BOT_NAME: Final = "Offboard"


class CliqError(Exception):
    """A refusal of the REST API. v3 shows `{message, code}`, v2 `{code, message}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass
class User:
    """A person with a Cliq account. `id` is their ZUID as well; `reports_to` is the id of whom they report to."""

    id: str
    key: str
    name: str
    email: str
    time_zone: str
    language: str  # "en", "de"
    title: str
    department: str
    reports_to: str | None
    admin: bool = False
    active: bool = True

    @property
    def first_name(self) -> str:
        return self.name.rsplit(" ", 1)[0]

    @property
    def last_name(self) -> str:
        return self.name.rsplit(" ", 1)[-1]


@dataclass
class Message:
    """One message. `content` is what the sender gave: text, card, slides, buttons, bot.

    `only_for` names the one reader of a command's direct answer. `edits` holds earlier contents.
    """

    id: str  # "1599387839188_229293271789"
    chat_id: str
    sender: str  # a user's id, or "b-<bot id>" for a bot
    content: Json
    time: int  # milliseconds since the epoch
    only_for: str | None = None
    edits: list[Json] = field(default_factory=list)
    deleted: bool = False

    @property
    def text(self) -> str:
        return str(self.content.get("text", ""))

    @property
    def by_bot(self) -> bool:
        return self.sender.startswith("b-")

    @property
    def buttons(self) -> list[Json]:
        found: list[Json] = self.content.get("buttons", [])
        return found


@dataclass
class Chat:
    """A conversation: a channel (`channel_id`, `unique_name`), a person's with the bot, or one of two people ("dm")."""

    id: str  # "CT_2243226337559778047_661211447"; with "-B2" behind it for a conversation with a bot
    kind: Literal["channel", "bot", "dm"]
    title: str
    members: set[str]
    channel_id: str | None = None  # "O3261041256000451268"
    unique_name: str | None = None
    bot_inside: bool = False  # the bot is a participant and may post
    messages: dict[str, Message] = field(default_factory=dict)


@dataclass
class OpenForm:
    """A form on somebody's screen. `source` is the message whose button opened it, where there is one."""

    id: str
    user: str
    chat_id: str
    content: Json
    source: Message | None = None
    values: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    error_text: str = ""
    offered: dict[str, list[Json]] = field(default_factory=dict)  # what the app sent for the fields that ask it


@dataclass(frozen=True)
class Banner:
    """A line that Cliq shows one person for a moment. `status` is "success" or "failure"."""

    user: str
    text: str
    status: str
    time: int
    by_cliq: bool = False  # Cliq's own words: the app did not answer


@dataclass
class Handler:
    type: str  # as registered: "execution_handler", "button_handler", "form_submit_handler", …
    permissions: list[str] = field(default_factory=list)
    extra: Json = field(default_factory=dict)  # a menu handler's name, icon and sub_actions


@dataclass
class Component:
    """A command, bot or function that an app has registered through the v3 API."""

    kind: Literal["command", "bot", "function"]
    id: str
    name: str
    content: Json  # what was given at creation, as it stands now
    creator: str
    handlers: list[Handler] = field(default_factory=list)
    unique_name: str | None = None  # bots only; given by Cliq and kept for ever
