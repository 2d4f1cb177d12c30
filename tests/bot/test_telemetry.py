"""Logs: one JSON object a line, and nothing in it that must not leave the house."""

import json
import subprocess
import sys

import pytest

from bot.telemetry import mask_secrets

ZOHO = f"1000.{'a1' * 16}.{'b2' * 16}"
SECRETS = {
    "bot token": ("xoxb-12-34-AbCd", "xoxb-12-34-AbCd"),
    "app token": ("xapp-1-A0-99-abc", "xapp-1-A0-99-abc"),
    "in a sentence": ("sent Bearer xoxb-12-34-AbCd to Slack", "xoxb-12-34-AbCd"),
    "Zoho's tokens": (f"Zoho-oauthtoken {ZOHO}", ZOHO),
    "database password": ("postgresql://offboard:hunter2@db/offboard", "hunter2"),
    "in a query": ("POST /token?client_secret=hunter2&refresh_token=hunter3", "hunter"),
    "in a list": (["a", {"token": "xoxb-12-34-AbCd"}], "xoxb-12-34-AbCd"),
    "in an error": (ValueError("xoxb-12-34-AbCd"), "xoxb-12-34-AbCd"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_secrets_are_masked_wherever_they_stand(case: str) -> None:
    value, secret = SECRETS[case]
    masked = mask_secrets(None, "info", {"event": "sent", "value": value})
    assert "***" in str(masked["value"])
    assert secret not in str(masked)


@pytest.mark.parametrize(
    "text", ["departure 1000.50 of 2000", "https://crm.example/tab/Deals/5000000000000110", "U0ADA"]
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert mask_secrets(None, "info", {"event": text, "n": 3}) == {"event": text, "n": 3}


def test_every_line_is_json_and_masked_whoever_wrote_it() -> None:
    program = """
import logging, structlog
from bot.telemetry import configure_logging
configure_logging("info")
structlog.get_logger("offboard.x").info("ours", token="xoxb-1-SECRET", person_id="U0ADA")
structlog.get_logger("offboard.x").debug("too quiet")
logging.getLogger("library").warning("theirs: %s", "xoxb-1-SECRET")
logging.getLogger("library").info("too quiet")
try:
    raise ValueError("xoxb-1-SECRET")
except ValueError:
    structlog.get_logger("offboard.x").exception("failed")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["ours", "theirs: ***", "failed"]
    assert "ValueError: ***" in lines[2]["exception"]
    assert all(line["timestamp"].endswith("Z") and line["level"] for line in lines)
    assert "SECRET" not in done.stdout + done.stderr
