"""Carries payloads to the app, signed over HTTP, and writes them to the wire's record.

https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
"""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.cliq.model import Json
from sandbox.wire import Exchange, url_without_secrets, without_secrets

if TYPE_CHECKING:
    from sandbox.cliq.hall import Hall

SIGNATURE_HEADER: Final = "X-Cliq-Signature"
# How long Cliq waits, as Zoho's own SDK (zcatalyst-cliq) counts it: from the payload's timestamp.
BUDGET_SECONDS: Final = 15.0
STALE_SECONDS: Final = 3600.0
# Extensions call some handlers other than the v3 API does:
# https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
EXTENSION_NAMES: Final = {
    "menu_handler": "action_handler",
    "incoming_webhook_handler": "incomingwebhook_handler",
    "call_handler": "alert_handler",
    "form_submit_handler": "form_handler",
    "form_dynamic_select_handler": "form_values_handler",
    "widget_button_handler": "applet_button_handler",
}

Failure = Literal["timeout", "http_error", "connection_failed", "no_output"]


@dataclass(frozen=True)
class Delivery:
    url: str
    payload: Json


@dataclass(frozen=True)
class Answer:
    """What came of a delivery. `output` is None where the app has nothing to say."""

    failure: Failure | None = None
    output: Any = None


@dataclass(frozen=True)
class _Parcel:
    """A delivery as it travels."""

    url: str
    body: bytes
    headers: dict[str, str]


class Courier:
    """The attributes are what Zoho leaves open, and what an attacker or a bad day would send; tests turn them."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall
        self._client: httpx.AsyncClient | None = None
        self._last: tuple[_Parcel, Callable[[Answer], object]] | None = None
        self.key: rsa.RSAPrivateKey | None = None  # made when first needed
        self.budget = BUDGET_SECONDS
        self.strict = True  # refuse an answer without `output`
        self.signed = True
        self.forged = False  # sign something other than what is sent
        self.stale = False  # the timestamp is an hour old
        self.handler_as_string = False  # as Cliq did in 2019
        self.extension_names = False  # the spelling of handlers in extensions, not that of the v3 API
        self.mention_tokens = False  # a mention inside `arguments` is `{@id}`, not what was typed
        self.typed_as_map = False  # what is typed into a confirm dialog comes as `{"text": …}`
        self.response_uses = 1  # how often a response URL takes an answer

    @property
    def public_key(self) -> str:
        key = self._private_key().public_key()
        return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    async def deliver(self, delivery: Delivery, settle: Callable[[Answer], object]) -> None:
        """Send a payload and let `settle` do what Cliq does with the answer."""
        parcel = self._packed(delivery)
        self._last = (parcel, settle)
        settle(await self._post(parcel))

    async def redeliver_last(self) -> None:
        """Send the last payload once more, unchanged: what an app must expect of any sender.

        Raises `LookupError` when nothing has been sent yet.
        """
        if self._last is None:
            raise LookupError("nothing has been delivered yet")
        parcel, settle = self._last
        settle(await self._post(parcel))

    def signature(self, body: bytes) -> str:
        """PKCS#1 v1.5 with SHA-256: https://github.com/navaneesm/callbackurl"""
        return base64.b64encode(self._private_key().sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()

    async def aclose(self) -> None:
        if self._client:
            await self._client.aclose()
            self._client = None

    def _private_key(self) -> rsa.RSAPrivateKey:
        if self.key is None:
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self.key

    def _packed(self, delivery: Delivery) -> _Parcel:
        payload = delivery.payload | {"timestamp": self._timestamp(), "handler": self._spelled(delivery.payload)}
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "ZohoCliq"}
        if self.signed:
            headers[SIGNATURE_HEADER] = self.signature(body + b" " if self.forged else body)
        return _Parcel(delivery.url, body, headers)

    def _timestamp(self) -> int:
        # The town's clock may run ahead, but an app compares this with its own.
        return int((time.time() - (STALE_SECONDS if self.stale else 0)) * 1000)

    def _spelled(self, payload: Json) -> Json | str:
        handler: Json = payload["handler"]
        name: str = handler["type"]
        spelled = EXTENSION_NAMES.get(name, name) if self.extension_names else name
        return spelled if self.handler_as_string else {**handler, "type": spelled}

    async def _post(self, parcel: _Parcel) -> Answer:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=BUDGET_SECONDS,
                limits=httpx.Limits(max_connections=None),
                trust_env=False,
                # The app listens on this machine, without TLS: loading the authorities would only cost time.
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            )
        started = time.perf_counter()
        response: httpx.Response | None = None
        failure: Failure | None = None
        try:
            async with asyncio.timeout(self.budget):
                response = await self._client.post(parcel.url, content=parcel.body, headers=parcel.headers)
        except (TimeoutError, httpx.TimeoutException):
            failure = "timeout"
        except httpx.TransportError:
            failure = "connection_failed"
        self._record(parcel, response, started)
        return Answer(failure) if response is None else self._answer(response)

    def _answer(self, response: httpx.Response) -> Answer:
        """Empty answers are nothing to say. One without `output` is refused, or ignored where we are not strict."""
        if not response.is_success:
            return Answer("http_error")
        if not response.content:
            return Answer()
        try:
            return Answer(output=output_of(json.loads(response.content)))
        except ValueError:
            return Answer("no_output") if self.strict else Answer()

    def _record(self, parcel: _Parcel, response: httpx.Response | None, started: float) -> None:
        if self._hall.wire:
            self._hall.wire.record(
                Exchange(
                    at=self._hall.clock.now().isoformat(),
                    direction="to_service",
                    method="POST",
                    url=url_without_secrets(parcel.url),
                    headers=without_secrets(parcel.headers),
                    body=parcel.body.decode(),
                    status=response.status_code if response is not None else 0,
                    answer=response.text if response is not None else None,
                    milliseconds=(time.perf_counter() - started) * 1000,
                )
            )


def output_of(body: Any) -> Any:
    """What stands in `output`; None for an empty text. Raises `ValueError` where there is no `output`."""
    if not isinstance(body, dict) or "output" not in body:
        raise ValueError("an answer stands in `output`")
    output = body["output"]
    return None if output == "" else output
