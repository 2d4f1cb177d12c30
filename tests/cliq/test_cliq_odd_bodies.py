"""Bodies that are signed and odd are refused as malformed, for good: never stored, never a fault of ours."""

import json
from typing import Any

import cliq_payloads as p
import pytest

from bot.chat.cliq.verify import Verdict, Verifier, parse
from bot.inbound import Malformed

SECRET = "a-long-random-secret"


@pytest.mark.parametrize("place", ["arguments", "response_url"])
def test_half_a_character_is_malformed(place: str) -> None:
    body: dict[str, Any] = p.command()
    (body if place == "response_url" else body["params"])[place] = "\ud800"
    with pytest.raises(Malformed):
        parse(json.dumps(body).encode())


@pytest.mark.parametrize("timestamp", [10**400, -(10**400), 1e308, "9" * 500, True, None, []])
def test_no_timestamp_is_too_odd_to_be_called_stale(timestamp: Any) -> None:
    verifier = Verifier(None, SECRET, clock=lambda: 1_796_000_000.0)
    body = json.dumps(p.command() | {"timestamp": timestamp}).encode()
    assert verifier.accepts(body, {}, {"s": SECRET}) in (Verdict.STALE, Verdict.UNREADABLE)
