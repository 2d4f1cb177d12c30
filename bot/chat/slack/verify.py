"""Whether a request comes from Slack, decided before anything in it is parsed.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from slack_sdk.signature import Clock, SignatureVerifier

from bot.chat.slack.payloads import Malformed

MOST_BYTES: Final = 1_000_000
_TIMESTAMP_DIGITS: Final = 12
_COMMON_ESCAPES: Final = tuple((quote(character, safe=""), character) for character in '"{}[]:,/<>|\\@*')


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
    form = dict(parse_qsl(_lightened(body.decode()), keep_blank_values=True))
    return _object(form["payload"]) if "payload" in form else form


def _lightened(form: str) -> str:
    """The form with the commonest escapes of JSON undone, none of which structures a form.

    A click brings its whole message along: the standard library takes longer over its thousands of escapes than
    everything else does until the acknowledgement.
    """
    for escape, character in _COMMON_ESCAPES:
        form = form.replace(escape, character)
    return form


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
