"""Whether a request comes from Slack, decided before anything in it is parsed.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from slack_sdk.signature import Clock, SignatureVerifier

from bot.inbound import Malformed

_TIMESTAMP_DIGITS: Final = 12
_QUOTED_PRINTABLE: Final = bytes.maketrans(b"%+", b"= ")


class _Now(Clock):
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock()


class Verifier:
    """Checks signatures. `clock` gives seconds since the epoch. Raises `ValueError` for an empty secret."""

    def __init__(self, signing_secret: str, *, clock: Callable[[], float]) -> None:
        self._verifier = SignatureVerifier(signing_secret, _Now(clock))

    def accepts(self, body: bytes, headers: Mapping[str, str]) -> bool:
        timestamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        # The library raises for a timestamp that is no number and for a signature beyond ASCII.
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _TIMESTAMP_DIGITS):
            return False
        return signature.isascii() and _is_utf8(body) and self._verifier.is_valid(body, timestamp, signature)


def parse(body: bytes, content_type: str) -> dict[str, Any]:
    """The payload in a verified body. Raises `Malformed`.

    Commands are forms, interactions a form with one field of JSON, events JSON.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _object(body.decode())
    if kind != "application/x-www-form-urlencoded":
        raise Malformed("the content type must be JSON or a form")
    form = _form(body)
    return _object(form["payload"]) if "payload" in form else form


def _form(body: bytes) -> dict[str, str]:
    name, _, value = body.partition(b"=")
    if name == b"payload" and b"&" not in value and (unescaped := _unescaped(value)) is not None:
        return {"payload": unescaped.decode(errors="replace")}
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _unescaped(value: bytes) -> bytes | None:
    """A form's value with its escapes undone; None where one of them is malformed.

    A click brings its whole message along: `parse_qsl` takes longer over its thousands of escapes than all else does
    until the acknowledgement. Quoted-printable has the same escapes under another sign, and a decoder written in C.
    """
    if b"\n" in value or b"\r" in value:  # which quoted-printable would take for line breaks of its own
        return None
    quoted = value.replace(b"=", b"%3D")
    decoded = binascii.a2b_qp(quoted.translate(_QUOTED_PRINTABLE))
    return decoded if len(decoded) == len(quoted) - 2 * quoted.count(b"%") else None


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body must be JSON") from error
    if not isinstance(value, dict):
        raise Malformed("the body must be a JSON object")
    return value


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
