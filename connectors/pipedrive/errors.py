"""What Pipedrive's refusals mean, of whole answers and of single records.

Status codes: https://pipedrive.readme.io/docs/core-api-concepts-http-status-codes
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.base import RowReason
from connectors.http import Answer, Call, Problem, Reaction, Rule

SYSTEM: Final = "pipedrive"
# Ours, not Pipedrive's: success by its status, but not what was asked for; a gateway's page that blocks us; the day's
# tokens are used up.
ODD_ANSWER: Final = "ODD_ANSWER"
BLOCKED: Final = "BLOCKED"
DAILY_BUDGET: Final = "DAILY_BUDGET"
NOT_FOUND: Final = "NOT_FOUND"

_CODE: Final = re.compile(r"[A-Za-z][A-Za-z_]{2,60}")
_ROW_STATUSES: Final = frozenset({400, 403, 404, 409, 410, 422, 423})
WITHHELD: Final = frozenset({NOT_FOUND, "HTTP_405", "HTTP_410", "HTTP_415", "HTTP_501"})  # there is no such feature
_BUG: Final = "Please report this: the connector should not have sent it."

# The first row that matches decides. Calls after ignored 429 end in a block page:
# https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.QUOTA, code=DAILY_BUDGET, advice="The company's tokens for today are used up.", wait=3600),
    Rule(Reaction.LATER, code=BLOCKED, advice="Pipedrive blocks this address for a while.", wait=900),
    Rule(Reaction.UNSURE, code=ODD_ANSWER, advice="It is not what Pipedrive answers: is a proxy between us?"),
    Rule(Reaction.REPAIR, status=401, advice="The API token is wrong, renewed or of somebody who left."),
    Rule(Reaction.REPAIR, status=402, advice="The company's Pipedrive account is closed or unpaid."),
    Rule(Reaction.REJECT, status=403, words="feature_capping", advice="A limit of the plan is reached."),
    Rule(Reaction.REPAIR, status=403, advice="The token's user needs the administrator's rights for this."),
    Rule(Reaction.REJECT, code=NOT_FOUND, advice="There is no such thing, or the token's user cannot see it."),
    Rule(Reaction.REJECT, status=400, advice=_BUG),
    *(Rule(Reaction.REJECT, status=status, advice="The plan lacks this feature.") for status in (405, 410, 415, 501)),
)


def api_problem(call: Call, answer: Answer) -> Problem | None:
    """The error in an answer; None for success, and for a refusal that concerns one record of a batch.

    `success` counts as well as the status: https://pipedrive.readme.io/docs/core-api-concepts-responses
    """
    payload = answer.payload if isinstance(answer.payload, dict) else None
    if answer.status < 400:
        if payload is None:
            return Problem(answer.status, ODD_ANSWER)
        return None if payload.get("success") is True else Problem(answer.status, _code(payload, "NO_SUCCESS"))
    if payload is None:
        return Problem(answer.status, BLOCKED if answer.status == 403 else f"HTTP_{answer.status}")
    if call.by_rows and answer.status in _ROW_STATUSES:
        return None
    code = NOT_FOUND if answer.status == 404 else _code(payload, f"HTTP_{answer.status}")
    return Problem(answer.status, code, " ".join(str(payload.get(key)) for key in ("code", "error", "error_info")))


def row_code(answer: Answer) -> str:
    """The code of a refusal that concerns one record; safe to log."""
    return NOT_FOUND if answer.status == 404 else _code(answer.payload, f"HTTP_{answer.status}")


def row_reason(status: int) -> RowReason:
    match status:
        case 404 | 410:
            return RowReason.GONE
        case 403:
            return RowReason.FORBIDDEN
        case 409:
            return RowReason.BUSY
        case 423:
            return RowReason.LOCKED
        case _:
            return RowReason.INVALID


def _code(payload: Mapping[str, Any], otherwise: str) -> str:
    """Pipedrive's own code where it is a word, never a sentence."""
    code = payload.get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else otherwise
