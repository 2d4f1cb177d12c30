"""The state of a Cliq organisation: who and what is in it, and everything that changes it."""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Final

from sandbox.cliq.courier import Courier
from sandbox.cliq.model import (
    BOT_NAME,
    Banner,
    Chat,
    CliqError,
    Component,
    Json,
    Message,
    OpenForm,
    User,
)
from sandbox.cliq.throttle import Limits, Throttle
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import ADMINS, BY_KEY, LOG_CHANNEL, ROSTER, Person
from sandbox.wire import Wire
from sandbox.zoho.oauth import Accounts

if TYPE_CHECKING:
    from sandbox.cliq.payloads import Occasion

REFRESH_TOKEN: Final = "1000.town.cliq"
WEBHOOK_TOKEN: Final = "town-webhook-token"
# Whose grant the app uses: the messages of OAuth calls are theirs, apart from those of the bot.
GRANT_USER: Final = "noor"
SCOPES: Final = tuple(
    f"ZohoCliq.{scope}"
    for scope in (
        "Webhooks.CREATE", "Channels.READ", "Channels.UPDATE", "Chats.READ", "Messages.READ", "Messages.UPDATE",
        "Users.READ", "Bots.READ", "Bots.CREATE", "Bots.UPDATE", "Commands.CREATE", "Commands.READ", "Commands.UPDATE",
        "Functions.CREATE", "Functions.READ", "Functions.UPDATE",
    )
)  # fmt: skip
# A channel's unique name has no separators in any known example.
LOG_CHANNEL_NAME: Final = LOG_CHANNEL.replace("-", "")
_FIRST_ID: Final = 700_000_100


def cliq_id(person: Person) -> str:
    """The person's id (and ZUID) in Cliq."""
    return str(_FIRST_ID + ROSTER.index(person))


class Hall:
    """A Cliq organisation. `app_url` is where the app takes deliveries; components may name another."""

    def __init__(
        self,
        *,
        clock: Clock,
        faults: Faults,
        public_url: str,
        app_url: str,
        accounts: Accounts,
        wire: Wire | None = None,
    ) -> None:
        self.clock = clock
        self.faults = faults
        self.url = f"{public_url}/cliq"
        self.app_url = app_url
        self.accounts = accounts
        self.wire = wire
        self.version = 0
        self.users = {user.id: user for user in _everybody()}
        self.chats: dict[str, Chat] = {}
        self.components: dict[str, Component] = {}
        self.forms: list[OpenForm] = []
        self.banners: list[Banner] = []
        self.limits = Limits()
        self.throttle = Throttle(clock, self.limits)
        self.webhook_tokens = {WEBHOOK_TOKEN: cliq_id(BY_KEY[GRANT_USER])}
        self.wraps_channels = False  # organisations differ in how one channel is answered
        self.courier = Courier(self)
        self.refusals: list[str] = []  # what was wrong with answers of the app that Cliq did not show
        self.consents: set[tuple[str, str]] = set()  # (user, component): who lets it see their data
        self.widgets: dict[str, Json] = {}  # what each user's widget shows
        self.awaited: dict[str, Occasion] = {}  # what a response URL may still answer, by the id in it
        self._posted: list[Message] = []
        self._numbers = count(1)
        self._last_time = 0
        self._changed = asyncio.Event()
        accounts.grant(cliq_id(BY_KEY[GRANT_USER]), SCOPES, refresh_token=REFRESH_TOKEN)
        for name in ("general", LOG_CHANNEL):
            self._open_channel(name, bot_inside=name == LOG_CHANNEL)

    # Looking

    def user(self, user_id: str) -> User:
        """Raises `CliqError` for an unknown id."""
        found = self.users.get(user_id)
        if found is None:
            raise CliqError(400, "user_not_found", "The user does not exist.")
        return found

    def by_key(self, key: str) -> User:
        return self.users[cliq_id(BY_KEY[key])]

    def chat(self, chat_id: str) -> Chat:
        """Raises `CliqError` for an unknown id."""
        found = self.chats.get(chat_id)
        if found is None:
            raise CliqError(400, "chat_not_found", "The chat does not exist.")
        return found

    def channel(self, unique_name: str) -> Chat:
        """Raises `CliqError` "channel_not_exists"."""
        for chat in self.chats.values():
            if chat.unique_name == unique_name:
                return chat
        raise CliqError(400, "channel_not_exists", "The channel does not exist.")

    def chats_of(self, user_id: str) -> list[Chat]:
        return [chat for chat in self.chats.values() if user_id in chat.members]

    def direct(self, user_id: str) -> Chat:
        """The person's conversation with the bot; opened when first asked for."""
        chat_id = f"CT_2243{user_id}_{_FIRST_ID}-B2"
        if chat_id not in self.chats:
            self.chats[chat_id] = Chat(chat_id, "bot", BOT_NAME, {user_id}, bot_inside=True)
        return self.chats[chat_id]

    def between(self, one: User, other: User) -> Chat:
        """The conversation of two people; opened when first asked for."""
        first, second = sorted((one.id, other.id))
        chat_id = f"CT_2243{first}_{second}"
        if chat_id not in self.chats:
            self.chats[chat_id] = Chat(chat_id, "dm", f"{one.name}, {other.name}", {first, second})
        return self.chats[chat_id]

    def transcript(self) -> list[Message]:
        """Everything that the bot ever posted, oldest first: direct answers, edited and deleted ones too."""
        return list(self._posted)

    def component(self, kind: str, name: str) -> Component | None:
        return next((c for c in self.components.values() if (c.kind, c.name) == (kind, name)), None)

    @property
    def bot_sender(self) -> str:
        """The sender of what the app answers: its bot, as far as one is registered."""
        bot = next((c for c in self.components.values() if c.kind == "bot"), None)
        return f"b-{bot.id if bot else 0}"

    async def wait_for_change(self, version: int, timeout: float) -> int:  # noqa: ASYNC109 - a time-out is an answer here
        """Wait at most `timeout` seconds until the hall is newer than `version`; return what it is then."""
        if self.version <= version:
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                pass
        return self.version

    @property
    def public_key(self) -> str:
        """With which an app checks deliveries, as Cliq displays it: base64 of a DER SubjectPublicKeyInfo."""
        return self.courier.public_key

    async def aclose(self) -> None:
        await self.courier.aclose()

    # Changing

    def changed(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def stamp(self) -> int:
        """A new message's time in milliseconds: later than all before."""
        self._last_time = max(self._last_time + 1, int(self.clock.time() * 1000))
        return self._last_time

    def number(self) -> int:
        return next(self._numbers)

    def post(self, chat: Chat, content: Json, *, sender: str, only_for: str | None = None) -> Message:
        """Add a message; `only_for` shows it to one person alone."""
        time = self.stamp()
        message = Message(f"{time}_{2293_0000_0000 + self.number()}", chat.id, sender, content, time, only_for)
        chat.messages[message.id] = message
        if message.by_bot:
            self._posted.append(message)
        self.changed()
        return message

    def edit(self, message: Message, content: Json) -> None:
        """Change a message in place: the keys that `content` has replace those of the message."""
        message.edits.append(message.content)
        message.content = {**message.content, **content}
        self.changed()

    def tell(self, banner: Banner) -> None:
        self.banners.append(banner)
        self.changed()

    def deactivate(self, user_id: str) -> None:
        """Close an account, as an administrator does."""
        self.user(user_id).active = False
        self.changed()

    def _open_channel(self, name: str, *, bot_inside: bool) -> None:
        number = self.number()
        members = {user.id for user in self.users.values() if user.active}
        chat_id = f"CT_22432263375597{number:05d}_661211447"
        unique = name.replace("-", "")
        channel_id = f"O32610412560004{number:05d}"
        self.chats[chat_id] = Chat(
            chat_id, "channel", name, members, channel_id=channel_id, unique_name=unique, bot_inside=bot_inside
        )


def _everybody() -> Iterator[User]:
    for person in ROSTER:
        if person.slack_id is None and person.crm_id is None:
            continue
        manager = BY_KEY[person.reports_to] if person.reports_to else None
        yield User(
            id=cliq_id(person),
            key=person.key,
            name=person.name,
            email=person.email,
            time_zone=person.time_zone,
            language=person.language.split("-")[0],
            title=person.title,
            department=person.team,
            reports_to=cliq_id(manager) if manager else None,
            admin=person.key in ADMINS,
            active=bool(person.slack_id) and not person.slack_deleted,
        )
