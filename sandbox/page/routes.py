"""The page's addresses: the whole page, its regions, what people do, and the events that keep it fresh."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.page.chat_screen import linked
from sandbox.page.desk import Desk
from sandbox.page.place import Place
from sandbox.page.record_screen import HEADERS
from sandbox.page.screen import Screen
from sandbox.slack.model import SlackError

if TYPE_CHECKING:
    from sandbox.town import Town

_STATIC: Final = Path(__file__).parent / "static"
_BEAT_SECONDS: Final = 0.2


class PageRoutes:
    """The handlers of the page of one town."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.desk = Desk(town)
        self.screen = Screen(town)

    async def page(self, request: Request) -> Response:
        place = Place.of(request.query_params)
        if channel := request.query_params.get("channel"):
            return self._linked(channel, place)
        return HTMLResponse(self.screen.page(place), headers=HEADERS)

    def _linked(self, channel: str, place: Place) -> Response:
        """The end of a permalink: the conversation as the page addresses it, with the message to look at."""
        try:
            there = linked(self.town.workspace, channel, place.message, place.person)
        except LookupError as missing:
            raise HTTPException(404, "There is no such conversation.") from missing
        return RedirectResponse(there.link(message=place.message), headers=HEADERS)

    async def regions(self, request: Request) -> Response:
        """The regions that `regions` names, rendered anew, as a JSON object of HTML."""
        names = request.query_params.get("regions", "").split(",")
        return JSONResponse(self.screen.regions(Place.of(request.query_params), names), headers=HEADERS)

    async def file(self, request: Request) -> Response:
        """A file that the bot has shared; always offered for download, never shown as a page."""
        file = self.town.workspace.files.get(request.path_params["file_id"])
        if file is None or not file.shared:
            raise HTTPException(404, "There is no such file.")
        headers = {"content-disposition": f'attachment; filename="{_file_name(file.name)}"'}
        return Response(file.content, media_type="application/octet-stream", headers=HEADERS | headers)

    async def act(self, request: Request) -> Response:
        """Do what somebody at the page wants done. Only this page may ask: others cannot send JSON here unasked."""
        action = self.desk.actions.get(request.path_params["action"])
        if action is None:
            raise HTTPException(404, "There is no such action.")
        if request.headers.get("content-type") != "application/json" or not self._is_ours(request):
            raise HTTPException(403, "Only the page itself may do that.")
        try:
            return JSONResponse(await action(await request.json()), headers=HEADERS)
        except (LookupError, ValueError, SlackError) as refusal:
            return JSONResponse({"error": _sentence(refusal)}, status_code=409, headers=HEADERS)

    async def complete(self, request: Request) -> Response:
        options = await self.desk.complete(request.query_params)
        return JSONResponse([one.json() for one in options], headers=HEADERS)

    async def options(self, request: Request) -> Response:
        try:
            options = await self.desk.options(request.query_params)
        except (LookupError, SlackError) as refusal:
            return JSONResponse({"error": _sentence(refusal)}, status_code=409, headers=HEADERS)
        return JSONResponse([one.json() for one in options], headers=HEADERS)

    async def events(self, _request: Request) -> Response:
        """Server-sent events: the names of the regions that have changed."""
        headers = HEADERS | {"x-accel-buffering": "no"}
        return StreamingResponse(self._changes(), media_type="text/event-stream", headers=headers)

    async def _changes(self) -> AsyncIterator[str]:
        seen = self.screen.versions()
        yield "retry: 1000\n\n"
        while not self.town.closing.is_set():
            now = self.screen.versions()
            if changed := [name for name, version in now.items() if version != seen[name]]:
                yield f"data: {json.dumps(changed)}\n\n"
            seen = now
            await asyncio.sleep(_BEAT_SECONDS)

    def _is_ours(self, request: Request) -> bool:
        """Whether the browser says that this town's own page asks; clients that are no browsers say nothing."""
        origin = request.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def page_routes(town: "Town") -> list[BaseRoute]:
    """All routes of the page, but for those of records."""
    page = PageRoutes(town)
    return [
        Route("/", page.page),
        Route("/town/regions", page.regions),
        Route("/town/act/{action}", page.act, methods=["POST"]),
        Route("/town/complete", page.complete),
        Route("/town/options", page.options),
        Route("/town/events", page.events),
        Route("/town/file/{file_id}", page.file),
        Mount("/town/static", StaticFiles(directory=_STATIC)),
    ]


def _sentence(refusal: Exception) -> str:
    return str(refusal.args[0]) if refusal.args else "That is not possible now."


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name)
