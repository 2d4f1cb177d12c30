"""A Cliq that keeps components, so far as the installer needs it; tests put into it what they are about."""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from bot.chat.cliq.client import cliq_http
from bot.chat.cliq.install import Installer, Turns
from bot.installation import Console, run
from bot.settings import Settings
from connectors.http import FixedGrant, Grant, Http
from manifests.cliq import Component, components

URL = "https://offboard.example.com"
SECRET = "correct-horse-battery"
_KINDS = {"commands": "command", "bots": "bot", "functions": "function"}
# https://www.zoho.com/cliq/help/restapi/v3/functions/: these come with the function
_FIRST = {"button": "button_handler", "form": "form_submit_handler", "widget_button": "widget_button_handler"}

Json = dict[str, Any]


@dataclass
class Cliq:
    """`refusals` are answered first: (method, a part of the path) → answers, used up one a call."""

    rows: dict[str, list[Json]] = field(default_factory=lambda: {root: [] for root in _KINDS})
    handlers: dict[str, dict[str, Json]] = field(default_factory=dict)
    channels: set[str] = field(default_factory=lambda: {"crmlog"})
    inside: set[str] = field(default_factory=set)
    hidden: tuple[str, ...] = ("execution_url",)  # what a list does not show
    page: int = 50
    refusals: dict[tuple[str, str], list[httpx.Response]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(227828000000129001))

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.requests if method != "GET"]

    def http(self, transport: httpx.AsyncBaseTransport | None = None) -> Http:
        grant = Grant("https://cliq.example", {"Authorization": "Zoho-oauthtoken t"})
        return cliq_http(FixedGrant(grant), transport=transport or httpx.MockTransport(self.serve))

    def component(self, root: str, name: str) -> Json:
        return next(row for row in self.rows[root] if row["name"] == name)

    def permissions(self, root: str, name: str) -> dict[str, list[str]]:
        there = self.handlers[self.component(root, name)["id"]]
        return {kind: each["permissions"] for kind, each in there.items()}

    def serve(self, request: httpx.Request) -> httpx.Response:
        method, path = request.method, request.url.path
        self.requests.append((method, path))
        for (refused, part), answers in self.refusals.items():
            if refused == method and part in path and answers:
                return answers.pop(0)
        body = json.loads(request.content) if request.content else {}
        match path.removeprefix("/api/").split("/"):
            case ["v2", "bots", bot, "associate"]:
                return self._associate(bot, body["channel_unique_name"])
            case ["v3", root]:
                return self._create(root, body) if method == "POST" else self._list(root, dict(request.url.params))
            case ["v3", root, number]:
                row = next(row for row in self.rows[root] if row["id"] == number)
                row.update(body)
                return shown(row)
            case ["v3", _, number, "handlers", *name]:
                return self._handler(number, name[0] if name else body["type"], method, body)
        return refusal(404, "request_url_invalid")

    def _list(self, root: str, params: Json) -> httpx.Response:
        first = int(params.get("next_token", 0))
        found = self.rows[root][first : first + self.page]
        rows = [{key: value for key, value in row.items() if key not in self.hidden} for row in found]
        more = {"next_token": str(first + self.page)} if first + self.page < len(self.rows[root]) else {}
        return httpx.Response(200, json={"type": _KINDS[root], "data": rows, **more})

    def _create(self, root: str, body: Json) -> httpx.Response:
        number = str(next(self._numbers))
        first = {"commands": "execution_handler", "bots": None}.get(root, _FIRST.get(body.get("function_type", "")))
        self.handlers[number] = {first: {"type": first, "permissions": []}} if first else {}
        given = {"unique_name": body["name"].lower() + "bot"} if root == "bots" else {}
        row = {**body, **given, "id": number, "handlers": [{"type": kind} for kind in self.handlers[number]]}
        self.rows[root].append(row)
        return shown(row)

    def _handler(self, number: str, name: str, method: str, body: Json) -> httpx.Response:
        there = self.handlers.setdefault(number, {})
        if method == "POST" and name in there:
            return refusal(400, "execution_handler_create_failed")
        if method != "POST" and name not in there:
            return refusal(400, "execution_handler_not_found")
        there.setdefault(name, {"type": name}).update(body)
        return shown(there[name])

    def _associate(self, bot: str, channel: str) -> httpx.Response:
        if channel not in self.channels:
            return refusal(400, "channel_not_exists")
        if channel in self.inside or not any(row.get("unique_name") == bot for row in self.rows["bots"]):
            return refusal(400, "bot_already_member" if channel in self.inside else "bot_not_found")
        self.inside.add(channel)
        return httpx.Response(204)


def shown(data: Json) -> httpx.Response:
    return httpx.Response(200, json={"data": data})


def refusal(status: int, code: str | None) -> httpx.Response:
    return httpx.Response(status, json={"message": "…"} | ({"code": code} if code else {}))


def wanted(url: str = URL, secret: str = SECRET) -> tuple[Component, ...]:
    return components(url, secret)


class Watch:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waited.append(seconds)


@dataclass
class Person:
    """Reads everything, and says yes or no to each question."""

    consents: bool = True
    lines: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    @property
    def read(self) -> str:
        return "\n".join(self.lines)

    @property
    def console(self) -> Console:
        return Console(self.lines.append, self._answer)

    def _answer(self, question: str) -> bool:
        self.questions.append(question)
        return self.consents


@dataclass
class Run:
    """One run of the command."""

    ended_well: bool
    person: Person
    watch: Watch


def settings(**changes: Any) -> Settings:
    given = {"admins": "ada@brightwater.example", "zoho_client_id": "c", "zoho_client_secret": "s"} | changes
    return Settings(_env_file=None, zoho_refresh_token="r", **given)


async def install(cliq: Cliq, *, url: str = URL, secret: str = SECRET, consents: bool = True, **changes: Any) -> Run:
    person, watch = Person(consents), Watch()
    http = cliq.http()
    installer = Installer(http, Turns(watch, watch.sleep, person.lines.append))
    ended_well = await run(installer, wanted(url, secret), settings(**changes), person.console)
    await http.aclose()
    return Run(ended_well, person, watch)
