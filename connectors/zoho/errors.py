"""Zoho CRM's error codes and what to do about each: one table for whole answers, one for single rows.

Codes: https://www.zoho.com/crm/developer/docs/api/v8/status-codes.html, and the page of each call.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.base import RowReason
from connectors.http import Answer, Call, Problem, Reaction, Rule

_RECONSENT: Final = "Ask the administrator to grant the scopes again (see `offboard doctor`)."
_RIGHTS: Final = "Ask an administrator to give the integration user this right."
_OTHER_USER: Final = "Do it in the CRM's own set-up pages, as another administrator."
_BUG: Final = "Please report this: the connector should not have sent it."
_UNAVAILABLE: Final = "The organisation's edition or settings do not have this feature."


def _rules(reaction: Reaction, advice: str, *codes: str) -> tuple[Rule, ...]:
    return tuple(Rule(reaction, code=code, advice=advice) for code in codes)


# Ours, not Zoho's: success by its status, but no JSON object in it.
ODD_ANSWER: Final = "ODD_ANSWER"

# The organisation has no such call; and whatever else keeps it from us: the edition, the grant, its user's profile.
ABSENT: Final = frozenset({"INVALID_URL_PATTERN", "RESOURCE_NOT_FOUND"})
WITHHELD: Final = ABSENT | {
    *("NO_PERMISSION", "PERMISSION_DENIED", "FEATURE_PERMISSION", "AUTHORIZATION_FAILED", "OAUTH_SCOPE_MISMATCH"),
    *("FEATURE_NOT_SUPPORTED", "FEATURE_NOT_ENABLED", "FEATURE_NOT_AVAILABLE", "NOT_SUPPORTED"),
}

# The first row that matches decides. One status and several wordings: 429 is concurrency or the day's allowance.
API_RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.QUOTA, status=429, words="24 hour", advice="The day's API credits are used up.", wait=3600),
    Rule(Reaction.QUOTA, status=429, words="24-hour", advice="The day's API credits are used up.", wait=3600),
    Rule(Reaction.REPEAT, code="TOO_MANY_REQUESTS", advice="Too many calls at once."),
    Rule(Reaction.REPEAT, code="RATE_LIMIT_EXCEEDED", advice="Too many calls at once."),
    *_rules(Reaction.REPEAT, "Other jobs are running.", "ALREADY_SCHEDULED", "CONCURRENT_JOB_LIMIT_EXCEEDED"),
    *_rules(Reaction.REPEAT, "The record is locked for now.", "RECORD_LOCKED", "CANNOT_PROCESS"),
    *_rules(Reaction.UNSURE, "It is not what Zoho CRM answers: is a proxy between us?", ODD_ANSWER),
    *_rules(Reaction.UNSURE, "", "INTERNAL_ERROR", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"),
    *_rules(Reaction.REPAIR, _RECONSENT, "INVALID_TOKEN", "AUTHENTICATION_FAILURE", "OAUTH_SCOPE_MISMATCH"),
    *_rules(Reaction.REPAIR, _RIGHTS, "NO_PERMISSION", "PERMISSION_DENIED", "AUTHORIZATION_FAILED"),
    *_rules(Reaction.REPAIR, _UNAVAILABLE, "FEATURE_PERMISSION"),
    Rule(
        Reaction.REJECT,
        code="INVALID_REQUEST",
        words="primary contact",
        advice=f"This is the super admin. {_OTHER_USER}",
    ),
    Rule(
        Reaction.REJECT, code="INVALID_REQUEST", words="logged in user", advice=f"It is our own grant's. {_OTHER_USER}"
    ),
    *_rules(Reaction.REJECT, _OTHER_USER, "NOT_ALLOWED", "UNAPPROVABLE", "CONFLICTING_DATA_FOUND"),
    *_rules(Reaction.REJECT, "The receiver lacks the right to this module.", "CANNOT_ASSIGN"),
    *_rules(Reaction.REJECT, "The CRM denies this for one of the records.", "CANNOT_PERFORM_ACTION"),
    *_rules(Reaction.REJECT, "The user is deleted.", "CANNOT_UPDATE_DELETED_USER", "ID_ALREADY_DELETED"),
    *_rules(Reaction.REJECT, "It is so already.", "ID_ALREADY_DEACTIVATED", "ID_ALREADY_ACTIVE"),
    *_rules(Reaction.REJECT, _UNAVAILABLE, "FEATURE_NOT_ENABLED", "FEATURE_NOT_AVAILABLE", "TERRITORY_NOT_ENABLED"),
    *_rules(Reaction.REJECT, _UNAVAILABLE, "NOT_SUPPORTED", "INVALID_MODULE", "API_NOT_SUPPORTED"),
    *_rules(Reaction.REJECT, _UNAVAILABLE, "FEATURE_NOT_SUPPORTED"),
    *_rules(Reaction.REJECT, _UNAVAILABLE, "INVALID_URL_PATTERN", "RESOURCE_NOT_FOUND"),
    *_rules(Reaction.REJECT, "A limit of the edition is reached.", "LICENSE_LIMIT_EXCEEDED", "LIMIT_EXCEEDED"),
    *_rules(Reaction.REJECT, "A limit of the call is reached.", "LIMIT_REACHED", "CRITERIA_LIMIT_EXCEEDED"),
    *_rules(Reaction.REJECT, "The record changed meanwhile.", "ALREADY_MODIFIED", "RECORD_MODIFIED"),
    *_rules(Reaction.REJECT, _BUG, "INVALID_DATA", "MANDATORY_NOT_FOUND", "EXPECTED_FIELD_MISSING"),
    *_rules(Reaction.REJECT, _BUG, "AMBIGUITY_DURING_PROCESSING", "DEPENDENT_FIELD_MISSING", "DEPENDENT_MISMATCH"),
    *_rules(Reaction.REJECT, _BUG, "SYNTAX_ERROR", "INVALID_QUERY", "INVALID_ALIAS", "DUPLICATE_ALIAS"),
    *_rules(Reaction.REJECT, _BUG, "REQUIRED_PARAM_MISSING", "EXPECTED_PARAM_MISSING", "REQUIRED_DATA_NOT_FOUND"),
    *_rules(Reaction.REJECT, _BUG, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "PAGINATION_LIMIT_EXCEEDED"),
    *_rules(Reaction.REJECT, _BUG, "TOKEN_BOUND_DATA_MISMATCH", "EXPIRED_VALUE", "INVALID_REQUEST_METHOD"),
    *_rules(Reaction.REJECT, _BUG, "INVALID_REQUEST", "DUPLICATE_DATA", "MAPPING_MISMATCH"),
    *_rules(Reaction.REJECT, _BUG, "EMAIL_UPDATE_NOT_ALOWED"),  # sic
)

# Ten tokens per ten minutes, then blocked: https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html
TOKEN_RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.LATER, code="Access Denied", advice="Zoho throttles new access tokens for a while.", wait=120),
    Rule(Reaction.REPAIR, code="invalid_code", advice="The refresh token is revoked or of another data centre."),
    Rule(Reaction.REPAIR, code="invalid_client", advice="Check the client id and the data centre of the accounts URL."),
    Rule(Reaction.REPAIR, code="invalid_client_secret", advice="Check the client secret."),
)

ROW_REASONS: Final[dict[str, RowReason]] = {
    "RECORD_LOCKED": RowReason.LOCKED,
    "RECORD_IN_BLUEPRINT": RowReason.LOCKED,
    "NOT_APPROVED": RowReason.LOCKED,
    "CANNOT_PROCESS": RowReason.LOCKED,  # "in stop-processing state": a privacy lock
    "NOT_MERGED": RowReason.BUSY,
    "ALREADY_MODIFIED": RowReason.BUSY,
    "INTERNAL_ERROR": RowReason.BUSY,
    "INTERNAL_SERVER_ERROR": RowReason.BUSY,
    "SERVICE_UNAVAILABLE": RowReason.BUSY,
    "TOO_MANY_REQUESTS": RowReason.BUSY,
    "ID_ALREADY_CONVERTED": RowReason.GONE,
    "CONVERTED_RECORD": RowReason.GONE,
    "RESOURCE_NOT_FOUND": RowReason.GONE,
    "CANNOT_PERFORM_ACTION": RowReason.FORBIDDEN,
    "CANNOT_ASSIGN": RowReason.FORBIDDEN,
    "NOT_ALLOWED": RowReason.FORBIDDEN,
    "NO_PERMISSION": RowReason.FORBIDDEN,
    "PERMISSION_DENIED": RowReason.FORBIDDEN,
    "AUTHORIZATION_FAILED": RowReason.FORBIDDEN,
    "INVALID_DATA": RowReason.INVALID,  # an unknown id apart: see `row_reason`
    "MANDATORY_NOT_FOUND": RowReason.INVALID,
    "EXPECTED_FIELD_MISSING": RowReason.INVALID,
    "DEPENDENT_FIELD_MISSING": RowReason.INVALID,
    "DUPLICATE_DATA": RowReason.INVALID,
    "LIMIT_EXCEEDED": RowReason.INVALID,
    "MULTIPLE_OR_MULTI_ERRORS": RowReason.INVALID,
}

_LISTS: Final = ("data", "users", "tags", "modules", "pipeline", "validate_before_transfer", "transfer")
_ROW_PATH: Final = re.compile(r"\$\.data\[(\d+)\]")


def api_problem(call: Call, answer: Answer) -> Problem | None:
    """The error in an answer of the CRM; None for success and for errors that concern named records of a bulk call.

    Only 204 means "none": a page of HTML or an error object under 200 is a fault, and never zero records.
    """
    if call.by_rows and rows_of(answer):
        return None
    if answer.status < 400:
        return _fault_under_success(answer)
    error = _error_object(answer.payload)
    code = error.get("code")
    # an older form of 429: {"code": 429, "error": "TOO_MANY_REQUESTS", "error_info": "..."}
    name = code if isinstance(code, str) else error.get("error")
    words = str(error.get("message") or error.get("error_info") or "")
    return Problem(answer.status, str(name or f"HTTP_{answer.status}"), words, _hint(error.get("details")))


def _fault_under_success(answer: Answer) -> Problem | None:
    if answer.status == 204:
        return None
    if not isinstance(answer.payload, dict):
        return Problem(answer.status, ODD_ANSWER)
    if answer.payload.get("status") == "error" and isinstance(answer.payload.get("code"), str):
        return Problem(answer.status, answer.payload["code"], str(answer.payload.get("message", "")))
    return None


def token_problem(_call: Call, answer: Answer) -> Problem | None:
    """The error in an answer of the accounts server, which may come with HTTP 200."""
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    if "error" in payload:
        return Problem(answer.status, str(payload["error"]))
    return None if answer.status < 400 and "access_token" in payload else Problem(answer.status, "NO_TOKEN")


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The rows of a bulk write's answer, whatever its status; none where it speaks of the request as a whole.

    A bulk call answers 200, 202 or 207 when some rows passed and 400 or 403 when none did:
    https://www.zoho.com/crm/developer/docs/api/v8/change-owner.html
    """
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    rows = payload.get("data", [payload])
    return rows if isinstance(rows, list) and all(_names_a_record(row) for row in rows) else []


def row_id(row: Mapping[str, Any], ids: Sequence[str]) -> str:
    """The id of the record that a row of the answer speaks of: by its place among those sent, else as it is named."""
    details = row["details"]
    place = _ROW_PATH.match(str(details.get("json_path")))
    if place is not None and int(place[1]) < len(ids):
        return ids[int(place[1])]
    return str(details["id"]) if "id" in details else ids[int(details["index"])]


def row_reason(row: Mapping[str, Any]) -> RowReason:
    code = str(row.get("code"))
    if code == "INVALID_DATA" and "id given seems to be invalid" in str(row.get("message")).lower():
        return RowReason.GONE
    return ROW_REASONS.get(code, RowReason.INVALID)


def _names_a_record(row: Any) -> bool:
    details = row.get("details") if isinstance(row, dict) else None
    if not isinstance(details, dict) or "code" not in row:
        return False
    return "id" in details or "index" in details or _ROW_PATH.match(str(details.get("json_path"))) is not None


def _error_object(payload: Any) -> Mapping[str, Any]:
    """The object with `code`: the root, or the first row of the list that the call answers with."""
    if not isinstance(payload, dict):
        return {}
    for key in () if "code" in payload else _LISTS:
        inner = payload.get(key)
        first = inner[0] if isinstance(inner, list) and inner else inner
        if isinstance(first, dict):
            return first
    return payload


def _hint(details: Any) -> str:
    """The parts of `details` that name rights, paths and states, never records."""
    if not isinstance(details, dict):
        return ""
    shown = {key: details[key] for key in ("permissions", "owner_status", "json_path", "column_name") if key in details}
    return ", ".join(f"{key}: {value}" for key, value in shown.items())
