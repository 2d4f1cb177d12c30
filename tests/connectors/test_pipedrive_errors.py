"""What the connector makes of Pipedrive's refusals and odd answers."""

import logging
from typing import Any

import httpx
import pytest
from pipedrive_rigs import HASTY, Now, Reply, Script, envelope, refusal, scripted, user
from structlog.testing import capture_logs

from connectors.base import ConnectorError, NotAuthorised, Part, QuotaExhausted, Rejected, Unavailable

BLOCK_PAGE = httpx.Response(403, text="<html>You have been blocked, Dana Doe</html>")
ENVELOPED = [
    (401, {"error": "unauthorized access", "errorCode": 401}, NotAuthorised, "HTTP_401"),
    (402, {}, NotAuthorised, "HTTP_402"),
    (403, {"error": "You do not have permissions to do this."}, NotAuthorised, "HTTP_403"),
    (403, {"code": "feature_capping_deals_limit"}, Rejected, "feature_capping_deals_limit"),
    (400, {"code": "ERR_SCHEMA_VALIDATION_FAILED"}, Rejected, "ERR_SCHEMA_VALIDATION_FAILED"),
    (400, {"code": "owner 'Dana Doe' is unknown"}, Rejected, "HTTP_400"),
    (404, {"error": "Entity was not found"}, Rejected, "NOT_FOUND"),
    (405, {}, Rejected, "HTTP_405"),
    (410, {}, Rejected, "HTTP_410"),
    (415, {}, Rejected, "HTTP_415"),
    (422, {}, Rejected, "HTTP_422"),
    (501, {}, Rejected, "HTTP_501"),
    (429, {"error": "Request over limit"}, Unavailable, "HTTP_429"),
    (500, {}, Unavailable, "HTTP_500"),
    (503, {}, Unavailable, "HTTP_503"),
]


async def refused(reply: Reply | list[Reply], **changes: Any) -> ConnectorError:
    """What asking for a user ends with, when that is answered so."""
    crm = scripted(Script({"GET /v1/users/7": reply}), timings=HASTY, **changes)
    with pytest.raises(ConnectorError) as caught:
        await crm.account("7")
    await crm.aclose()
    return caught.value


@pytest.mark.parametrize(("status", "body", "kind", "code"), ENVELOPED)
async def test_each_refusal_has_its_reaction(
    status: int, body: dict[str, Any], kind: type[ConnectorError], code: str
) -> None:
    error = await refused(refusal(status, **body))

    assert type(error) is kind
    assert error.code == code
    assert error.system == "pipedrive"


async def test_what_the_vendor_wrote_is_quoted_nowhere() -> None:
    with capture_logs() as logs:
        texts = [str(await refused(refusal(status, **body))) for status, body, _, _ in ENVELOPED]
        texts.append(str(await refused(BLOCK_PAGE)))

    assert not [text for text in (*texts, str(logs)) if "Dana" in text or "very-secret-token" in text]


async def test_a_block_page_is_not_asked_again_for_a_quarter_of_an_hour() -> None:
    script = Script({"GET /v1/users/7": BLOCK_PAGE})

    with pytest.raises(Unavailable) as caught:
        await scripted(script).account("7")

    assert not isinstance(caught.value, QuotaExhausted)
    assert caught.value.retry_after == 900
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "limited",
    [httpx.Response(429, text="Request over limit"), refusal(429, error="Request over limit"), httpx.Response(429)],
)
async def test_too_many_calls_at_once_pass(limited: httpx.Response) -> None:
    crm = scripted(Script({"GET /v1/users/7": [limited, envelope(user(7))]}))

    assert (await crm.account("7")).id == "7"


async def test_no_tokens_left_for_today_is_told_as_such_and_not_asked_again() -> None:
    spent = httpx.Response(429, text="Request over limit", headers={"x-daily-ratelimit-token-remaining": "0"})
    script = Script({"GET /v1/users/7": spent})

    with pytest.raises(QuotaExhausted):
        await scripted(script).account("7")

    assert len(script.requests) == 1


async def test_three_refusals_some_seconds_apart_mean_that_the_day_is_spent() -> None:
    now = Now()

    def limited(_: httpx.Request) -> httpx.Response:
        now.advance(seconds=2)
        return httpx.Response(429, text="Request over limit")

    script = Script({"GET /v1/users/7": limited})
    with pytest.raises(QuotaExhausted):
        await scripted(script, clock=now).account("7")

    assert len(script.requests) == 3


async def test_refusals_in_one_moment_or_with_a_success_between_do_not() -> None:
    now = Now()

    def then(reply: httpx.Response) -> Any:
        def answer(_: httpx.Request) -> httpx.Response:
            now.advance(seconds=2)
            return reply

        return answer

    limited, fine = httpx.Response(429), httpx.Response(200, json=envelope(user(7)))
    crm = scripted(
        Script({"GET /v1/users/7": [limited] * 5 + [then(each) for each in [fine, limited, limited, fine] * 2]}),
        clock=now,
    )

    for _ in range(4):
        assert (await crm.account("7")).active


@pytest.mark.parametrize(
    "odd",
    [
        httpx.Response(200, text="<html>Welcome to the hotel's network</html>"),
        httpx.Response(200),
        httpx.Response(200, json=["a list"]),
        httpx.Response(200, json=envelope("not an object")),
        httpx.Response(200, json={"success": True}),
    ],
)
async def test_success_without_the_data_is_no_success(odd: httpx.Response) -> None:
    assert isinstance(await refused(odd), Unavailable)


async def test_success_that_says_no_is_none() -> None:
    error = await refused(httpx.Response(200, json={"success": False, "error": "x", "code": "SOME_CODE"}))

    assert type(error) is Rejected
    assert error.code == "SOME_CODE"


@pytest.mark.parametrize("odd", [None, {}, "text", ["text"], [None]])
async def test_a_list_that_is_none_is_never_zero_records(odd: Any) -> None:
    crm = scripted(Script({"GET /v2/persons": envelope(odd)}), timings=HASTY)

    with pytest.raises(Unavailable):
        await crm.count("7", "persons", Part.ALL)


async def test_version_1_writes_null_for_an_empty_list() -> None:
    crm = scripted(Script({"GET /v1/leads": envelope(None, pagination={"more_items_in_collection": False})}))

    assert await crm.count("7", "leads", Part.OPEN) == 0


async def test_a_list_that_goes_round_in_circles_is_left() -> None:
    crm = scripted(Script({"GET /v2/persons": envelope([], next_cursor="again")}))

    with pytest.raises(Unavailable):
        await crm.count("7", "persons", Part.ALL)


async def test_offsets_go_on_where_the_vendor_says_and_without_its_word_behind_the_page() -> None:
    def leads(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("start", 0))
        rows = [{"id": f"lead-{start}", "title": "A lead", "owner_id": 7, "is_archived": False}]
        named = {"next_start": 500} if start == 0 else {}
        pagination = {"start": start, "limit": 500, "more_items_in_collection": start < 1000, **named}
        return httpx.Response(200, json=envelope(rows, pagination=pagination))

    script = Script({"GET /v1/leads": leads})

    assert await scripted(script).count("7", "leads", Part.OPEN) == 3
    assert [each.url.params.get("start") for each in script.requests] == [None, "500", "1000"]


async def test_the_token_is_in_a_header_and_in_no_address(caplog: pytest.LogCaptureFixture) -> None:
    script = Script({"GET /v1/users/7": envelope(user(7))})
    with caplog.at_level(logging.DEBUG):
        await scripted(script).account("7")

    assert script.requests[0].headers["x-api-token"] == "very-secret-token"
    assert "very-secret-token" not in str(script.requests[0].url)
    assert "very-secret-token" not in caplog.text


async def test_an_id_that_is_none_is_not_sent() -> None:
    script = Script()

    with pytest.raises(Rejected) as caught:
        await scripted(script).account("../users")

    assert caught.value.code == "NOT_FOUND"
    assert not script.requests
