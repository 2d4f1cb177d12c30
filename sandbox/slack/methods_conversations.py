"""conversations.* of the Web API. https://docs.slack.dev/reference/methods/conversations.history"""

import base64
import binascii
from collections.abc import Sequence
from typing import Final, TypeVar

from sandbox.slack.arguments import Arguments
from sandbox.slack.model import BOT_USER, Channel, Json, Message, SlackError
from sandbox.slack.workspace import Workspace

T = TypeVar("T")
_DIRECT_GUESTS: Final = 8
# The names of the four kinds of conversation: in our store, in `types`, in scopes.
_KINDS: Final = {
    "channel": ("public_channel", "channels"),
    "private": ("private_channel", "groups"),
    "im": ("im", "im"),
    "mpim": ("mpim", "mpim"),
}


def page(things: Sequence[T], arguments: Arguments, default: int) -> tuple[Sequence[T], Json]:
    """One page and what points to the next. Raises `SlackError` "invalid_cursor"."""
    start = 0
    if cursor := arguments.text("cursor"):
        try:
            start = int(base64.b64decode(cursor, validate=True).removeprefix(b"next:"))
        except (ValueError, binascii.Error):
            raise SlackError("invalid_cursor") from None
    end = start + max(1, arguments.whole("limit", default))
    following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(things) else ""
    return things[start:end], {"next_cursor": following}


def _for_kind(workspace: Workspace, channel: Channel, what: str) -> Channel:
    """Check the scope that depends on the kind of conversation."""
    workspace.require(f"{_KINDS[channel.kind][1]}:{what}")
    return channel


def _joined(workspace: Workspace, arguments: Arguments) -> Channel:
    """A conversation whose messages the app may read: it must be a member."""
    channel = _for_kind(workspace, workspace.channel(arguments.required("channel")), "history")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def history(workspace: Workspace, arguments: Arguments) -> Json:
    """Newest first, without ephemeral messages and without replies, unless those were sent to the channel too."""
    channel = _joined(workspace, arguments)
    shown = [message for message in channel.messages.values() if not message.thread_ts or message.broadcast]
    return _messages(_between(shown, arguments)[::-1], arguments, default=100)


def replies(workspace: Workspace, arguments: Arguments) -> Json:
    """A thread, its first message at the top."""
    channel = _joined(workspace, arguments)
    thread_ts = arguments.required("ts")
    if thread_ts not in channel.messages:
        raise SlackError("thread_not_found")
    parent = channel.messages[thread_ts]
    thread = [parent, *(channel.messages[ts] for ts in parent.replies)]
    return _messages(_between(thread, arguments), arguments, default=1000)


def _between(messages: Sequence[Message], arguments: Arguments) -> list[Message]:
    """Those after `oldest` and before `latest`; the ends themselves only when `inclusive` is set."""
    oldest, latest = _bound(arguments, "oldest", "0"), _bound(arguments, "latest", "9" * 10)
    if arguments.flag("inclusive"):
        return [message for message in messages if oldest <= _time(message.ts) <= latest]
    return [message for message in messages if oldest < _time(message.ts) < latest]


def _bound(arguments: Arguments, name: str, default: str) -> tuple[int, int]:
    try:
        return _time(arguments.text(name) or default)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _time(ts: str) -> tuple[int, int]:
    seconds, _, micros = ts.partition(".")
    return int(seconds), int(micros.ljust(6, "0") or 0)


def _messages(messages: Sequence[Message], arguments: Arguments, *, default: int) -> Json:
    shown, cursor = page(messages, arguments, default)
    metadata = arguments.flag("include_all_metadata")
    found = [message.json(metadata=metadata) for message in shown]
    more = {"has_more": bool(cursor["next_cursor"])}
    return {"messages": found, **more} | ({"response_metadata": cursor} if cursor["next_cursor"] else {})


def info(workspace: Workspace, arguments: Arguments) -> Json:
    channel = _for_kind(workspace, workspace.channel(arguments.required("channel")), "read")
    return {"channel": channel.json()}


def list_(workspace: Workspace, arguments: Arguments) -> Json:
    types = arguments.many("types") or ["public_channel"]
    kinds = [kind for kind, (name, _) in _KINDS.items() if name in types]
    workspace.require(*(f"{_KINDS[kind][1]}:read" for kind in kinds))
    archived = not arguments.flag("exclude_archived")
    found = [c for c in workspace.channels.values() if c.kind in kinds and (archived or not c.archived)]
    visible = [channel for channel in found if channel.kind == "channel" or BOT_USER in channel.members]
    shown, cursor = page(visible, arguments, 100)
    return {"channels": [channel.json() for channel in shown], "response_metadata": cursor}


def members(workspace: Workspace, arguments: Arguments) -> Json:
    channel = _for_kind(workspace, workspace.channel(arguments.required("channel")), "read")
    shown, cursor = page(sorted(channel.members), arguments, 100)
    return {"members": list(shown), "response_metadata": cursor}


def join(workspace: Workspace, arguments: Arguments) -> Json:
    channel = workspace.channel(arguments.required("channel"))
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    warning = {"warning": "already_in_channel"} if BOT_USER in channel.members else {}
    channel.members.add(BOT_USER)
    workspace.changed()
    return {"channel": channel.json(), **warning}


def open_(workspace: Workspace, arguments: Arguments) -> Json:
    """Open a DM; with several people a group DM. An account that has been closed is refused."""
    users = arguments.many("users")
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > _DIRECT_GUESTS:
        raise SlackError("too_many_users")
    if any(workspace.user(user_id).deleted for user_id in users):
        raise SlackError("user_disabled")
    workspace.require("im:write" if len(users) == 1 else "mpim:write")
    known = len(workspace.channels)
    channel = workspace.direct(users[0]) if len(users) == 1 else _group(workspace, users)
    already = {"no_op": True, "already_open": True} if known == len(workspace.channels) else {}
    return {"channel": channel.json() if arguments.flag("return_im") else {"id": channel.id}, **already}


def _group(workspace: Workspace, users: Sequence[str]) -> Channel:
    wanted = {*users, BOT_USER}
    for channel in workspace.channels.values():
        if channel.kind == "mpim" and channel.members == wanted:
            return channel
    name = "mpdm-" + "--".join(workspace.users[user_id].name for user_id in users) + "-1"
    channel = Channel(f"C0GROUP{workspace.number()}", name, "mpim", wanted, int(workspace.clock.time()))
    workspace.channels[channel.id] = channel
    workspace.changed()
    return channel
