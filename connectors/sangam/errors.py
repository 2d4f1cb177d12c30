"""Sangam CRM's errors and what to do about each.

What its errors look like is documented nowhere. So an error is read from wherever one could stand: the HTTP status, a
status or name in the answer, and words about the session.
https://documenter.getpostman.com/view/25213259/2s93RNxuis
"""

from collections.abc import Mapping
from typing import Any, Final

from connectors.http import Answer, Call, Problem, Reaction, Rule

SYSTEM: Final = "sangam"

# Ours, not Sangam's.
ODD_ANSWER: Final = "ODD_ANSWER"
NO_SESSION: Final = "NO_SESSION"
BAD_LOGIN: Final = "BAD_LOGIN"
ERROR: Final = "ERROR"

RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.UNSURE, code=ODD_ANSWER, advice="It is not what Sangam CRM answers: is a proxy between us?"),
    Rule(Reaction.REJECT, code=NO_SESSION),  # log in once more: see `Api`
    Rule(Reaction.REPAIR, code=BAD_LOGIN, advice="Check the user name and the password."),
    Rule(Reaction.REPAIR, status=401, advice="Check the push key, the user name and the password."),
    Rule(Reaction.REPAIR, status=403, advice="Ask Sangam CRM's administrator for a new push key."),
    *(Rule(Reaction.UNSURE, status=status) for status in (408, 500, 502, 503, 504)),
    Rule(Reaction.REPEAT, status=429, advice="Too many calls."),
    Rule(Reaction.REJECT, code=ERROR, advice="Sangam CRM refuses this call."),
)

_WORDS: Final = ("message", "error", "description", "name")
_SESSION_GONE: Final = ("invalid", "expired", "not valid", "not found")


def problem_of(call: Call, answer: Answer) -> Problem | None:
    """The error in an answer, which may come with HTTP 200; None for success."""
    payload = answer.payload
    words = _words(payload)
    stated = _stated(payload)
    status = answer.status if answer.status >= 400 else stated or answer.status
    if "session" in words and any(word in words for word in _SESSION_GONE) and (status >= 400 or _speaks(payload)):
        return Problem(status, NO_SESSION)
    if call.path == "/login" and (status in (400, 401, 403) or "invalid" in words):
        return Problem(status, BAD_LOGIN)
    if status >= 400:
        return Problem(status, f"HTTP_{status}" if answer.status >= 400 else ERROR)
    if not isinstance(payload, dict | list):
        return Problem(status, ODD_ANSWER)
    if isinstance(payload, dict) and ("error" in payload or {"name", "number"} <= payload.keys()):
        return Problem(status, ERROR)
    return None


def _words(payload: Any) -> str:
    """What the answer says about itself, for matching only; records are never looked into."""
    if not isinstance(payload, dict):
        return ""
    return " ".join(str(payload[key]) for key in _WORDS if isinstance(payload.get(key), str)).lower()


def _speaks(payload: Any) -> bool:
    """Whether there is nothing but words in the answer."""
    return isinstance(payload, Mapping) and not any(
        isinstance(value, list | dict) and value for value in payload.values()
    )


def _stated(payload: Any) -> int | None:
    """The status that the answer itself names, where that is an error's."""
    status = payload.get("status") if isinstance(payload, dict) else None
    number = int(status) if isinstance(status, int | str) and str(status).isdecimal() else 0
    return number if number >= 400 else None
