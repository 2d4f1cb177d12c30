"""A Cliq organisation whose app answers as a test decides. Nothing leaves the process."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from sandbox.cliq.client import Client
from sandbox.cliq.hall import Hall
from sandbox.cliq.model import Message, OpenForm
from sandbox.cliq.responses import routes
from sandbox.cliq.seed import install
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.wire import Wire
from sandbox.zoho.meter import Limits
from sandbox.zoho.oauth import Accounts

BASE = "http://town.test"
APP_URL = f"{BASE}/service?s=the-secret"
# One for all tests: making a key takes longer than a test.
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Json = dict[str, Any]


@dataclass
class App:
    """Stands in for the service: keeps what it is sent and answers as the test says."""

    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    slow: float = 0.0

    async def __call__(self, request: Request) -> Response:
        self.requests.append((dict(request.headers), await request.body()))
        await asyncio.sleep(self.slow)
        return self.answers.pop(0) if self.answers else Response(status_code=204)

    def answer(self, *outputs: Any) -> None:
        self.answers += [JSONResponse({"output": output}) for output in outputs]

    @property
    def heard(self) -> list[Json]:
        return [json.loads(body) for _, body in self.requests]

    @property
    def last(self) -> Json:
        return self.heard[-1]

    @property
    def params(self) -> Json:
        params: Json = self.last["params"]
        return params


@dataclass
class Rig:
    hall: Hall
    app: App
    http: httpx.AsyncClient

    def person(self, key: str) -> Client:
        return Client(self.hall, self.hall.by_key(key).id)

    @property
    def general(self) -> str:
        return self.hall.channel("general").id

    def posted(self, content: Json, *, sender: str | None = None) -> Message:
        """A message of the bot in the general channel."""
        return self.hall.post(self.hall.chat(self.general), content, sender=sender or self.hall.bot_sender)

    async def opened(self, content: Json, key: str = "ada") -> OpenForm:
        """The form, as the answer to a command."""
        self.app.answer(content)
        await self.person(key).command(self.general, "/offboard")
        assert self.hall.refusals == []
        return self.person(key).forms()[-1]

    def permit(self, kind: str, name: str, handler: str, permissions: list[str]) -> None:
        component = self.hall.component(kind, name)
        assert component is not None
        found = next(each for each in component.handlers if each.type == handler)
        found.permissions = permissions


def verified(hall: Hall, signature: str, body: bytes) -> bool:
    key = load_der_public_key(base64.b64decode(hall.public_key))
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(base64.b64decode(signature), body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    app, clock = App(), Clock()
    accounts = Accounts(clock=clock, limits=Limits())
    hall = Hall(clock=clock, faults=Faults(), public_url=BASE, app_url=APP_URL, accounts=accounts, wire=Wire())
    install(hall, APP_URL)
    hall.courier.key = KEY
    town = Starlette(routes=[Mount("/cliq", routes=routes(hall)), Route("/service", app.__call__, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(town)) as http:
        hall.courier._client = http
        yield Rig(hall, app, http)


def button(label: str = "Approve", **more: Any) -> Json:
    action = {"type": "invoke.function", "data": {"name": "offboardbutton"}}
    return {"label": label, "type": "+", "key": label.lower(), "action": action, **more}


def form(*inputs: Json, **more: Any) -> Json:
    action = {"type": "invoke.function", "name": "offboardform"}
    return {
        "type": "form",
        "name": "start",
        "title": "Start",
        "actions": {"submit": action},
        "inputs": [*inputs],
        **more,
    }


def text(name: str = "note", **more: Any) -> Json:
    return {"type": "text", "name": name, "label": "Note", "placeholder": "Why?", **more}


def choice(kind: str = "select", name: str = "backup", **more: Any) -> Json:
    options = [{"label": "Yes", "value": "yes"}, {"label": "No", "value": "no"}]
    return {"type": kind, "name": name, "label": "Backup", "placeholder": "Pick", "options": options, **more}


def search(name: str = "successor", **more: Any) -> Json:
    return {"type": "dynamic_select", "name": name, "label": "Successor", "placeholder": "A name", **more}
