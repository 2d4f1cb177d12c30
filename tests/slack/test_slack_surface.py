"""What the service says in Slack, against the town's workspace over HTTP."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from slack_rig import Town
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.chat.slack import errors
from bot.chat.slack.client import web_client
from bot.chat.slack.surface import SlackSurface
from bot.chat.surface import AnswerLost, MessageRef, Refused, TryLater
from handlers.elements import Actions, Button, Card, Form, Paragraph, Table, TextField
from handlers.intents import Action, ReplyTo, Token
from sandbox.faults import Fault

LOG = "C0CRMOFFBOARDINGLOG"
TOKEN = Token(Action.APPROVE, "dep1", 3, "9f2c")
CARD = Card(
    "Approve the transfer of Amit Kumar's records",
    (
        Paragraph(("5,000 records",)),
        Table(("Module", "Open"), (("Deals", "12"),)),
        Actions((Button("Approve", TOKEN),)),
    ),
)
FORM = Form(TOKEN, "Successor", "Save", "Back", fields=(TextField("note", "Note"),))


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


async def test_a_card_reaches_a_person_and_is_edited_in_place(town: Town) -> None:
    posted = await town.surface.post("U0TOMAS", CARD, key="k1")
    await town.surface.edit(posted, Card("Approved", (Paragraph(("Done",)),)), key="k")
    tomas = town.client("U0TOMAS")
    (message,) = tomas.messages(posted.channel)
    assert (message.ts, message.text) == (posted.message_id, "Approved")
    assert [block["type"] for block in message.blocks] == ["section"]


async def test_a_card_reaches_a_channel(town: Town) -> None:
    posted = await town.surface.post(LOG, CARD, key="k1")
    (message,) = town.client("U0ADA").messages(LOG)
    assert posted == MessageRef(LOG, message.ts)
    assert message.metadata == {"event_type": "offboard_card", "event_payload": {"key": "k1"}}


@pytest.mark.parametrize("recipient", ["U0TOMAS", LOG])
async def test_a_posted_card_is_found_by_its_key(town: Town, recipient: str) -> None:
    posted = await town.surface.post(recipient, CARD, key="k1")
    await town.surface.post(recipient, CARD, key="k2")
    assert await town.surface.find(recipient, key="k1", since=an_hour_ago()) == posted
    assert await town.surface.find(recipient, key="k3", since=an_hour_ago()) is None


async def test_a_card_is_found_behind_many_pages_of_messages(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.slack.surface._HISTORY_PAGE", 10)
    posted = await town.surface.post(LOG, CARD, key="k1")
    for number in range(25):
        await town.client("U0ADA").say(LOG, f"message {number}")
    assert await town.surface.find(LOG, key="k1", since=an_hour_ago()) == posted


async def test_a_card_whose_answer_was_lost_is_found_not_posted_again(town: Town) -> None:
    await town.surface.find("U0TOMAS", key="k1", since=an_hour_ago())
    town.faults.switch(Fault.LOST_RESPONSE, on=True)
    await town.surface.post(LOG, CARD, key="k0")
    with pytest.raises(AnswerLost):
        await town.surface.post("U0TOMAS", CARD, key="k1")
    found = await town.surface.find("U0TOMAS", key="k1", since=an_hour_ago())
    assert found is not None
    assert [message.ts for message in town.client("U0TOMAS").messages(found.channel)] == [found.message_id]


async def test_slacks_limit_says_when_to_come_back(town: Town) -> None:
    town.faults.switch(Fault.RATE_LIMIT, on=True)
    await town.surface.post(LOG, CARD, key="k0")
    with pytest.raises(TryLater) as raised:
        await town.surface.post(LOG, CARD, key="k1")
    assert raised.value.retry_after == 1
    assert len(town.client("U0ADA").messages(LOG)) == 1


async def test_an_answer_without_slacks_envelope_leaves_open_what_was_done(town: Town) -> None:
    town.faults.switch(Fault.SERVER_ERROR, on=True)
    await town.surface.post(LOG, CARD, key="k0")
    await town.surface.post(LOG, CARD, key="k1")
    with pytest.raises((TryLater, AnswerLost)) as raised:
        await town.surface.post(LOG, CARD, key="k2")
    assert raised.value.code in ("http_500", "http_503")


async def test_a_closed_account_is_refused_and_nothing_is_posted(town: Town) -> None:
    await town.workspace.deactivate("U0AMIT")
    with pytest.raises(Refused) as raised:
        await town.surface.post("U0AMIT", CARD, key="k1")
    assert raised.value.code == "user_disabled"
    assert town.workspace.transcript() == []


@pytest.mark.parametrize(
    ("recipient", "code"),
    [("C0NOWHERE", "channel_not_found"), ("C0GENERAL", "not_in_channel"), ("U9", "user_not_found")],
)
async def test_a_place_where_the_bot_cannot_post_is_refused(town: Town, recipient: str, code: str) -> None:
    with pytest.raises(Refused) as raised:
        await town.surface.post(recipient, CARD, key="k1")
    assert raised.value.code == code


async def test_slack_out_of_reach_is_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    surface = SlackSurface(web_client("xoxb-1", base_url=f"http://127.0.0.1:{port}/api/"))
    try:
        with pytest.raises(TryLater):
            await surface.post("C1", CARD, key="k1")
    finally:
        await surface.aclose()


def response_url(town: Town, user: str, channel: str) -> str:
    from sandbox.slack.tickets import Origin

    return town.workspace.tickets.response_url("commands", Origin(user, channel))


def whispered(town: Town, user: str, channel: str) -> list[str]:
    return [message.text for message in town.client(user).messages(channel) if message.only_for == user]


async def test_an_answer_goes_through_the_response_url_even_where_the_bot_is_no_member(town: Town) -> None:
    to = ReplyTo("C0GENERAL", response_url(town, "U0ADA", "C0GENERAL"))
    for _ in range(5):
        await town.surface.reply("U0ADA", to, CARD)
    assert whispered(town, "U0ADA", "C0GENERAL") == [CARD.text] * 5
    assert whispered(town, "U0NOOR", "C0GENERAL") == []


async def test_a_used_up_response_url_gives_way_to_the_channel(town: Town) -> None:
    to = ReplyTo(LOG, response_url(town, "U0ADA", LOG))
    town.workspace.clock.advance(31 * 60)
    await town.surface.reply("U0ADA", to, CARD)
    assert whispered(town, "U0ADA", LOG) == [CARD.text]


@pytest.mark.parametrize("to", [ReplyTo(), ReplyTo("C0GENERAL"), ReplyTo("C0HRPRIVATE")])
async def test_where_neither_works_the_answer_is_a_direct_message(town: Town, to: ReplyTo) -> None:
    await town.surface.reply("U0ADA", to, CARD)
    assert [message.text for message in town.client("U0ADA").messages("D0ADA")] == [CARD.text]


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://hooks.slack.com/x", "https://hooks.slack.com@evil.example/"]
)
async def test_an_answer_is_never_sent_to_another_host(town: Town, url: str) -> None:
    await town.surface.reply("U0ADA", ReplyTo(LOG, url), CARD)
    assert whispered(town, "U0ADA", LOG) == [CARD.text]


async def test_a_form_opens_once_and_in_time(town: Town) -> None:
    trigger = town.workspace.tickets.trigger("U0ADA")
    await town.surface.open_form(ReplyTo(trigger_id=trigger), FORM)
    (view,) = town.client("U0ADA").modals()
    assert view.content["title"]["text"] == "Successor"
    late = town.workspace.tickets.trigger("U0ADA")
    town.workspace.clock.advance(4)
    for expired in (trigger, late, "1.2.unknown", None):
        with pytest.raises(Refused) as raised:
            await town.surface.open_form(ReplyTo(trigger_id=expired), FORM)
        assert raised.value.code == "expired"


async def test_the_home_tab_shows_the_card(town: Town) -> None:
    await town.surface.publish_home("U0ADA", CARD)
    home = town.client("U0ADA").home()
    assert home is not None
    assert [block["type"] for block in home.blocks] == ["section", "table", "actions"]


async def test_a_person_is_known_by_id_and_by_address(town: Town) -> None:
    petra = await town.surface.person("U0PETRA")
    assert petra is not None
    assert (petra.name, petra.email, petra.language, petra.time_zone) == (
        "Petra Vogel",
        "petra@brightwater.example",
        "de",
        "Europe/Berlin",
    )
    assert (petra.active, petra.is_bot) == (True, False)
    assert await town.surface.person_by_email("Petra@Brightwater.example") == petra
    assert await town.surface.person("U9") is None
    bot = await town.surface.person("UBOT")
    assert bot is not None
    assert bot.is_bot


async def test_a_closed_account_is_found_by_its_address(town: Town) -> None:
    walter = await town.surface.person_by_email("walter@brightwater.example")
    assert walter is not None
    assert (walter.id, walter.active) == ("U0WALTER", False)
    assert await town.surface.person_by_email("nobody@brightwater.example") is None


async def test_people_are_remembered_for_five_minutes(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.surface.person("U0AMIT")
    await town.workspace.deactivate("U0AMIT")
    remembered = await town.surface.person("U0AMIT")
    monkeypatch.setattr("bot.chat.remembered._FRESH_SECONDS", 0.0)
    fresh = await town.surface.person("U0AMIT")
    assert remembered is not None
    assert fresh is not None
    assert (remembered.active, fresh.active) == (True, False)


async def test_a_proxy_in_the_environment_does_not_stand_between_us_and_this_machine(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    base = town.workspace.url + "/api/"
    surface = SlackSurface(web_client(town.workspace.bot_token, base_url=base))
    try:
        await surface.post(LOG, CARD, key="k1")
        await surface.reply("U0ADA", ReplyTo(LOG, response_url(town, "U0ADA", LOG)), CARD)
        assert whispered(town, "U0ADA", LOG) == [CARD.text]
    finally:
        await surface.aclose()
    assert web_client("xoxb-1").proxy == "http://127.0.0.1:9"
    monkeypatch.setenv("NO_PROXY", "slack.com")
    assert web_client("xoxb-1").proxy is None


def slack_error(status: int, data: object) -> SlackApiError:
    answer = {"data": data, "status_code": status, "headers": {"Retry-After": "7"}}
    response = AsyncSlackResponse(client=None, http_verb="POST", api_url="", req_args={}, **answer)  # type: ignore[arg-type]
    return SlackApiError("", response)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("status", "data", "kind", "code"),
    [
        (429, {"ok": False, "error": "ratelimited"}, TryLater, "ratelimited"),
        (429, "", TryLater, "http_429"),
        (200, {"ok": False, "error": "rate_limited"}, TryLater, "rate_limited"),
        (503, "", TryLater, "http_503"),
        (200, {"ok": False, "error": "internal_error"}, AnswerLost, "internal_error"),
        (502, "<html>", AnswerLost, "http_502"),
        (200, {"ok": False, "error": "invalid_auth"}, Refused, "invalid_auth"),
        (200, {"ok": False, "error": "brand_new_error"}, Refused, "brand_new_error"),
        (200, {"ok": False, "error": "exchanged_trigger_id"}, Refused, "expired"),
    ],
)
def test_every_answer_asks_for_one_of_three_reactions(
    status: int, data: object, kind: type[Exception], code: str
) -> None:
    with pytest.raises(kind) as raised, errors.translated():
        raise slack_error(status, data)
    assert raised.value.code == code  # type: ignore[attr-defined]
    if kind is TryLater:
        assert raised.value.retry_after == 7  # type: ignore[attr-defined]


def test_a_lost_answer_to_a_question_is_simply_asked_again() -> None:
    with pytest.raises(TryLater), errors.translated(changes=False):
        raise slack_error(500, "")
    with pytest.raises(TryLater), errors.translated(changes=False):
        raise TimeoutError
