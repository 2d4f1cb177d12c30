"""Recorded payloads in, deliveries out."""

from typing import Any

import cliq_payloads as p
import pytest

from bot.chat.cliq.payloads import IGNORED, Suggest, Widget, people, read
from bot.chat.surface import ChatPerson
from bot.inbound import Ignored, Malformed, Search
from handlers.intents import (
    Action,
    Actor,
    Delivery,
    Help,
    Intent,
    ListOpen,
    Misunderstood,
    OpenHome,
    Press,
    ReplyTo,
    Start,
    Status,
    Subject,
    SubjectKind,
    Submit,
    Token,
)

ADA = Actor("cliq", "130720038")
AMIT = Subject(SubjectKind.CHAT_ID, "631830849")
APPROVE = Token(Action.APPROVE, "dep1", 3, "9f2c")
SUCCESSOR = Token(Action.CHOOSE_SUCCESSOR, "dep1", 3)
DELIVERY_ID = "cliq:17202823900615741410013820"


def delivered(body: dict[str, Any]) -> Delivery:
    found = read(body)
    found = found.delivery if isinstance(found, Widget) else found
    assert isinstance(found, Delivery)
    return found


def intent(body: dict[str, Any]) -> Intent:
    return delivered(body).intent


def test_a_command_says_who_asks_for_what_and_where_the_answer_goes() -> None:
    assert read(p.command()) == Delivery(
        id=DELIVERY_ID, actor=ADA, intent=Start(AMIT), reply=ReplyTo(p.CHAT, p.RESPONSE_URL, None)
    )


def test_a_command_about_oneself_is_for_the_conversation_to_refuse() -> None:
    me = {**p.ADA, "type": "user"}
    assert intent(p.command("@Ada Lind", me)) == Start(Subject(SubjectKind.CHAT_ID, "130720038"))


def test_a_mention_that_names_nobody_leaves_the_text_to_tell() -> None:
    assert intent(p.command("status Amit Kumar", {"type": "user"})) == Status(Subject(SubjectKind.NAME, "Amit Kumar"))


def test_a_button_presses_the_token_that_it_carries() -> None:
    assert read(p.click()) == Delivery(
        id=DELIVERY_ID, actor=ADA, intent=Press(APPROVE), reply=ReplyTo(p.CHAT, p.RESPONSE_URL, p.MESSAGE)
    )
    assert intent(p.click({"key": p.TOKEN})) == Press(APPROVE)
    assert intent(p.click({"key": "cut", "token": p.TOKEN})) == Press(APPROVE)


def test_a_button_of_an_earlier_version_is_answered_not_ignored() -> None:
    assert intent(p.click({"key": "case-1"})) == Misunderstood("case-1")


@pytest.mark.parametrize("handler", ["form_handler", "form_submit_handler"])
def test_a_form_gives_its_fields_by_name(handler: str) -> None:
    assert intent(p.filled(handler=handler)) == Submit(SUCCESSOR, {"successor": "5000000000121", "note": ""})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is ", "as it is "),
        ({"label": "Ben", "value": "7"}, "7"),
        ({}, ""),
        (None, ""),
        ([], ""),
        (["a", "b"], "a"),
        ([{"label": "Ben", "value": "7"}, {"label": "Cy", "value": "8"}], "7"),
        ([{"id": "631830849", "name": "Amit"}], "631830849"),
        ({"value": ["a"]}, "a"),
        (7, "7"),
        (True, "true"),
    ],
)
def test_each_kind_of_field_is_flattened_to_a_text(value: Any, text: str) -> None:
    assert intent(p.filled({"field": value})) == Submit(SUCCESSOR, {"field": text})


def test_what_comes_back_in_an_explanation_is_no_answer() -> None:
    assert intent(p.filled({"about-0": "Please note", "note": "x"})) == Submit(SUCCESSOR, {"note": "x"})


def test_a_form_of_an_earlier_version_is_answered_and_a_closed_one_is_nothing() -> None:
    assert intent(p.filled({"token": "old"})) == Misunderstood("old")
    assert isinstance(read(p.filled(action="cancel")), Ignored)


@pytest.mark.parametrize("handler", ["form_values_handler", "form_dynamic_select_handler"])
def test_typing_into_a_person_field_searches(handler: str) -> None:
    assert read(p.searched("be", handler=handler)) == Search(ADA, SUCCESSOR, "successor", "be")
    assert isinstance(read(p.searched(token="old", handler=handler)), Ignored)


def test_a_field_of_one_system_has_a_name_that_cliq_takes_and_comes_back_as_ours() -> None:
    """Left empty it is a selection without a value."""
    given = {"successor": {"value": "1"}, "successor--pipedrive": {}, "successor--sangam": {"value": "7"}}
    fields = {"successor": "1", "successor.pipedrive": "", "successor.sangam": "7"}
    assert intent(p.filled(given)) == Submit(SUCCESSOR, fields)


def test_typing_behind_the_command_asks_for_suggestions() -> None:
    body = p.command("sta")
    body["handler"] = {"type": "suggestion_handler"}
    assert read(body) == Suggest(ADA, "sta")


def test_a_picked_suggestion_is_part_of_the_command() -> None:
    status = ({"title": "status", "description": "/offboard status @…"},)
    assert intent(p.command("", selections=status)) == Status(AMIT)
    assert intent(p.command("@Amit Kumar", selections=status)) == Status(AMIT)
    assert intent(p.command("status @Amit Kumar", selections=status)) == Status(AMIT)
    alone = p.typed("sta")
    alone["params"]["selections"] = list(status)
    assert intent(alone) == ListOpen()


def test_a_line_to_the_bot_is_a_command_line() -> None:
    assert read(p.message("status @Amit Kumar", p.AMIT)) == Delivery(
        id=DELIVERY_ID, actor=ADA, intent=Status(AMIT), reply=ReplyTo(p.CHAT, p.RESPONSE_URL, None)
    )
    assert intent(p.message("")) == Help()


def test_the_bot_never_answers_itself() -> None:
    assert isinstance(read(p.message("status", id="b-1775998000015152705")), Ignored)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Offboard status", ListOpen()),
        ("{@b-1775998000015152705} status", ListOpen()),
        ("@Offboard", Help()),
        ("status @Offboard", ListOpen()),
    ],
)
def test_who_calls_the_bot_speaks_to_it(text: str, meant: Intent) -> None:
    assert intent(p.call(text)) == meant


def test_who_calls_the_bot_and_mentions_somebody_means_them() -> None:
    assert intent(p.call("@Offboard status @Amit Kumar", p.AMIT)) == Status(AMIT)
    assert isinstance(intent(p.call("@Offboard @Zia", {**p.BOT, "id": "b-9", "name": "Zia"})), Misunderstood)


@pytest.mark.parametrize("handler", ["action_handler", "menu_handler"])
def test_the_menu_entry_opens_the_home_page(handler: str) -> None:
    assert intent(p.menu(handler=handler)) == OpenHome()


def test_a_new_reader_of_the_bot_is_told_what_it_can_do() -> None:
    assert intent(p.delivery("bot", "welcome_handler", {"newuser": True})) == Help()


def test_the_widget_asks_for_the_home_page_on_a_tab() -> None:
    first, again = read(p.widget()), read(p.widget("tab_click", {"id": "home", "label": "Home"}))
    assert isinstance(first, Widget)
    assert isinstance(again, Widget)
    assert (first.delivery.actor, first.delivery.intent, first.tab) == (ADA, OpenHome(), "")
    assert again.tab == "home"


@pytest.mark.parametrize("handler", ["applet_button_handler", "widget_button_handler"])
def test_a_button_of_the_widget_presses_its_id(handler: str) -> None:
    assert intent(p.widget_click(handler=handler)) == Press(APPROVE)
    assert intent(p.widget_click("refresh", handler=handler)) == Misunderstood("refresh")


def test_the_handler_may_be_a_bare_name() -> None:
    assert read(p.click() | {"handler": "button_handler"}) == read(p.click())


def test_ids_may_be_numbers() -> None:
    body = p.click()
    body["params"]["user"]["id"] = 130720038
    assert delivered(body).actor == ADA


def test_without_the_permission_to_see_the_user_the_access_tells_who_it_was() -> None:
    body = p.click()
    del body["params"]["user"]
    del body["params"]["chat"]
    del body["params"]["message"]
    body["params"]["access"]["message_id"] = p.MESSAGE
    assert delivered(body).actor == ADA
    assert delivered(body).reply == ReplyTo(p.CHAT, p.RESPONSE_URL, p.MESSAGE)


def test_a_redelivery_has_the_same_id_and_another_delivery_another() -> None:
    assert delivered(p.click()).id == delivered(p.click()).id == DELIVERY_ID
    other = p.click() | {"response_url": "https://cliq.zoho.com/v2/extensions/2980/responses/2?x=1"}
    assert delivered(other).id == "cliq:2"


def test_without_a_response_url_the_body_is_the_id() -> None:
    body = p.widget_click()
    reordered = dict(reversed(body.items()))
    assert delivered(body).id == delivered(reordered).id
    assert delivered(body).id != delivered(body | {"timestamp": 1796000000001}).id
    assert delivered(body).id != delivered(p.widget_click("o1:show:dep1:3:")).id


def test_the_payload_describes_who_did_it_and_who_is_mentioned() -> None:
    assert people(p.command("@Amit Kumar", p.AMIT, p.BOT, p.BEN)) == (
        ChatPerson("130720038", "Ada Lind", "ada.lind@brightwater.example", "de", "Europe/Berlin", True, False),
        ChatPerson("631830849", "Amit Kumar", "amit.kumar@brightwater.example", "en", "Asia/Kolkata", True, False),
    )
    assert people({"params": {"user": {"id": "7"}, "mentions": ["x"]}}) == ()


@pytest.mark.parametrize("kind", IGNORED)
def test_events_that_mean_nothing_are_known_by_name(kind: tuple[str, str]) -> None:
    assert read(p.delivery(*kind, {})) == Ignored(IGNORED[kind])


def without(body: dict[str, Any], *path: str) -> dict[str, Any]:
    place: Any = body
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return body


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "type must be a text"),
        ({"type": "command"}, "handler.type must be a text"),
        ({"type": ["command"], "handler": "execution_handler"}, "type must be a text"),
        (p.delivery("command", "button_handler", {}), "unknown type and handler 'command', 'button_handler'"),
        (p.delivery("bot", "welcome_handler", {"user": None, "access": None}), "user.id"),
        (p.delivery("bot", "welcome_handler", {"user": {"id": True}, "access": {}}), "user.id"),
        (p.click({}), "params.arguments.key"),
        (p.click({"token": 7}), "params.arguments.token"),
        (p.menu("Else"), "unknown menu entry 'Else'"),
        (p.filled(action="dance"), "unknown action of a form"),
        (without(p.filled(), "params", "form", "name"), "params.form.name"),
        (without(p.filled(), "params", "form", "values"), "params.form.values must be an object"),
        (without(p.searched(), "params", "target"), "params.target.name"),
        (without(p.widget_click(), "params", "target"), "params.target.id"),
        (p.command() | {"response_url": 7}, "response_url"),
    ],
)
def test_what_is_not_ours_is_refused_with_its_reason(body: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        read(body)


def test_a_form_that_is_not_ours_is_refused() -> None:
    body = p.filled()
    body["params"]["form"]["name"] = "survey"
    with pytest.raises(Malformed, match="unknown form"):
        read(body)
