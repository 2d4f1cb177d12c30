"""What SuiteCRM's errors mean, and answers that are none."""

import json

import httpx
import pytest
from scripted_suite import FIELDS, OWNER, TOKEN, V8, document, error, listing, make_suite, row, suite, written
from scripted_vendor import IMPATIENT, Clock, Vendor

from connectors.base import ConnectorError, NotAuthorised, Part, Rejected, RowReason, Unavailable

NOTES = {"Notes": {**FIELDS, "assigned_user_id": OWNER}}
HTML = httpx.Response(200, text="<html><body>Welcome</body></html>")


@pytest.mark.parametrize(
    ("detail", "kind", "code"),
    [
        ("[AccessDeniedException] ", NotAuthorised, "ACCESS_DENIED"),
        ("Not authorized", NotAuthorised, "NOT_AUTHORIZED"),
        ("Filter field x in Note module is not found", Rejected, "NO_FIELD"),
        ("The following field in Note module is not found: x", Rejected, "NO_FIELD"),
        ("Filter operator x is invalid", Rejected, "BAD_OPERATOR"),
        ("Module Notes does not exist", Rejected, "NO_MODULE"),
        ("Something that nobody has seen yet about Dana", Rejected, "HTTP_400"),
    ],
)
async def test_every_error_is_400_and_its_wording_decides(detail: str, kind: type[ConnectorError], code: str) -> None:
    crm = make_suite(suite(NOTES, **{"/module/Notes": error(detail)}))

    with pytest.raises(kind) as caught:
        await crm.count("u1", "Notes", Part.ALL)

    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "Dana" not in str(caught.value)


async def test_an_array_of_errors_as_the_standard_has_it_is_read_too() -> None:
    reply = httpx.Response(400, json={"errors": [{"status": 400, "detail": "Not authorized"}]})
    crm = make_suite(suite(NOTES, **{"/module/Notes": reply}))

    with pytest.raises(NotAuthorised):
        await crm.count("u1", "Notes", Part.ALL)


@pytest.mark.parametrize(
    "odd",
    [
        HTML,
        httpx.Response(200, text=""),
        {"data": [row("1")]},  # rows without a number of pages
        {"meta": {"total-pages": 1}, "data": {"id": "1"}},
        {"jsonapi": {"version": "1.0"}},
    ],
)
async def test_an_answer_that_is_none_is_never_zero_records(odd: object) -> None:
    crm = make_suite(suite(NOTES, **{"/module/Notes": odd}), timings=IMPATIENT)
    with pytest.raises(Unavailable) as caught:
        await crm.count("u1", "Notes", Part.ALL)
    assert caught.value.code == "ODD_ANSWER"


async def test_no_result_is_zero() -> None:
    crm = make_suite(suite(NOTES))
    assert await crm.count("u1", "Notes", Part.ALL) == 0


async def test_a_proxy_that_throttles_is_waited_for() -> None:
    throttled = httpx.Response(429, text="slow down", headers={"retry-after": "0"})
    crm = make_suite(suite(NOTES, **{"/module/Notes": [throttled, listing(row("1"), pages=3)]}))
    assert await crm.count("u1", "Notes", Part.ALL) == 3


class TestToken:
    async def test_the_legacy_part_is_tried_where_the_api_does_not_answer(self) -> None:
        vendor = suite(NOTES)
        vendor.replies["/Api/access_token"] = httpx.Response(404, text="<html>")
        moved = {path.replace(V8, f"/legacy{V8}"): reply for path, reply in vendor.replies.items() if V8 in path}
        vendor.replies |= {**moved, "/legacy/Api/access_token": TOKEN}
        crm = make_suite(vendor)

        assert await crm.count("u1", "Notes", Part.ALL) == 0
        assert vendor.paths()[-1].startswith("/legacy/Api/V8/")

    async def test_the_page_of_another_site_is_said_to_be_no_suitecrm(self) -> None:
        vendor = Vendor({"/Api/access_token": HTML, "/legacy/Api/access_token": HTML})

        with pytest.raises(NotAuthorised) as caught:
            await make_suite(vendor).accounts()

        assert caught.value.code == "NO_API"

    @pytest.mark.parametrize("code", ["invalid_client", "unsupported_grant_type", "invalid_request"])
    async def test_what_the_oauth_layer_says_is_never_quoted(self, code: str) -> None:
        text = "Client authentication failed: secret-in-the-text"
        refused = httpx.Response(400, json={"error": code, "error_description": text, "message": text})

        with pytest.raises(NotAuthorised) as caught:
            await make_suite(Vendor({"/Api/access_token": refused})).accounts()

        assert caught.value.code == code
        assert "secret-in-the-text" not in str(caught.value)

    async def test_a_client_asks_by_its_credentials_and_never_by_a_password(self) -> None:
        vendor = suite(NOTES)

        await make_suite(vendor).count("u1", "Notes", Part.ALL)

        form = vendor.requests[0].content.decode()
        assert form == "grant_type=client_credentials&client_id=a-client&client_secret=client-secret"
        assert vendor.requests[1].headers["authorization"] == "Bearer secret-jwt"

    async def test_a_token_is_renewed_before_it_ends(self) -> None:
        vendor, clock = suite(NOTES), Clock()
        crm = make_suite(vendor, clock)
        await crm.count("u1", "Notes", Part.ALL)
        clock.advance(minutes=54)
        await crm.count("u1", "Notes", Part.ALL)
        assert vendor.count("/Api/access_token") == 1

        clock.advance(minutes=2)
        await crm.count("u1", "Notes", Part.ALL)
        assert vendor.count("/Api/access_token") == 2

    async def test_a_token_that_is_never_accepted_is_for_a_person_to_repair(self) -> None:
        denied = httpx.Response(401, json={"error": "access_denied", "hint": "Token has been revoked"})
        vendor = suite(NOTES, **{"/meta/modules": denied})

        with pytest.raises(NotAuthorised) as caught:
            await make_suite(vendor).count("u1", "Notes", Part.ALL)

        assert caught.value.code == "access_denied"
        assert vendor.count("/Api/access_token") == 3


class TestRows:
    async def test_each_record_has_its_own_outcome(self) -> None:
        answers = {
            "1": written("1", assigned_user_id="u2"),
            "2": error("Notes module with id 2 is not found"),
            "3": error("[AccessDeniedException] "),
            "4": error("Field is required"),
            "5": httpx.Response(500, text="<html>"),
            "6": written("6", assigned_user_id="u1"),  # a logic hook took it back
        }

        def reply(request: httpx.Request) -> httpx.Response:
            return answers[json.loads(request.content)["data"]["id"]]

        vendor = suite(NOTES, **{"/module": reply, "/module/Users": listing(row("u2"))})
        vendor.replies[f"{V8}/module/Users"] = lambda request: (
            listing() if "filter[status][eq]" in request.url.params else listing(row("u2"))
        )
        crm = make_suite(vendor, timings=IMPATIENT)

        result = await crm.change_owner("Notes", list(answers), "u2")

        assert result.done == ("1",)
        assert {each.id: each.reason for each in result.failed} == {
            "2": RowReason.GONE,
            "3": RowReason.FORBIDDEN,
            "4": RowReason.INVALID,
            "5": RowReason.BUSY,
            "6": RowReason.FORBIDDEN,
        }

    async def test_a_vendor_that_answers_for_no_record_is_down(self) -> None:
        vendor = suite(NOTES, **{"/module": httpx.Response(503, text="")})
        crm = make_suite(vendor, timings=IMPATIENT)
        with pytest.raises(Unavailable):
            await crm.update("Notes", ["1", "2"], {"name": "x"})

    async def test_a_field_that_suitecrm_would_lose_without_a_word_is_refused(self) -> None:
        vendor = suite(NOTES)
        with pytest.raises(Rejected) as caught:
            await make_suite(vendor).update("Notes", ["1"], {"nmae": "x"})
        assert caught.value.code == "NO_FIELD"
        assert not [each for each in vendor.requests if each.method == "PATCH"]


async def test_the_doctor_names_a_client_whose_user_is_no_administrator() -> None:
    vendor = suite(NOTES, **{"/current-user": {"data": row("me", is_admin="0")}})
    failed = [check for check in await make_suite(vendor).check() if not check.passed]
    assert [check.name for check in failed] == ["grant user"]
    assert "administrator" in failed[0].advice


async def test_the_doctor_names_closed_values_of_a_field_that_is_not_there() -> None:
    crm = make_suite(suite(NOTES), closed={"Notes.stage": ["Done"]})
    failed = [check for check in await crm.check() if not check.passed]
    assert [check.name for check in failed] == ["modules"]


async def test_modules_are_read_again_after_an_hour() -> None:
    vendor, clock = suite(NOTES), Clock()
    crm = make_suite(vendor, clock)
    await crm.count("u1", "Notes", Part.ALL)
    vendor.replies[f"{V8}/meta/modules"] = document(Notes={"label": "Notes"}, Tasks={"label": "Tasks"})
    vendor.replies[f"{V8}/meta/fields/Tasks"] = document(**FIELDS, assigned_user_id=OWNER)
    vendor.replies[f"{V8}/module/Tasks"] = listing()
    with pytest.raises(Rejected):
        await crm.count("u1", "Tasks", Part.ALL)

    clock.advance(minutes=61)

    assert await crm.count("u1", "Tasks", Part.ALL) == 0
