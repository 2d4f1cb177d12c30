"""Forms: what can be entered, what is sent, and what an answer does to the form."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cliq_inbound_rig import Rig, button, choice, form, rig, search, text
from starlette.responses import Response

from sandbox.cliq.answers import NO_ANSWER, NOT_SHOWN
from sandbox.cliq.forms import REQUIRED, NotOnScreen

SOFIA = {"label": "Sofia Lindgren", "value": "700000113"}
HIDDEN = {"type": "hidden", "name": "token", "value": "OB-17"}


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


class TestSubmission:
    async def test_it_carries_each_value_in_its_own_shape(self, town: Rig) -> None:
        opened = await town.opened(
            form(
                text(),
                choice(),
                choice("radio", "when") | {"value": "no"},
                choice("checkbox", "parts"),
                choice("select", "several", multiple=True, value=["yes"]),
                search(mandatory=False),
                {"type": "toggle", "name": "sure", "label": "Sure"},
                {"type": "date", "name": "day", "label": "Day"},
                {"type": "native_select", "name": "who", "label": "Who", "placeholder": "?", "data_source": "contacts"},
                HIDDEN,
            )
        )
        sofia = town.hall.by_key("sofia")
        entered = {"note": "Left", "backup": "yes", "parts": ["no", "yes"], "sure": True, "who": sofia.id}
        assert await town.person("ada").submit(opened, entered) == {}
        assert (town.app.last["name"], town.app.last["handler"]) == ("offboardform", {"type": "form_submit_handler"})
        yes, no = {"label": "Yes", "value": "yes"}, {"label": "No", "value": "no"}
        assert town.app.params["form"] == {
            "name": "start",
            "action": "submit",
            "values": {
                "note": "Left",
                "backup": yes,
                "when": no,
                "parts": [no, yes],
                "several": [yes],
                "successor": {},
                "sure": True,
                "day": "",
                "who": {"label": "Sofia Lindgren", "value": sofia.id},
                "token": "OB-17",
            },
        }
        assert town.person("ada").forms() == []

    @pytest.mark.parametrize(
        ("field", "value", "complaint"),
        [
            (text(), "", REQUIRED),
            (choice(), "", REQUIRED),
            (search(), "", REQUIRED),
            (text(min_length=2, max_length=4), "abcde", "Enter 2 to 4 characters"),
            (text(format="email"), "nobody", "Enter a valid email address"),
            ({"type": "number", "name": "n", "label": "N", "min": 2}, "1", "Enter at least 2"),
            ({"type": "number", "name": "n", "label": "N"}, "many", "Enter a number"),
            (choice(multiple=True, max_selections=1), ["yes", "no"], "Choose at most 1"),
        ],
    )
    async def test_the_client_itself_refuses_what_does_not_fit(
        self, town: Rig, field: dict[str, Any], value: Any, complaint: str
    ) -> None:
        opened = await town.opened(form(field))
        ada, heard = town.person("ada"), len(town.app.heard)
        assert await ada.submit(opened, {field["name"]: value}) == {field["name"]: complaint}
        assert len(town.app.heard) == heard
        assert ada.forms()[0].errors == {field["name"]: complaint}

    @pytest.mark.parametrize("field", [text(mandatory=False), choice("radio"), search(mandatory=False)])
    async def test_what_is_not_mandatory_may_stay_empty(self, town: Rig, field: dict[str, Any]) -> None:
        opened = await town.opened(form(field))
        assert await town.person("ada").submit(opened) == {}
        assert town.person("ada").forms() == []

    async def test_only_what_is_offered_can_be_entered(self, town: Rig) -> None:
        opened = await town.opened(form(choice(), search(), text("fixed", disabled=True), HIDDEN))
        for values in ({"backup": "maybe"}, {"successor": "x"}, {"fixed": "x"}, {"token": "x"}, {"nothing": "x"}):
            with pytest.raises(NotOnScreen):
                await town.person("ada").submit(opened, values)

    async def test_nobody_whose_account_is_closed_can_be_picked(self, town: Rig) -> None:
        who = {"type": "native_select", "name": "who", "label": "Who", "placeholder": "?", "data_source": "contacts"}
        opened = await town.opened(form(who))
        with pytest.raises(NotOnScreen):
            await town.person("ada").submit(opened, {"who": town.hall.by_key("walter").id})

    async def test_a_form_belongs_to_one_person(self, town: Rig) -> None:
        opened = await town.opened(form(text()))
        with pytest.raises(NotOnScreen):
            await town.person("noor").submit(opened, {"note": "x"})

    async def test_it_stays_open_when_the_app_does_not_answer(self, town: Rig) -> None:
        opened = await town.opened(form(text()))
        town.app.answers.append(Response(status_code=500))
        ada = town.person("ada")
        await ada.submit(opened, {"note": "x"})
        assert [banner.text for banner in ada.banners] == [NO_ANSWER]
        assert [shown.values for shown in ada.forms()] == [{"note": "x"}]


class TestAnswers:
    async def test_an_error_keeps_the_form_open_until_it_is_mended(self, town: Rig) -> None:
        opened = await town.opened(form(text()))
        ada = town.person("ada")
        town.app.answer({"type": "form_error", "text": "Check this", "inputs": {"note": "Too vague"}})
        assert await ada.submit(opened, {"note": "x"}) == {"note": "Too vague"}
        (shown,) = ada.forms()
        assert (shown.error_text, shown.errors, shown.values) == ("Check this", {"note": "Too vague"}, {"note": "x"})
        assert await ada.submit(opened, {"note": "clear"}) == {}
        assert ada.forms() == []

    async def test_an_error_at_an_unknown_field_is_refused(self, town: Rig) -> None:
        opened = await town.opened(form(text()))
        town.app.answer({"type": "form_error", "inputs": {"nothing": "Wrong"}})
        ada = town.person("ada")
        await ada.submit(opened, {"note": "x"})
        assert [banner.text for banner in ada.banners] == [NOT_SHOWN]
        assert "nothing" in town.hall.refusals[0]

    async def test_a_form_as_an_answer_is_the_next_step(self, town: Rig) -> None:
        opened = await town.opened(form(text()))
        town.app.answer(form(text("second"), name="step2"))
        ada = town.person("ada")
        await ada.submit(opened, {"note": "x"})
        assert [shown.content["name"] for shown in ada.forms()] == ["step2"]

    async def test_an_edit_reaches_the_message_that_opened_the_form(self, town: Rig) -> None:
        message = town.posted({"text": "Who?", "buttons": [button()]})
        town.app.answer(form(text()), form(text()), {"type": "message_edit", "text": "Sofia"})
        ada = town.person("ada")
        await ada.click(message, "approve")
        await ada.submit(ada.forms()[0], {"note": "step one"})
        assert town.app.params["message"]["id"] == message.id
        await ada.submit(ada.forms()[0], {"note": "step two"})
        assert (message.text, ada.forms()) == ("Sofia", [])

    async def test_an_edit_without_such_a_message_is_refused(self, town: Rig) -> None:
        opened = await town.opened(form(text()))
        town.app.answer({"type": "message_edit", "text": "Sofia"})
        await town.person("ada").submit(opened, {"note": "x"})
        assert town.hall.refusals == ["function offboardform form_submit_handler: there is no message to edit"]

    async def test_banner_and_message_close_it(self, town: Rig) -> None:
        ada = town.person("ada")
        for output in ({"type": "banner", "text": "Saved", "status": "success"}, {"text": "Saved"}):
            opened = await town.opened(form(text()))
            town.app.answer(output)
            await ada.submit(opened, {"note": "x"})
            assert ada.forms() == []
        assert [message.text for message in town.person("noor").messages(town.general)] == ["Saved"]


class TestCancel:
    async def test_the_app_hears_of_it_only_where_it_asked_to(self, town: Rig) -> None:
        action = {"type": "invoke.function", "name": "offboardform"}
        ada = town.person("ada")
        await ada.cancel(await town.opened(form(text())))
        heard = len(town.app.heard)
        quiet = form(text(), trigger_on_cancel=True, actions={"submit": action, "cancel": action})
        await ada.cancel(await town.opened(quiet))
        assert len(town.app.heard) == heard + 2  # the command that opened it, and the cancelling
        assert town.app.params["form"]["action"] == "cancel"
        assert ada.forms() == []

    async def test_a_single_action_stands_for_both(self, town: Rig) -> None:
        content = form(text(), trigger_on_cancel=True, action={"type": "invoke.function", "name": "offboardform"})
        del content["actions"]
        await town.person("ada").cancel(await town.opened(content))
        assert town.app.params["form"]["action"] == "cancel"


class TestSearch:
    async def test_what_the_app_offers_can_be_chosen(self, town: Rig) -> None:
        opened = await town.opened(form(search()))
        ada = town.person("ada")
        town.app.answer({"options": [SOFIA]})
        assert await ada.options(opened, "successor", "sof") == [SOFIA]
        assert town.app.last["handler"] == {"type": "form_dynamic_select_handler"}
        assert town.app.params["target"] == {"name": "successor", "query": "sof"}
        assert town.app.params["form"]["action"] == "input"
        assert await ada.submit(opened, {"successor": SOFIA["value"]}) == {}
        assert town.app.params["form"]["values"] == {"successor": SOFIA}

    async def test_an_initial_option_is_chosen_already(self, town: Rig) -> None:
        opened = await town.opened(form(search(options=[SOFIA], value=SOFIA["value"])))
        assert await town.person("ada").submit(opened) == {}
        assert town.app.params["form"]["values"] == {"successor": SOFIA}

    async def test_too_short_a_text_is_not_looked_for(self, town: Rig) -> None:
        opened = await town.opened(form(search(min_characters=2)))
        heard = len(town.app.heard)
        assert await town.person("ada").options(opened, "successor", "s") == []
        assert len(town.app.heard) == heard

    async def test_an_answer_of_another_kind_offers_nothing(self, town: Rig) -> None:
        opened = await town.opened(form(search()))
        town.app.answer({"text": "Sofia"})
        assert await town.person("ada").options(opened, "successor", "sof") == []
        assert len(town.hall.refusals) == 1


class TestChange:
    async def test_the_app_hears_of_a_change_and_may_rebuild_the_form(self, town: Rig) -> None:
        opened = await town.opened(form(choice(trigger_on_change=True), text("old"), text("kept")))
        ada = town.person("ada")
        await ada.change(opened, "kept", "as it was")
        heard = len(town.app.heard)
        town.app.answer(
            {
                "type": "form_modification",
                "actions": [
                    {"type": "remove", "name": "old"},
                    {"type": "add_after", "name": "backup", "input": text("why")},
                    {"type": "disable", "name": "kept"},
                ],
            }
        )
        await ada.change(opened, "backup", "no")
        assert len(town.app.heard) == heard + 1
        no = {"label": "No", "value": "no"}
        assert town.app.params["target"] == {"name": "backup", "value": no}
        assert town.app.params["form"]["action"] == "change"
        (shown,) = ada.forms()
        assert [field["name"] for field in shown.content["inputs"]] == ["backup", "why", "kept"]
        assert shown.values == {"backup": no, "why": "", "kept": "as it was"}
        with pytest.raises(NotOnScreen):
            await ada.change(opened, "kept", "otherwise")

    async def test_clearing_and_updating_empty_a_field(self, town: Rig) -> None:
        opened = await town.opened(form(choice(trigger_on_change=True), text("a"), text("b")))
        ada = town.person("ada")
        for name in ("a", "b"):
            await ada.change(opened, name, "x")
        actions = [{"type": "clear", "name": "a"}, {"type": "update", "name": "b", "input": text("b", value="new")}]
        town.app.answer({"type": "form_modification", "actions": actions})
        await ada.change(opened, "backup", "yes")
        assert (opened.values["a"], opened.values["b"]) == ("", "new")

    @pytest.mark.parametrize(
        "action",
        [
            {"type": "remove", "name": "nothing"},
            {"type": "explode", "name": "backup"},
            {"type": "add_after", "name": "backup", "input": {"type": "text", "name": "x"}},
        ],
    )
    async def test_an_impossible_change_leaves_the_form_as_it_is(self, town: Rig, action: dict[str, Any]) -> None:
        opened = await town.opened(form(choice(trigger_on_change=True), text()))
        town.app.answer({"type": "form_modification", "actions": [{"type": "remove", "name": "note"}, action]})
        await town.person("ada").change(opened, "backup", "yes")
        assert [field["name"] for field in opened.content["inputs"]] == ["backup", "note"]
        assert len(town.hall.refusals) == 1


OPTIONS = [{"label": str(number), "value": str(number)} for number in range(101)]


@pytest.mark.parametrize(
    "content",
    [
        form(text(), name="x" * 51),
        form(text("x" * 51)),
        form(text("with space")),
        form(text(label="x" * 51)),
        form(text(placeholder="x" * 101)),
        form({"type": "text", "name": "note", "label": "Note"}),
        form({"type": "dynamic_select", "name": "who", "label": "Who"}),
        form(text(hint="x" * 101)),
        form(text(value="x" * 101)),
        form(text(mandatory="true")),
        form(text(format="poem")),
        form(text(surprise=1)),
        form({**text(), "type": "textarea", "max_length": 5001}),
        form({**text(), "type": "textarea", "value": "x" * 1001}),
        form(choice(options=OPTIONS)),
        form(choice(options=[{"label": "All", "options": OPTIONS[:60]}, {"label": "More", "options": OPTIONS[:60]}])),
        form(choice(options=[{"label": "x" * 101, "value": "x"}])),
        form(choice(value="maybe")),
        form(choice("radio", options=OPTIONS[:1])),
        form(choice("radio", options=OPTIONS[:6])),
        form(choice("radio", options=[{"label": "A", "value": "x" * 51}, OPTIONS[0]])),
        form({"type": "crystal_ball", "name": "x", "label": "X"}),
        form(text(), text()),
        form(),
        {"type": "form", "name": "start", "title": "Start", "inputs": [text()]},
        form(text(), actions={"cancel": {"type": "invoke.function", "name": "offboardform"}}),
        form(text(), actions={"submit": {"type": "invoke.function", "name": "offboardbutton"}}),
        form(text(), actions={"submit": {"type": "invoke.function", "name": "nobody"}}),
    ],
)
async def test_a_form_that_breaks_a_rule_does_not_open(town: Rig, content: dict[str, Any]) -> None:
    town.app.answer(content)
    ada = town.person("ada")
    await ada.command(town.general, "/offboard")
    assert ada.forms() == []
    assert [banner.text for banner in ada.banners] == [NOT_SHOWN]
    assert len(town.hall.refusals) == 1


async def test_a_form_at_every_limit_opens(town: Rig) -> None:
    await town.opened(
        form(
            text("x" * 50, label="x" * 50, placeholder="x" * 100, hint="x" * 100, value="x" * 100),
            {**text(), "type": "textarea", "max_length": 5000, "value": "x" * 1000},
            choice(options=OPTIONS[:100]),
            choice("radio", "five", options=OPTIONS[:5]),
            name="y" * 50,
        )
    )


async def test_a_form_whose_function_has_lost_its_handler_fails_in_sight(town: Rig) -> None:
    opened = await town.opened(form(choice(trigger_on_change=True)))
    function = town.hall.component("function", "offboardform")
    assert function is not None
    function.handlers = [each for each in function.handlers if each.type != "form_change_handler"]
    await town.person("ada").change(opened, "backup", "yes")
    assert town.hall.refusals == [
        "function offboardform form_change_handler: there is no such function or handler",
    ]
