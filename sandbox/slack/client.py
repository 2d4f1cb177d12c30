"""A person at their Slack client: what they see, and what they can do."""

from typing import Any, Final, Literal

from sandbox.slack import payloads
from sandbox.slack.content import Content
from sandbox.slack.courier import Answer, Delivery
from sandbox.slack.directory import User, found
from sandbox.slack.forms import NotOnScreen
from sandbox.slack.interactions import Interactions, origin_of
from sandbox.slack.mentions import Escaper
from sandbox.slack.model import Channel, Command, Json, Message, Notice, SlackError, View
from sandbox.slack.replies import reply
from sandbox.slack.tickets import Origin
from sandbox.slack.workspace import Workspace

_ORDER: Final = {"channel": 0, "private": 0, "mpim": 1, "im": 2}


class Client:
    """One person's client. It keeps nothing itself: two clients of one person show the same.

    What a person cannot do, because it is not there for them, raises `NotOnScreen`. Closed accounts see nothing.
    """

    def __init__(self, workspace: Workspace, user_id: str) -> None:
        """Raises `SlackError` "user_not_found"."""
        self.user_id = user_id
        self._workspace = workspace
        self._user = workspace.user(user_id)
        self._hands = Interactions(workspace, user_id)

    # Looking

    def channels(self) -> list[Channel]:
        """Channels first, then group DMs, then the DM with the app."""
        self._workspace.post_due()
        mine = [channel for channel in self._workspace.channels.values() if self._is_in(channel)]
        return sorted(mine, key=lambda channel: _ORDER[channel.kind])

    def messages(self, channel_id: str) -> list[Message]:
        """All messages of a conversation in order of time: replies, and this person's ephemerals among them."""
        channel = self._channel(channel_id)
        self._workspace.post_due()
        ephemerals = [message for message in channel.ephemerals if message.only_for == self._user.id]
        return sorted([*channel.messages.values(), *ephemerals], key=lambda message: message.ts)

    def modals(self) -> list[View]:
        """The open modals; the last one lies on top."""
        return self._workspace.views.stack(self._user.id)

    def home(self) -> View | None:
        """The app's Home tab, None until the app has published one."""
        return self._workspace.views.home(self._user.id)

    @property
    def errors(self) -> list[Notice]:
        """What Slack itself has told this person: failed commands, clicks and submissions."""
        return [notice for notice in self._workspace.notices if notice.user == self._user.id]

    def people(self, query: str) -> list[User]:
        """Whom the client offers after `@`. Closed accounts are not among them."""
        return found(self._workspace.users.values(), query)

    def commands(self, query: str) -> list[Command]:
        """The slash commands that begin with `query`."""
        return [command for name, command in self._workspace.commands.items() if name.startswith(query)]

    def state(self, surface: Message | View) -> Json:
        """What this person has entered into a message or view, in the form of `state.values`."""
        return self._workspace.screens.state(self._user.id, surface)

    # Typing

    async def say(self, channel_id: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a message. The app hears of it in its own DM, where it has subscribed to `message.im`."""
        channel = self._channel(channel_id)
        content = Content(self._escaper(labelled=False).escape(text))
        message = self._workspace.post(channel, content, user=self._user.id, thread_ts=thread_ts)
        if channel.direct:
            event = message.json() | {"channel": channel.id, "channel_type": "im", "event_ts": message.ts}
            await self._workspace.emit(event, name="message.im")
        return message

    async def command(self, channel_id: str, typed: str, *, thread_ts: str | None = None) -> None:
        """Send a slash command. What it answers, and whether it failed, appears in the conversation."""
        channel = self._channel(channel_id)
        name, _, text = typed.partition(" ")
        command = self._workspace.commands.get(name)
        if command is None:
            self._complain(channel, "unknown_command", f"{name} is not a valid command.")
        elif thread_ts:
            self._complain(channel, "no_commands_in_threads", f"{name} is not supported in threads. Sorry!")
        else:
            await self._send(channel, command, text.strip(), typed=typed)

    async def _send(self, channel: Channel, command: Command, text: str, *, typed: str) -> None:
        workspace = self._workspace
        if command.should_escape:
            text = self._escaper(labelled=workspace.labelled_mentions).escape(text)
        origin = Origin(self._user.id, channel.id)
        payload = payloads.command(
            self._user,
            channel,
            name=command.name,
            text=text,
            response_url=workspace.tickets.response_url("commands", origin),
            trigger_id=workspace.tickets.trigger(self._user.id),
        )
        delivery = Delivery("slash_commands", payload)
        await workspace.deliver(delivery, lambda answer: self._after_command(origin, answer, typed=typed))

    def _after_command(self, origin: Origin, answer: Answer, *, typed: str) -> None:
        channel = self._workspace.channels[origin.channel]
        failure = answer.code if answer.failure else None
        body = answer.body or {}
        if not failure and body.get("response_type") == "in_channel":
            self._workspace.post(channel, Content(typed), user=self._user.id)
        if not failure and (body.get("text") or body.get("blocks") or body.get("attachments")):
            try:
                reply(self._workspace, origin, body)
            except SlackError:
                failure = "dispatch_failed"
        if failure:
            self._complain(channel, failure, f'{typed.split(maxsplit=1)[0]} failed with the error "{failure}"')

    def _complain(self, channel: Channel, code: str, text: str) -> None:
        self._workspace.notify(Notice(self._workspace.stamp(), self._user.id, code, text, channel=channel.id))

    async def shortcut(self, callback_id: str) -> None:
        """Choose one of the app's global shortcuts."""
        trigger = self._workspace.tickets.trigger(self._user.id)
        payload = payloads.shortcut(self._user, callback_id, trigger_id=trigger, stamp=self._workspace.stamp())
        await self._workspace.deliver(Delivery("interactive", payload, answerable=False), lambda _answer: None)

    async def message_shortcut(self, callback_id: str, message: Message) -> None:
        """Choose one of the app's shortcuts in a message's menu."""
        tickets = self._workspace.tickets
        payload = payloads.message_action(
            self._user,
            callback_id,
            message,
            channel=self._channel(message.channel),
            response_url=tickets.response_url("app", origin_of(self._user.id, message)),
            trigger_id=tickets.trigger(self._user.id),
            stamp=self._workspace.stamp(),
        )
        await self._workspace.deliver(Delivery("interactive", payload, answerable=False), lambda _answer: None)

    # Clicking

    async def click(
        self,
        *,
        block_id: str,
        action_id: str,
        message: Message | None = None,
        view: View | None = None,
        value: Any = None,
        times: int = 1,
    ) -> None:
        """Use an element of a message, modal or Home tab as it stands now.

        `value` is what is chosen or typed: the `value` of an option, a user or channel id, a date, a text, a list of
        these for elements that take several; nothing for a button. `times` > 1 clicks that often at once.
        """
        await self._hands.click(self._surface(message, view), block_id, action_id, value=value, times=times)

    async def options(
        self,
        *,
        block_id: str,
        action_id: str,
        query: str,
        message: Message | None = None,
        view: View | None = None,
    ) -> list[Json]:
        """What the app suggests in an external select when the person has typed `query`."""
        return await self._hands.options(self._surface(message, view), block_id, action_id, typed=query)

    async def submit(self, view_id: str, values: Json | None = None) -> dict[str, str]:
        """Fill in `{block_id: {action_id: value}}`, as in `click`, and submit the modal on top.

        Returns what is wrong, by block id: nothing when it was accepted, or when Slack could not reach the app (see
        `errors` for that).
        """
        view = self._modal(view_id)
        for block_id, held in (values or {}).items():
            for action_id, value in held.items():
                self._workspace.screens.enter(self._user.id, view, block_id, action_id, value=value)
        return await self._hands.submit(view)

    async def close(self, view_id: str) -> None:
        """Close the modal on top."""
        await self._hands.close(self._modal(view_id))

    async def open_home(self, tab: Literal["home", "messages"] = "home") -> View | None:
        """Open the app's own page; the app hears `app_home_opened`. Returns the Home tab as it stands then."""
        event: Json = {
            "type": "app_home_opened",
            "user": self._user.id,
            "channel": self._workspace.direct(self._user.id).id,
            "tab": tab,
            "event_ts": self._workspace.stamp(),
        }
        if (home := self.home()) and tab == "home":
            event["view"] = home.json()
        await self._workspace.emit(event)
        return self.home()

    def _is_in(self, channel: Channel) -> bool:
        return self._user.id in channel.members and not self._user.deleted

    def _channel(self, channel_id: str) -> Channel:
        channel = self._workspace.channels.get(channel_id)
        if channel is None or not self._is_in(channel):
            raise NotOnScreen(f"{self._user.name} does not see {channel_id}")
        return channel

    def _surface(self, message: Message | None, view: View | None) -> Message | View:
        """The message or view as it stands now, however old the one that the caller holds is."""
        if message is not None:
            for current in self.messages(message.channel):
                if current.ts == message.ts:
                    return current
        elif view is not None and view.kind == "home" and (home := self.home()):
            return home
        elif view is not None:
            return self._modal(view.id)
        raise NotOnScreen("neither a message nor a view that is still there")

    def _modal(self, view_id: str) -> View:
        stack = self.modals()
        if not stack or stack[-1].id != view_id:
            raise NotOnScreen(f"{view_id} is not the modal on top")
        return stack[-1]

    def _escaper(self, *, labelled: bool) -> Escaper:
        return Escaper(self._workspace.users.values(), self._workspace.channels.values(), labelled=labelled)
