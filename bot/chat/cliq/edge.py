"""Cliq's way in: verify, read, hand to the door, and answer with what the person is to see.

    POST /cliq/events ─▶ verify ─▶ payloads.read ─▶ Door.ask ─▶ {"output": …}

In Cliq the answer to a delivery is where a form opens and where the clicked card changes. So the edge stores the
delivery, waits for the decision within Cliq's budget of fifteen seconds, and answers; what takes longer goes to the
delivery's response URL. Nothing happens after the answer that is not in the store.

An answer to a mention of the bot would be read by the whole channel. It goes to whoever asked, as a message of its own.
https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
"""

import asyncio
from dataclasses import replace
from typing import Any, Final

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.chat.cliq import render
from bot.chat.cliq.payloads import Inbound, Suggest, Widget, overheard, people, read
from bot.chat.cliq.surface import CliqSurface
from bot.chat.cliq.verify import Verifier, parse
from bot.chat.surface import Door, Late, Repeated, Shown, Standing
from bot.inbound import Ignored, Malformed, Search
from bot.web import body_of, refusal, too_long
from handlers.conversation import Fields, Reply, ShowForm, ShowHome
from handlers.elements import Card
from handlers.intents import Delivery, Press, ReplyTo, Submit

_log = structlog.get_logger(__name__)

PATH: Final = "/cliq/events"
_SECONDS: Final = 10.0  # of Cliq's fifteen, which begin before the delivery arrives here
_SUGGEST_SECONDS: Final = 5.0
Json = dict[str, Any]


class CliqEdge:
    """Hands what Cliq sends to a `Door`.

    `late` is what a person reads when the answer takes longer, `saved` what a filled form is answered with.
    """

    def __init__(
        self,
        door: Door,
        surface: CliqSurface,
        verifier: Verifier,
        *,
        late: str,
        saved: str,
    ) -> None:
        self._door = door
        self._surface = surface
        self._verifier = verifier
        self._late = late
        self._saved = saved

    def router(self) -> APIRouter:
        """The one route, to be included in the service's app."""
        router = APIRouter()
        router.add_route(PATH, self.handle, methods=["POST"])
        return router

    async def handle(self, request: Request) -> Response:
        """Answer one HTTP request."""
        body = await body_of(request)
        if body is None:
            return too_long()
        verdict = self._verifier.accepts(body, request.headers, request.query_params)
        if not verdict:
            _log.warning("cliq_delivery_refused", verdict=str(verdict))
            return refusal(401, "the signature or the secret is missing or wrong, or the delivery is too old")
        try:
            payload = parse(body)
            inbound = read(payload)
        except Malformed as error:
            _log.warning("cliq_payload_refused", reason=str(error))
            return refusal(400, str(error))
        self._surface.met(people(payload))
        try:
            output = await (self._aside(inbound) if overheard(payload) else self._output(inbound))
        except Exception:  # noqa: BLE001 — the outermost edge: Cliq must hear that it was not stored
            _log.exception("cliq_delivery_not_stored")
            return refusal(503, "the delivery could not be stored")
        return JSONResponse({"output": output})

    async def _aside(self, inbound: Inbound) -> Any:
        """Without a response URL, by which the channel would be answered, the surface writes to the person."""
        if not isinstance(inbound, Delivery):
            return await self._output(inbound)
        await self._door.receive(replace(inbound, reply=ReplyTo()))
        return render.banner(self._late, ok=True)

    async def _output(self, inbound: Inbound) -> Any:
        match inbound:
            case Ignored(reason):
                _log.debug("cliq_payload_ignored", reason=reason)
                return ""
            case Search():
                return await self._options(inbound)
            case Suggest(_, text):
                return render.suggestions(text)
            case Widget(delivery=delivery):
                return self._in_widget(delivery, await self._door.ask(delivery, within=_SECONDS))
            case _:
                return self._shown(inbound, await self._door.ask(inbound, within=_SECONDS))

    async def _options(self, search: Search) -> Json:
        try:
            async with asyncio.timeout(_SUGGEST_SECONDS):
                found = await self._door.suggest(search.actor, search.token, search.field, search.query)
        except TimeoutError:
            _log.warning("cliq_suggestions_late", field=search.field)
            found = ()
        return render.options(found)

    def _in_widget(self, delivery: Delivery, shown: Shown) -> Any:
        """A message has no place there: https://www.zoho.com/cliq/help/platform/widget-execution-handler.html"""
        match shown:
            case Reply(card) | ShowHome(card):
                return render.widget(card)
            case Late():
                return render.widget(Card(self._late, ()))
            case _:
                return self._shown(delivery, shown)

    def _shown(self, delivery: Delivery, shown: Shown) -> Any:
        """The answer in Cliq's terms. A click or a form that leaves nothing to show was heard all the same."""
        match shown:
            case Reply(card) | ShowHome(card):
                return render.message(card)
            case ShowForm(form):
                return render.form(form)
            case Fields(errors):
                return render.form_error(errors)
            case Standing(card, key):
                return render.edit(card, key=key)
            case Late():
                return {"text": self._late}
            case Repeated():
                return ""
            case _:
                return render.banner(self._saved, ok=True) if isinstance(delivery.intent, Press | Submit) else ""
