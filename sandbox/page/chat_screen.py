"""What the chat shows one person: their conversations, messages, modals, and who should look here next."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from sandbox.page.blocks import Scope, blocks, has_primary, text
from sandbox.page.mrkdwn import Reader, mrkdwn
from sandbox.page.place import PLAYERS, Place
from sandbox.people import BY_KEY, Person
from sandbox.slack import Channel, Client, Message, View, Workspace

if TYPE_CHECKING:
    from sandbox.town import Town

_SHOWN: Final = 60  # messages of a conversation


@dataclass
class ReadMarks:
    """How far each person has read, by (user id, channel id): the newest `ts` that was on their screen."""

    marks: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, user: str, channel: str, messages: Iterable[Message]) -> None:
        newest = max((_changed_at(message) for message in messages), default="")
        self.marks[user, channel] = max(newest, self.marks.get((user, channel), ""))

    def unread(self, user: str, channel: str, message: Message) -> bool:
        return message.user != user and _changed_at(message) > self.marks.get((user, channel), "")


class Gallery:
    """What was rendered before, by reader and surface: a message is rendered anew only when something has changed."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[list[Any], Any, Markup]] = {}

    def html(self, user: str, surface: Message | View, scope: Scope) -> Markup:
        """The blocks as `user` sees them. Dates such as "today" are right to the hour."""
        hour = f"{scope.reader.now():%Y-%m-%d %H}"
        seen = (hour, deepcopy(scope.values))
        kept = self._kept.get((user, scope.source))
        if kept is None or kept[0] is not surface.blocks or kept[1] != seen:
            kept = (surface.blocks, seen, blocks(surface.blocks, scope))
            self._kept[user, scope.source] = kept
        return kept[2]


class ChatScreen:
    """One person's chat at one moment."""

    def __init__(self, town: "Town", place: Place, marks: ReadMarks, gallery: Gallery) -> None:
        self.town = town
        self.place = place
        self.marks = marks
        self.gallery = gallery
        self.workspace: Workspace = town.workspace
        self.user = place.person.slack_id or ""
        self.client = Client(self.workspace, self.user)
        self.reader = reader_of(town, place.person)
        self.channels = self.client.channels()

    def channel(self) -> Channel:
        """The conversation that is open: the one with the bot where the address names none of theirs."""
        named = (one for one in self.channels if one.name == self.place.at)
        return next(named, self.workspace.direct(self.user))

    def context(self) -> dict[str, Any]:
        if not self.channels:
            return {"closed": True}
        direct = self.workspace.direct(self.user)
        channel = self.channel()
        in_app = channel.id == direct.id
        messages = self.client.messages(channel.id)
        if self.place.at != "home":
            self.marks.read(self.user, channel.id, messages)
        home = self.client.home() if self.place.at == "home" else None
        return {
            "channels": [self._row(one, channel) for one in self.channels if not one.direct],
            "in_app": in_app,
            "dm_unread": self._unread(direct),
            "dm_waiting": waits(self.workspace, self.user),
            "channel": channel.id,
            "title": "Offboard" if in_app else f"#{channel.name}",
            "subtitle": f"{len(channel.members)} people",
            "messages": self._tree(messages),
            "home": self._blocks(home) if home else None,
            "suggestions": (first_command(self.town), "/offboard help"),
        }

    def modal(self) -> dict[str, Any] | None:
        """The modal on top of this person's stack."""
        stack = self.client.modals()
        if not stack:
            return None
        view: View = stack[-1]
        scope = self._scope(view)
        return {
            "id": view.id,
            "depth": len(stack),
            "title": text(view.content.get("title"), scope),
            "submit": text(view.content.get("submit"), scope),
            "close": text(view.content.get("close"), scope) or "Cancel",
            "html": self._blocks(view),
            "notices": [one.text for one in self.client.errors if one.view_id == view.id],
        }

    def _blocks(self, surface: Message | View) -> Markup:
        return self.gallery.html(self.user, surface, self._scope(surface))

    def _scope(self, surface: Message | View) -> Scope:
        source = f"view:{surface.id}" if isinstance(surface, View) else f"message:{surface.channel}:{surface.ts}"
        return Scope(source, self.reader, values=self.client.state(surface), origin=self.town.options.public_url)

    def _row(self, channel: Channel, current: Channel) -> dict[str, Any]:
        return {
            "id": channel.name,
            "name": channel.name,
            "private": channel.kind == "private",
            "current": channel.id == current.id,
            "unread": channel.id != current.id and self._unread(channel),
        }

    def _unread(self, channel: Channel) -> bool:
        return any(self.marks.unread(self.user, channel.id, one) for one in self.client.messages(channel.id))

    def _tree(self, messages: list[Message]) -> list[dict[str, Any]]:
        """Messages with their replies under them; a broadcast reply stands in both places."""
        replies: dict[str, list[Message]] = {}
        for message in messages:
            if message.thread_ts:
                replies.setdefault(message.thread_ts, []).append(message)
        roots = {message.ts for message in messages}
        tops = [one for one in messages if one.thread_ts not in roots or one.broadcast]
        return [self._shown(one, replies.get(one.ts, [])) for one in self._newest(tops)]

    def _newest(self, messages: list[Message]) -> list[Message]:
        """The newest ones, and all since the one that a permalink names."""
        named = next((index for index, one in enumerate(messages) if one.ts == self.place.message), len(messages))
        return messages[min(named, max(0, len(messages) - _SHOWN)) :]

    def _shown(self, message: Message, replies: Iterable[Message] = (), *, reply: bool = False) -> dict[str, Any]:
        author = self.workspace.users.get(message.user)
        at = datetime.fromtimestamp(float(message.ts), tz=UTC).astimezone(self.reader.zone)
        return {
            "key": f"{'reply-' if reply else ''}{message.ts}",
            "by_bot": message.by_bot,
            "author": author.real_name if author and not message.system else "Slack",
            "author_key": author.name if author else "slack",
            "at": at,
            "time": at.strftime("%H:%M"),
            "only_you": bool(message.only_for),
            "system": message.system,
            "html": self._html(message),
            "files": [self._file(one) for one in message.files],
            "notices": [one.text for one in self.client.errors if one.message_ts == message.ts],
            "replies": [self._shown(one, reply=True) for one in replies],
        }

    def _html(self, message: Message) -> Markup:
        if message.blocks:
            return self._blocks(message)
        return Markup("<p>{}</p>").format(mrkdwn(message.text, self.reader)) if message.text else Markup("")

    def _file(self, file: dict[str, Any]) -> dict[str, Any]:
        title = file.get("title") or file.get("name")
        return {"title": title, "size": f"{file.get('size', 0):,}", "url": f"/town/file/{file['id']}"}


def first_command(town: "Town") -> str:
    """What starts this town's story; somebody who has no Slack account any more is named by e-mail address."""
    leaver = BY_KEY[town.options.leaver]
    return f"/offboard @{leaver.key}" if leaver.slack_id else f"/offboard {leaver.email}"


def linked(workspace: Workspace, channel_id: str, message: str, reader: Person) -> Place:
    """Where a permalink leads: to `reader`'s screen if they see that conversation, else to that of somebody who does.

    Raises LookupError for a conversation that nobody here sees.
    """
    channel = workspace.channels[channel_id]
    for person in (reader, *PLAYERS):
        if person.slack_id in channel.members and not workspace.users[person.slack_id].deleted:
            return Place(person, "dm" if channel.direct else channel.name, message=message)
    raise LookupError("Nobody here sees that conversation.")


def waits(workspace: Workspace, user: str) -> bool:
    """Whether the bot waits for this person: a main button in their conversation.

    A copy that only they see does not count: the bot cannot take its buttons away when the question is settled.
    """
    if workspace.users[user].deleted:
        return False
    direct = workspace.direct(user)
    return any(
        has_primary(one.blocks)
        for one in Client(workspace, user).messages(direct.id)
        if one.by_bot and not one.only_for
    )


def told(workspace: Workspace, marks: ReadMarks, user: str) -> bool:
    """Whether the bot has told this person something that they have not seen."""
    if workspace.users[user].deleted:
        return False
    direct = workspace.direct(user)
    return any(marks.unread(user, direct.id, one) for one in Client(workspace, user).messages(direct.id))


def reader_of(town: "Town", person: Person) -> Reader:
    """How this person reads what Slack shows: names, language, time zone."""
    names = {user.id: user.real_name for user in town.workspace.users.values()}
    names |= {channel.id: channel.name for channel in town.workspace.channels.values()}
    return Reader(person.language.replace("-", "_"), ZoneInfo(person.time_zone), town.clock.now, names)


def _changed_at(message: Message) -> str:
    return message.edited_at or message.ts
