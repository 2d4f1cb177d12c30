"""Every error code that Zoho documents for our calls has a reaction of its own."""

import re
from typing import Any

import httpx
import pytest
from scripted_vendor import Vendor, refusal

from connectors.base import NotAuthorised, QuotaExhausted, Rejected, RowReason, Unavailable
from connectors.http import Answer, Reaction
from connectors.zoho.crm import ZohoCrm
from connectors.zoho.errors import API_RULES, ROW_REASONS, TOKEN_RULES, row_reason
from connectors.zoho.rows import batch_result

# Each line: the codes of one error table of Zoho's v8 documentation.
DOCUMENTED = re.findall(r"\w+", """
AUTHENTICATION_FAILURE INVALID_TOKEN OAUTH_SCOPE_MISMATCH NO_PERMISSION AUTHORIZATION_FAILED FEATURE_PERMISSION
ID_ALREADY_DEACTIVATED INVALID_REQUEST NOT_ALLOWED CANNOT_UPDATE_DELETED_USER INVALID_DATA ID_ALREADY_ACTIVE
LICENSE_LIMIT_EXCEEDED CONFLICTING_DATA_FOUND UNAPPROVABLE FEATURE_NOT_ENABLED FEATURE_NOT_AVAILABLE MAPPING_MISMATCH
DUPLICATE_DATA EMAIL_UPDATE_NOT_ALOWED MANDATORY_NOT_FOUND REQUIRED_DATA_NOT_FOUND NOT_SUPPORTED PERMISSION_DENIED
ID_ALREADY_DELETED FEATURE_NOT_SUPPORTED CONCURRENT_JOB_LIMIT_EXCEEDED EXPECTED_FIELD_MISSING
RECORD_LOCKED CANNOT_PROCESS AMBIGUITY_DURING_PROCESSING INVALID_MODULE API_NOT_SUPPORTED CANNOT_ASSIGN
CANNOT_PERFORM_ACTION INTERNAL_SERVER_ERROR ALREADY_SCHEDULED DEPENDENT_FIELD_MISSING DEPENDENT_MISMATCH
SYNTAX_ERROR INVALID_QUERY LIMIT_EXCEEDED INVALID_ALIAS DUPLICATE_ALIAS
EXPECTED_PARAM_MISSING CRITERIA_LIMIT_EXCEEDED LIMIT_REACHED REQUIRED_PARAM_MISSING
DISCRETE_PAGINATION_LIMIT_EXCEEDED PAGINATION_LIMIT_EXCEEDED TOKEN_BOUND_DATA_MISMATCH EXPIRED_VALUE
ALREADY_MODIFIED RECORD_MODIFIED TERRITORY_NOT_ENABLED INVALID_URL_PATTERN RESOURCE_NOT_FOUND INVALID_REQUEST_METHOD
TOO_MANY_REQUESTS RATE_LIMIT_EXCEEDED INTERNAL_ERROR SERVICE_UNAVAILABLE
""")  # fmt: skip
ROWS = re.findall(r"\w+", """
CANNOT_PROCESS NOT_MERGED CANNOT_PERFORM_ACTION INVALID_DATA RECORD_LOCKED NO_PERMISSION CANNOT_ASSIGN NOT_ALLOWED
INTERNAL_SERVER_ERROR MANDATORY_NOT_FOUND DUPLICATE_DATA RECORD_IN_BLUEPRINT ID_ALREADY_CONVERTED CONVERTED_RECORD
NOT_APPROVED MULTIPLE_OR_MULTI_ERRORS DEPENDENT_FIELD_MISSING LIMIT_EXCEEDED EXPECTED_FIELD_MISSING ALREADY_MODIFIED
""")  # fmt: skip


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_a_rule(code: str) -> None:
    assert any(rule.code == code for rule in API_RULES)


@pytest.mark.parametrize("code", ["Access Denied", "invalid_code", "invalid_client", "invalid_client_secret"])
def test_every_code_of_the_accounts_server_has_a_rule(code: str) -> None:
    assert any(rule.code == code for rule in TOKEN_RULES)


@pytest.mark.parametrize("code", ROWS)
def test_every_row_code_has_a_reason(code: str) -> None:
    assert code in ROW_REASONS


def test_whoever_stops_a_run_is_told_what_to_do() -> None:
    assert all(rule.advice for rule in API_RULES if rule.reaction in (Reaction.REPAIR, Reaction.REJECT))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(429, "TOO_MANY_REQUESTS", "Maximum concurrency limit reached"), Unavailable),
        (refusal(429, "TOO_MANY_REQUESTS", "More than allowed in the past 24 hours."), QuotaExhausted),
        (
            httpx.Response(429, json={"code": 429, "error": "TOO_MANY_REQUESTS", "error_info": "past 24 hours"}),
            QuotaExhausted,
        ),
        (refusal(400, "CONCURRENT_JOB_LIMIT_EXCEEDED", limit="10"), Unavailable),
        (refusal(403, "OAUTH_SCOPE_MISMATCH"), NotAuthorised),
        (refusal(400, "AUTHORIZATION_FAILED"), NotAuthorised),
        (refusal(400, "NEVER_SEEN_BEFORE"), Rejected),
        (httpx.Response(502, text="<html>"), Unavailable),
    ],
)
async def test_the_reaction_to_an_answer(
    impatient_crm: ZohoCrm, vendor: Vendor, answer: Any, kind: type[Exception]
) -> None:
    vendor.replies["/users/1"] = answer

    with pytest.raises(kind) as caught:
        await impatient_crm.account("1")

    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("message", "advice"),
    [("Primary Contact cannot be deactivated", "super admin"), ("Not over logged in user", "our own grant")],
)
async def test_one_code_of_two_meanings_is_told_apart(crm: ZohoCrm, vendor: Vendor, message: str, advice: str) -> None:
    vendor.replies["/users/1"] = [
        {"users": [{"id": "1", "status": "active"}]},
        httpx.Response(400, json={"users": [{"code": "INVALID_REQUEST", "message": message, "details": {"id": "1"}}]}),
    ]

    with pytest.raises(Rejected, match=advice) as caught:
        await crm.deactivate("1")

    assert caught.value.code == "INVALID_REQUEST"


def row(code: str, record_id: str | None = None, **details: Any) -> dict[str, Any]:
    return {"code": code, "details": details | ({"id": record_id} if record_id else {}), "message": "x"}


@pytest.mark.parametrize("status", [200, 202, 207])
def test_a_2xx_never_means_that_all_rows_passed(status: int) -> None:
    result = batch_result(["1", "2", "3"], Answer(status, {"data": [row("SUCCESS", "1"), row("RECORD_LOCKED", "3")]}))

    assert result.done == ("1",)
    assert [(failure.id, failure.code) for failure in result.failed] == [("2", "NO_ANSWER"), ("3", "RECORD_LOCKED")]
    assert all(failure.reason.may_pass_later for failure in result.failed)


def test_a_row_that_names_only_its_place_is_matched_by_it() -> None:
    result = batch_result(["1", "2"], Answer(202, {"data": [row("SUCCESS", "1"), row("NOT_MERGED", index=1)]}))

    assert [(failure.id, failure.reason) for failure in result.failed] == [("2", RowReason.BUSY)]


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (400, {"data": [row("RECORD_LOCKED", "1"), row("CANNOT_PROCESS", "2")]}, [RowReason.LOCKED, RowReason.LOCKED]),
        (403, row("CANNOT_PERFORM_ACTION", "2", index=0), [RowReason.BUSY, RowReason.FORBIDDEN]),
    ],
)
async def test_refused_rows_under_an_error_status_are_data(
    crm: ZohoCrm, vendor: Vendor, status: int, payload: Any, expected: list[RowReason]
) -> None:
    vendor.replies["/Leads/actions/change_owner"] = httpx.Response(status, json=payload)

    result = await crm.change_owner("Leads", ["1", "2"], "9")

    assert result.done == ()
    assert [failure.reason for failure in result.failed] == expected


@pytest.mark.parametrize("state", ["inactive", "deleted", "include_subordinate_owners"])
async def test_a_bad_receiver_is_no_row_but_stops_the_call(crm: ZohoCrm, vendor: Vendor, state: str) -> None:
    vendor.replies["/Leads/actions/change_owner"] = refusal(
        400, "INVALID_DATA", api_name="id", json_path="$.owner.id", owner_status=state
    )

    with pytest.raises(Rejected, match=state):
        await crm.change_owner("Leads", ["1"], "9")


def test_an_unknown_id_means_that_the_record_is_gone() -> None:
    assert row_reason({"code": "INVALID_DATA", "message": "the id given seems to be invalid"}) is RowReason.GONE
    assert row_reason({"code": "INVALID_DATA", "message": "too long"}) is RowReason.INVALID
    assert row_reason({"code": "NEVER_SEEN_BEFORE"}) is RowReason.INVALID
