"""Stands in for the bot in Cliq: answers what the page makes Cliq deliver as a test says."""

import json
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.cliq.client import Client
from sandbox.cliq.model import Message
from sandbox.town import Town

Json = dict[str, Any]


class CliqApp:
    """`heard` are the payloads, oldest first."""

    def __init__(self, town: Town) -> None:
        self.hall = town.hall
        self.heard: list[Json] = []
        self.answers: list[Any] = []
        town.hall.courier._client = httpx.AsyncClient(transport=httpx.ASGITransport(self._asgi))

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        self.heard.append(json.loads(await Request(scope, receive).body()))
        response = JSONResponse({"output": self.answers.pop(0)}) if self.answers else Response(status_code=204)
        await response(scope, receive, send)

    def posts(self, key: str, **content: Any) -> Message:
        """The bot writes to somebody."""
        hall = self.hall
        return hall.post(hall.direct(hall.by_key(key).id), content, sender=hall.bot_sender)

    def person(self, key: str) -> Client:
        return Client(self.hall, self.hall.by_key(key).id)


def button(label: str, **more: Any) -> Json:
    action = {"type": "invoke.function", "data": {"name": "offboardbutton"}, **more.pop("action", {})}
    return {"label": label, "key": label.lower(), "action": action, **more}


def form(*inputs: Json, **more: Any) -> Json:
    action = {"type": "invoke.function", "name": "offboardform"}
    return {"type": "form", "name": "start", "title": "Choose", "action": action, "inputs": [*inputs], **more}
