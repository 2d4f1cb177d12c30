"""The Web API as a client meets it: arguments, tokens, scopes, limits, faults."""

import aiohttp
import httpx
import pytest
from slack_sdk.errors import SlackApiError
from workspace_rig import Rig, actions, button, modal, section

from sandbox.faults import Fault

HOME = {"type": "home", "blocks": [section("x")]}


async def raw(town: Rig, method: str, **request: object) -> httpx.Response:
    return await town.http.request("POST", f"{town.base}/slack/api/{method}", **request)  # type: ignore[arg-type]


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_arguments_come_by_query_form_or_json_and_the_token_in_the_body_too(town: Rig) -> None:
    token = town.workspace.bot_token
    by_query = await raw(town, "users.info", params={"user": "U0ADA", "include_locale": "1"}, headers=bearer(token))
    by_form = await raw(town, "users.info", data={"user": "U0ADA", "include_locale": "true", "token": token})
    by_json = await raw(town, "users.info", json={"user": "U0ADA", "include_locale": True}, headers=bearer(token))
    assert by_query.json() == by_form.json() == by_json.json()
    assert by_json.json()["user"]["locale"] == "en-US"


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        (None, "auth.test", "not_authed"),
        ("xoxb-stolen", "auth.test", "invalid_auth"),
        ("app", "auth.test", "not_allowed_token_type"),
        ("bot", "apps.connections.open", "not_allowed_token_type"),
        ("bot", "chat.meMessageNow", "unknown_method"),
    ],
)
async def test_each_kind_of_token_opens_only_its_own_methods(
    town: Rig, token: str | None, method: str, error: str
) -> None:
    known = {"app": town.workspace.app_token, "bot": town.workspace.bot_token}
    headers = bearer(known.get(token, token)) if token else {}
    answer = await raw(town, method, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (200, error)


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_a_body_that_is_no_json_object_is_refused(town: Rig, body: str, error: str) -> None:
    headers = {"content-type": "application/json", **bearer(town.workspace.bot_token)}
    assert (await raw(town, "chat.postMessage", content=body, headers=headers)).json()["error"] == error


async def test_a_missing_argument_is_named(town: Rig) -> None:
    answer = await town.api("users.info")
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: user [json-pointer:/user]"]


async def test_a_number_that_is_none_is_named(town: Rig) -> None:
    answer = await town.api("users.list", limit="many")
    assert answer["errors"] == ["must provide a number [json-pointer:/limit]"]


async def test_a_missing_scope_is_named_with_what_there_is(town: Rig) -> None:
    town.workspace.scopes = {"chat:write", "commands"}
    answer = await town.api("users.list")
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "users:read",
        "chat:write,commands",
    )


async def test_every_answer_tells_the_granted_scopes(town: Rig) -> None:
    response = await town.sdk().auth_test()
    assert "chat:write" in response.headers["x-oauth-scopes"].split(",")
    assert (response["user_id"], response["bot_id"], response["team"]) == ("UBOT", "B0OFFBOARD", "Brightwater")


async def test_api_test_echoes_without_a_token(town: Rig) -> None:
    assert (await raw(town, "api.test", json={"a": "b"})).json() == {"ok": True, "args": {"a": "b"}}


async def test_tiers_limit_each_method_by_itself_once_they_are_switched_on(town: Rig) -> None:
    for _ in range(25):
        assert (await town.api("users.list", limit=1))["ok"]
    town.workspace.enforce_tiers = True
    for _ in range(20):
        assert (await town.api("users.list", limit=1))["ok"]
    with pytest.raises(SlackApiError) as limited:
        await town.sdk().users_list(limit=1)
    assert limited.value.response.status_code == 429
    assert 0 < int(limited.value.response.headers["retry-after"]) <= 60
    assert (await town.api("users.info", user="U0ADA"))["ok"]
    town.workspace.clock.advance(60)
    assert (await town.api("users.list", limit=1))["ok"]


async def test_a_channel_takes_sixty_posts_a_minute_under_tiers(town: Rig) -> None:
    town.workspace.enforce_tiers = True
    for _ in range(60):
        assert (await town.api("chat.postMessage", channel="U0ADA", text="x"))["ok"]
    assert (await town.api("chat.postMessage", channel="U0ADA", text="x"))["error"] == "ratelimited"
    assert (await town.api("chat.postMessage", channel="U0LENA", text="x"))["ok"]


async def test_a_throttled_call_has_done_nothing_and_says_when_to_come_back(town: Rig) -> None:
    town.workspace.faults.switch(Fault.RATE_LIMIT, on=True)
    assert (await town.api("chat.postMessage", channel="U0ADA", text="one"))["ok"]
    with pytest.raises(SlackApiError) as limited:
        await town.sdk().chat_postMessage(channel="U0ADA", text="two")
    assert limited.value.response.headers["retry-after"] == "1"
    assert [message.text for message in town.workspace.transcript()] == ["one"]


async def test_a_server_error_has_done_nothing(town: Rig) -> None:
    town.workspace.faults.switch(Fault.SERVER_ERROR, on=True)
    headers = bearer(town.workspace.bot_token)
    body = {"channel": "U0ADA", "text": "x"}
    statuses = [(await raw(town, "chat.postMessage", json=body, headers=headers)).status_code for _ in range(10)]
    assert {status for status in statuses if status != 200} == {500, 503}
    assert len(town.workspace.transcript()) == statuses.count(200)


async def test_a_lost_answer_leaves_the_message_posted(town: Rig) -> None:
    town.workspace.faults.switch(Fault.LOST_RESPONSE, on=True)
    await town.sdk().chat_postMessage(channel="U0ADA", text="one")
    with pytest.raises(aiohttp.ClientError):
        await town.sdk().chat_postMessage(channel="U0ADA", text="two")
    assert [message.text for message in town.workspace.transcript()] == ["one", "two"]


async def test_latency_delays_the_answer(town: Rig) -> None:
    town.workspace.faults.latency_seconds = 0.05
    town.workspace.faults.switch(Fault.LATENCY, on=True)
    answer = await raw(town, "api.test", json={})
    assert answer.elapsed.total_seconds() >= 0.05


async def test_blocks_validate_needs_no_token_and_takes_exactly_one_thing(town: Rig) -> None:
    assert (await raw(town, "blocks.validate", json={"blocks": [section("x")]})).json() == {"ok": True}
    wrong = (await raw(town, "blocks.validate", json={"blocks": [{"type": "header", "text": 3}]})).json()
    assert wrong["error"] == "invalid_blocks"
    assert wrong["errors"][0]["pointer"] == "/0/text"
    assert (await raw(town, "blocks.validate", json={"view": modal(title=None)})).json()["error"] == "invalid_view"
    message = {"text": "x", "blocks": [actions(button(), button())]}
    assert (await raw(town, "blocks.validate", json={"message": message})).json()["error"] == "invalid_message"
    both = {"blocks": [], "view": HOME}
    assert (await raw(town, "blocks.validate", json=both)).json()["error"] == "invalid_arguments"
