"""What happens to a delivery once it is stored: decided, answered, marked as done; taken up again after a crash."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, get_args

import structlog
from pydantic import TypeAdapter
from sqlalchemy.exc import OperationalError

from bot.chat.precedence import Line, Precedence
from bot.chat.surface import (
    AnswerLost,
    FieldErrors,
    Late,
    Refused,
    Repeated,
    Shown,
    Standing,
    Surface,
    SurfaceError,
    TryLater,
)
from bot.store import inbox, outbox
from bot.store.database import Database
from bot.store.inbox import Inbox, InboxState
from bot.store.transaction import CARD
from connectors.base import ConnectorError, Unavailable
from handlers import cards, intents
from handlers.conversation import Answer, Conversation, Fields, Reply, ShowForm, ShowHome
from handlers.elements import Card, Choice
from handlers.intents import Actor, Delivery, ReplyTo, Token
from handlers.ports import StoreUnavailable
from handlers.refusal import Refusal
from handlers.texts import Texts

log = structlog.get_logger("offboard.receiver")

_TRIES: Final = 8
_AT_ONCE: Final = 8
_LOOK_EVERY: Final = 1.0  # seconds between two looks for deliveries whose time has come again
_LONGEST_PAUSE: Final = 600.0  # seconds before another try; for as long does Cliq close after one call too many
_ANSWER_TRIES: Final = 3
_ANSWER_PAUSE: Final = 2.0  # seconds: what takes longer goes by the outbox
_FORM_SECONDS: Final = 2.2  # Slack shows an error after three
_SILENCE: Final = 8.0  # seconds after which somebody who has heard nothing is asked for patience
_STORE_PAUSE: Final = 5.0  # seconds before a delivery is taken up again while the store is away
_INTENTS: Final[dict[str, TypeAdapter[Any]]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(intents.Intent)}
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
        self._working: dict[str, asyncio.Task[Answer]] = {}
        self._ended: set[str] = set()  # since `run` looked last: what it read may be older than that
        # Deliveries whose sender still waits, and the kinds of answers that can be shown there.
        self._awaited: dict[str, tuple[type, ...]] = {}
        # Deliveries not settled yet whose sender has had the answer, or has been asked for patience.
        self._told: set[str] = set()
        self._patient: set[str] = set()

    async def receive(self, delivery: Delivery) -> None:
        if await self._store(delivery):
            self._begin(delivery, tried=0)

    async def submit(self, delivery: Delivery) -> FieldErrors | None:
        answer = await self._await(delivery, (Fields,), _FORM_SECONDS)
        return FieldErrors(answer.errors) if isinstance(answer, Fields) else None

    async def ask(self, delivery: Delivery, *, within: float) -> Shown:
        answer = await self._await(delivery, (Reply, ShowForm, ShowHome, Fields), within)
        return (await self._standing(delivery) or answer) if answer is None or answer == Repeated() else answer

    async def _await(self, delivery: Delivery, kinds: tuple[type, ...], seconds: float) -> Answer | Repeated | Late:
        """The answer, where it is of these kinds; others are shown by the surface."""
        until = time.monotonic() + seconds
        storing = asyncio.ensure_future(self._store(delivery))
        if not (await asyncio.wait({storing}, timeout=seconds))[0]:
            raise StoreUnavailable("slow")  # what is stored after all is taken up by `run`
        if not storing.result():
            return Repeated()
        self._awaited[delivery.id] = kinds
        work = self._begin(delivery, tried=0)
        try:
            done, _ = await asyncio.wait({work}, timeout=max(until - time.monotonic(), 0.0))
        finally:  # whoever asked may be gone: then the surface shows the answer
            self._awaited.pop(delivery.id, None)
        return work.result() if done else Late()

    async def _standing(self, delivery: Delivery) -> Standing | None:
        """The message that was clicked, if it is one of ours."""
        reply = delivery.reply
        if not (reply.channel and reply.trigger_id):
            return None
        message = await self._database.read(outbox.standing, delivery.actor.surface, reply.channel, reply.trigger_id)
        return Standing(CARD.validate_json(message.body), message.key) if message else None

    async def suggest(self, actor: Actor, token: Token, field: str, query: str) -> tuple[Choice, ...]:
        """No matches for somebody who may not ask, or while the CRM cannot be asked."""
        try:
            known = field.partition(".")[0] == "successor"
            return await self._conversation.suggest(actor, token, query, field) if known else ()
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

    def _begin(self, delivery: Delivery, *, tried: int) -> "asyncio.Task[Answer]":
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

    async def _work(self, delivery: Delivery, tried: int) -> Answer:
        """What the waiting sender is to see; what cannot be shown there has been shown by the surface."""
        if delivery.id not in self._awaited:  # there, somebody waits for the decision itself
            await self._line.turn()
        answer, fault = await self._outcome(delivery)
        match fault:
            case None:
                pass
            case Unavailable() | TryLater() | AnswerLost():
                return await self._try_again(delivery, tried, fault)
            case StoreUnavailable() | OperationalError():
                return await self._store_away(delivery, fault)
            case _:
                return await self._give_up(delivery, fault)
        if not isinstance(answer, self._awaited.get(delivery.id, ())):
            await self._tell_once(delivery, answer)
            answer = None
        await self._settle(inbox.finish, delivery.id)
        return await self._offer(delivery, answer)

    async def _outcome(self, delivery: Delivery) -> tuple[Answer, Exception | None]:
        """Only the decision takes a place among those at work at once: a slow chat product holds nobody up."""
        async with self._slots:
            try:
                return await self._handled(delivery), None
            except Exception as fault:  # noqa: BLE001 — the outermost edge: whoever asked must get an answer
                return None, fault

    async def _handled(self, delivery: Delivery) -> Answer:
        """The conversation's answer; somebody who hears nothing for some seconds is told that it takes longer."""
        work = asyncio.create_task(self._conversation.handle(delivery))
        try:
            done, _ = await asyncio.wait({work}, timeout=_SILENCE)
            if not done and delivery.id not in self._awaited:
                await self._ask_for_patience(delivery)
            return await work
        finally:
            work.cancel()

    async def _ask_for_patience(self, delivery: Delivery) -> Answer:
        """Once for each delivery, however often it is tried."""
        if delivery.id in self._patient:
            return None
        self._patient.add(delivery.id)
        return await self._offer(delivery, Reply(cards.please_wait_card(await self._texts_for(delivery))))

    async def _settle(self, change: Callable[..., None], delivery_id: str, *values: str) -> None:
        """Note how it ended. While the store takes no writes the delivery stays, and comes again."""
        try:
            await self._database.write(change, delivery_id, *values)
        except OperationalError as error:
            log.warning("delivery.not_settled", delivery=delivery_id, error=type(error.orig).__name__)
            return
        self._told.discard(delivery_id)
        self._patient.discard(delivery_id)

    async def _tell_once(self, delivery: Delivery, answer: Answer) -> None:
        """A delivery that could not be settled is worked on again: its sender has the answer already."""
        if delivery.id not in self._told:
            self._told.add(delivery.id)
            await self._tell(delivery, answer)

    async def _offer(self, delivery: Delivery, answer: Answer) -> Answer:
        """The answer if its sender still waits for one of this kind; else it is told by the surface."""
        if answer is None or isinstance(answer, self._awaited.get(delivery.id, ())):
            return answer
        await self._tell(delivery, answer)
        return None

    async def _try_again(self, delivery: Delivery, tried: int, error: ConnectorError | SurfaceError) -> Answer:
        if tried + 1 >= _TRIES:
            return await self._give_up(delivery, error)
        answer = await self._ask_for_patience(delivery)
        pause = min(getattr(error, "retry_after", None) or 2.0**tried, _LONGEST_PAUSE)
        log.warning("delivery.retry", delivery=delivery.id, code=error.code, wait=pause)
        await self._database.write(inbox.retry, delivery.id, self._now() + timedelta(seconds=pause))
        return answer

    async def _store_away(self, delivery: Delivery, error: Exception) -> Answer:
        """Nothing was decided, and nothing can be noted: the delivery is taken up again once the store is back."""
        log.warning("delivery.store_away", delivery=delivery.id, error=str(error)[:80])
        answer = await self._ask_for_patience(delivery)
        await asyncio.sleep(_STORE_PAUSE)
        return answer

    async def _give_up(self, delivery: Delivery, error: Exception) -> Answer:
        reference = secrets.token_hex(4)
        log.error("delivery.failed", delivery=delivery.id, reference=reference, exc_info=error)
        answer: Answer = Reply(_sorry(await self._texts_for(delivery), reference, error))
        if not isinstance(answer, self._awaited.get(delivery.id, ())):
            await self._tell_once(delivery, answer)
            answer = None
        await self._settle(inbox.fail, delivery.id, reference)
        return answer

    async def _tell(self, delivery: Delivery, answer: Answer) -> None:
        """Show the answer to its sender. An answer that cannot be shown changes nothing of what was decided."""
        if isinstance(answer, Fields):
            answer = Reply(answer.card)
        surface = self._surfaces[delivery.actor.surface]
        for attempt in range(_ANSWER_TRIES):
            try:
                await self._show(surface, delivery, answer)
            except TryLater as error:
                if (pause := error.retry_after or 0.5 * 2**attempt) > _ANSWER_PAUSE:
                    break
                await asyncio.sleep(pause)
            except AnswerLost:
                break
            except Refused as error:
                log.warning("answer.refused", delivery=delivery.id, code=error.code)
                if error.code == "expired" and isinstance(answer, ShowForm):
                    await self._tell(delivery, Reply(cards.form_too_late_card(await self._texts_for(delivery))))
                return
            else:
                return
        await self._queue(delivery, answer)

    async def _queue(self, delivery: Delivery, answer: Answer) -> None:
        """Leave an answer to the poster, which is patient: it may come twice, and it comes."""
        if not isinstance(answer, Reply):
            log.warning("answer.lost", delivery=delivery.id)
            return
        try:
            await self._database.write(
                outbox.put_once,
                f"answer:{delivery.id}",
                departure_id=None,
                surface=delivery.actor.surface,
                recipient=delivery.actor.id,
                body=CARD.dump_json(answer.card).decode(),
                now=self._now(),
            )
        except OperationalError:
            log.warning("answer.lost", delivery=delivery.id)
        else:
            log.info("answer.queued", delivery=delivery.id)

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


def _sorry(texts: Texts, reference: str, error: Exception) -> Card:
    """Whose fault it is: a connected system's, which is named, or ours."""
    if isinstance(error, ConnectorError):
        away = isinstance(error, Unavailable)
        return cards.vendor_error_card(texts, reference, system=error.system, away=away)
    return cards.error_card(texts, reference)


def acknowledgement(texts: Texts, delivery: Delivery) -> str:
    """The line that a person sees at once after a command, before anything was looked up."""
    return texts.t("command.received") if isinstance(delivery.intent, intents.Start) else ""
