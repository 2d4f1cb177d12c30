"""Events: what the app hears, how often it is repeated, and the challenge at set-up."""

import asyncio

from starlette.responses import JSONResponse, PlainTextResponse, Response
from workspace_rig import Rig

QUICKLY = (0.0, 0.01, 0.02)


async def heard(town: Rig, number: int) -> None:
    async with asyncio.timeout(2):
        while len(town.app.heard) < number:  # noqa: ASYNC110 - the app under test has no event for it
            await asyncio.sleep(0.01)


async def test_a_closed_account_is_announced(town: Rig) -> None:
    await town.workspace.deactivate("U0AMIT")
    sent = town.app.last
    assert (sent["type"], sent["team_id"], sent["authorizations"][0]["user_id"]) == (
        "event_callback",
        "T0BRIGHTWATER",
        "UBOT",
    )
    assert sent["event"]["type"] == "user_change"
    assert (sent["event"]["user"]["id"], sent["event"]["user"]["deleted"]) == ("U0AMIT", True)


async def test_an_event_that_is_not_taken_is_repeated_three_times_under_one_id(town: Rig) -> None:
    town.workspace.courier.retry_seconds = QUICKLY
    town.app.answers += [Response(status_code=500)] * 4
    await town.workspace.deactivate("U0AMIT")
    await heard(town, 4)
    await asyncio.sleep(0.05)
    assert len(town.app.heard) == 4
    assert len({sent["event_id"] for sent in town.app.heard}) == 1
    numbers = [headers.get("x-slack-retry-num") for headers, _ in town.app.requests]
    assert numbers == [None, "1", "2", "3"]
    assert {headers["x-slack-retry-reason"] for headers, _ in town.app.requests[1:]} == {"http_error"}


async def test_repeating_ends_with_the_first_success(town: Rig) -> None:
    town.workspace.courier.retry_seconds = QUICKLY
    town.app.answers += [Response(status_code=500), Response()]
    await town.workspace.deactivate("U0AMIT")
    await heard(town, 2)
    await asyncio.sleep(0.05)
    assert len(town.app.heard) == 2


async def test_a_late_answer_is_repeated_with_its_reason(town: Rig) -> None:
    town.workspace.courier.retry_seconds = QUICKLY
    town.workspace.deliver_timeout = 0.05
    town.app.slow = 0.1
    await town.workspace.deactivate("U0AMIT")
    town.app.slow = 0
    await heard(town, 2)
    assert town.app.requests[1][0]["x-slack-retry-reason"] == "http_timeout"


async def test_an_app_can_ask_for_no_repetition(town: Rig) -> None:
    town.workspace.courier.retry_seconds = QUICKLY
    town.app.answers.append(Response(status_code=500, headers={"x-slack-no-retry": "1"}))
    await town.workspace.deactivate("U0AMIT")
    await asyncio.sleep(0.05)
    assert len(town.app.heard) == 1


async def test_an_event_can_be_delivered_twice_on_purpose(town: Rig) -> None:
    await town.workspace.deactivate("U0AMIT")
    await town.workspace.redeliver_last()
    assert town.app.heard[0] == town.app.heard[1]
    assert town.app.requests[1][0]["x-slack-retry-num"] == "1"


async def test_messages_are_heard_only_in_the_bots_dm_and_after_subscribing(town: Rig) -> None:
    ada = town.person("ada")
    await ada.say("D0ADA", "hello?")
    assert town.app.heard == []
    town.workspace.subscriptions.add("message.im")
    await ada.say("C0GENERAL", "hello all")
    await ada.say("D0ADA", "hello bot")
    (sent,) = town.app.heard
    assert (sent["event"]["type"], sent["event"]["channel_type"], sent["event"]["text"]) == (
        "message",
        "im",
        "hello bot",
    )


async def test_the_request_url_is_verified_by_an_echoed_challenge(town: Rig) -> None:
    assert not await town.workspace.verify_request_url()
    challenge = "challenge-2"
    town.app.answers.append(JSONResponse({"challenge": challenge}))
    assert await town.workspace.verify_request_url()
    town.app.answers.append(PlainTextResponse("challenge-3"))
    assert await town.workspace.verify_request_url()
    assert town.app.last == {"token": "legacy", "challenge": "challenge-3", "type": "url_verification"}
