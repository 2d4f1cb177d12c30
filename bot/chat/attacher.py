"""Adds report and ledger to the closed card, in chat products that take files: each time once.

What a crash or a lost answer leaves in doubt is looked for in the message's thread before it is sent again.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.chat.surface import AnswerLost, Attachment, MessageRef, Refused, TakesFiles, TryLater
from bot.store import attachments, cases, departures, outbox
from bot.store.attachments import Pending
from bot.store.database import Database
from bot.store.transaction import CARD
from handlers.elements import Card, Paragraph
from handlers.texts import Texts

log = structlog.get_logger("offboard.attacher")

_LOOK_EVERY: Final = 1.0
_AT_ONCE: Final = 20
_TRIES: Final = 12
_LONGEST_PAUSE: Final = 600.0
# Slack shows a file in its thread some time after it has taken it.
# https://docs.slack.dev/reference/methods/files.completeUploadExternal
_IN_DOUBT: Final = 15.0


class Attacher:
    """Works until cancelled. `surfaces` are the chat products that take files."""

    def __init__(
        self, database: Database, surfaces: Mapping[str, TakesFiles], *, language: str, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._surfaces = surfaces
        self._language = language
        self._now = now

    async def run(self) -> None:
        await self.resume()
        while True:
            await self.send_due()
            await asyncio.sleep(_LOOK_EVERY)

    async def resume(self) -> None:
        """What was under way when the service ended may be there, or may yet appear."""
        await self._database.write(attachments.resume, self._now() + timedelta(seconds=_IN_DOUBT))

    async def send_due(self) -> None:
        """Send everything that is due now."""
        for pending in await self._database.read(attachments.due, self._now(), _AT_ONCE):
            if await self._database.write(attachments.claim, pending.key):
                await self._send(pending)

    async def _send(self, pending: Pending) -> None:
        files = await self._database.read(_files, pending, self._language)
        try:
            await self._surfaces[pending.surface].attach(MessageRef(pending.channel, pending.message_id), files)
        except (TryLater, AnswerLost) as error:
            await self._later(pending, error)
        except Refused as error:
            await self._refused(pending, error.code)
        else:
            await self._database.write(attachments.sent, pending.key)

    async def _later(self, pending: Pending, error: TryLater | AnswerLost) -> None:
        if pending.attempts + 1 >= _TRIES:
            await self._refused(pending, error.code)
            return
        pause = min(2.0**pending.attempts, _LONGEST_PAUSE)
        pause = (error.retry_after or pause) if isinstance(error, TryLater) else max(pause, _IN_DOUBT)
        log.warning("files.later", departure=pending.departure_id, code=error.code, wait=pause)
        next_at = self._now() + timedelta(seconds=pause)
        await self._database.write(attachments.retry, pending.key, next_at=next_at, error=error.code)

    async def _refused(self, pending: Pending, code: str) -> None:
        """The departure is closed all the same. Whoever runs it is told what to do."""
        log.warning("files.refused", departure=pending.departure_id, code=code)
        await self._database.write(_give_up, pending, code, now=self._now())


def _files(connection: Connection, pending: Pending, language: str) -> tuple[Attachment, ...]:
    """Report and ledger as they stand now, in the language and zone of whoever gets the card."""
    departure = departures.load(connection, pending.departure_id)
    reader = cases.reader_of(departure, pending.surface, pending.recipient) if departure else None
    texts = Texts(reader.language, reader.time_zone) if reader else Texts(language)
    documents = (
        cases.report(connection, pending.departure_id, texts),
        cases.ledger_file(connection, pending.departure_id),
    )
    return tuple(Attachment(each.name, each.content) for each in documents)


def _give_up(connection: Connection, pending: Pending, code: str, *, now: datetime) -> None:
    attachments.give_up(connection, pending.key, code)
    departure = departures.load(connection, pending.departure_id)
    recipient = departure.admin.chat.get(pending.surface) if departure else None
    if departure is None or recipient is None:
        return
    texts = Texts(departure.admin.language)
    key = "attach.missing_scope" if code == "missing_scope" else "attach.refused"
    text = texts.t(key, leaver=departure.leaver.name, number=departure.number, code=code)
    outbox.put_once(
        connection,
        f"{departure.id}:unattached@{pending.surface}",
        departure_id=departure.id,
        surface=pending.surface,
        recipient=recipient,
        body=CARD.dump_json(Card(text, (Paragraph((text,)),))).decode(),
        now=now,
    )
