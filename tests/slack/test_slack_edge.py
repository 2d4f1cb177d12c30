"""The endpoint: what is stored, what is refused, and that a refusal never reaches the door."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import slack_payloads as p
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_rig import FORM, RecordingDoor, edge, headers

from bot.chat.surface import FieldErrors
from handlers.elements import Choice
from handlers.intents import OpenHome, Submit

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
JSON = "application/json"


@dataclass
class Endpoint:
    http: httpx.AsyncClient
    door: RecordingDoor

    async def post(
        self, body: bytes, *, content_type: str = FORM, changes: Mapping[str, str | None] | None = None
    ) -> httpx.Response:
        signed = {**headers(body, SECRET, content_type=content_type), **(changes or {})}
        sent = {name: value for name, value in signed.items() if value is not None}
        return await self.http.post("/slack/events", content=body, headers=sent)

    async def command(self, **changes: Any) -> httpx.Response:
        return await self.post(urlencode(p.command(**changes)).encode())

    async def interact(self, payload: Any) -> httpx.Response:
        return await self.post(urlencode({"payload": json.dumps(payload)}).encode())

    async def event(self, payload: Any) -> httpx.Response:
        return await self.post(json.dumps(payload).encode(), content_type=JSON)


@asynccontextmanager
async def opened(secret: str | None) -> AsyncIterator[Endpoint]:
    door = RecordingDoor()
    app = FastAPI()
    app.include_router(edge(door, secret).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        yield Endpoint(http, door)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with opened(SECRET) as found:
        yield found


async def test_a_command_is_stored_and_answered_for_its_author_alone(endpoint: Endpoint) -> None:
    answer = await endpoint.command()
    assert answer.status_code == 200
    assert answer.json() == {"response_type": "ephemeral", "text": "I am on it."}
    assert [delivery.id for delivery in endpoint.door.deliveries] == ["command:111.222.abc"]


@pytest.mark.parametrize("payload", [p.click(), p.home_click(), p.shortcut(), p.submission()])
async def test_an_interaction_is_stored_and_acknowledged(endpoint: Endpoint, payload: p.Json) -> None:
    answer = await endpoint.interact(payload)
    assert (answer.status_code, answer.text) == (200, "")
    assert len(endpoint.door.deliveries) == 1


async def test_a_redelivered_event_has_the_same_id(endpoint: Endpoint) -> None:
    for _ in range(2):
        assert (await endpoint.event(p.home_opened())).status_code == 200
    assert [delivery.id for delivery in endpoint.door.deliveries] == ["event:Ev123", "event:Ev123"]
    assert endpoint.door.last().intent == OpenHome()


@pytest.mark.parametrize("payload", [p.click(p.button(action_id="link:0")), {"type": "view_closed"}])
async def test_what_asks_for_nothing_is_acknowledged_and_not_stored(endpoint: Endpoint, payload: p.Json) -> None:
    assert (await endpoint.interact(payload)).status_code == 200
    assert endpoint.door.deliveries == []


async def test_slacks_challenge_is_answered(endpoint: Endpoint) -> None:
    answer = await endpoint.event({"type": "url_verification", "challenge": "3eZbrw1aB"})
    assert answer.json() == {"challenge": "3eZbrw1aB"}


@pytest.mark.parametrize(
    "forged",
    [
        {"x-slack-signature": None},
        {"x-slack-signature": "v0=" + "0" * 64},
        {"x-slack-request-timestamp": None},
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": "1531420618"},
        headers(urlencode(p.command()).encode(), SECRET, at=time.time() - 40_000),
        headers(urlencode(p.command()).encode(), SECRET, at=time.time() + 40_000),
    ],
)
async def test_a_request_that_slack_did_not_send_now_never_reaches_the_door(
    endpoint: Endpoint, forged: dict[str, str | None]
) -> None:
    answer = await endpoint.post(urlencode(p.command()).encode(), changes=forged)
    assert answer.status_code == 401
    assert "signature" in answer.json()["error"]
    assert endpoint.door.deliveries == []


async def test_a_forged_body_is_not_even_parsed(endpoint: Endpoint) -> None:
    answer = await endpoint.post(b"{", content_type=JSON, changes={"x-slack-signature": "v0=" + "0" * 64})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b"payload=%7B", FORM),
        (b"{}", "text/plain"),
        (json.dumps(p.event({"type": "reaction_added"})).encode(), JSON),
        (urlencode({"payload": json.dumps(p.click(enterprise=7))}).encode(), FORM),
    ],
)
async def test_what_is_malformed_is_refused_with_its_reason(endpoint: Endpoint, body: bytes, content_type: str) -> None:
    answer = await endpoint.post(body, content_type=content_type)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert endpoint.door.deliveries == []


async def test_a_refused_event_is_not_repeated(endpoint: Endpoint) -> None:
    answer = await endpoint.event(p.event({"type": "reaction_added"}))
    assert answer.headers["x-slack-no-retry"] == "1"


async def test_a_body_beyond_a_megabyte_is_refused(endpoint: Endpoint) -> None:
    answer = await endpoint.command(text="x" * 1_000_000)
    assert answer.status_code == 413
    assert endpoint.door.deliveries == []


async def test_slack_and_the_log_hear_of_a_delivery_that_could_not_be_stored(
    endpoint: Endpoint, logged: list[Any]
) -> None:
    endpoint.door.failure = ConnectionError("the database is gone")
    answers = [await endpoint.interact(payload) for payload in (p.click(), p.submission(), p.shortcut())]
    for answer in (*answers, await endpoint.command(), await endpoint.event(p.home_opened())):
        assert answer.status_code == 503
        assert "stored" in answer.json()["error"]
    assert [entry["event"] for entry in logged] == ["slack_delivery_not_stored"] * 5


async def test_errors_stand_beside_the_fields_that_the_window_has(endpoint: Endpoint) -> None:
    endpoint.door.errors = FieldErrors({"note": "Too short.", "plan": "The plan has changed.", "turn": "Look again."})
    answer = await endpoint.interact(p.submission())
    assert answer.json() == {
        "response_action": "errors",
        "errors": {"ob:field:note": "Too short.", "ob:field:successor": "The plan has changed. Look again."},
    }


async def test_a_window_without_fields_shows_why_it_is_refused(endpoint: Endpoint) -> None:
    endpoint.door.errors = FieldErrors({"": "The plan has changed."})
    answer = (await endpoint.interact(p.submission({}))).json()
    assert answer["response_action"] == "update"
    assert answer["view"]["blocks"][0]["text"]["text"] == "The plan has changed."


async def test_suggestions_are_options(endpoint: Endpoint) -> None:
    endpoint.door.choices = (Choice("5000000000121", "Ben Carter", "Sales North"),)
    (option,) = (await endpoint.interact(p.suggestion("be"))).json()["options"]
    assert (option["value"], option["text"]["text"], option["description"]["text"]) == (
        "5000000000121",
        "Ben Carter",
        "Sales North",
    )
    assert endpoint.door.searches[0][2:] == ("successor", "be")


async def test_suggestions_are_asked_for_the_field_in_which_somebody_types(endpoint: Endpoint) -> None:
    await endpoint.interact(p.suggestion("no", block_id="ob:field:successor.pipedrive"))
    assert endpoint.door.searches[0][2:] == ("successor.pipedrive", "no")


async def test_an_error_about_one_system_stands_beside_its_field(endpoint: Endpoint) -> None:
    empty = {"ob:input": {"type": "external_select", "selected_option": None}}
    endpoint.door.errors = FieldErrors({"successor.pipedrive": "Ben has no account here."})
    answer = await endpoint.interact(p.submission({**p.PICKED, "ob:field:successor.pipedrive": empty}))
    assert answer.json()["errors"] == {"ob:field:successor.pipedrive": "Ben has no account here."}
    intent = endpoint.door.last().intent
    assert isinstance(intent, Submit)
    assert (intent.fields["successor"], intent.fields["successor.pipedrive"]) == ("5000000000121", "")


async def test_suggestions_that_come_too_late_are_none(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.slack.edge._SUGGEST_SECONDS", 0.01)
    endpoint.door.delay = 5
    assert (await endpoint.interact(p.suggestion())).json() == {"options": []}


async def test_credentials_in_the_environment_do_not_switch_to_another_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "surprise")
    async with opened(SECRET) as endpoint:
        assert (await endpoint.command()).status_code == 200
        assert (await endpoint.http.get("/slack/install")).status_code == 404


async def test_in_socket_mode_nobody_gets_in_by_http() -> None:
    async with opened(None) as endpoint:
        assert (await endpoint.command()).status_code == 404
        assert endpoint.door.deliveries == []


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "U1", "ob:approve:0", "home"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "type", "value", "values", "state", "channel_id"]), inner, max_size=3)
    ),
    max_leaves=4,
)
BODIES = [p.click(), p.submission(), p.suggestion(), p.shortcut(), p.home_opened(), p.command()]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.sampled_from(BODIES), changes=st.data())
async def test_no_shape_of_payload_is_answered_by_a_crash(endpoint: Endpoint, body: p.Json, changes: Any) -> None:
    names = changes.draw(st.lists(st.sampled_from([*body, "enterprise", "authorizations", "channel"]), max_size=2))
    answer = await endpoint.event(body | {name: changes.draw(PARTS) for name in names})
    assert answer.status_code in (200, 400)
