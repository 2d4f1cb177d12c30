"""Channels over the API, and the bot's way into one. https://www.zoho.com/cliq/help/restapi/v2/channels/"""

from typing import Final

from sandbox.cliq.api import EMPTY, Answer, Call, bot_named
from sandbox.cliq.hall import Hall
from sandbox.cliq.model import Chat, CliqError, Json, User
from sandbox.cliq.schema import refusal
from sandbox.cliq.shapes import Misfit, record, string

_PAGE: Final = 100
_ASSOCIATION: Final = record({"channel_unique_name": string(100)}, required=["channel_unique_name"])


def channel_with_id(hall: Hall, channel_id: str) -> Chat:
    """Raises `CliqError` "channel_not_exists"."""
    for chat in hall.chats.values():
        if chat.kind == "channel" and chat.channel_id == channel_id:
            return chat
    raise CliqError(400, "channel_not_exists", "The channel does not exist.")


def listing(call: Call) -> Answer:
    """`name` matches parts of titles."""
    wanted = call.query.get("name", "").lower()
    joined = call.query.get("joined")
    found = [
        channel
        for channel in (_json(chat, call.user) for chat in call.hall.chats.values() if chat.kind == "channel")
        if wanted in channel["name"].lower() and joined in (None, str(channel["joined"]).lower())
    ]
    shown, token = call.page(found, default=_PAGE, most=_PAGE)
    more = {"next_token": token} if token else {}
    return Answer({"channels": shown, "has_more": bool(token), **more})


def one(call: Call) -> Answer:
    return _wrapped(call, channel_with_id(call.hall, call.path["id"]))


def by_name(call: Call) -> Answer:
    return _wrapped(call, call.hall.channel(call.path["unique"]))


def _wrapped(call: Call, chat: Chat) -> Answer:
    """Cliq answers with the bare channel in some organisations and with a wrapped one in others."""
    channel = _json(chat, call.user)
    return Answer({"channel": channel} if call.hall.wraps_channels else channel)


def _json(chat: Chat, reader: User) -> Json:
    return {
        "channel_id": chat.channel_id,
        "chat_id": chat.id,
        "unique_name": chat.unique_name,
        "name": chat.title,
        "level": "organization",
        "joined": reader.id in chat.members,
        "participant_count": len(chat.members),
    }


def associate(call: Call) -> Answer:
    """Make the bot a participant of a channel: only then may it post there."""
    bot_named(call.hall, call.path["unique"])
    try:
        _ASSOCIATION(call.body, "body")
    except Misfit as misfit:
        raise refusal(misfit) from None
    channel = call.hall.channel(call.body["channel_unique_name"])
    if channel.bot_inside:
        raise CliqError(400, "bot_already_member", "The bot is already a member of the channel.")
    channel.bot_inside = True
    call.hall.changed()
    return EMPTY
