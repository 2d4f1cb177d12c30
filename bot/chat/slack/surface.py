"""Slack as a `Surface`: what the service says there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.chat.slack import client as web
from bot.chat.slack import ids, render
from bot.chat.slack.errors import reaction, translated
from bot.chat.slack.people import Directory
from bot.chat.surface import Attachment, ChatPerson, MessageRef, Refused, TryLater
from handlers.elements import Card, Form
from handlers.intents import ReplyTo

_HOOKS: Final = "hooks.slack.com"
_HISTORY_PAGE: Final = 200
# How far our clock and Slack's may be apart when a card is looked for.
_CLOCK_SKEW: Final = timedelta(minutes=5)
# Links to records need no preview.
_QUIET: Final[dict[str, Any]] = {"unfurl_links": False, "unfurl_media": False}
# What the library raises where the address for a file's content does not answer with 200.
_NOT_UPLOADED: Final = "SlackRequestError"
# The person can be answered, but not in this channel.
_NOT_HERE: Final = frozenset({"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived"})


class SlackSurface:
    """Implements `Surface` and `TakesFiles` of `bot.chat.surface` by Slack's Web API; `aclose` releases connections."""

    name = "slack"
    edit_every = 1.5  # Slack allows about 50 edits a minute for a workspace

    def __init__(self, client: AsyncWebClient) -> None:
        self.client = client
        self._directory = Directory(client)
        self._direct: dict[str, str] = {}

    async def place(self, recipient: str) -> str | None:  # noqa: ARG002 - the protocol's
        return None

    async def post(self, recipient: str, card: Card, *, key: str) -> MessageRef:
        channel = await self._channel(recipient)
        metadata = {"event_type": ids.CARD_EVENT, "event_payload": {"key": key}}
        with translated():
            answer = await self._web.chat_postMessage(channel=channel, metadata=metadata, **_QUIET, **_message(card))
        return MessageRef(channel=answer["channel"], message_id=answer["ts"])

    async def edit(self, message: MessageRef, card: Card, *, key: str) -> None:  # noqa: ARG002 - the protocol's
        with translated():
            await self._web.chat_update(channel=message.channel, ts=message.message_id, **_message(card))

    async def find(self, recipient: str, *, key: str, since: datetime, channel: str | None = None) -> MessageRef | None:
        channel = channel or (await self._open(recipient) if _is_person(recipient) else recipient)
        oldest = f"{(since - _CLOCK_SKEW).timestamp():.6f}"
        cursor: str | None = None
        while True:
            with translated(changes=False):
                page = await self._web.conversations_history(
                    channel=channel, oldest=oldest, limit=_HISTORY_PAGE, cursor=cursor, include_all_metadata=True
                )
            for message in page["messages"]:
                if _key(message) == key:
                    return MessageRef(channel=channel, message_id=message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None

    async def attach(self, message: MessageRef, files: Sequence[Attachment]) -> None:
        """Into the message's thread, in one step for all files.

        https://docs.slack.dev/messaging/working-with-files#uploading_files
        """
        if await self._attached(message, {file.name for file in files}):
            return
        uploads = [{"content": file.content, "filename": file.name, "title": file.name} for file in files]
        try:
            with translated():
                await web.patient(self.client).files_upload_v2(
                    channel=message.channel, thread_ts=message.message_id, file_uploads=uploads
                )
        except Refused as error:
            if error.code == _NOT_UPLOADED:
                raise TryLater("Slack did not take a file's content; nothing was shown", code="upload") from error
            raise

    async def _attached(self, message: MessageRef, names: set[str]) -> bool:
        """Whether a message of ours in the thread has these files."""
        cursor: str | None = None
        while True:
            with translated(changes=False):
                page = await self._web.conversations_replies(
                    channel=message.channel, ts=message.message_id, limit=_HISTORY_PAGE, cursor=cursor
                )
            for reply in page["messages"]:
                if reply.get("bot_id") and names <= {file.get("title") for file in reply.get("files") or ()}:
                    return True
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return False

    async def reply(self, actor_id: str, to: ReplyTo, card: Card) -> None:
        if to.response_url and self._is_slacks(to.response_url) and await self._respond(to.response_url, card):
            return
        if not (to.channel and await self._whisper(to.channel, actor_id, card)):
            channel = await self._channel(actor_id)
            with translated():
                await self._web.chat_postMessage(channel=channel, **_QUIET, **_message(card))

    async def open_form(self, to: ReplyTo, form: Form) -> None:
        if not to.trigger_id:
            raise Refused("Slack gave no trigger to open a window with", code="expired")
        with translated():
            await self._web.views_open(trigger_id=to.trigger_id, view=render.modal(form))

    async def publish_home(self, actor_id: str, card: Card) -> None:
        with translated():
            await self._web.views_publish(user_id=actor_id, view=render.home(card))

    async def person(self, chat_id: str) -> ChatPerson | None:
        return await self._directory.person(chat_id)

    async def person_by_email(self, email: str) -> ChatPerson | None:
        return await self._directory.by_email(email)

    async def aclose(self) -> None:
        await web.close(self.client)

    @property
    def _web(self) -> AsyncWebClient:
        return web.pooled(self.client)

    async def _channel(self, recipient: str) -> str:
        """The channel to post to. Slack takes a message to a closed account and shows it to nobody: refused here."""
        if not _is_person(recipient):
            return recipient
        person = await self.person(recipient)
        if person is None or not person.active:
            raise Refused("Nobody would read it", code="user_disabled" if person else "user_not_found")
        return await self._open(recipient)

    async def _open(self, user: str) -> str:
        """The channel of the direct messages with a person; it never changes."""
        if user not in self._direct:
            with translated(changes=False):
                answer = await self._web.conversations_open(users=[user])
            self._direct[user] = answer["channel"]["id"]
        return self._direct[user]

    async def _respond(self, url: str, card: Card) -> bool:
        """Answer through the `response_url`; False where it is used up: it lives for 30 minutes and five answers.

        https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
        """
        hook = AsyncWebhookClient(url, self.client.timeout, session=self._web.session, retry_handlers=[])
        hook.proxy = self.client.proxy
        with translated():
            answer = await hook.send(response_type="ephemeral", replace_original=False, **_message(card))
        if answer.status_code == 200:
            return True
        if answer.status_code < 500 and answer.status_code != 429:
            return False
        raise reaction(f"http_{answer.status_code}", answer.headers)

    async def _whisper(self, channel: str, user: str, card: Card) -> bool:
        """Answer in the channel, seen by one person; False where the bot or the person is not in it."""
        try:
            with translated():
                await self._web.chat_postEphemeral(channel=channel, user=user, **_message(card))
        except Refused as error:
            if error.code in _NOT_HERE:
                return False
            raise
        return True

    def _is_slacks(self, url: str) -> bool:
        """Whether an answer may be sent there: it tells about people."""
        base, target = urlsplit(self.client.base_url), urlsplit(url)
        return (target.scheme, target.netloc) in {("https", _HOOKS), (base.scheme, base.netloc)}


def _message(card: Card) -> dict[str, Any]:
    text, blocks = render.message(card)
    return {"text": text, "blocks": blocks}


def _is_person(recipient: str) -> bool:
    # https://docs.slack.dev/reference/objects/user-object: W for people of an Enterprise organisation
    return recipient.startswith(("U", "W"))


def _key(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != ids.CARD_EVENT:
        return None
    key: str | None = (metadata.get("event_payload") or {}).get("key")
    return key
