"""Whether a delivery comes from Cliq, decided before anything in it is acted upon.

A delivery is signed with the key of the extension that it belongs to: RSA, PKCS #1 v1.5, SHA-256, over the body as
compact JSON. What Zoho documents of it: https://www.zoho.com/cliq/help/platform/build-url-invoke-type-extensions.html
Nothing is documented about components that belong to no extension; those prove themselves by a secret in our URL.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bot.chat.cliq import ids
from bot.inbound import Malformed, whole
from bot.web import MOST_BYTES

_SIGNATURE: Final = "x-cliq-signature"
_FRESH_MS: Final = 5 * 60 * 1000
_TIMESTAMP_DIGITS: Final = 15
_LEAST_KEY_BITS: Final = 2048


class Verdict(StrEnum):
    """How a delivery proved itself, or why it is refused: for the log. Only the first two are true."""

    SIGNED = "signed"
    SECRET = "secret in the URL"
    TOO_LARGE = "the body is too large"
    UNPROVEN = "neither a signature nor the secret"
    FORGED = "the signature does not fit"
    UNREADABLE = "the body is no JSON object"
    STALE = "the timestamp is missing or not within five minutes"

    def __bool__(self) -> bool:
        return self in (Verdict.SIGNED, Verdict.SECRET)


class Verifier:
    """Checks deliveries. `clock` gives seconds since the epoch. Raises `ValueError` for an unusable key or secret.

    `public_key` is the extension's, as Cliq shows it (base64, with or without the lines of a PEM file). `url_secret` is
    for components outside an extension. Without either nothing is accepted.
    """

    def __init__(self, public_key: str | None, url_secret: str | None, *, clock: Callable[[], float]) -> None:
        if url_secret is not None and not url_secret.strip():
            raise ValueError("the secret of the URL is empty")
        self._key = public_key_of(public_key) if public_key is not None else None
        self._secret = _bytes(url_secret) if url_secret is not None else None
        self._clock = clock

    def accepts(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Verdict:
        """The names in `headers` are in lower case, or found in any.

        A signature that does not fit our key is refused, whatever else is right. Without a key of ours it says nothing:
        Cliq may sign a stand-alone component with a key that nobody was given, and then the secret alone decides.
        """
        if len(body) > MOST_BYTES:
            return Verdict.TOO_LARGE
        signature = headers.get(_SIGNATURE)
        if self._key is not None and signature is not None:
            verdict = Verdict.SIGNED if _signed(self._key, signature, body) else Verdict.FORGED
        else:
            verdict = Verdict.SECRET if self._knows(query.get(ids.SECRET_PARAMETER, "")) else Verdict.UNPROVEN
        return verdict and self._dated(body, verdict)

    def _knows(self, secret: str) -> bool:
        return self._secret is not None and hmac.compare_digest(self._secret, _bytes(secret))

    def _dated(self, body: bytes, verdict: Verdict) -> Verdict:
        """Nothing but its age tells a delivery from a copy of it that somebody sends again."""
        try:
            sent = _milliseconds(parse(body).get("timestamp"))
        except Malformed:
            return Verdict.UNREADABLE
        fresh = sent is not None and abs(int(self._clock() * 1000) - sent) <= _FRESH_MS
        return verdict if fresh else Verdict.STALE


def parse(body: bytes) -> dict[str, Any]:
    """The payload in a verified body. Raises `Malformed`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body must be JSON") from error
    if not isinstance(value, dict):
        raise Malformed("the body must be a JSON object")
    whole(value)
    return value


def public_key_of(text: str) -> RSAPublicKey:
    """The key as Cliq shows it. Raises `ValueError`."""
    lines = (line.strip() for line in text.splitlines())
    encoded = "".join(line for line in lines if not line.startswith("-----"))
    try:
        key = load_der_public_key(base64.b64decode(encoded, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("the public key must be base64, as Cliq shows it") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_KEY_BITS:
        raise ValueError(f"the public key must be an RSA key of at least {_LEAST_KEY_BITS} bits")
    return key


def _signed(key: RSAPublicKey, signature: str, body: bytes) -> bool:
    """Every published verifier checks the body as it writes it anew; the bytes that came are tried before that."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return _fits(key, raw, body) or ((compact := _compact(body)) is not None and _fits(key, raw, compact))


def _fits(key: RSAPublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _compact(body: bytes) -> bytes | None:
    try:
        return json.dumps(parse(body), separators=(",", ":"), ensure_ascii=False).encode()
    except (Malformed, ValueError, RecursionError):
        return None


def _milliseconds(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _TIMESTAMP_DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
