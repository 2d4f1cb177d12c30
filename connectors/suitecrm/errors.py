"""SuiteCRM's errors and what to do about each.

Every handler of V8 answers HTTP 400 with `{"errors": {"status", "title", "detail"}}`: an object, where JSON:API has an
array, and no code, so that the wording decides. The OAuth layer answers in a form of its own.
https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/Controller/BaseController.php
"""

from collections.abc import Mapping
from typing import Any, Final

from connectors.base import RowReason
from connectors.http import Answer, Call, Problem, Reaction, Rule

SYSTEM: Final = "suitecrm"
_RIGHTS: Final = "Give the OAuth2 client's user the rights of an administrator."
_BUG: Final = "Please report this: the connector should not have sent it."
_ADDRESS: Final = "Check the address of the installation."

# Ours, not SuiteCRM's: success by its status, but no JSON:API document in it; and no API where it should be.
ODD_ANSWER: Final = "ODD_ANSWER"
NO_API: Final = "NO_API"

# By a part of the wording, in lower case; the first that occurs decides.
_CODES: Final = {
    "module with id": "NOT_FOUND",
    "accessdeniedexception": "ACCESS_DENIED",
    "does not have access": "ACCESS_DENIED",
    "not authorized": "NOT_AUTHORIZED",
    "filter field": "NO_FIELD",
    "sort field": "NO_FIELD",
    "the following field": "NO_FIELD",
    "property": "NO_FIELD",
    "filter operator": "BAD_OPERATOR",
    "cannot load relationship": "NO_RELATION",
    "already exist": "EXISTS",
    "module with name": "NO_MODULE",
    "does not exist": "NO_MODULE",
}
WITHHELD: Final = frozenset({"ACCESS_DENIED", "NOT_AUTHORIZED", "NO_MODULE", "NO_FIELD", "NO_RELATION", "HTTP_404"})

API_RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.UNSURE, code=ODD_ANSWER, advice="It is not what SuiteCRM answers: is a proxy between us?"),
    Rule(Reaction.REPAIR, code="access_denied", advice="The token is not accepted. Check the OAuth2 client."),
    Rule(Reaction.REPAIR, code="ACCESS_DENIED", advice=_RIGHTS),
    Rule(Reaction.REPAIR, code="NOT_AUTHORIZED", advice=_RIGHTS),
    Rule(Reaction.REJECT, code="NOT_FOUND", advice="There is no such record any more."),
    *(Rule(Reaction.REJECT, code=code, advice=_BUG) for code in ("NO_FIELD", "BAD_OPERATOR", "NO_RELATION", "EXISTS")),
    Rule(Reaction.REJECT, code="NO_MODULE", advice="The installation does not have this module."),
    Rule(Reaction.REJECT, status=404, advice=_ADDRESS),
)

# https://oauth2.thephpleague.com/ answers with the codes of RFC 6749, section 5.2.
TOKEN_RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.REJECT, code=NO_API, advice=_ADDRESS),
    Rule(Reaction.REPAIR, code="invalid_client", advice="Check the client id and the client secret."),
    Rule(Reaction.REPAIR, code="unauthorized_client", advice="Allow the client the grant type Client Credentials."),
    Rule(Reaction.REPAIR, code="unsupported_grant_type", advice="Allow the client the grant type Client Credentials."),
    Rule(Reaction.REPAIR, status=400, advice="Check the OAuth2 client: its grant type and the user it stands for."),
)

ROW_REASONS: Final[Mapping[str, RowReason]] = {
    "NOT_FOUND": RowReason.GONE,
    "ACCESS_DENIED": RowReason.FORBIDDEN,
    "NOT_AUTHORIZED": RowReason.FORBIDDEN,
}


def api_problem(_call: Call, answer: Answer) -> Problem | None:
    """The error in an answer of the API; None for success, which an update answers with 201."""
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    if answer.status < 400:
        return None if "data" in payload else Problem(answer.status, ODD_ANSWER)
    detail = _detail(payload.get("errors"))
    code = next((code for words, code in _CODES.items() if words in detail.lower()), "")
    return Problem(answer.status, code or str(payload.get("error") or f"HTTP_{answer.status}"), detail)


def token_problem(_call: Call, answer: Answer) -> Problem | None:
    """The error in an answer of the token endpoint.

    Its wording is not even kept for matching: that of a refused log-in holds the password.
    """
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    if answer.status < 400 and "access_token" in payload:
        return None
    if "error" in payload:
        return Problem(answer.status, str(payload["error"]))
    if answer.status < 500 and answer.status != 429 and not payload:
        return Problem(answer.status, NO_API)  # a page: of a web server that knows no such path, or of SuiteCRM 8
    return Problem(answer.status, "NO_TOKEN")


def _detail(errors: Any) -> str:
    """The wording; an array is what the standard has, should a version ever keep to it."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    return str(first.get("detail") or "") if isinstance(first, dict) else ""
