"""Modals and Home tabs: triggers, the stack, submissions, and what stays entered."""

from typing import Any

import pytest
from starlette.responses import JSONResponse, Response
from workspace_rig import Rig, actions, button, modal, question, section

from sandbox.slack import View
from sandbox.slack.forms import NotOnScreen

TEXT = {"type": "plain_text_input", "min_length": 2, "max_length": 4}
WHO = {"type": "users_select"}
FORM = modal(
    question("note", TEXT),
    question("who", WHO, optional=True),
    callback_id="form",
    private_metadata="case-1",
    notify_on_close=True,
)


async def trigger(town: Rig, person: str = "ada") -> str:
    await town.person(person).shortcut("open")
    return str(town.app.last["trigger_id"])


async def opened(town: Rig, view: dict[str, Any] | None = None) -> View:
    answer = await town.api("views.open", trigger_id=await trigger(town), view=view or FORM)
    assert answer["ok"], answer
    return town.person("ada").modals()[-1]


class TestTrigger:
    async def test_it_opens_one_modal_for_the_person_who_acted(self, town: Rig) -> None:
        ticket = await trigger(town)
        answer = await town.sdk().views_open(trigger_id=ticket, view=FORM)
        view = answer["view"]
        assert (view["callback_id"], view["private_metadata"], view["app_id"]) == ("form", "case-1", "A0OFFBOARD")
        assert view["root_view_id"] == view["id"]
        assert [shown.id for shown in town.person("ada").modals()] == [view["id"]]
        assert town.person("noor").modals() == []
        again = await town.api("views.open", trigger_id=ticket, view=FORM)
        assert again["error"] == "exchanged_trigger_id"

    async def test_it_lives_three_seconds(self, town: Rig) -> None:
        ticket = await trigger(town)
        town.workspace.clock.advance(3.1)
        assert (await town.api("views.open", trigger_id=ticket, view=FORM))["error"] == "expired_trigger_id"
        assert (await town.api("views.open", trigger_id="1.2.abc", view=FORM))["error"] == "invalid_trigger_id"

    async def test_a_refused_view_does_not_use_it_up(self, town: Rig) -> None:
        ticket = await trigger(town)
        refused = await town.api("views.open", trigger_id=ticket, view=FORM | {"title": None})
        assert refused["response_metadata"]["messages"] == [
            "[ERROR] missing required field: title [json-pointer:/view]"
        ]
        assert (await town.api("views.open", trigger_id=ticket))["error"] == "invalid_arguments"
        assert (await town.api("views.open", trigger_id=ticket, view=FORM))["ok"]


class TestSubmission:
    async def test_it_carries_the_view_with_what_was_entered_and_closes_it(self, town: Rig) -> None:
        view = await opened(town)
        ada = town.person("ada")
        assert await ada.submit(view.id, {"note": {"it": "abc"}, "who": {"it": "U0SOFIA"}}) == {}
        sent = town.app.last
        assert (sent["type"], sent["view"]["private_metadata"]) == ("view_submission", "case-1")
        assert sent["view"]["state"]["values"] == {
            "note": {"it": {"type": "plain_text_input", "value": "abc"}},
            "who": {"it": {"type": "users_select", "selected_user": "U0SOFIA"}},
        }
        assert ada.modals() == []

    @pytest.mark.parametrize(
        ("entered", "complaint"),
        [
            ("", "Please complete this required field."),
            ("a", "Enter at least 2 characters."),
            ("abcde", "Enter at most 4 characters."),
        ],
    )
    async def test_the_client_itself_refuses_what_the_fields_forbid(
        self, town: Rig, entered: str, complaint: str
    ) -> None:
        view = await opened(town)
        heard = len(town.app.heard)
        assert await town.person("ada").submit(view.id, {"note": {"it": entered}}) == {"note": complaint}
        assert len(town.app.heard) == heard
        assert len(town.person("ada").modals()) == 1

    @pytest.mark.parametrize(
        ("element", "entered", "accepted"),
        [
            ({"type": "email_text_input"}, "nobody", False),
            ({"type": "email_text_input"}, "a@b.example", True),
            ({"type": "datepicker"}, "30.11.2026", False),
            ({"type": "number_input", "is_decimal_allowed": False}, "12", True),
            ({"type": "url_text_input"}, "brightwater", False),
            ({"type": "multi_users_select", "max_selected_items": 1}, ["U0BEN", "U0ADA"], False),
        ],
    )
    async def test_fields_have_forms(self, town: Rig, element: dict[str, Any], entered: Any, *, accepted: bool) -> None:
        view = await opened(town, modal(question("field", element)))
        assert (await town.person("ada").submit(view.id, {"field": {"it": entered}}) == {}) is accepted

    async def test_the_apps_complaints_stand_at_their_fields(self, town: Rig) -> None:
        view = await opened(town)
        town.app.answer({"response_action": "errors", "errors": {"who": "Has left"}})
        assert await town.person("ada").submit(view.id, {"note": {"it": "abc"}}) == {"who": "Has left"}
        assert town.person("ada").modals() == [view]

    async def test_an_update_replaces_the_view_and_keeps_what_was_entered_under_the_same_ids(self, town: Rig) -> None:
        view = await opened(town)
        before = view.hash
        town.app.answer({"response_action": "update", "view": modal(question("note", TEXT), question("new", TEXT))})
        await town.person("ada").submit(view.id, {"note": {"it": "abc"}})
        (shown,) = town.person("ada").modals()
        assert (shown.id, shown.hash != before) == (view.id, True)
        assert shown.state["note"]["it"]["value"] == "abc"
        assert shown.state["new"]["it"]["value"] is None

    async def test_push_lays_one_over_it_and_clear_closes_all(self, town: Rig) -> None:
        view = await opened(town)
        ada = town.person("ada")
        town.app.answer({"response_action": "push", "view": modal(section("sure?"))}, {"response_action": "clear"})
        await ada.submit(view.id, {"note": {"it": "abc"}})
        first, second = ada.modals()
        assert (second.previous, second.root) == (first.id, first.id)
        with pytest.raises(NotOnScreen):
            await ada.submit(first.id)
        await ada.submit(second.id)
        assert ada.modals() == []

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (Response(status_code=500), "dispatch_failed"),
            (JSONResponse({"response_action": "errors", "errors": {"nowhere": "x"}}), "invalid_response_action"),
            (JSONResponse({"response_action": "dance"}), "invalid_response_action"),
            (JSONResponse({"response_action": "update", "view": {"type": "modal"}}), "invalid_arguments"),
        ],
    )
    async def test_an_answer_that_slack_cannot_use_keeps_the_modal_open(
        self, town: Rig, answer: Response, code: str
    ) -> None:
        view = await opened(town)
        ada = town.person("ada")
        town.app.answers.append(answer)
        assert await ada.submit(view.id, {"note": {"it": "abc"}}) == {}
        assert [(notice.code, notice.view_id) for notice in ada.errors] == [(code, view.id)]
        assert ada.modals() == [view]

    async def test_a_submission_delivered_twice_closes_the_modal_once(self, town: Rig) -> None:
        view = await opened(town)
        await town.person("ada").submit(view.id, {"note": {"it": "abc"}})
        await town.workspace.redeliver_last()
        assert town.app.heard[-1] == town.app.heard[-2]
        assert town.person("ada").errors == []

    async def test_a_chosen_conversation_brings_a_response_url_where_asked(self, town: Rig) -> None:
        select = {"type": "conversations_select", "response_url_enabled": True}
        view = await opened(town, modal(question("where", select)))
        await town.person("ada").submit(view.id, {"where": {"it": "C0GENERAL"}})
        (target,) = town.app.last["response_urls"]
        assert target["channel_id"] == "C0GENERAL"
        await town.http.post(target["response_url"], json={"text": "Started", "response_type": "in_channel"})
        assert [message.text for message in town.person("noor").messages("C0GENERAL")] == ["Started"]


class TestClosing:
    async def test_the_app_hears_of_it_without_the_entries_where_it_asked_to(self, town: Rig) -> None:
        view = await opened(town)
        ada = town.person("ada")
        await ada.close(view.id)
        sent = town.app.last
        assert (sent["type"], sent["is_cleared"], sent["view"]["state"]) == ("view_closed", False, {"values": {}})
        assert ada.modals() == []
        gone = await town.api("views.update", view_id=view.id, view=FORM)
        assert gone["error"] == "not_found"

    async def test_it_hears_nothing_where_it_did_not_ask(self, town: Rig) -> None:
        view = await opened(town, FORM | {"notify_on_close": False})
        heard = len(town.app.heard)
        await town.person("ada").close(view.id)
        assert len(town.app.heard) == heard

    async def test_a_modal_that_clears_takes_the_stack_with_it(self, town: Rig) -> None:
        await opened(town)
        top = modal(section("x"), clear_on_close=True)
        await town.api("views.push", trigger_id=await trigger(town), view=top)
        await town.person("ada").close(town.person("ada").modals()[-1].id)
        assert town.person("ada").modals() == []
        assert town.app.last["is_cleared"] is True


async def test_a_stack_holds_three_modals(town: Rig) -> None:
    lonely = await town.api("views.push", trigger_id=await trigger(town), view=FORM)
    assert lonely["error"] == "not_found"
    await opened(town)
    for _ in range(2):
        assert (await town.sdk().views_push(trigger_id=await trigger(town), view=FORM))["ok"]
    fourth = await town.api("views.push", trigger_id=await trigger(town), view=FORM)
    assert fourth["error"] == "push_limit_reached"
    assert len(town.person("ada").modals()) == 3


async def test_an_update_with_an_old_hash_is_refused(town: Rig) -> None:
    view = await opened(town)
    old = view.hash
    assert (await town.sdk().views_update(view_id=view.id, hash=old, view=FORM))["ok"]
    assert (await town.api("views.update", view_id=view.id, hash=old, view=FORM))["error"] == "hash_conflict"


async def test_an_external_id_names_one_open_view(town: Rig) -> None:
    await opened(town, FORM | {"external_id": "case-1"})
    twice = await town.api("views.open", trigger_id=await trigger(town), view=FORM | {"external_id": "case-1"})
    assert twice["error"] == "duplicate_external_id"
    renewed = modal(section("new"), external_id="case-1")
    assert (await town.api("views.update", external_id="case-1", view=renewed))["ok"]
    assert town.person("ada").modals()[-1].blocks[0]["text"]["text"] == "new"
    assert (await town.api("views.update", external_id="case-2", view=renewed))["error"] == "not_found"


async def test_a_click_in_a_modal_carries_all_that_is_entered(town: Rig) -> None:
    view = await opened(town, modal(question("note", TEXT), actions(button(), WHO | {"action_id": "who"})))
    ada = town.person("ada")
    heard = len(town.app.heard)
    await ada.click(view=view, block_id="note", action_id="it", value="abc")
    assert len(town.app.heard) == heard
    await ada.click(view=view, block_id="buttons", action_id="who", value="U0BEN")
    values = town.app.last["view"]["state"]["values"]
    assert (values["note"]["it"]["value"], values["buttons"]["who"]["selected_user"]) == ("abc", "U0BEN")
    assert town.app.last["container"] == {"type": "view", "view_id": view.id}
    assert not {"response_url", "channel", "message"} & set(town.app.last)
    pushed = await town.api("views.push", trigger_id=town.app.last["trigger_id"], view=FORM)
    assert pushed["view"]["previous_view_id"] == view.id


async def test_an_input_that_dispatches_tells_the_app_at_once(town: Rig) -> None:
    view = await opened(town, modal(question("note", TEXT, dispatch_action=True)))
    await town.person("ada").click(view=view, block_id="note", action_id="it", value="abc")
    assert town.app.last["actions"][0]["value"] == "abc"


class TestHome:
    async def test_the_first_opening_comes_without_a_view_and_later_ones_with_it(self, town: Rig) -> None:
        ada = town.person("ada")
        assert await ada.open_home() is None
        event = town.app.last["event"]
        assert (event["type"], event["user"], event["channel"], event["tab"]) == (
            "app_home_opened",
            "U0ADA",
            "D0ADA",
            "home",
        )
        assert "view" not in event
        home = {"type": "home", "blocks": [section("Your approvals"), actions(button())]}
        await town.sdk().views_publish(user_id="U0ADA", view=home)
        view = await ada.open_home()
        assert view is not None
        assert town.app.last["event"]["view"]["id"] == view.id
        await ada.click(view=view, block_id="buttons", action_id="go")
        assert town.app.last["view"]["type"] == "home"
        assert town.person("noor").home() is None

    async def test_publishing_checks_the_hash_and_the_kind_of_view(self, town: Rig) -> None:
        home = {"type": "home", "blocks": [section("x")]}
        first = await town.api("views.publish", user_id="U0ADA", view=home, hash="0.0")
        assert first["error"] == "hash_conflict"
        view = (await town.api("views.publish", user_id="U0ADA", view=home))["view"]
        assert (await town.api("views.publish", user_id="U0ADA", view=home, hash=view["hash"]))["ok"]
        stale = await town.api("views.publish", user_id="U0ADA", view=home, hash=view["hash"])
        assert stale["error"] == "hash_conflict"
        assert (await town.api("views.publish", user_id="U0ADA", view=FORM))["error"] == "invalid_arguments"
        assert (await town.api("views.publish", user_id="U0NOBODY", view=home))["error"] == "user_not_found"
