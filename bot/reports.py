"""Reports by link, for chat products that take no files.

Whoever has the link can read, so it is long, signed, ends after some months, and is sent to those alone who run the
departure. The signature's key is derived from a secret in the database.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Response
from sqlalchemy import Connection

from bot.store import cases, departures, secrets
from bot.store.attachments import of_closed
from bot.store.cases import Document
from bot.store.database import Database
from bot.store.outbox import Message
from handlers.elements import Actions, Card, LinkButton
from handlers.people import Person
from handlers.texts import Texts

_LIVES: Final = timedelta(days=90)
_PURPOSE: Final = b"offboard report links, 1"
_CSV: Final = ".csv"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Reports:
    """Makes links and serves what they lead to. `surfaces` names the chat products whose closed cards get links."""

    def __init__(
        self, database: Database, *, public_url: str | None, surfaces: Collection[str], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._url = public_url.rstrip("/") if public_url else None
        self._surfaces = surfaces
        self._now = now
        self._key: bytes | None = None

    async def start(self) -> None:
        """Read the secret, which the first start makes. Before that no link is valid."""
        secret = await self._database.write(secrets.obtain, "reports")
        self._key = hmac.digest(secret, _PURPOSE, hashlib.sha256)

    async def dressed(self, message: Message, card: Card) -> Card:
        """A closed card with links to report and ledger, for the person that it goes to."""
        if self._url is None or message.surface not in self._surfaces or not of_closed(message):
            return card
        departure = await self._database.read(departures.load, message.departure_id or "")
        reader = departure and cases.reader_of(departure, message.surface, message.recipient)
        if not departure or not reader:
            return card
        texts = Texts(reader.language, reader.time_zone)
        page, rows = self.link(departure.id, reader), self.link(departure.id, reader, suffix=_CSV)
        buttons = (LinkButton(texts.t("button.report"), page), LinkButton(texts.t("button.ledger"), rows))
        return replace(card, elements=(*card.elements, Actions(buttons)))

    def link(self, departure_id: str, reader: Person, *, suffix: str = "") -> str:
        """Language and zone are for the reader's comfort; they open nothing, so they are not signed."""
        query = urlencode({"language": reader.language, "zone": reader.time_zone})
        return f"{self._url}/reports/{departure_id}/{self._signature(departure_id)}{suffix}?{query}"

    def router(self) -> APIRouter:
        router = APIRouter()

        @router.get("/reports/{departure_id}/{signature}")
        async def show(departure_id: str, signature: str, language: str = "en", zone: str = "UTC") -> Response:
            """404 whatever is wrong: it tells nothing about what there is."""
            bare = signature.removesuffix(_CSV)
            if self._key is None or not hmac.compare_digest(bare.encode(), self._signature(departure_id).encode()):
                raise HTTPException(404)
            texts = None if signature.endswith(_CSV) else Texts(language, zone)
            found = await self._database.read(_document, departure_id, texts, since=self._now() - _LIVES)
            if found is None:
                raise HTTPException(404)
            shown = "inline" if texts else "attachment"
            headers = {**_HEADERS, "Content-Disposition": f'{shown}; filename="{found.name}"'}
            return Response(found.content, media_type=found.media_type, headers=headers)

        return router

    def _signature(self, departure_id: str) -> str:
        digest = hmac.digest(self._key or b"", departure_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _document(connection: Connection, departure_id: str, texts: Texts | None, *, since: datetime) -> Document | None:
    """The report, or without texts the ledger, of a departure that ended since then."""
    ended = cases.ended_at(connection, departure_id)
    if ended is None or ended < since:
        return None
    return cases.report(connection, departure_id, texts) if texts else cases.ledger_file(connection, departure_id)
