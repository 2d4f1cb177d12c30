"""Example CRM's error codes and what to do about each: one table for calls, one for single records.

Decide for every code that the vendor documents; the address of that page belongs here. What is in no table is refused
(`STATUS_RULES` in `connectors/http.py`), which is right for a write that nobody has thought about.
"""

from typing import Final

from connectors.base import RowReason
from connectors.http import Answer, Call, Problem, Reaction, Rule

API_RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.QUOTA, code="daily_limit", advice="The day's calls are used up.", wait=3600),
    Rule(Reaction.REPEAT, code="too_many_requests", advice="Too many calls at once."),
    Rule(Reaction.UNSURE, code="ODD_ANSWER", advice="It is not what the CRM answers: is a proxy between us?"),
    Rule(Reaction.REPAIR, code="forbidden", advice="Give the token's user the right to change owners."),
)

# What concerns one record of a batch and must not stop the others.
ROW_REASONS: Final[dict[str, RowReason]] = {
    "not_found": RowReason.GONE,
    "record_locked": RowReason.LOCKED,
    "invalid_field": RowReason.INVALID,
}


def api_problem(_call: Call, answer: Answer) -> Problem | None:
    """The error in an answer, which here is `{"error": {"code", "message"}}`; None for success.

    Decide what success looks like, and distrust the rest: a proxy's page of HTML under status 200 is no empty list.
    """
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    if answer.status < 400:
        return None if payload else Problem(answer.status, "ODD_ANSWER")
    error = payload.get("error")
    known = error if isinstance(error, dict) else {}
    return Problem(answer.status, str(known.get("code") or f"HTTP_{answer.status}"), str(known.get("message", "")))
