"""The state of a Slack workspace: who and what is in it, and everything that changes it."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.slack.channels import direct, direct_id, first_channels
from sandbox.slack.content import Content
from sandbox.slack.courier import Answer, Courier, Delivery
from sandbox.slack.directory import User, everybody
from sandbox.slack.model import (
    BOT_USER,
    LEGACY_TOKEN,
    SLACKBOT,
    Channel,
    Command,
    Json,
    Message,
    Notice,
    SlackError,
    StoredFile,
)
from sandbox.slack.scheduled import Scheduled
from sandbox.slack.screens import Screens
from sandbox.slack.socket_mode import Hub
from sandbox.slack.tickets import Tickets
from sandbox.slack.views import Views
from sandbox.wire import Wire

# What the app was installed with. It has not asked for chat:write.public: it posts where it has been invited.
DEFAULT_SCOPES: Final = frozenset(
    (
        *("commands", "chat:write", "im:write", "mpim:write", "files:write", "reactions:write", "channels:join"),
        *("users:read", "users:read.email", "users.profile:read", "team:read", "metadata.message:read"),
        *("channels:read", "groups:read", "im:read", "mpim:read"),
        *("channels:history", "groups:history", "im:history", "mpim:history"),
    )
)
OFFBOARD: Final = Command(
    "/offboard",
    "Start or follow an offboarding",
    "@person [on DATE | now] | status, reschedule, cancel, undo @person | list | ghosts | help",
)


class Workspace:
    """One workspace with one app installed.

    `scopes`, `subscriptions`, `commands`, `enforce_tiers` and `labelled_mentions` may be changed at any time.
    Nothing runs by itself: messages that were scheduled appear when somebody calls the API or looks.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        faults: Faults,
        public_url: str,
        request_url: str,
        socket_mode: bool = False,
        deliver_timeout: float = 3.0,
        wire: Wire | None = None,
    ) -> None:
        """`public_url` is the town's address, `request_url` where the app listens; `deliver_timeout` is in seconds."""
        self.clock = clock
        self.faults = faults
        self.wire = wire
        self.url = f"{public_url}/slack"
        self.request_url = request_url
        self.socket_mode = socket_mode
        self.deliver_timeout = deliver_timeout
        self.bot_token = "xoxb-brightwater-offboard"
        self.app_token = "xapp-1-A0OFFBOARD-brightwater"
        self.signing_secret = "brightwater0offboard0signing0secret"
        self.scopes: set[str] = set(DEFAULT_SCOPES)
        self.subscriptions: set[str] = {"app_home_opened", "user_change"}
        self.commands: dict[str, Command] = {OFFBOARD.name: OFFBOARD}
        self.enforce_tiers = False
        # Mentions in commands have been seen as <@U1|name> and as <@U1>; an app must take both.
        self.labelled_mentions = True
        self.users: dict[str, User] = everybody()
        self.channels = first_channels(self.users.values(), created=int(clock.time()))
        self.tickets = Tickets(clock, hooks_url=f"{self.url}/hooks")
        self.views = Views(clock)
        self.screens = Screens(self.users)
        self.files: dict[str, StoredFile] = {}
        self.scheduled = Scheduled(clock)
        self.notices: list[Notice] = []
        self.courier = Courier(self)
        self.hub = Hub(self)
        self.version = 0
        self._changed = asyncio.Event()
        self._posted: list[Message] = []
        self._last_stamp = 0
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: tuple[Delivery, Callable[[Answer], None]] | None = None

    # Reading

    def channel(self, channel_id: str) -> Channel:
        """A conversation by id, as the app may see it. Raises `SlackError` "channel_not_found"."""
        channel = self.channels.get(channel_id)
        if channel is None or (channel.kind == "private" and BOT_USER not in channel.members):
            raise SlackError("channel_not_found")
        return channel

    def user(self, user_id: str) -> User:
        """Raises `SlackError` "user_not_found"."""
        if user_id not in self.users:
            raise SlackError("user_not_found")
        return self.users[user_id]

    def direct(self, user_id: str) -> Channel:
        """The DM between the bot and a person, opened when it does not exist yet. Raises `SlackError`."""
        if direct_id(user_id) not in self.channels:
            if self.user(user_id).bot:
                raise SlackError("cannot_dm_bot")
            channel = direct(user_id, created=int(self.clock.time()))
            self.channels[channel.id] = channel
            self.changed()
        return self.channels[direct_id(user_id)]

    def require(self, *scopes: str) -> None:
        """Raises `SlackError` "missing_scope" when the app was installed without one of them."""
        if missing := [scope for scope in scopes if scope not in self.scopes]:
            raise SlackError("missing_scope", needed=",".join(missing), provided=",".join(sorted(self.scopes)))

    def transcript(self) -> list[Message]:
        """All messages that the app ever posted, oldest first: ephemeral, edited and deleted ones too."""
        return list(self._posted)

    async def wait_for_change(self, version: int, timeout: float) -> int:  # noqa: ASYNC109 - a time-out is an answer here
        """Wait at most `timeout` seconds until the workspace is newer than `version`; return what it is then."""
        self.post_due()
        if self.version <= version:
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                self.post_due()
        return self.version

    # Changing

    def changed(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def stamp(self) -> str:
        """A new message's `ts`: later than all before, unique in the whole workspace."""
        self._last_stamp = max(self._last_stamp + 1, int(self.clock.time() * 1_000_000))
        return f"{self._last_stamp // 1_000_000}.{self._last_stamp % 1_000_000:06d}"

    def number(self) -> int:
        return next(self._numbers)

    def post(
        self,
        channel: Channel,
        content: Content,
        *,
        user: str = BOT_USER,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> Message:
        """Add a message for all. Raises `SlackError` "cannot_reply_to_message" when there is no such thread."""
        message = self._message(channel, content, user=user)
        if thread_ts:
            if (parent := channel.messages.get(thread_ts)) is None:
                raise SlackError("cannot_reply_to_message")
            # A reply to a reply belongs to the thread's first message.
            message.thread_ts = parent.thread_ts or parent.ts
            channel.messages[message.thread_ts].replies.append(message.ts)
            message.broadcast = broadcast
        channel.messages[message.ts] = message
        self._keep(message)
        return message

    def whisper(
        self, channel: Channel, content: Content, *, to: str, user: str = BOT_USER, thread_ts: str | None = None
    ) -> Message:
        """Show one person an ephemeral message; Slackbot's are Slack's own notices."""
        message = self._message(channel, content, user=user)
        message.only_for, message.system, message.thread_ts = to, user == SLACKBOT, thread_ts
        channel.ephemerals.append(message)
        self._keep(message)
        return message

    def _message(self, channel: Channel, content: Content, *, user: str) -> Message:
        return Message(
            ts=self.stamp(),
            channel=channel.id,
            user=user,
            text=content.text,
            blocks=content.blocks,
            attachments=content.attachments,
            metadata=content.metadata or None,
            files=content.files,
        )

    def _keep(self, message: Message) -> None:
        if message.by_bot:
            self._posted.append(message)
        self.changed()

    def edit(self, message: Message, *, text: str | None = None, blocks: list[Json] | None = None) -> None:
        """Change a message in place. None leaves a part as it is."""
        message.edits.append(message.text)
        message.edited_at = self.stamp()
        message.text = message.text if text is None else text
        message.blocks = message.blocks if blocks is None else blocks
        self.changed()

    def delete(self, message: Message) -> None:
        message.deleted = True
        channel = self.channels[message.channel]
        if message.only_for:
            channel.ephemerals.remove(message)
        else:
            del channel.messages[message.ts]
        if parent := channel.messages.get(message.thread_ts or ""):
            parent.replies = [ts for ts in parent.replies if ts != message.ts]
        self.changed()

    def post_due(self) -> None:
        """Post the scheduled messages whose time has come."""
        for message in self.scheduled.due():
            self.post(self.channels[message.channel], message.content, thread_ts=message.thread_ts)

    def notify(self, notice: Notice) -> None:
        """Let Slack itself tell a person something: in the conversation, or as a mark at a message or view."""
        self.notices.append(notice)
        if notice.channel and not notice.message_ts:
            self.whisper(self.channels[notice.channel], Content(notice.text), to=notice.user, user=SLACKBOT)
        self.changed()

    async def deactivate(self, user_id: str) -> None:
        """Close an account, as an administrator or an identity provider does; the app hears `user_change`."""
        user = self.user(user_id)
        user.deleted = True
        for channel in self.channels.values():
            if not channel.direct:
                channel.members.discard(user_id)
        self.changed()
        now = int(self.clock.time())
        await self.emit({"type": "user_change", "user": user.json(), "cache_ts": now, "event_ts": self.stamp()})

    # Speaking to the app

    async def deliver(self, delivery: Delivery, settle: Callable[[Answer], None]) -> Answer:
        """Send a payload and let `settle` do what Slack does with the answer."""
        self._last = (delivery, settle)
        answer = await self.courier.send(delivery)
        settle(answer)
        return answer

    async def redeliver_last(self) -> Answer:
        """Send the last payload once more, unchanged: what an app must expect of any sender.

        Raises `LookupError` when nothing has been sent yet.
        """
        if self._last is None:
            raise LookupError("nothing has been delivered yet")
        delivery, settle = self._last
        answer = await self.courier.send(delivery, attempt=1, reason="http_timeout")
        settle(answer)
        return answer

    async def emit(self, event: Json, *, name: str | None = None) -> None:
        """Send an event the app has subscribed to (as `name`), and repeat it in the background until it is taken."""
        if (name or event["type"]) not in self.subscriptions:
            return
        delivery = self.courier.event(event)
        answer = await self.deliver(delivery, lambda _answer: None)
        if answer.failure and not answer.stop_retries:
            self._spawn(self.courier.repeat(delivery, reason=answer.failure))

    async def verify_request_url(self) -> bool:
        """Whether the app answers Slack's challenge, as when somebody enters the request URL at set-up."""
        challenge = f"challenge-{self.number()}"
        payload = {"token": LEGACY_TOKEN, "challenge": challenge, "type": "url_verification"}
        answer = await self.courier.send(Delivery("events_api", payload))
        return answer.failure is None and challenge in (answer.body or {}).values()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End what runs in the background and release connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.courier.aclose()
