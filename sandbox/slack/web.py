"""The workspace as an ASGI app: Web API, response URLs, uploads, Socket Mode. Mounted at `/slack`."""

import asyncio
import json
from collections import deque
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.slack.arguments import Arguments, arguments_of
from sandbox.slack.methods import METHODS, Method
from sandbox.slack.model import Json, SlackError
from sandbox.slack.replies import reply
from sandbox.slack.workspace import Workspace

_WINDOW: Final = 60.0
_BROKEN: Final = (500, 503)


class _Cut(Response):
    """An answer that breaks off: the head promises a body that never comes, so the server drops the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        head = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": head})


class _Limited(Exception):
    """Too many calls; `seconds` is when to come back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Meter:
    """Counts calls per method, and posts per channel, in windows of one minute of the town's time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._calls: dict[str, deque[float]] = {}

    def count(self, key: str, most: int) -> None:
        """Raises `_Limited` when there were `most` calls within the last minute."""
        now = self._workspace.clock.time()
        calls = self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - _WINDOW:
            calls.popleft()
        if len(calls) >= most:
            raise _Limited(max(1, round(calls[0] + _WINDOW - now)))
        calls.append(now)


def build_slack(workspace: Workspace) -> Starlette:
    """The app. Its Web API stands at `{public_url}/slack/api/`, which is the base URL for Slack's SDKs."""
    endpoint = _Endpoint(workspace)
    return Starlette(
        routes=[
            Route("/api/{method}", endpoint.call, methods=["GET", "POST"]),
            Route("/hooks/{kind}/{key:path}", endpoint.respond, methods=["POST"]),
            Route("/upload/{file_id}", endpoint.upload, methods=["POST", "PUT"]),
            Route("/files/{file_id}/{name}", endpoint.download),
            Route("/archives/{channel}/{message}", endpoint.permalink),
            WebSocketRoute("/link/", workspace.hub.serve),
        ]
    )


class _Endpoint:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._meter = _Meter(workspace)
        self._breaks = 0

    async def call(self, request: Request) -> Response:
        """One call of the Web API: faults first, then token, scopes, limits, and the method itself."""
        faults = self._workspace.faults
        if faults.strikes(Fault.LATENCY):
            await asyncio.sleep(faults.latency_seconds)
        if faults.strikes(Fault.RATE_LIMIT):
            return _limited(1)
        if faults.strikes(Fault.SERVER_ERROR):
            self._breaks += 1
            return PlainTextResponse("", _BROKEN[self._breaks % len(_BROKEN)])
        name = request.path_params["method"]
        method = METHODS.get(name)
        headers = {"x-oauth-scopes": ",".join(sorted(self._workspace.scopes)), "x-slack-req-id": f"req-{name}"}
        try:
            answer = await self._answer(request, name, method)
        except SlackError as error:
            return JSONResponse({"ok": False, "error": error.code, **error.extra}, headers=headers)
        except _Limited as limited:
            return _limited(limited.seconds)
        if method and method.cut and faults.strikes(Fault.LOST_RESPONSE):
            return _Cut()
        return JSONResponse({"ok": True, **answer}, headers=headers)

    async def _answer(self, request: Request, name: str, method: Method | None) -> Json:
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        values = await arguments_of(request)
        self._authorise(request, values, method)
        self._workspace.require(*method.scopes)
        if self._workspace.enforce_tiers:
            self._meter.count(name, method.per_minute)
            if name == "chat.postMessage":
                # One a second for each channel, bursts tolerated: sixty in any minute.
                self._meter.count(f"post {values.get('channel')}", 60)
        self._workspace.post_due()
        return method.run(self._workspace, Arguments(values))

    def _authorise(self, request: Request, values: Json, method: Method) -> None:
        if method.token == "none":
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or values.get("token")
        if not token:
            raise SlackError("not_authed")
        kinds = {self._workspace.bot_token: "bot", self._workspace.app_token: "app"}
        if token not in kinds:
            raise SlackError("invalid_auth")
        if kinds[token] != method.token:
            raise SlackError("not_allowed_token_type")

    async def respond(self, request: Request) -> Response:
        """A post to a response URL. It needs no token."""
        try:
            origin = self._workspace.tickets.origin(request.path_params["key"])
        except SlackError as error:
            return PlainTextResponse(error.code, 404)
        try:
            body = json.loads(await request.body())
        except json.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            return PlainTextResponse("invalid_payload", 400)
        try:
            reply(self._workspace, origin, body)
        except SlackError as error:
            return PlainTextResponse(error.code, 400)
        return PlainTextResponse("ok")

    async def upload(self, request: Request) -> Response:
        """The content of a reserved file, as the raw body or as a form's only file."""
        file = self._workspace.files.get(request.path_params["file_id"])
        if file is None:
            return PlainTextResponse("file_not_found", 404)
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            async with request.form() as form:
                parts = [part for part in form.values() if not isinstance(part, str)]
                file.content = await parts[0].read() if parts else b""
        else:
            file.content = await request.body()
        return PlainTextResponse(f"OK - {len(file.content)}")

    async def download(self, request: Request) -> Response:
        file = self._workspace.files.get(request.path_params["file_id"])
        if file is None or file.content is None or not file.shared:
            return PlainTextResponse("file_not_found", 404)
        disposition = {"content-disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type="application/octet-stream", headers=disposition)

    async def permalink(self, request: Request) -> Response:
        """Where a message's permalink leads: to the town's page, with the message named in the query."""
        channel, message = request.path_params["channel"], request.path_params["message"].removeprefix("p")
        ts = f"{message[:-6]}.{message[-6:]}"
        return RedirectResponse(f"/?channel={channel}&message={ts}")


def _limited(seconds: int) -> Response:
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers={"retry-after": str(seconds)})
