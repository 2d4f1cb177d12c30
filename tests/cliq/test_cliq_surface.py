"""What the service says in Cliq, against the town's REST API."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cliq_rig import URL, Ticks, Town, answering, new_town

from bot.chat.cliq import render
from bot.chat.cliq.checks import check_cliq
from bot.chat.cliq.pace import Family
from bot.chat.cliq.surface import UNNAMED
from bot.chat.surface import AnswerLost, MessageRef, Refused, TryLater
from handlers.elements import Actions, Button, Card, Form, Heading, Paragraph, Table
from handlers.intents import Action, ReplyTo, Token
from sandbox.cliq.hall import LOG_CHANNEL_NAME as LOG
from sandbox.cliq.hall import WEBHOOK_TOKEN
from sandbox.faults import Fault

TOKEN = Token(Action.APPROVE, "dep1", 3, "9f2c")
CARD = Card(
    "Approve the transfer of Amit Kumar's records",
    (
        Heading("Approve?"),
        Paragraph(("5,000 records",)),
        Table(("Module", "Open"), (("Deals", "12"),)),
        Actions((Button("Approve", TOKEN),)),
    ),
)
DECIDED = Card("Approved", (Heading("Approve?"),))
AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


async def test_a_card_reaches_a_person_and_is_edited_in_place(town: Town) -> None:
    posted = await town.surface.post(town.id("tomas"), CARD, key="k1")
    (message,) = town.direct("tomas")
    assert posted == MessageRef(message.chat_id, message.id)
    assert [button["label"] for button in message.buttons] == ["Approve"]
    await town.surface.edit(posted, DECIDED, key="k1")
    (message,) = town.direct("tomas")
    assert message.text == f"Approved · {render.reference('k1')}"
    assert (message.content["slides"], message.buttons) == ([], []), "nothing of the question stays"


async def test_a_card_reaches_a_channel_and_is_edited_though_cliq_names_no_id(town: Town) -> None:
    posted = await town.surface.post(LOG, CARD, key="k1")
    assert posted == MessageRef(LOG, UNNAMED)
    await town.surface.post(LOG, CARD, key="k2")
    await town.surface.edit(posted, DECIDED, key="k1")
    assert [message.text[:8] for message in town.channel(LOG)] == ["Approved", "Approve "]


async def test_an_edit_that_cliq_refuses_changes_the_text_alone(town: Town) -> None:
    """Buttons cannot be added to a message that had none."""
    posted = await town.surface.post(town.id("tomas"), DECIDED, key="k1")
    await town.surface.edit(posted, CARD, key="k1")
    (message,) = town.direct("tomas")
    assert message.text.startswith(CARD.text)
    assert message.buttons == []


async def test_an_edit_of_a_message_that_is_gone_is_refused(town: Town) -> None:
    with pytest.raises(Refused) as raised:
        await town.surface.edit(MessageRef(LOG, UNNAMED), CARD, key="k1")
    assert raised.value.code == "no_message_id"


async def test_a_posted_card_is_found_by_its_reference(town: Town) -> None:
    tomas = town.id("tomas")
    posted = await town.surface.post(tomas, CARD, key="k1")
    await town.surface.post(tomas, CARD, key="k2")
    found = await town.surface.find(tomas, key="k1", since=AN_HOUR_AGO, channel=posted.channel)
    assert found == posted
    assert await town.surface.find(tomas, key="k3", since=AN_HOUR_AGO, channel=posted.channel) is None
    assert await town.surface.find(town.id("lena"), key="k1", since=AN_HOUR_AGO) is None

    await town.surface.post(LOG, CARD, key="k4")
    found = await town.surface.find(LOG, key="k4", since=AN_HOUR_AGO)
    assert found
    assert found.message_id == town.channel(LOG)[0].id


async def test_a_card_whose_answer_was_lost_is_found_not_posted_again(town: Town) -> None:
    tomas = town.id("tomas")
    town.hall.faults.switch(Fault.LOST_RESPONSE, on=True)
    place = await town.surface.place(tomas)  # by a greeting
    with pytest.raises(AnswerLost):  # the first card that they ever get
        await town.surface.post(tomas, CARD, key="k1")
    town.surface._chats.clear()  # as after a crash
    found = await town.surface.find(tomas, key="k1", since=AN_HOUR_AGO, channel=place)
    assert found
    assert [message.id for message in town.direct("tomas")] == [found.message_id]


async def test_a_greeting_whose_answer_is_lost_is_said_again(town: Town) -> None:
    town.hall.faults.switch(Fault.LOST_RESPONSE, on=True)
    town.hall.faults.strikes(Fault.LOST_RESPONSE)  # the next one is lost
    with pytest.raises(TryLater):
        await town.surface.place(town.id("tomas"))
    assert await town.surface.place(town.id("tomas")) == town.hall.direct(town.id("tomas")).id


async def test_nobody_is_greeted_twice_and_no_channel_at_all(town: Town) -> None:
    tomas = town.id("tomas")
    assert await town.surface.place(tomas) == await town.surface.place(tomas)
    assert len(town.hall.direct(tomas).messages) == 1
    assert await town.surface.place(LOG) is None
    assert town.channel(LOG) == []


async def test_a_closed_account_is_refused_and_nothing_is_posted(town: Town) -> None:
    town.hall.deactivate(town.id("amit"))
    for recipient, code in ((town.id("amit"), "user_disabled"), ("7", "user_not_found")):
        with pytest.raises(Refused) as raised:
            await town.surface.post(recipient, CARD, key="k1")
        assert raised.value.code == code
    assert town.hall.transcript() == []


@pytest.mark.parametrize(("channel", "code"), [("nowhere", "channel_not_exists"), ("general", "bot_message_forbidden")])
async def test_a_channel_where_the_bot_cannot_post_is_refused(town: Town, channel: str, code: str) -> None:
    with pytest.raises(Refused) as raised:
        await town.surface.post(channel, CARD, key="k1")
    assert raised.value.code == code


async def test_an_answer_goes_through_the_response_url_once_and_then_to_the_person(town: Town) -> None:
    to = ReplyTo("CT_1", town.response_url("ada"))
    await town.surface.reply(town.id("ada"), to, CARD)
    assert (town.told("ada"), town.direct("ada")) == ([CARD.text], [])
    await town.surface.reply(town.id("ada"), to, CARD)
    assert town.told("ada") == [CARD.text]
    assert [message.text for message in town.direct("ada")] == [CARD.text]
    assert town.told("noor") == []


async def test_an_answer_through_the_response_url_waits_for_no_limit(town: Town) -> None:
    town.surface._api._pace.close(Family.POST)
    await town.surface.reply(town.id("ada"), ReplyTo("CT_1", town.response_url("ada")), CARD)
    assert town.told("ada") == [CARD.text]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://evil.example/cliq/v2",
        f"{URL}.evil.example/v2",
        f"{URL}@evil.example/",
        "http://town.example/x",
    ],
)
async def test_an_answer_is_never_sent_to_another_place_than_cliq(town: Town, url: str | None) -> None:
    await town.surface.reply(town.id("ada"), ReplyTo("CT_1", url), CARD)
    assert [message.text for message in town.direct("ada")] == [CARD.text]
    assert {path for method, path in town.transport.calls if method == "POST"} == {
        "/accounts/oauth/v2/token",
        "/api/v2/bots/offboardbot/message",
    }


async def test_a_form_that_comes_too_late_and_a_home_page_without_a_place(town: Town) -> None:
    with pytest.raises(Refused) as raised:
        await town.surface.open_form(ReplyTo(), Form(TOKEN, "Successor", "Save", "Back", fields=()))
    assert raised.value.code == "expired"
    await town.surface.publish_home(town.id("ada"), CARD)
    assert [message.text for message in town.direct("ada")] == [CARD.text]


async def test_after_one_call_too_many_cliq_is_left_alone(town: Town) -> None:
    town.hall.faults.switch(Fault.RATE_LIMIT, on=True)
    await town.surface.post(LOG, CARD, key="k0")
    with pytest.raises(TryLater) as raised:
        await town.surface.post(LOG, CARD, key="k1")
    assert (raised.value.code, raised.value.retry_after) == ("request_limit_exceeded", 600)
    made = len(town.transport.calls)
    with pytest.raises(TryLater):
        await town.surface.post(LOG, CARD, key="k1")
    assert len(town.transport.calls) == made, "Cliq is not asked while it is closed"
    town.ticks.now += 601
    await town.surface.post(LOG, CARD, key="k1")
    assert len(town.channel(LOG)) == 2


async def test_channel_posts_leave_room_for_those_who_are_asked_something(town: Town) -> None:
    for number in range(25):
        await town.surface.post(LOG, DECIDED, key=f"k{number}")
    with pytest.raises(TryLater):
        await town.surface.post(LOG, DECIDED, key="one more")
    for number in range(15):
        await town.surface.post(town.id("tomas"), CARD, key=f"asked {number}")
    assert (len(town.channel(LOG)), len(town.direct("tomas"))) == (25, 15)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, '{"code":"request_limit_exceeded","message":"…"}', TryLater, "request_limit_exceeded"),
        (429, '{"message":"Too many requests within a certain time frame."}', TryLater, "http_429"),
        (500, '{"message":"Internal Server Error"}', AnswerLost, "http_500"),
        (502, "<html>", AnswerLost, "http_502"),
        (400, '{"code":"brand_new","message":"…"}', Refused, "brand_new"),
        (401, '{"message":"The OAuth token…","code":"oauthtoken_scope_invalid"}', Refused, "oauthtoken_scope_invalid"),
        (403, '{"message":"no"}', Refused, "http_403"),
    ],
)
async def test_every_answer_asks_for_one_of_three_reactions(
    status: int, body: str, kind: type[Exception], code: str
) -> None:
    surface = answering(lambda _: httpx.Response(status, text=body))
    with pytest.raises(kind) as raised:
        await surface.post(LOG, CARD, key="k1")
    assert raised.value.code == code  # type: ignore[attr-defined]
    if kind is TryLater:
        assert raised.value.retry_after == 600  # type: ignore[attr-defined]
    await surface.aclose()


async def test_cliq_out_of_reach_is_tried_later() -> None:
    def unreachable(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    surface = answering(unreachable, Ticks())
    with pytest.raises(TryLater):
        await surface.post(LOG, CARD, key="k1")
    await surface.aclose()


async def test_the_checks_pass_where_all_is_well(town: Town) -> None:
    checks = await check_cliq(town.surface, LOG)
    assert [(check.name, check.passed) for check in checks] == [
        ("cliq.token", True),
        ("cliq.bot", True),
        ("cliq.channel", True),
    ]
    assert len(await check_cliq(town.surface, None)) == 2


async def test_the_checks_name_what_is_wrong_and_what_to_do() -> None:
    town = new_town(bot="nobody")
    token, bot, channel = await check_cliq(town.surface, "nowhere")
    assert token.passed
    assert (bot.passed, bot.found) == (False, "bot_not_found")
    assert "offboard install cliq" in str(bot.advice)
    assert (channel.passed, channel.found) == (False, "channel_not_exists")
    await town.surface.aclose()


async def test_a_dead_token_is_one_fault_not_three() -> None:
    town = new_town(refresh_token="1000.gone")
    (check,) = await check_cliq(town.surface, LOG)
    assert not check.passed
    assert "OFFBOARD_CLIQ_REFRESH_TOKEN" in str(check.advice)
    await town.surface.aclose()


async def test_with_a_webhook_token_the_channel_is_posted_to_by_that() -> None:
    with pytest.raises(Refused):
        await new_town(webhook_token="no-token-of-cliqs").surface.post(LOG, CARD, key="k1")
    town = new_town(webhook_token=WEBHOOK_TOKEN)
    await town.surface.post(LOG, CARD, key="k1")
    assert [message.by_bot for message in town.channel(LOG)] == [True]
