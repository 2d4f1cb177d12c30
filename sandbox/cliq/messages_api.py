"""Messages over the API: post, edit, delete, list.

https://www.zoho.com/cliq/help/restapi/v2/messages/ and https://www.zoho.com/cliq/help/restapi/v3/messages/
"""

from collections.abc import Iterable
from typing import Final

from sandbox.cliq.api import EMPTY, Answer, Call, bot_named, invalid
from sandbox.cliq.channels_api import channel_with_id
from sandbox.cliq.model import Chat, CliqError, Component, Json, Message, User
from sandbox.cliq.people_api import find_user
from sandbox.cliq.schema import accepted_edit, accepted_post
from sandbox.cliq.throttle import CARD_POSTS

_RECIPIENTS: Final = 100
_PAGE: Final = 100


def to_channel_by_name(call: Call) -> Answer:
    return _to_chat(call, call.hall.channel(call.path["unique"]), "channelsbyname")


def to_channel(call: Call) -> Answer:
    return _to_chat(call, channel_with_id(call.hall, call.path["id"]), "channels")


def to_chat(call: Call) -> Answer:
    return _to_chat(call, call.hall.chat(call.path["chat"]), "chats")


def to_buddy(call: Call) -> Answer:
    """A message from person to person: never the bot's."""
    receiver = find_user(call.hall, call.path["user"])
    return _to_chat(call, call.hall.between(call.user, receiver), "buddies")


def _to_chat(call: Call, chat: Chat, to: str) -> Answer:
    content = accepted_post(call.body, version=call.version, to=to)
    bot = _bot(call, chat)
    if bot is None and call.user.id not in chat.members:
        raise _no_access()
    _count_cards(call, content)
    message = call.hall.post(chat, content, sender=f"b-{bot.id}" if bot else call.user.id)
    # Only a person's own post to a channel tells its id; the bot's has to be looked up.
    if not call.flag("sync_message") or (bot and chat.kind == "channel"):
        return EMPTY
    if call.version == 3 and "card" in content:
        return Answer({"url": call.url, "type": "message", "data": {"id": message.id, "card": content["card"]}})
    return Answer({"message_id": message.id})


def _bot(call: Call, chat: Chat) -> Component | None:
    """The bot that the call names as its sender. Raises `CliqError` where the bot is no participant."""
    name = call.query.get("bot_unique_name")
    if name is None:
        return None
    bot = bot_named(call.hall, name)
    if not chat.bot_inside:
        raise CliqError(400, "bot_message_forbidden", "The bot is not a participant of the chat.")
    return bot


def _count_cards(call: Call, content: Json) -> None:
    """v3 allows fewer posts with cards than plain ones."""
    if call.version == 3 and not content.keys() <= {"text", "reply_to"}:
        call.hall.throttle.count(call.user.id, CARD_POSTS)


def by_bot(call: Call) -> Answer:
    """The bot to its subscribers: to all of them, or to those named."""
    bot = bot_named(call.hall, call.path["unique"])
    content = accepted_post(call.body, version=call.version, to="bots")
    receivers = _receivers(call, bot)
    _count_cards(call, content)
    posted = {user.id: call.hall.post(call.hall.direct(user.id), content, sender=f"b-{bot.id}") for user in receivers}
    if not call.flag("sync_message"):
        return EMPTY
    details = {user: {"chat_id": each.chat_id, "message_id": _encoded(each.id)} for user, each in posted.items()}
    return Answer({"user_ids": list(posted), "message_details": details})


def _receivers(call: Call, bot: Component) -> list[User]:
    named = call.query.get("user_ids") if call.version == 3 else None
    named = named or call.body.get("userids")
    subscribers = subscribers_of(call, bot)
    if call.flag("broadcast"):
        if named:
            raise invalid("broadcast")
        return subscribers
    if not named:
        raise CliqError(400, "param_missing", "The 'userids' key is missing or empty.")
    wanted = {name.strip() for name in named.split(",")}
    if len(wanted) > _RECIPIENTS:
        raise invalid("userids")
    found = [user for user in subscribers if user.id in wanted or user.email in wanted]
    if not found:
        raise CliqError(400, "botmessage_no_valid_users", "None of the users can receive messages of the bot.")
    return found


def subscribers_of(call: Call, bot: Component) -> list[User]:
    """Who may use the bot: everybody with an account, or its creator alone."""
    everybody = bot.content.get("scope") != "personal"
    return [user for user in call.hall.users.values() if user.active and (everybody or user.id == bot.creator)]


def _encoded(message_id: str) -> str:
    """Bot endpoints give ids with a percent-encoded space."""
    return message_id.replace("_", "%20")


# What has been posted


def edit(call: Call) -> Answer:
    """Buttons that a message never had cannot be added."""
    chat = _chat(call)
    message = _message(call, chat)
    changes = accepted_edit(call.body)
    if message.sender not in _voices(call):
        raise CliqError(403, "access_denied", "Only the sender can edit the message.")
    if changes.get("buttons") and not message.buttons:
        raise CliqError(400, "operation_failed", "The message cannot be edited.")
    call.hall.edit(message, changes)
    return EMPTY


def delete(call: Call) -> Answer:
    """People can delete their own messages; those of a bot stay."""
    message = _message(call, _chat(call))
    if message.sender != call.user.id:
        raise CliqError(400, "message_delete_failed", "The message could not be deleted.")
    message.deleted = True
    call.hall.changed()
    return EMPTY


def one(call: Call) -> Answer:
    return Answer({"data": _json(call, _message(call, _chat(call)))})


def listing(call: Call) -> Answer:
    """The latest messages of the time asked for, oldest first."""
    limit = call.number("limit")
    limit = _PAGE if limit is None else limit
    if not 1 <= limit <= _PAGE:
        raise invalid("limit")
    since, until = call.number("fromtime") or 0, call.number("totime")
    found = [
        message
        for message in _public(_chat(call).messages.values())
        if since <= message.time and (until is None or message.time <= until)
    ]
    return Answer({"data": [_json(call, message) for message in found[-limit:]]})


def _public(messages: Iterable[Message]) -> list[Message]:
    """What the whole chat sees: the answers to a command are its invoker's own."""
    return [message for message in messages if not message.deleted and message.only_for is None]


def _chat(call: Call) -> Chat:
    """The chat of the path, which must be the caller's, or a conversation with a bot that the caller made."""
    chat = call.hall.chat(call.path["chat"])
    if call.user.id not in chat.members and not (chat.bot_inside and len(_voices(call)) > 1):
        raise _no_access()
    return chat


def _message(call: Call, chat: Chat) -> Message:
    """The message of the path, whose id may have the space of the bot endpoints."""
    wanted = call.path["id"].replace(" ", "_")
    for message in _public(chat.messages.values()):
        if message.id == wanted:
            return message
    raise CliqError(400, "message_not_found", "The message does not exist.")


def _voices(call: Call) -> set[str]:
    """Whose messages the caller may edit: their own, and those of their bots."""
    bots = (each for each in call.hall.components.values() if each.kind == "bot" and each.creator == call.user.id)
    return {call.user.id} | {f"b-{bot.id}" for bot in bots}


def _json(call: Call, message: Message) -> Json:
    return {
        "sender": {"name": _sender_name(call, message), "id": message.sender},
        "id": message.id,
        "time": message.time,
        "type": "text",
        "content": message.content,
    }


def _sender_name(call: Call, message: Message) -> str:
    if not message.by_bot:
        return call.hall.user(message.sender).name
    bot = call.hall.components.get(message.sender.removeprefix("b-"))
    return bot.name if bot else ""


def _no_access() -> CliqError:
    return CliqError(403, "chat_access_denied", "You do not have access to the chat.")
