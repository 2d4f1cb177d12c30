"""chat.* and reactions.* of the Web API. https://docs.slack.dev/reference/methods/chat.postMessage"""

from sandbox.slack.arguments import Arguments
from sandbox.slack.content import (
    NO_TEXT,
    TEXT_UPDATED,
    Content,
    attachments_of,
    blocks_of,
    content_of,
    metadata_of,
)
from sandbox.slack.model import BOT_USER, Channel, Json, Message, SlackError
from sandbox.slack.workspace import Workspace


def writable(workspace: Workspace, target: str) -> Channel:
    """The conversation to post to: by its id, a public one by its name, a DM by the person's id.

    Raises `SlackError` "channel_not_found", "is_archived" or "not_in_channel". Nothing is refused for a person whose
    account has been closed: the message goes where nobody reads it.
    """
    channel = _conversation(workspace, target)
    if channel.archived:
        raise SlackError("is_archived")
    open_to_app = channel.kind == "channel" and "chat:write.public" in workspace.scopes
    if BOT_USER not in channel.members and not open_to_app:
        raise SlackError("not_in_channel")
    return channel


def _conversation(workspace: Workspace, target: str) -> Channel:
    if target in workspace.users:
        return workspace.direct(target)
    if target in workspace.channels:
        return workspace.channel(target)
    named = target.removeprefix("#")
    for channel in workspace.channels.values():
        if channel.kind == "channel" and channel.name == named:
            return channel
    raise SlackError("channel_not_found")


def own_message(workspace: Workspace, arguments: Arguments, refused: str) -> Message:
    """The app's own message that the arguments name. Raises `SlackError`: "message_not_found" or `refused`."""
    message = any_message(workspace, arguments, "ts")
    if not message.by_bot:
        raise SlackError(refused)
    return message


def any_message(workspace: Workspace, arguments: Arguments, key: str) -> Message:
    channel = workspace.channel(arguments.required("channel"))
    message = channel.messages.get(arguments.required(key))
    if message is None:
        raise SlackError("message_not_found")
    return message


def post_message(workspace: Workspace, arguments: Arguments) -> Json:
    channel = writable(workspace, arguments.required("channel"))
    content = content_of(arguments.content())
    message = workspace.post(
        channel, content, thread_ts=arguments.text("thread_ts"), broadcast=arguments.flag("reply_broadcast")
    )
    return {"channel": channel.id, "ts": message.ts, "message": message.json(metadata=True)}


def post_ephemeral(workspace: Workspace, arguments: Arguments) -> Json:
    channel = writable(workspace, arguments.required("channel"))
    reader = arguments.required("user")
    if reader not in channel.members:
        raise SlackError("user_not_in_channel")
    content = content_of(arguments.content())
    message = workspace.whisper(channel, content, to=reader, thread_ts=arguments.text("thread_ts"))
    return {"message_ts": message.ts}


def update(workspace: Workspace, arguments: Arguments) -> Json:
    """Text without blocks removes the blocks; attachments and metadata stay unless they are sent."""
    message = own_message(workspace, arguments, "cant_update_message")
    if workspace.channels[message.channel].archived:
        raise SlackError("is_inactive")
    body = arguments.content()
    text, blocks, attachments = body["text"], blocks_of(body), attachments_of(body)
    metadata = metadata_of(body)
    if text is None and blocks is None and attachments is None and metadata is None:
        raise SlackError("no_text")
    if len(text or "") > TEXT_UPDATED:
        raise SlackError("msg_too_long")
    if text is not None or blocks is not None:
        workspace.edit(message, text=text or (NO_TEXT if blocks else message.text), blocks=blocks or [])
    if attachments is not None:
        message.attachments = attachments
    if metadata is not None:
        message.metadata = metadata or None
    workspace.changed()
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message.json(metadata=True)}


def delete(workspace: Workspace, arguments: Arguments) -> Json:
    message = own_message(workspace, arguments, "cant_delete_message")
    workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(workspace: Workspace, arguments: Arguments) -> Json:
    message = any_message(workspace, arguments, "message_ts")
    permalink = f"{workspace.url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        permalink += f"?thread_ts={message.thread_ts}&cid={message.channel}"
    return {"channel": message.channel, "permalink": permalink}


def schedule_message(workspace: Workspace, arguments: Arguments) -> Json:
    channel = writable(workspace, arguments.required("channel"))
    content: Content = content_of(arguments.content())
    waiting = workspace.scheduled.add(
        channel.id, content, post_at=arguments.whole("post_at", 0), thread_ts=arguments.text("thread_ts")
    )
    preview = {"text": content.text, "type": "delayed_message", "user": BOT_USER}
    return {
        "channel": channel.id,
        "scheduled_message_id": waiting.id,
        "post_at": waiting.post_at,
        "message": preview,
    }


def delete_scheduled_message(workspace: Workspace, arguments: Arguments) -> Json:
    workspace.scheduled.cancel(arguments.required("scheduled_message_id"), arguments.required("channel"))
    return {}


def add_reaction(workspace: Workspace, arguments: Arguments) -> Json:
    message = any_message(workspace, arguments, "timestamp")
    users = message.reactions.setdefault(arguments.required("name"), [])
    if BOT_USER in users:
        raise SlackError("already_reacted")
    users.append(BOT_USER)
    workspace.changed()
    return {}


def remove_reaction(workspace: Workspace, arguments: Arguments) -> Json:
    message = any_message(workspace, arguments, "timestamp")
    name = arguments.required("name")
    if BOT_USER not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    message.reactions[name].remove(BOT_USER)
    message.reactions = {name: users for name, users in message.reactions.items() if users}
    workspace.changed()
    return {}
