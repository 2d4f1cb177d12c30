"""Cliq's way in over HTTP: what each delivery becomes, and what is answered."""

import asyncio
import json
from typing import Any

import cliq_payloads as payloads
import pytest
from cliq_rig import Edge, RecordingDoor, Town

import bot.chat.cliq.edge
from bot.chat.surface import Late, Shown, Standing
from handlers.conversation import Fields, Reply, ShowForm, ShowHome
from handlers.elements import Card, Choice, Form, Heading, TextField
from handlers.intents import Action, OpenHome, Press, ReplyTo, Start, Status, Token

NOW = 1_796_000_000.0
CARD = Card("A card", (Heading("Its title"),))
FORM = Form(Token(Action.CHOOSE_SUCCESSOR, "dep1", 3), "Successor", "Save", "Back", fields=(TextField("note", "Note"),))
NOTED = {"type": "banner", "text": "Noted.", "status": "success"}


@pytest.fixture
async def edge(town: Town) -> Edge:
    return Edge(RecordingDoor(), town.surface, NOW)


SHOWN: dict[str, tuple[Shown, dict[str, Any], dict[str, Any]]] = {
    "an answer": (Reply(CARD), payloads.command(), {"text": "A card"}),
    "a form": (ShowForm(FORM), payloads.click(), {"type": "form", "title": "Successor"}),
    "a home page": (ShowHome(CARD), payloads.menu(), {"text": "A card"}),
    "wrong fields": (
        Fields({"note": "Why?"}, CARD),
        payloads.filled(),
        {"type": "form_error", "inputs": {"note": "Why?"}},
    ),
    "a changed card": (Standing(CARD, "k1"), payloads.click(), {"type": "message_edit", "buttons": [], "slides": []}),
    "a late answer": (Late(), payloads.command(), {"text": "One moment."}),
    "a click that leaves nothing to show": (None, payloads.click(), NOTED),
    "a form that leaves nothing to show": (None, payloads.filled(), NOTED),
    "the widget": (ShowHome(CARD), payloads.widget(), {"type": "applet", "header": {"title": "Its title"}}),
    "the widget, late": (Late(), payloads.widget(), {"type": "applet", "header": {"title": "One moment."}}),
    "an answer in the widget": (Reply(CARD), payloads.widget_click(), {"type": "applet"}),
}


@pytest.mark.parametrize("case", SHOWN)
async def test_what_a_person_is_to_see_is_the_answer(edge: Edge, case: str) -> None:
    edge.door.shown, payload, expected = SHOWN[case]
    output = await edge.output(payload)
    assert {name: output.get(name) for name in expected} == expected


async def test_a_typed_line_that_leaves_nothing_to_show_is_met_with_nothing(edge: Edge) -> None:
    """A redelivery, whose answer stands there already."""
    assert await edge.output(payloads.command()) == ""


async def test_a_click_is_handed_over_with_who_and_where(edge: Edge) -> None:
    await edge.output(payloads.click())
    (delivery,) = edge.door.asked
    assert delivery.intent == Press(Token.decode(payloads.TOKEN))
    assert (delivery.actor.surface, delivery.actor.id) == ("cliq", payloads.ADA["id"])
    assert delivery.reply == ReplyTo(payloads.CHAT, payloads.RESPONSE_URL, payloads.MESSAGE)


async def test_whom_a_delivery_describes_needs_no_look_up(edge: Edge, town: Town) -> None:
    await edge.output(payloads.command())
    ada = await town.surface.person(payloads.ADA["id"])
    assert ada
    assert ada.email == "ada.lind@brightwater.example"
    assert await town.surface.person_by_email(payloads.AMIT["email"])
    assert town.transport.calls == []


async def test_a_mention_in_a_channel_is_answered_aside(edge: Edge) -> None:
    """The channel would read the answer: it is taken, and given to the person alone."""
    output = await edge.output(payloads.call("@Offboard status @Amit Kumar", payloads.AMIT))
    assert output == {"type": "banner", "text": "One moment.", "status": "success"}
    (delivery,) = edge.door.received
    assert isinstance(delivery.intent, Status)
    assert delivery.reply == ReplyTo(), "not even by the response URL"
    assert edge.door.asked == []


async def test_a_line_to_the_bot_itself_is_answered_there(edge: Edge) -> None:
    edge.door.shown = Reply(CARD)
    output = await edge.output(payloads.message("@Amit Kumar", payloads.AMIT))
    assert output["text"] == "A card"
    assert isinstance(edge.door.asked[0].intent, Start)


async def test_a_search_is_answered_with_options(edge: Edge) -> None:
    edge.door.choices = (Choice("1", "Ben Carter", "ben@brightwater.example"),)
    output = await edge.output(payloads.searched("be"))
    assert output == {"options": [{"label": "Ben Carter · ben@brightwater.example", "value": "1"}]}
    ((_, _, field, query),) = edge.door.searches
    assert (field, query) == ("successor", "be")


async def test_a_search_is_for_the_field_in_which_somebody_types(edge: Edge) -> None:
    await edge.output(payloads.searched("no", name="successor--pipedrive"))
    ((_, _, field, query),) = edge.door.searches
    assert (field, query) == ("successor.pipedrive", "no")


async def test_a_search_that_takes_too_long_finds_nothing(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> tuple[Choice, ...]:
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr(edge.door, "suggest", never)
    monkeypatch.setattr(bot.chat.cliq.edge, "_SUGGEST_SECONDS", 0.01)
    assert await edge.output(payloads.searched("be")) == {"options": []}


async def test_what_needs_no_answer_reaches_nobody(edge: Edge) -> None:
    body = payloads.delivery("bot", "participation_handler", {"operation": "added"})
    assert await edge.output(body) == ""
    assert edge.door.asked == edge.door.received == []


async def test_the_widget_asks_for_the_home_page(edge: Edge) -> None:
    edge.door.shown = ShowHome(CARD)
    await edge.output(payloads.widget())
    assert edge.door.asked[0].intent == OpenHome()


REFUSED = {
    "a wrong secret": (b"{}", "guessed", 401),
    "no JSON": (b"x", "the-secret", 401),
    "an unknown handler": (b'{"timestamp":1796000000000,"type":"x","handler":{"type":"y"}}', "the-secret", 400),
    "too much": (b"x" * 1_000_001, "the-secret", 413),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_not_cliqs_is_refused(edge: Edge, case: str) -> None:
    body, secret, status = REFUSED[case]
    answer = await edge.post(body, secret=secret)
    assert answer.status_code == status
    assert edge.door.asked == edge.door.received == []


async def test_what_could_not_be_stored_is_not_acknowledged(edge: Edge, logged: list[Any]) -> None:
    edge.door.failure = OSError("the disk is full")
    answer = await edge.post(json.dumps(payloads.click()).encode())
    assert answer.status_code == 503
    assert "disk" not in answer.text
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["cliq_delivery_not_stored"]
