"""Signatures, against Slack's published example, and the shapes of bodies."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.slack.verify import Verifier, parse
from bot.inbound import Malformed

# https://docs.slack.dev/authentication/verifying-requests-from-slack
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
STAMP = 1531420618
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def accepts(*, body: bytes = BODY, timestamp: str = str(STAMP), signature: str = SIGNATURE, now: float = STAMP) -> bool:
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}
    return Verifier(SECRET, clock=lambda: now).accepts(body, headers)


def test_slacks_published_example_is_accepted() -> None:
    assert accepts()
    assert accepts(now=STAMP + 299)


@pytest.mark.parametrize(
    "forgery",
    [
        {"body": BODY + b"&text=x"},
        {"body": b"\xff"},
        {"signature": ""},
        {"signature": SIGNATURE[:-1] + "4"},
        {"signature": "v0=ü"},
        {"timestamp": ""},
        {"timestamp": "soon"},
        {"timestamp": "1531420618.5"},
        {"timestamp": "٣"},
        {"timestamp": "9" * 5000},
        {"timestamp": str(STAMP + 1)},
        {"now": STAMP + 301.0},
        {"now": STAMP - 301.0},
    ],
)
def test_anything_else_is_not(forgery: dict[str, object]) -> None:
    assert not accepts(**forgery)  # type: ignore[arg-type]


def test_without_a_secret_nothing_starts() -> None:
    with pytest.raises(ValueError, match="empty"):
        Verifier(" ", clock=lambda: 0.0)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "content_type", "payload"),
    [
        (b"command=%2Foffboard&text=", FORM, {"command": "/offboard", "text": ""}),
        (b"payload=%7B%22type%22%3A%22x%22%7D", FORM + "; charset=utf-8", {"type": "x"}),
        (b'{"type":"x"}', "application/json", {"type": "x"}),
    ],
)
def test_bodies_come_in_three_shapes(body: bytes, content_type: str, payload: object) -> None:
    assert parse(body, content_type) == payload


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"payload=7", FORM),
        (b"payload=", FORM),
        (b"{}", "text/plain"),
        (b"{}", ""),
    ],
)
def test_a_body_in_none_of_them_is_malformed(body: bytes, content_type: str) -> None:
    with pytest.raises(Malformed):
        parse(body, content_type)


@given(st.dictionaries(st.text(), st.text()))
def test_a_click_is_read_as_it_was_written(payload: dict[str, str]) -> None:
    body = urlencode({"payload": json.dumps(payload, ensure_ascii=False)}).encode()
    assert parse(body, "application/x-www-form-urlencoded") == payload


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ('"100 %"', "100 %"),
        ('"%zz %2 %"', "%zz %2 %"),
        ('"a=3D=="', "a=3D=="),
        ('"+%2B%25%3D"', " +%="),
        ('"é%C3%A9"', "éé"),
        ('"%FF"', "\ufffd"),
        ('\n"%20="', " ="),
    ],
)
def test_odd_escapes_are_read_as_a_browser_would(value: str, read: str) -> None:
    assert parse(f'payload={{"a":{value}}}'.encode(), "application/x-www-form-urlencoded") == {"a": read}
