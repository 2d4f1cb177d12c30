"""Zoho Cliq as a surface: posts as the bot, edits in place, answers one person.

https://www.zoho.com/cliq/help/restapi/v2/messages/
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, unquote

from bot.chat.cliq import render
from bot.chat.cliq.client import CliqApi
from bot.chat.cliq.pace import Family
from bot.chat.cliq.people import Directory
from bot.chat.surface import AnswerLost, ChatPerson, MessageRef, Refused, TryLater
from handlers.elements import Card, Form
from handlers.intents import ReplyTo
from handlers.texts import Texts

_PAGE: Final = 100
_EVER: Final = datetime.fromtimestamp(0, UTC)
_CLOCK_SKEW: Final = timedelta(minutes=1)
_FOR_PEOPLE: Final = 15  # posts in a minute that a channel leaves for those who are asked something
# Cliq names no id for what a bot posts in a channel.
UNNAMED: Final = "-"


class CliqSurface:
    """Implements `bot.chat.surface.Surface`. `bot` is the bot's unique name, `url` where Cliq stands.

    With a `webhook_token` channels are posted to by that; it acts as the user who made it.
    https://www.zoho.com/cliq/help/platform/webhook-tokens.html
    """

    name = "cliq"
    edit_every = 6.0  # Cliq allows 50 edits a minute for the user of the grant, and locks for ten minutes after that

    def __init__(self, api: CliqApi, *, bot: str, url: str, webhook_token: str | None = None) -> None:
        self._api = api
        self._key = {"zapikey": webhook_token} if webhook_token else {}
        self._bot = bot
        self._url = url.rstrip("/")
        self.directory = Directory(api)
        self._chats: dict[str, str] = {}  # a channel's unique name, or a person's id, to the chat id

    async def place(self, recipient: str) -> str | None:
        """Only an answer to a post tells where a conversation is, and a card whose answer is lost is looked for there.

        So the first words to somebody are a greeting, which does no harm when it comes twice.
        """
        if not recipient.isdecimal():
            return None
        if recipient not in self._chats:
            await self._greet(recipient)
        return self._chats.get(recipient)

    async def post(self, recipient: str, card: Card, *, key: str) -> MessageRef:
        content = render.message(card, key=key)
        if recipient.isdecimal():
            return await self._post_to_person(recipient, content)
        content |= {"sync_message": True}
        path = f"/v2/channelsbyname/{quote(recipient, safe='')}/message"
        params = {"bot_unique_name": self._bot, **self._key}
        await self._api.write("POST", path, Family.POST, body=content, params=params, leave=_FOR_PEOPLE)
        return MessageRef(recipient, UNNAMED)

    async def _greet(self, user_id: str) -> None:
        person = await self.directory.person(user_id)
        try:
            await self._post_to_person(user_id, {"text": Texts(person.language if person else "en").t("hello")})
        except AnswerLost as error:
            raise TryLater("The greeting's answer was lost; no card was sent", code=error.code) from error

    async def _post_to_person(self, user_id: str, content: dict[str, Any]) -> MessageRef:
        """Cliq takes a message to a closed account and shows it to nobody: refused here."""
        person = await self.directory.person(user_id)
        if person is None or not person.active:
            raise Refused("Nobody would read it", code="user_disabled" if person else "user_not_found")
        body = content | {"userids": user_id, "broadcast": False, "sync_message": True}
        answer = await self._api.write("POST", f"/v2/bots/{self._bot}/message", Family.POST, body=body)
        placed = ((answer or {}).get("message_details") or {}).get(user_id) or {}
        chat_id, message_id = placed.get("chat_id"), placed.get("message_id")
        if chat_id:
            self._chats[user_id] = str(chat_id)
        return MessageRef(str(chat_id or user_id), _id(message_id) if message_id else UNNAMED)

    async def edit(self, message: MessageRef, card: Card, *, key: str) -> None:
        """What the card has no more is named, or it might stay.

        Whether an edit can change buttons is not documented: where Cliq refuses the card, the text is changed.
        """
        if message.message_id == UNNAMED:
            found = await self.find(message.channel, key=key, since=_EVER)
            if found is None:
                raise Refused("Cliq named no id for this message", code="no_message_id")
            message = found
        path = f"/v2/chats/{quote(message.channel, safe='')}/messages/{quote(message.message_id, safe='')}"
        content = {"slides": [], "buttons": [], **render.message(card, key=key)}
        try:
            await self._api.write("PUT", path, Family.EDIT, body=content)
        except Refused as error:
            if error.code not in _TEXT_ONLY:
                raise
            await self._api.write("PUT", path, Family.EDIT, body={"text": content["text"]})

    async def find(self, recipient: str, *, key: str, since: datetime, channel: str | None = None) -> MessageRef | None:
        """A message is known by the short reference at the end of its text."""
        chat_id = channel if channel and channel != recipient else await self._chat_of(recipient)
        if chat_id is None:
            return None  # nothing has ever been posted to them that Cliq told us the place of
        oldest = max(int((since - _CLOCK_SKEW).timestamp() * 1000), 0)
        path = f"/v2/chats/{quote(chat_id, safe='')}/messages"
        answer = await self._api.get(path, Family.MESSAGES, fromtime=oldest, limit=_PAGE)
        mark = render.reference(key)
        for message in (answer or {}).get("data") or ():
            if _text(message).endswith(mark):
                return MessageRef(chat_id, _id(message["id"]))
        return None

    async def _chat_of(self, recipient: str) -> str | None:
        """The chat id of a channel by its unique name; a person's conversation with the bot cannot be asked for."""
        if recipient.isdecimal():
            return self._chats.get(recipient)
        if recipient not in self._chats:
            answer = await self._api.get(f"/v2/channelsbyname/{quote(recipient, safe='')}", Family.LIST)
            found = (answer or {}).get("channel") or answer or {}
            self._chats[recipient] = str(found["chat_id"])
        return self._chats[recipient]

    async def reply(self, actor_id: str, to: ReplyTo, card: Card) -> None:
        content = render.message(card)
        if to.response_url and to.response_url.startswith(self._url + "/"):  # it tells about people: to Cliq alone
            try:
                await self._api.answer(to.response_url.removeprefix(self._url), {"output": content})
            except Refused:
                pass  # used up, or too late
            else:
                return
        await self._post_to_person(actor_id, content)

    async def open_form(self, to: ReplyTo, form: Form) -> None:  # noqa: ARG002 - the protocol's
        """Cliq opens a form only as the answer to a click, which by now has been given."""
        raise Refused("Cliq opens a form only as the answer to a click", code="expired")

    async def publish_home(self, actor_id: str, card: Card) -> None:
        await self._post_to_person(actor_id, render.message(card))

    async def whoami(self) -> str:
        """That the grant works, in words. Raises the errors of a surface."""
        answer = await self._api.get("/v2/users", Family.USERS, limit=1)
        return "Cliq answers" if answer else "Cliq answers, but shows nobody"

    async def bot_name(self) -> str:
        """The bot's name as people read it. Raises `Refused` where there is no such bot."""
        token: str | None = None
        while True:
            more: dict[str, str | int] = {"next_token": token} if token else {}
            answer = await self._api.get("/v3/bots", Family.LIST, limit=50, **more) or {}
            for bot in answer.get("data") or ():
                if bot.get("unique_name") == self._bot:
                    return str(bot.get("name", self._bot))
            token = answer.get("next_token")
            if not token:
                raise Refused("There is no such bot", code="bot_not_found")

    async def channel_name(self, unique_name: str) -> str:
        """That the channel is there. Raises `Refused` where it is not."""
        await self._chat_of(unique_name)
        return unique_name

    def met(self, people: Iterable[ChatPerson]) -> None:
        """Remember whom a verified delivery describes."""
        self.directory.met(people)

    async def person(self, chat_id: str) -> ChatPerson | None:
        return await self.directory.person(chat_id)

    async def person_by_email(self, email: str) -> ChatPerson | None:
        return await self.directory.by_email(email)

    async def aclose(self) -> None:
        await self._api.aclose()


# What Cliq may say to an edit that holds more than text.
_TEXT_ONLY: Final = frozenset({"extra_key_found", "input_pattern_mismatch", "operation_failed", "message_edit_failed"})


def _id(given: Any) -> str:
    """A message's id as clicks and lists spell it; the bot's own endpoints answer with another, encoded spelling."""
    return unquote(str(given)).replace(" ", "_")


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    return str(content.get("text", "") if isinstance(content, dict) else content or "")
