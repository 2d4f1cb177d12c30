"""Signatures with a real key pair, the secret in the URL, and what is refused."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.cliq.verify import Verdict, Verifier, parse
from bot.inbound import Malformed
from bot.web import MOST_BYTES

NOW = 1_796_000_000.0
SECRET = "s3cret-of-the-url-Äß"
PRIVATE = rsa.generate_private_key(65537, 2048)
STRANGER = rsa.generate_private_key(65537, 2048)


def shown(key: Any, encoding: Encoding = Encoding.DER) -> str:
    """The public key as Cliq shows it."""
    raw: bytes = key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    return raw.decode() if encoding is Encoding.PEM else base64.b64encode(raw).decode()


PUBLIC = shown(PRIVATE)


def body(timestamp: Any = int(NOW * 1000), **more: Any) -> bytes:
    payload = {"type": "command", "zulu": "Jürgen", "name": "offboard", "timestamp": timestamp, **more}
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def signature(
    message: bytes,
    key: rsa.RSAPrivateKey = PRIVATE,
    algorithm: HashAlgorithm = SHA256(),  # noqa: B008 - it has no state
) -> str:
    return base64.b64encode(key.sign(message, PKCS1v15(), algorithm)).decode()


def verdict(
    message: bytes,
    signed: str | None = None,
    secret: str | None = None,
    *,
    public_key: str | None = PUBLIC,
    url_secret: str | None = SECRET,
) -> Verdict:
    headers = {} if signed is None else {"x-cliq-signature": signed}
    query = {} if secret is None else {"s": secret}
    return Verifier(public_key, url_secret, clock=lambda: NOW).accepts(message, headers, query)


def test_a_signed_delivery_is_accepted() -> None:
    assert verdict(body(), signature(body())) is Verdict.SIGNED
    assert verdict(body(), signature(body()), url_secret=None) is Verdict.SIGNED
    assert verdict(body(), signature(body()), public_key=shown(PRIVATE, Encoding.PEM)) is Verdict.SIGNED
    assert verdict(body(str(int(NOW * 1000))), signature(body(str(int(NOW * 1000))))) is Verdict.SIGNED


def test_a_signature_over_the_compact_body_is_accepted_however_the_body_came() -> None:
    spread = json.dumps(json.loads(body()), indent=1).encode()
    assert spread != body()
    assert verdict(spread, signature(body())) is Verdict.SIGNED
    assert verdict(spread, signature(spread)) is Verdict.SIGNED


def test_the_order_of_the_body_is_part_of_what_is_signed() -> None:
    sorted_body = json.dumps(json.loads(body()), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert verdict(body(), signature(sorted_body)) is Verdict.FORGED


@pytest.mark.parametrize(
    "forged",
    [
        signature(body(), STRANGER),
        signature(body(), algorithm=SHA1()),  # noqa: S303 - the wrong one, for once on purpose
        signature(body(user="somebody else")),
        base64.b64encode(b"short").decode(),
        base64.b64encode(bytes(512)).decode(),
        signature(body())[:-3],
        "no base64!",
        "ü",
        "",
    ],
)
def test_a_signature_that_does_not_fit_is_refused_even_with_the_right_secret(forged: str) -> None:
    assert verdict(body(), forged, SECRET) is Verdict.FORGED
    assert not verdict(body(), forged, SECRET)


def test_an_unsigned_delivery_needs_the_secret() -> None:
    assert verdict(body(), secret=SECRET) is Verdict.SECRET
    assert verdict(body(), secret=SECRET, public_key=None) is Verdict.SECRET


def test_a_signature_with_a_key_that_nobody_gave_us_says_nothing() -> None:
    foreign = signature(body(), STRANGER)
    assert verdict(body(), foreign, SECRET, public_key=None) is Verdict.SECRET
    assert verdict(body(), foreign, "guess", public_key=None) is Verdict.UNPROVEN


@pytest.mark.parametrize("guess", [None, "", SECRET[:-1], SECRET + "x", "ü", "\udc80"])
def test_a_wrong_secret_is_refused(guess: str | None) -> None:
    assert verdict(body(), secret=guess) is Verdict.UNPROVEN
    assert verdict(body(), secret=guess, url_secret=None) is Verdict.UNPROVEN


def test_where_nothing_is_configured_nothing_is_accepted() -> None:
    assert verdict(body(), signature(body()), SECRET, public_key=None, url_secret=None) is Verdict.UNPROVEN
    assert verdict(body(), public_key=None, url_secret=None) is Verdict.UNPROVEN


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    then = body(int((NOW + seconds) * 1000))
    assert verdict(then, signature(then)) is Verdict.SIGNED
    assert verdict(then, secret=SECRET) is Verdict.SECRET


@pytest.mark.parametrize(
    "timestamp",
    [
        (NOW - 301) * 1000,
        int((NOW - 301) * 1000),
        int((NOW + 301) * 1000),
        int(NOW),
        None,
        True,
        "soon",
        "",
        "٣",
        [],
        "9" * 5000,
    ],
)
def test_an_old_delivery_or_one_without_its_time_is_refused(timestamp: Any) -> None:
    old = body(timestamp)
    assert verdict(old, signature(old)) is Verdict.STALE
    assert verdict(old, secret=SECRET) is Verdict.STALE


@pytest.mark.parametrize(
    "odd", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"timestamp":' + b"9" * 5000 + b"}"]
)
def test_a_body_that_cannot_be_read_is_refused_without_an_error(odd: bytes) -> None:
    assert verdict(odd, signature(odd)) is Verdict.UNREADABLE
    assert verdict(odd, signature(body())) is Verdict.FORGED
    assert verdict(odd, secret=SECRET) is Verdict.UNREADABLE
    with pytest.raises(Malformed):
        parse(odd)


def test_a_body_that_is_too_large_is_not_even_looked_at() -> None:
    assert verdict(b" " * (MOST_BYTES + 1), secret=SECRET) is Verdict.TOO_LARGE


@given(st.binary(max_size=200), st.none() | st.text(max_size=400), st.none() | st.text(max_size=40))
def test_whatever_comes_is_refused_and_nothing_is_raised(
    message: bytes, signed: str | None, secret: str | None
) -> None:
    assert not verdict(message, signed, secret)


def test_no_verdict_tells_the_secret() -> None:
    assert not any(SECRET in each for each in Verdict)


@pytest.mark.parametrize(
    ("public_key", "url_secret"),
    [
        ("", None),
        ("no base64!", None),
        (base64.b64encode(b"no key").decode(), None),
        (shown(rsa.generate_private_key(65537, 1024)), None),  # noqa: S505 - too short is the point
        (shown(ec.generate_private_key(ec.SECP256R1())), None),
        (None, ""),
        (None, " "),
    ],
)
def test_an_unusable_key_or_an_empty_secret_is_noticed_at_the_start(
    public_key: str | None, url_secret: str | None
) -> None:
    with pytest.raises(ValueError, match=r"public key must be|secret of the URL"):
        Verifier(public_key, url_secret, clock=lambda: NOW)
