"""What happens to a delivery once it is stored: decided, answered, marked as done; taken up again after a crash."""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from pydantic import TypeAdapter

from bot.chat.precedence import Line, Precedence
from bot.chat.surface import AnswerLost, FieldErrors, Refused, Surface, SurfaceError, TryLater
from bot.store import inbox
from bot.store.database import Database
from bot.store.inbox import Inbox, InboxState
from connectors.base import ConnectorError, Unavailable
from handlers import cards, intents
from handlers.conversation import Answer, Conversation, Fields, Reply, ShowForm, ShowHome
from handlers.elements import Choice
from handlers.intents import Actor, Delivery, ReplyTo, Token
from handlers.refusal import Refusal
from handlers.texts import Texts

log = structlog.get_logger("offboard.receiver")

_TRIES: Final = 8
_AT_ONCE: Final = 8
_LOOK_EVERY: Final = 1.0  # seconds between two looks for deliveries whose time has come again
_ANSWER_TRIES: Final = 3
_FORM_SECONDS: Final = 2.2  # Slack shows an error after three
_INTENTS: Final[dict[str, TypeAdapter[Any]]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (
        intents.Start, intents.Help, intents.ListOpen, intents.Status, intents.Cancel, intents.Misunderstood,
        intents.Press, intents.Submit, intents.OpenHome,
    )
}  # fmt: skip
_ACTOR: Final = TypeAdapter(Actor)
_REPLY_TO: Final = TypeAdapter(ReplyTo)


def delivery_to_json(delivery: Delivery) -> str:
    kind = type(delivery.intent).__name__
    return json.dumps(
        {
            "id": delivery.id,
            "actor": _ACTOR.dump_python(delivery.actor),
            "reply": _REPLY_TO.dump_python(delivery.reply),
            "kind": kind,
            "intent": _INTENTS[kind].dump_python(delivery.intent, mode="json"),
        }
    )


def delivery_from_json(text: str) -> Delivery:
    raw = json.loads(text)
    return Delivery(
        raw["id"],
        _ACTOR.validate_python(raw["actor"]),
        _INTENTS[raw["kind"]].validate_python(raw["intent"]),
        _REPLY_TO.validate_python(raw["reply"]),
    )


class Receiver:
    """Implements `bot.chat.surface.Door`: a delivery is stored first, then worked on, at most `_AT_ONCE` at a time."""

    def __init__(
        self,
        *,
        database: Database,
        conversation: Conversation,
        surfaces: Mapping[str, Surface],
        language: str,
        now: Callable[[], datetime],
        precedence: Precedence | None = None,
    ) -> None:
        self._database = database
        self._inbox = Inbox(database)
        self._conversation = conversation
        self._surfaces = surfaces
        self._texts = Texts(language)
        self._now = now
        self._precedence = precedence or Precedence()
        self._line = Line(self._precedence)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._working: dict[str, asyncio.Task[FieldErrors | None]] = {}
        self._ended: set[str] = set()  # since `run` looked last: what it read may be older than that
        self._open_forms: set[str] = set()  # deliveries whose window can still show what is wrong

    async def receive(self, delivery: Delivery) -> None:
        if await self._store(delivery):
            self._begin(delivery, tried=0)

    async def submit(self, delivery: Delivery) -> FieldErrors | None:
        if not await self._store(delivery):
            return None
        self._open_forms.add(delivery.id)
        work = self._begin(delivery, tried=0)
        done, _ = await asyncio.wait({work}, timeout=_FORM_SECONDS)
        self._open_forms.discard(delivery.id)
        return work.result() if done else None

    async def suggest(self, actor: Actor, token: Token, field: str, query: str) -> tuple[Choice, ...]:
        """No matches for somebody who may not ask, or while the CRM cannot be asked."""
        try:
            return await self._conversation.suggest(actor, token, query) if field == "successor" else ()
        except (Refusal, ConnectorError, SurfaceError) as error:
            log.info("suggest.empty", reason=str(error))
            return ()

    async def run(self) -> None:
        """Take up what an earlier process left, and what waits for another try; until cancelled."""
        while True:
            self._ended.clear()
            rows = await self._database.read(inbox.unfinished, self._now(), 50)
            for row in rows:
                if row.id in self._working or row.id in self._ended:
                    continue
                if row.state is InboxState.DECIDED:
                    await self._database.write(inbox.finish, row.id)
                else:
                    self._begin(delivery_from_json(row.body), tried=row.attempts)
            await asyncio.sleep(_LOOK_EVERY)

    async def drain(self) -> None:
        """Wait for what is being worked on."""
        while self._working:
            await asyncio.wait(set(self._working.values()))

    async def _store(self, delivery: Delivery) -> bool:
        self._precedence.delivery()
        fresh = await self._inbox.add(
            delivery.id, delivery.actor.surface, body=delivery_to_json(delivery), received_at=self._now()
        )
        self._precedence.delivery()  # its acknowledgement leaves now, and a busy person sends the next
        return fresh

    def _begin(self, delivery: Delivery, *, tried: int) -> "asyncio.Task[FieldErrors | None]":
        running = self._working.get(delivery.id)
        if running:
            return running
        task = asyncio.create_task(self._work(delivery, tried))
        self._working[delivery.id] = task
        task.add_done_callback(lambda _: self._end(delivery.id))
        return task

    def _end(self, delivery_id: str) -> None:
        self._working.pop(delivery_id, None)
        self._ended.add(delivery_id)

    async def _work(self, delivery: Delivery, tried: int) -> FieldErrors | None:
        if delivery.id not in self._open_forms:  # there, somebody waits for the decision itself
            await self._line.turn()
        async with self._slots:
            try:
                answer = await self._conversation.handle(delivery)
            except (Unavailable, TryLater, AnswerLost) as error:
                await self._try_again(delivery, tried, error)
                return None
            except Exception as error:  # noqa: BLE001 — the outermost edge: whoever asked must get an answer
                await self._give_up(delivery, error)
                return None
            if not isinstance(answer, Fields):
                await self._tell(delivery, answer)
            await self._database.write(inbox.finish, delivery.id)
            if isinstance(answer, Fields):
                if delivery.id in self._open_forms:
                    return FieldErrors(answer.errors)
                await self._tell(delivery, Reply(answer.card))
        return None

    async def _try_again(self, delivery: Delivery, tried: int, error: ConnectorError | SurfaceError) -> None:
        if tried + 1 >= _TRIES:
            await self._give_up(delivery, error)
            return
        if tried == 0:
            await self._tell(delivery, Reply(cards.please_wait_card(await self._texts_for(delivery))))
        pause = min(getattr(error, "retry_after", None) or 2.0**tried, 60.0)
        log.warning("delivery.retry", delivery=delivery.id, code=error.code, wait=pause)
        await self._database.write(inbox.retry, delivery.id, self._now() + timedelta(seconds=pause))

    async def _give_up(self, delivery: Delivery, error: Exception) -> None:
        reference = secrets.token_hex(4)
        log.error("delivery.failed", delivery=delivery.id, reference=reference, exc_info=error)
        await self._tell(delivery, Reply(cards.error_card(await self._texts_for(delivery), reference)))
        await self._database.write(inbox.fail, delivery.id, reference)

    async def _tell(self, delivery: Delivery, answer: Answer) -> None:
        """Show the answer to its sender. An answer that cannot be shown changes nothing of what was decided."""
        surface = self._surfaces[delivery.actor.surface]
        for attempt in range(_ANSWER_TRIES):
            try:
                await self._show(surface, delivery, answer)
            except TryLater as error:
                await asyncio.sleep(min(error.retry_after or 0.5 * 2**attempt, 5.0))
            except AnswerLost:
                return  # it may stand there already; twice would be worse
            except Refused as error:
                log.warning("answer.refused", delivery=delivery.id, code=error.code)
                if error.code == "expired" and isinstance(answer, ShowForm):
                    await self._tell(delivery, Reply(cards.form_too_late_card(await self._texts_for(delivery))))
                return
            else:
                return
        log.warning("answer.lost", delivery=delivery.id)

    async def _texts_for(self, delivery: Delivery) -> Texts:
        """In the person's language, if the chat product can say which; else in the operator's."""
        try:
            person = await self._surfaces[delivery.actor.surface].person(delivery.actor.id)
        except SurfaceError:
            person = None
        return Texts(person.language, person.time_zone) if person else self._texts

    async def _show(self, surface: Surface, delivery: Delivery, answer: Answer) -> None:
        match answer:
            case Reply(card):
                await surface.reply(delivery.actor.id, delivery.reply, card)
            case ShowForm(form):
                await surface.open_form(delivery.reply, form)
            case ShowHome(card):
                await surface.publish_home(delivery.actor.id, card)
            case _:
                return


def acknowledgement(texts: Texts, delivery: Delivery) -> str:
    """The line that a person sees at once after a command, before anything was looked up."""
    return texts.t("command.received") if isinstance(delivery.intent, intents.Start) else ""
