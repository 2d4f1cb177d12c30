"""What an app says in answer to a person: with its acknowledgement, or later through a response URL.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from sandbox.slack.content import NO_TEXT, Content, blocks_of, content_of
from sandbox.slack.model import Json, Message
from sandbox.slack.tickets import Origin
from sandbox.slack.workspace import Workspace


def reply(workspace: Workspace, origin: Origin, body: Json) -> None:
    """Do what the answer asks for: replace or delete what was clicked, or say something new.

    New messages are for the person alone unless the answer says "in_channel". Raises the errors of `content_of`.
    """
    original = _original(workspace, origin)
    if original and body.get("delete_original"):
        workspace.delete(original)
    elif original and body.get("replace_original"):
        text, blocks = body.get("text"), blocks_of(body)
        workspace.edit(original, text=text or NO_TEXT, blocks=blocks or [])
    else:
        _say(workspace, origin, body)


def _say(workspace: Workspace, origin: Origin, body: Json) -> None:
    content: Content = content_of(body)
    channel = workspace.channels[origin.channel]
    if body.get("response_type") == "in_channel":
        workspace.post(channel, content, thread_ts=body.get("thread_ts"))
    else:
        workspace.whisper(channel, content, to=origin.user, thread_ts=body.get("thread_ts") or origin.thread_ts)


def _original(workspace: Workspace, origin: Origin) -> Message | None:
    channel = workspace.channels[origin.channel]
    if not origin.message_ts:
        return None
    if not origin.ephemeral:
        return channel.messages.get(origin.message_ts)
    return next((message for message in channel.ephemerals if message.ts == origin.message_ts), None)
