"""Repeating what is safe to repeat, stopping at what is not, and saying little about it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from scripted_vendor import QUICK, Vendor
from structlog.testing import capture_logs

from connectors.base import NotAuthorised, QuotaExhausted, Rejected, Unavailable
from connectors.http import Answer, Call, FixedGrant, Grant, Http, Problem, Reaction, Rule, Timings, hurried, together

RULES = (
    Rule(Reaction.QUOTA, status=429, words="today", wait=3600),
    Rule(Reaction.LATER, code="SLOW_DOWN", wait=120),
)


def problem_of(_call: Call, answer: Answer) -> Problem | None:
    payload = answer.payload or {}
    return (
        Problem(answer.status, payload.get("code", "NONE"), payload.get("message", ""))
        if answer.status >= 400
        else None
    )


@pytest.fixture
async def make(vendor: Vendor) -> AsyncIterator[Callable[..., Http]]:
    made: list[Http] = []

    def factory(timings: Timings = QUICK) -> Http:
        authority = FixedGrant(Grant("http://api.example", {"Authorization": "token-secret"}))
        made.append(
            Http(
                system="acme",
                authority=authority,
                problem_of=problem_of,
                rules=RULES,
                timings=timings,
                transport=vendor.transport,
            )
        )
        return made[-1]

    yield factory
    for http in made:
        await http.aclose()


def error(status: int, code: str = "", message: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": message}, headers=headers)


GOOD: dict[str, Any] = {"good": True}


@pytest.mark.parametrize(
    "trouble",
    [error(500), error(502), error(503), error(429), httpx.ReadTimeout("late"), httpx.ConnectError("refused")],
)
async def test_a_read_is_repeated_until_it_succeeds(make: Any, vendor: Vendor, trouble: Any) -> None:
    vendor.replies["/thing"] = [trouble, trouble, GOOD]

    answer = await make().send(Call("GET", "/thing"))

    assert answer.payload == GOOD
    assert vendor.count("/thing") == 3


@pytest.mark.parametrize(
    "trouble", [error(500), error(503), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")]
)
async def test_a_write_whose_outcome_is_unknown_is_sent_once(make: Any, vendor: Vendor, trouble: Any) -> None:
    vendor.replies["/thing"] = [trouble, GOOD]

    with pytest.raises(Unavailable):
        await make().send(Call("POST", "/thing", body={}))

    assert vendor.count("/thing") == 1


@pytest.mark.parametrize("trouble", [error(500), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")])
async def test_a_write_that_its_caller_calls_repeatable_is_repeated(make: Any, vendor: Vendor, trouble: Any) -> None:
    vendor.replies["/thing"] = [trouble, GOOD]

    assert (await make().send(Call("POST", "/thing", body={}, repeatable=True))).payload == GOOD


@pytest.mark.parametrize("trouble", [error(429), httpx.ConnectError("refused"), httpx.ConnectTimeout("late")])
async def test_a_write_that_never_reached_the_vendor_is_repeated(make: Any, vendor: Vendor, trouble: Any) -> None:
    vendor.replies["/thing"] = [trouble, GOOD]

    assert (await make().send(Call("POST", "/thing", body={}))).payload == GOOD


async def test_whoever_waits_for_what_is_wrong_is_told_of_a_refused_connection_at_once(
    make: Any, vendor: Vendor
) -> None:
    vendor.replies["/thing"] = [httpx.ConnectError("refused"), GOOD]

    with hurried(), pytest.raises(Unavailable) as caught:
        await make(Timings(base=30.0)).send(Call("GET", "/thing"))

    assert (caught.value.code, vendor.count("/thing")) == ("NO_ANSWER", 1)
    assert (await make().send(Call("GET", "/thing"))).payload == GOOD, "and only they"


async def test_patience_ends_and_says_when_to_come_back(make: Any, vendor: Vendor) -> None:
    vendor.replies["/thing"] = error(503)

    with pytest.raises(Unavailable) as caught:
        await asyncio.wait_for(make(Timings(base=0.01, cap=0.02, total=0.5)).send(Call("GET", "/thing")), 10)

    assert vendor.count("/thing") >= 2
    assert caught.value.retry_after == 0.02


async def test_the_vendors_own_waiting_time_is_honoured(make: Any, vendor: Vendor) -> None:
    vendor.replies["/thing"] = error(429, **{"Retry-After": "1000"})

    with pytest.raises(Unavailable) as caught:
        await make().send(Call("GET", "/thing"))

    assert caught.value.retry_after == 1000
    assert vendor.count("/thing") == 1


async def test_a_short_waiting_time_of_the_vendor_replaces_our_own(make: Any, vendor: Vendor) -> None:
    vendor.replies["/thing"] = [error(429, **{"Retry-After": "0"}), GOOD]
    patient = Timings(base=50, cap=60, total=90)

    assert (await asyncio.wait_for(make(patient).send(Call("GET", "/thing")), 10)).payload == GOOD


async def test_an_answer_that_never_ends_is_given_up(make: Any) -> None:
    async def forever(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    http = make(Timings(base=0.001, cap=0.001, total=0.05, attempt=0.02))
    http._client._transport = httpx.MockTransport(forever)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await asyncio.wait_for(http.send(Call("GET", "/thing")), 10)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (error(400, "BAD_FIELD"), Rejected, "BAD_FIELD"),
        (error(401, "WHO_ARE_YOU"), NotAuthorised, "WHO_ARE_YOU"),
        (error(403, "NOT_YOU"), NotAuthorised, "NOT_YOU"),
        (error(429, "LIMIT", "Enough for today"), QuotaExhausted, "LIMIT"),
        (error(400, "SLOW_DOWN"), Unavailable, "SLOW_DOWN"),
        (httpx.Response(404, text="<html>nowhere</html>"), Rejected, "NONE"),
    ],
)
async def test_errors_tell_how_to_react_and_are_not_repeated(
    make: Any, vendor: Vendor, reply: Any, kind: type[Exception], code: str
) -> None:
    vendor.replies["/thing"] = reply

    with pytest.raises(kind) as caught:
        await make().send(Call("GET", "/thing"))

    assert type(caught.value) is kind
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert vendor.count("/thing") == 1


async def test_no_more_than_four_calls_at_once(make: Any, vendor: Vendor) -> None:
    vendor.replies["/thing"] = GOOD
    http = make()

    await together(http.send(Call("GET", "/thing")) for _ in range(20))

    assert vendor.busiest == 4


async def test_logs_name_path_status_and_attempt_but_no_secret_and_no_record(make: Any, vendor: Vendor) -> None:
    vendor.replies["/Leads/5000000000000123/x"] = [error(500, "OOPS", "Dana's lead"), GOOD]

    with capture_logs() as logs:
        await make().send(Call("GET", "/Leads/5000000000000123/x", params={"q": "dana@acme.example"}))

    calls = [entry for entry in logs if entry["event"] == "vendor_call"]
    assert [(c["path"], c["status"], c["attempt"]) for c in calls] == [
        ("/Leads/{id}/x", 500, 1),
        ("/Leads/{id}/x", 200, 2),
    ]
    assert not any(word in str(logs) for word in ("secret", "dana", "Dana", "5000000000000123"))


async def test_an_outage_and_the_recovery_are_logged_once_each(make: Any, vendor: Vendor) -> None:
    vendor.replies["/thing"] = error(503)
    http = make(Timings(base=0.001, cap=0.001, total=0.005))

    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await http.send(Call("GET", "/thing"))
        vendor.replies["/thing"] = GOOD
        await http.send(Call("GET", "/thing"))
        await http.send(Call("GET", "/thing"))

    events = [entry["event"] for entry in logs if entry["event"].startswith("system_")]
    assert events == ["system_unavailable", "system_back"]


async def test_together_stops_the_others_and_raises_the_error_itself() -> None:
    finished = []

    async def slow() -> None:
        await asyncio.sleep(5)
        finished.append(True)

    async def failing() -> None:
        raise Rejected("no", system="acme", code="NO")

    with pytest.raises(Rejected):
        await together((slow(), failing()))
    assert not finished
