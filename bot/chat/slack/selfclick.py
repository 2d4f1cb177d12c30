"""A click that the service sends to itself, through the address where Slack reaches it.

Buttons fail silently where a proxy lets pages pass and blocks, rewrites or asks for a log-in on what Slack sends. The
click is signed and formed as Slack does; it asks the edge to repeat a word that nobody else knows and changes nothing.
"""

import asyncio
import json
import secrets
import time
from typing import Final
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.chat.slack.edge import PATH
from connectors.base import Check

_SECONDS: Final = 3.0  # Slack does not wait longer
_NAME: Final = "slack.click"
_REASONS: Final = {
    401: "The signature did not arrive as it was sent, or the running service has another signing secret: the proxy "
    "must pass body and headers on unchanged.",
    404: "Another service answers there, or Offboard runs in Socket Mode: let the proxy pass /slack/events on to it.",
}
_BLOCKED: Final = "Start the service, and let the proxy pass POST /slack/events on to it, without a log-in, unchanged."


async def check_click(public_url: str, signing_secret: str) -> Check:
    """Whether a click would reach the running service. `public_url` is without `/slack/events`."""
    word = secrets.token_hex(16)
    body = urlencode({"payload": json.dumps({"type": "url_verification", "challenge": word})})
    try:
        status, answer = await _post(public_url.rstrip("/") + PATH, body, signing_secret)
    except (aiohttp.ClientError, TimeoutError) as error:
        return Check(_NAME, passed=False, found=f"no answer ({type(error).__name__})", advice=_BLOCKED)
    if status != 200:
        return Check(_NAME, passed=False, found=f"HTTP {status}", advice=_REASONS.get(status, _BLOCKED))
    if word not in answer:
        found = "HTTP 200, but not from Offboard: a log-in page, perhaps"
        return Check(_NAME, passed=False, found=found, advice=_BLOCKED)
    return Check(_NAME, passed=True, found="a signed click arrives")


async def _post(url: str, body: str, signing_secret: str) -> tuple[int, str]:
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(signing_secret).generate_signature(timestamp=timestamp, body=body) or ""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
    }
    async with (
        asyncio.timeout(_SECONDS),
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, (await answer.content.read(10_000)).decode(errors="replace")
