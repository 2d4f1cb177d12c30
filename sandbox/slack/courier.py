"""Carries payloads to the app: signed over HTTP, or through Socket Mode, and writes them to the wire's record.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlencode

import httpx

from sandbox.slack.model import APP_ID, BOT_USER, LEGACY_TOKEN, TEAM_ID, Json
from sandbox.wire import Exchange, without_secrets

if TYPE_CHECKING:
    from sandbox.slack.workspace import Workspace

# Slack repeats an event almost at once, after a minute and after five: https://docs.slack.dev/apis/events-api
RETRY_SECONDS: Final = (0.0, 60.0, 300.0)
_FORM: Final = "application/x-www-form-urlencoded"

Failure = Literal["http_timeout", "http_error", "connection_failed"]


@dataclass(frozen=True)
class Delivery:
    """One payload. `answerable` says that the app's acknowledgement may carry an answer of its own."""

    kind: Literal["slash_commands", "interactive", "events_api"]
    payload: Json
    answerable: bool = True


@dataclass(frozen=True)
class Answer:
    """What came of a delivery. `body` is None for an empty acknowledgement."""

    failure: Failure | None = None
    body: Json | None = None
    stop_retries: bool = False

    @property
    def code(self) -> str:
        """The code that a person is shown when a delivery failed."""
        return "operation_timeout" if self.failure == "http_timeout" else "dispatch_failed"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encoded(delivery: Delivery) -> tuple[str, bytes]:
    """The content type and body with which a payload travels over HTTP."""
    if delivery.kind == "slash_commands":
        return _FORM, urlencode(delivery.payload).encode()
    text = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":"))
    if delivery.kind == "interactive":
        return _FORM, urlencode({"payload": text}).encode()
    return "application/json", text.encode()


class Courier:
    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._client: httpx.AsyncClient | None = None
        self.retry_seconds = RETRY_SECONDS

    async def send(self, delivery: Delivery, *, attempt: int = 0, reason: str = "") -> Answer:
        """Deliver a payload once. `attempt` counts from 0; `reason` says why there is more than one."""
        if self._workspace.socket_mode:
            return await self._workspace.hub.send(delivery, attempt=attempt, reason=reason)
        content_type, body = encoded(delivery)
        # The town's clock may run ahead, but an app compares this with its own.
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._workspace.signing_secret, timestamp, body),
        }
        if attempt and delivery.kind == "events_api":
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        return await self._post(body, headers)

    async def repeat(self, delivery: Delivery, *, reason: str) -> None:
        """Repeat an event that was not taken, three times at most."""
        for attempt, seconds in enumerate(self.retry_seconds, start=1):
            await asyncio.sleep(seconds)
            answer = await self.send(delivery, attempt=attempt, reason=reason)
            if answer.failure is None or answer.stop_retries:
                return
            reason = answer.failure

    def event(self, event: Json) -> Delivery:
        """An event in its envelope; the id stays the same when it is repeated."""
        number = self._workspace.number()
        authorization = {"team_id": TEAM_ID, "user_id": BOT_USER, "is_bot": True}
        return Delivery(
            "events_api",
            {
                "token": LEGACY_TOKEN,
                "team_id": TEAM_ID,
                "api_app_id": APP_ID,
                "event": event,
                "type": "event_callback",
                "event_id": f"Ev{number:09d}",
                "event_time": int(self._workspace.clock.time()),
                "authorizations": [authorization | {"enterprise_id": None, "is_enterprise_install": False}],
                "is_ext_shared_channel": False,
                "event_context": f"4-{number}",
            },
            answerable=False,
        )

    async def aclose(self) -> None:
        if self._client:
            await self._client.aclose()
            self._client = None

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._workspace.deliver_timeout,
                limits=httpx.Limits(max_connections=None),
                trust_env=False,
                # The app listens on this machine, without TLS: loading the authorities would only cost time.
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            )
        started = time.perf_counter()
        response: httpx.Response | None = None
        failure: Failure | None = None
        try:
            async with asyncio.timeout(self._workspace.deliver_timeout):
                response = await self._client.post(self._workspace.request_url, content=body, headers=dict(headers))
        except (TimeoutError, httpx.TimeoutException):
            failure = "http_timeout"
        except httpx.TransportError:
            failure = "connection_failed"
        self._record(body, headers, response, started)
        return Answer(failure) if response is None else _answer(response)

    def _record(self, body: bytes, headers: Mapping[str, str], response: httpx.Response | None, started: float) -> None:
        if self._workspace.wire:
            self._workspace.wire.record(
                Exchange(
                    at=self._workspace.clock.now().isoformat(),
                    direction="to_service",
                    method="POST",
                    url=self._workspace.request_url,
                    headers=without_secrets(headers),
                    body=body.decode(),
                    status=response.status_code if response is not None else 0,
                    answer=response.text if response is not None else None,
                    milliseconds=(time.perf_counter() - started) * 1000,
                )
            )


def _answer(response: httpx.Response) -> Answer:
    if not response.is_success:
        return Answer("http_error", stop_retries=response.headers.get("x-slack-no-retry") == "1")
    if not response.text:
        return Answer()
    try:
        body = json.loads(response.text)
    except json.JSONDecodeError:
        return Answer(body={"text": response.text})
    return Answer(body=body if isinstance(body, dict) else {"text": response.text})
