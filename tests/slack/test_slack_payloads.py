"""Recorded payloads in, deliveries out."""

from typing import Any

import pytest
import slack_payloads as p

from bot.chat.slack.payloads import IGNORED_EVENTS, read
from bot.inbound import Ignored, Malformed, Search
from handlers.intents import (
    Action,
    Actor,
    Delivery,
    Help,
    Misunderstood,
    OpenHome,
    Press,
    ReplyTo,
    Start,
    Subject,
    SubjectKind,
    Submit,
    Token,
)

ADA = Actor("slack", "U1")
APPROVE = Token(Action.APPROVE, "dep1", 3, "9f2c")
SUCCESSOR = Token(Action.CHOOSE_SUCCESSOR, "dep1", 3)


def test_a_command_says_who_asks_for_what_and_where_the_answer_goes() -> None:
    assert read(p.command()) == Delivery(
        id="command:111.222.abc",
        actor=ADA,
        intent=Start(Subject(SubjectKind.CHAT_ID, "U0AMIT")),
        reply=ReplyTo(channel="C1", response_url=p.RESPONSE_URL, trigger_id="111.222.abc"),
    )


@pytest.mark.parametrize("action", [p.button(), p.menu()])
def test_a_button_and_a_menu_entry_press_the_token_that_they_carry(action: dict[str, Any]) -> None:
    assert read(p.click(action)) == Delivery(
        id="click:111.222.abc",
        actor=ADA,
        intent=Press(APPROVE),
        reply=ReplyTo("C1", "https://hooks.slack.com/actions/T1/123/xyz", "111.222.abc"),
    )


def test_a_click_on_the_home_tab_has_no_channel() -> None:
    delivery = read(p.home_click())
    assert isinstance(delivery, Delivery)
    assert delivery.intent == Press(APPROVE)
    assert delivery.reply == ReplyTo(trigger_id="111.222.abc")


def test_a_click_on_an_ephemeral_message_comes_without_the_message() -> None:
    body = p.click()
    del body["message"]
    body["container"]["is_ephemeral"] = True
    assert isinstance(read(body), Delivery)


def test_a_button_of_an_earlier_version_is_answered_not_ignored() -> None:
    delivery = read(p.click(p.button("case-1")))
    assert isinstance(delivery, Delivery)
    assert delivery.intent == Misunderstood("case-1")


def test_a_button_that_opens_a_page_asks_for_nothing() -> None:
    assert isinstance(read(p.click(p.button(action_id="link:0"))), Ignored)


def test_a_form_gives_its_fields_by_name() -> None:
    delivery = read(p.submission())
    assert isinstance(delivery, Delivery)
    assert delivery.id == "submit:111.222.abc"
    assert delivery.intent == Submit(SUCCESSOR, {"successor": "5000000000121", "note": "", "when": "now"})
    assert delivery.reply == ReplyTo(trigger_id="111.222.abc")


def test_a_corrected_form_is_another_delivery_than_the_refused_one() -> None:
    first, second = read(p.submission()), read(p.submission(trigger_id="111.333.def"))
    assert isinstance(first, Delivery)
    assert isinstance(second, Delivery)
    assert first.id != second.id


def test_a_form_of_an_earlier_version_is_answered() -> None:
    delivery = read(p.submission(carried="old"))
    assert isinstance(delivery, Delivery)
    assert delivery.intent == Misunderstood("old")


def test_typing_into_a_person_field_searches() -> None:
    assert read(p.suggestion("be")) == Search(Actor("slack", "U1"), SUCCESSOR, "successor", "be")
    assert isinstance(read(p.suggestion(carried="old")), Ignored)


def test_the_shortcut_opens_help() -> None:
    assert read(p.shortcut()) == Delivery(
        id="shortcut:111.222.abc", actor=ADA, intent=Help(), reply=ReplyTo(trigger_id="111.222.abc")
    )


def test_opening_the_home_tab_is_an_event_with_the_id_of_the_event() -> None:
    assert read(p.home_opened()) == Delivery(id="event:Ev123", actor=ADA, intent=OpenHome())
    assert isinstance(read(p.home_opened("messages")), Ignored)


@pytest.mark.parametrize("name", IGNORED_EVENTS)
def test_events_that_mean_nothing_are_known_by_name(name: str) -> None:
    assert read(p.event({"type": name})) == Ignored(IGNORED_EVENTS[name])


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "unknown payload type"),
        ({"type": "interactive_message"}, "unknown payload type"),
        ({"type": ["block_actions"]}, "unknown payload type"),
        (p.command(trigger_id=""), "trigger_id"),
        (p.command(user_id=None), "user_id"),
        (p.click(actions=[]), "actions"),
        (p.click(actions=["x"]), "actions"),
        (p.click(user="U1"), "user.id"),
        (p.click(p.button(action_id="else")), "unknown action_id"),
        (p.click(p.button(value=7)), "value"),  # type: ignore[arg-type]
        (p.submission([]), "view.state.values"),  # type: ignore[arg-type]
        (p.shortcut("other"), "callback_id"),
        (p.event({"type": "reaction_added"}), "unknown event type"),
        (p.event({}), "event.type"),
        (p.home_opened() | {"event_id": None}, "event_id"),
    ],
)
def test_what_is_not_ours_is_refused_with_its_reason(body: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        read(body)
