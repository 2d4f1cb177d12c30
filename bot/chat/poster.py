"""Posts and edits what the outbox says should stand in the chat products: each message once, edits in place."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.chat.precedence import Line, Precedence
from bot.chat.surface import AnswerLost, MessageRef, Refused, Surface, TryLater
from bot.store import outbox
from bot.store.database import Database
from bot.store.outbox import Message
from bot.store.transaction import CARD
from handlers.elements import Card

log = structlog.get_logger("offboard.poster")

_LOOK_EVERY: Final = 0.5  # seconds, when nobody wakes us earlier
_LOOK_BACK: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = 60.0


async def _as_it_is(_message: Message, card: Card) -> Card:
    return card


class Poster:
    """Serves the outbox until cancelled. One recipient gets messages in order; nobody waits for other recipients.

    `dress` adds to a card what the outbox should not hold.
    """

    def __init__(
        self,
        database: Database,
        surfaces: Mapping[str, Surface],
        *,
        now: Callable[[], datetime],
        precedence: Precedence | None = None,
        dress: Callable[[Message, Card], Awaitable[Card]] = _as_it_is,
    ) -> None:
        self._database = database
        self._dress = dress
        self._line = Line(precedence or Precedence())
        self._surfaces = surfaces
        self._now = now
        self._wake = asyncio.Event()
        self._edited: dict[str, float] = {}
        # Messages of which nobody knows whether they stand in their channel, and when to ask again.
        self._doubtful: dict[str, tuple[Message, float]] = {}

    def wake(self) -> None:
        """There is something new to post."""
        self._wake.set()

    async def run(self) -> None:
        await self._recover()
        while True:
            self._wake.clear()
            await self.post_due()
            try:
                await asyncio.wait_for(self._wake.wait(), _LOOK_EVERY)
            except TimeoutError:
                continue

    async def post_due(self) -> None:
        """Post and edit everything that is due now."""
        await self._ask_again()
        groups: dict[tuple[str, str], list[Message]] = {}
        for message in await self._database.read(outbox.due, self._now(), 100):
            pause = self._surfaces[message.surface].edit_every
            if message.message_id and time.monotonic() - self._edited.get(message.key, 0.0) < pause:
                continue
            groups.setdefault((message.surface, message.recipient), []).append(message)
        # All end before a fault is raised, so that none is at work when interrupted messages are looked for.
        ends = await asyncio.gather(*(self._serve(messages) for messages in groups.values()), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _ask_again(self) -> None:
        asked = [message for message, at in self._doubtful.values() if at <= time.monotonic()]
        for message in asked:
            del self._doubtful[message.key]
            await self._settle(message)

    async def _recover(self) -> None:
        """What a crash left half-way may stand in the channel already: look before anything is posted again."""
        self._doubtful.clear()
        for message in await self._database.read(outbox.interrupted):
            await self._settle(message)

    async def _serve(self, messages: list[Message]) -> None:
        for message in messages:
            await self._line.turn()
            claimed = await self._database.write(outbox.claim, message.key)
            if claimed and not await self._send(claimed):
                return  # what comes later waits its turn

    async def _send(self, message: Message) -> bool:
        surface = self._surfaces[message.surface]
        card = await self._dress(message, CARD.validate_json(message.body))
        try:
            if message.channel and message.message_id:
                reference = MessageRef(message.channel, message.message_id)
                await surface.edit(reference, card, key=message.key)
                self._edited[message.key] = time.monotonic()
            else:
                await self._place(surface, message)
                reference = await surface.post(message.recipient, card, key=message.key)
        except TryLater as error:
            await self._later(message, error.code, error.retry_after)
            return False
        except AnswerLost:
            return await self._settle(message)
        except Refused as error:
            log.warning("message.refused", **_ids(message), code=error.code)
            await self._database.write(outbox.give_up, message.key, error.code)
            return True
        await self._stands(message, reference)
        return True

    async def _place(self, surface: Surface, message: Message) -> None:
        """Note where the first message to somebody will stand: after a crash it is looked for there."""
        if message.channel or await self._database.read(outbox.known_channel, message.surface, message.recipient):
            return
        if channel := await surface.place(message.recipient):
            await self._database.write(outbox.placed, message.key, channel)

    async def _settle(self, message: Message) -> bool:
        """Find out whether a message whose fate is unknown stands in its channel."""
        if message.message_id:  # an edit can be repeated
            await self._later(message, "interrupted", 0.0)
            return True
        try:
            since = message.created_at - _LOOK_BACK
            channel = await self._database.read(outbox.known_channel, message.surface, message.recipient)
            surface = self._surfaces[message.surface]
            found = await surface.find(message.recipient, key=message.key, since=since, channel=channel)
        except (TryLater, AnswerLost) as error:
            pause = min(getattr(error, "retry_after", None) or 1.0, _LONGEST_PAUSE)
            log.warning("message.unknown", **_ids(message), code=error.code, wait=pause)
            self._doubtful[message.key] = message, time.monotonic() + pause
            return False
        except Refused as error:
            log.warning("message.refused", **_ids(message), code=error.code)
            await self._database.write(outbox.give_up, message.key, error.code)
            return True
        if found is None:
            await self._later(message, "interrupted", 0.0)
            return False
        # The card may have been an older version: it is edited to the newest.
        await self._stands(message, found, version=1)
        return True

    async def _stands(self, message: Message, reference: MessageRef, *, version: int | None = None) -> None:
        await self._database.write(
            outbox.posted,
            message.key,
            message.version if version is None else version,
            channel=reference.channel,
            message_id=reference.message_id,
        )

    async def _later(self, message: Message, code: str, pause: float | None) -> None:
        pause = min(2.0**message.attempts, _LONGEST_PAUSE) if pause is None else pause
        log.warning("message.later", **_ids(message), code=code, wait=pause)
        next_at = self._now() + timedelta(seconds=pause)
        await self._database.write(outbox.retry, message.key, next_at=next_at, error=code)


def _ids(message: Message) -> dict[str, object]:
    """What a log may say of a message: its key has the address of whoever gets it."""
    return {"departure": message.departure_id, "message": message.seq}
