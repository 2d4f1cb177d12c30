"""Cards and forms in, Cliq's JSON out; an independent list of its limits judges it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cliq_limits import form_problems, message_problems, widget_problems

from bot.chat.cliq import render
from handlers.elements import (
    Actions,
    Button,
    Card,
    Choice,
    ChoiceField,
    Confirm,
    Divider,
    Element,
    Fact,
    Facts,
    Form,
    Heading,
    Link,
    LinkButton,
    Mention,
    Moment,
    Note,
    Paragraph,
    PersonField,
    Progress,
    Strong,
    Style,
    Table,
    TextField,
)
from handlers.intents import Action, Token

Json = dict[str, Any]
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
TOKEN = Token(Action.APPROVE, "dep1", 3, "9f2c")
BACK = Token(Action.SEND_BACK, "dep1", 3)
TABLE = Table(("Module", "Moves"), (("Deals", "1,204"), ("Contacts", "7")), numeric=(1,))


def message(*elements: Element, text: str = "Amit Kumar leaves", key: str | None = None) -> Json:
    found = render.message(Card(text, elements), key=key)
    assert message_problems(found) == []
    return found


def slides(*elements: Element) -> list[Json]:
    found: list[Json] = message(*elements).get("slides", [])
    return found


def said(*elements: Element) -> str:
    (slide,) = slides(*elements)
    assert slide["type"] == "text"
    return str(slide["data"])


def buttons(*elements: Element) -> list[Json]:
    found: list[Json] = message(*elements).get("buttons", [])
    return found


def test_an_approval_card() -> None:
    confirm = Confirm("Approve this plan?", "1,211 records go to Ben Carter.", "Approve", "Not yet")
    card = message(
        Heading("Approve the hand-over of Amit Kumar?"),
        Facts((Fact("Leaves", ("Amit Kumar",)), Fact("Successor", (Mention("Ben Carter", "631830850"),)))),
        TABLE,
        Paragraph((Strong("Please note:"), " Assignment rules still name Amit.")),
        Note(("Asked for by ", Mention("Ada"), ", ", Moment(NOON, "30 Nov, 12:00"))),
        Actions(
            (Button("Approve", TOKEN, Style.PRIMARY, confirm), Button("Send back", BACK)),
            (Button("Cancel", Token(Action.CANCEL, "dep1", 3), Style.DANGER),),
        ),
        text="Ada asks you to approve a hand-over.",
        key="dep1:prompt:approval:3",
    )
    call = {"type": "invoke.function", "data": {"name": "offboardbutton"}}
    assert card == {
        "text": f"Ada asks you to approve a hand-over. · {render.reference('dep1:prompt:approval:3')}",
        "card": {"title": "Approve the hand-over of Amit Kumar?", "theme": "modern-inline"},
        "slides": [
            {"type": "label", "data": [{"Leaves": "Amit Kumar"}, {"Successor": "[Ben Carter](zohoid:631830850)"}]},
            {
                "type": "table",
                "data": {
                    "headers": ["Module", "Moves"],
                    "rows": [{"Module": "Deals", "Moves": "1,204"}, {"Module": "Contacts", "Moves": "7"}],
                },
            },
            {
                "type": "text",
                "data": "*Please note:* Assignment rules still name Amit.\n\nAsked for by Ada, 30 Nov, 12:00",
            },
        ],
        "buttons": [
            {
                "label": "Approve",
                "type": "+",
                "key": "o1:approve:dep1:3:9f2c",
                "action": {
                    **call,
                    "confirm": {
                        "title": "Approve this plan?",
                        "description": "1,211 records go to Ben Carter.",
                        "emotion": "positive",
                        "button_label": "Approve",
                        "cancel_button_label": "Not yet",
                    },
                },
                "arguments": {"token": "o1:approve:dep1:3:9f2c"},
            },
            {
                "label": "Send back",
                "key": "o1:sendback:dep1:3:",
                "action": call,
                "arguments": {"token": "o1:sendback:dep1:3:"},
            },
            {
                "label": "Cancel",
                "type": "-",
                "key": "o1:cancel:dep1:3:",
                "action": call,
                "arguments": {"token": "o1:cancel:dep1:3:"},
            },
        ],
    }


def test_a_notice_of_a_new_owner() -> None:
    notice = message(
        Heading("Owner changed"),
        Facts((Fact("Record", ("Acme [EU]",)), Fact("Old owner", ("Amit Kumar",)), Fact("New owner", ("Ben Carter",)))),
        Actions((LinkButton("Open in Zoho CRM", "https://crm.zoho.com/crm/org1/tab/Accounts/7"),)),
        text="Acme [EU] went from Amit Kumar to Ben Carter.",
    )
    assert notice == {
        "text": "Acme [EU]\u2060 went from Amit Kumar to Ben Carter.",
        "card": {"title": "Owner changed", "theme": "modern-inline"},
        "slides": [
            {
                "type": "label",
                "data": [
                    {"Record": "Acme [EU]\u2060"},
                    {"Old owner": "Amit Kumar"},
                    {"New owner": "Ben Carter"},
                ],
            }
        ],
        "buttons": [
            {
                "label": "Open in Zoho CRM",
                "action": {
                    "type": "open.url",
                    "data": {"web": "https://crm.zoho.com/crm/org1/tab/Accounts/7"},
                },
            }
        ],
    }


def test_a_message_is_found_again_by_the_end_of_its_text() -> None:
    text = message(text="x" * 9000, key="a key")["text"]
    assert len(text) == 5000
    assert text.endswith(f"… · {render.reference('a key')}")
    assert len(render.reference("a key")) == 8
    assert render.reference("a key") != render.reference("another key")


def test_a_card_without_anything_is_its_sentence() -> None:
    assert message() == {"text": "Amit Kumar leaves"}
    assert message(text=" ") == {"text": "…"}


def test_the_sentence_is_not_said_twice() -> None:
    assert said(Paragraph(("Amit Kumar leaves",)), Paragraph(("On Monday.",))) == "On Monday."


def test_paragraphs_stand_together_until_something_else_comes() -> None:
    found = slides(Heading("Title"), Paragraph(("a",)), Note(("b",)), Divider(), Paragraph(("c",)), TABLE, Heading("d"))
    assert [slide["type"] for slide in found] == ["text", "text", "table", "text"]
    assert [slide["data"] for slide in found if slide["type"] == "text"] == ["a\n\nb", "c", "*d*"]


def test_facts_with_one_label_keep_apart() -> None:
    (slide,) = slides(Facts((Fact("Deals", ("7",)), Fact("Deals", ()), Fact("deals", ("1",)))))
    assert slide["data"] == [{"Deals": "7"}, {"Deals (2)": "–"}, {"deals": "1"}]


def test_columns_with_one_header_keep_apart_and_short_rows_are_filled() -> None:
    (slide,) = slides(Table(("Name", "Name", ""), (("a", "b"), ("c", "", "d", "e"))))
    assert slide["data"]["headers"] == ["Name", "Name (2)", "–", "– (2)"]
    assert [list(row.values()) for row in slide["data"]["rows"]] == [["a", "b", "–", "–"], ["c", "–", "d", "e"]]


def test_columns_and_rows_that_do_not_fit_are_said() -> None:
    (wide,) = slides(Table(tuple(f"C{n}" for n in range(15)), ()))
    assert wide["data"]["headers"][8:] == ["C8", "…"]
    table, more = slides(Table(("Name", "Note"), tuple((f"Record {n}", "x" * 20) for n in range(150))))
    assert 30 < len(table["data"]["rows"]) < 150
    assert more["data"] == f"… + {150 - len(table['data']['rows'])}"


@pytest.mark.parametrize(
    ("done", "total", "bar"),
    [
        (0, 5000, "`░░░░░░░░░░░░░░░░░░░░` 0 %"),
        (2100, 5000, "`████████░░░░░░░░░░░░` 42 %"),
        (4999, 5000, "`███████████████████░` 99 %"),
        (5000, 5000, "`████████████████████` 100 %"),
        (0, 0, "`████████████████████` 100 %"),
    ],
)
def test_progress_is_a_bar_with_its_figure(done: int, total: int, bar: str) -> None:
    assert said(Progress("Moving deals", done, total)) == f"Moving deals\n{bar}"


@pytest.mark.parametrize(
    "element", [Facts((Fact("a", ("b",)),)), Facts(tuple(Fact(f"{n}", ("x" * 400,)) for n in range(9)))]
)
def test_a_card_that_is_too_long_says_how_many_slides_are_missing(element: Facts) -> None:
    found = slides(*[element] * 30)
    assert len(found) <= 20
    assert found[-1] == {"type": "text", "data": f"… + {31 - len(found)}"}


def test_a_long_text_goes_on_in_the_next_slide() -> None:
    found = slides(*[Paragraph((f"{n} " + "x" * 900,)) for n in range(6)])
    assert [slide["data"].count("x" * 900) for slide in found] == [3, 3]


def shows(count: int) -> tuple[Element, ...]:
    rows = [
        (Paragraph((Strong(f"Person {n}"), "\n", "waits")), Actions((Button("Show", Token(Action.SHOW, "d", n)),)))
        for n in range(count)
    ]
    return tuple(element for row in rows for element in row)


def test_buttons_of_one_label_are_called_by_what_stands_above_them() -> None:
    assert [(each["label"], each["hint"]) for each in buttons(*shows(2))] == [
        ("Person 0", "Show: Person 0"),
        ("Person 1", "Show: Person 1"),
    ]
    (alone,) = buttons(*shows(1))
    assert (alone["label"], alone.get("hint")) == ("Show", None)


def test_more_buttons_than_five_are_counted_and_decisions_come_first() -> None:
    menu = tuple(Button(f"Entry {n}", Token(Action.DETAILS, "d", n)) for n in range(5))
    elements = (Actions((), menu), Actions((Button("Approve", TOKEN), Button("Send back", BACK))))
    assert [each["label"] for each in buttons(*elements)] == ["Approve", "Send back", "Entry 0", "Entry 1", "Entry 2"]
    assert said(*elements) == "… + 2"


def test_a_label_without_room_is_whole_in_its_hint() -> None:
    (button,) = buttons(Actions((Button("Postfach ist gesichert, endlich", TOKEN),)))
    assert button["label"] == "Postfach ist gesich…"
    assert button["hint"] == "Postfach ist gesichert, endlich"


def test_a_token_too_long_for_a_key_travels_in_the_arguments_alone() -> None:
    long = Token(Action.APPROVE, "dep1", 3, "9" * 150)
    (button,) = buttons(Actions((Button("Approve", long),)))
    assert "key" not in button
    assert button["arguments"] == {"token": long.encode()}


def test_a_confirmation_is_cut_at_a_word() -> None:
    confirm = Confirm("Really? " * 20, "All the records move. " * 10, "Yes", "No")
    (button,) = buttons(Actions((Button("Go", TOKEN, Style.DANGER, confirm),)))
    shown = button["action"]["confirm"]
    assert shown["emotion"] == "negative"
    assert shown["title"].endswith("Really?…")
    assert shown["description"].endswith("move. All the…")


def test_a_link_too_long_for_a_button_is_a_link_in_the_text() -> None:
    url = "https://crm.example/" + "x" * 300
    elements = (Actions((LinkButton("Open", url), LinkButton("Bad", "javascript:alert(1)"))),)
    assert buttons(*elements) == []
    assert said(*elements) == f"[Open]({url})\n\nBad"


def test_an_edit_takes_away_what_the_message_has_no_more() -> None:
    card = Card("Approved by Ben", (Heading("Approved"),))
    assert render.edit(card) == {
        "type": "message_edit",
        "text": "Approved by Ben",
        "card": {"title": "Approved", "theme": "modern-inline"},
        "slides": [],
        "buttons": [],
    }
    kept = render.edit(Card("x", (Actions((Button("Approve", TOKEN),)),)), key="k")
    assert [each["label"] for each in kept["buttons"]] == ["Approve"]
    assert kept["text"] == f"x · {render.reference('k')}"


def test_a_banner_says_whether_it_went_well() -> None:
    assert render.banner("Saved {@all}", ok=True) == {
        "type": "banner",
        "text": "Saved {\u2060@all}",
        "status": "success",
    }
    assert render.banner("No", ok=False)["status"] == "failure"


FORM = Form(
    token=Token(Action.CHOOSE_SUCCESSOR, "dep1", 3),
    title="Choose the successor of Amit",
    submit="Save",
    close="Back",
    elements=(
        Paragraph(("Who replaces ", Strong("Amit"), "? See ", Link("the guide", "https://a.example"))),
        TABLE,
    ),
    fields=(
        PersonField("successor", "Successor", "Type a name", Choice("5000000000121", "Ben Carter", "Same team")),
        TextField("note", "Note", optional=True),
        TextField("ticket", "Ticket", max_length=40),
        ChoiceField("when", "When", (Choice("now", "Now"), Choice("night", "Tonight")), initial="night"),
        ChoiceField("who", "Who", tuple(Choice(str(n), f"Person {n}") for n in range(120)), initial="119"),
    ),
)


def test_somebody_else_can_be_named_for_one_system_or_nobody() -> None:
    field = PersonField("successor.pipedrive", "Successor in Pipedrive", "Leave it empty", optional=True)
    form = render.form(replace(FORM, fields=(*FORM.fields, field)))
    assert form_problems(form) == []
    last = form["inputs"][-1]
    assert (last["name"], last["type"], last["mandatory"]) == ("successor--pipedrive", "dynamic_select", False)
    assert render.form_error({"successor.pipedrive": "Not here."})["inputs"] == {"successor--pipedrive": "Not here."}


def test_a_form() -> None:
    form = render.form(FORM)
    assert form_problems(form) == []
    people = form["inputs"].pop()
    assert form == {
        "type": "form",
        "name": "offboard",
        "title": "Choose the successor of Amit",
        "hint": "Who replaces Amit? See the guide (https://a.example)\nModule · Moves\nDeals · 1,204\nContacts · 7",
        "version": 1,
        "button_label": "Save",
        "action": {"type": "invoke.function", "name": "offboardform"},
        "inputs": [
            {"type": "hidden", "name": "token", "value": "o1:successor:dep1:3:"},
            {
                "type": "dynamic_select",
                "name": "successor",
                "label": "Successor",
                "placeholder": "Successor",
                "hint": "Type a name",
                "mandatory": True,
                "min_characters": 1,
                "options": [{"label": "Ben Carter · Same team", "value": "5000000000121"}],
                "value": "5000000000121",
            },
            {
                "type": "textarea",
                "name": "note",
                "label": "Note",
                "placeholder": "Note",
                "mandatory": False,
                "max_length": 500,
            },
            {
                "type": "text",
                "name": "ticket",
                "label": "Ticket",
                "placeholder": "Ticket",
                "mandatory": True,
                "max_length": 40,
            },
            {
                "type": "radio",
                "name": "when",
                "label": "When",
                "mandatory": True,
                "options": [{"label": "Now", "value": "now"}, {"label": "Tonight", "value": "night"}],
                "value": "night",
            },
        ],
    }
    assert people["type"] == "select"
    assert len(people["options"]) == 100
    assert people["hint"].strip() == "… + 20"
    assert "value" not in people


def test_a_long_explanation_stands_whole_in_fields_of_its_own() -> None:
    steps = "\n".join(f"{n}. Look at the mailbox once more, then at the next one." for n in range(30))
    about = (Paragraph((f"First things first.\n{steps}",)),)
    form = render.form(Form(TOKEN, "Mailbox", "Save", "Back", about, (TextField("note", "Note"),)))
    assert form_problems(form) == []
    assert form["hint"] == "First things first."
    shown = [each for each in form["inputs"] if each["name"].startswith("about-")]
    assert "\n".join(each["value"] for each in shown) == f"First things first.\n{steps}"
    assert all(each["disabled"] and not each["mandatory"] for each in shown)


def test_errors_stand_beside_their_fields_and_together_above() -> None:
    errors = {"successor": "Pick somebody else.", "note": "Say why.", "": "Say why."}
    assert render.form_error(errors) == {
        "type": "form_error",
        "text": "Pick somebody else. Say why.",
        "inputs": errors,
    }


def test_matches_are_options() -> None:
    found = render.options([Choice(str(n), f"Person {n}", "Sales") for n in range(120)])
    assert len(found["options"]) == 100
    assert found["options"][0] == {"label": "Person 0 · Sales", "value": "0"}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["list", "status", "reschedule", "cancel", "undo", "ghosts", "help"]),
        (" ST", ["status"]),
        ("status amit", []),
        ("@amit", []),
    ],
)
def test_commands_are_offered_while_the_person_types(typed: str, offered: list[str]) -> None:
    assert [each["title"] for each in render.suggestions(typed)] == offered


def test_a_widget() -> None:
    page = render.widget(
        Card(
            "1 departure waits for you.",
            (
                Heading("Offboard"),
                Paragraph((Strong("Amit Kumar"), "\n", "waits for ", Mention("Ben", "631830850"))),
                Actions((Button("Show", TOKEN, Style.PRIMARY), LinkButton("CRM", "https://crm.example"))),
                Divider(),
                Heading("Others"),
                Facts((Fact("Open", ("7",)), Fact("Closed", ()))),
                TABLE,
                Progress("Moving", 1, 2),
                Note(("Type /offboard list",)),
            ),
        )
    )
    assert widget_problems(page) == []
    assert page == {
        "type": "applet",
        "tabs": [{"id": "home", "label": "Offboard"}],
        "active_tab": "home",
        "data_type": "sections",
        "header": {"title": "Offboard"},
        "sections": [
            {
                "id": "1",
                "elements": [
                    {"type": "text", "text": "Amit Kumar\nwaits for Ben"},
                    {
                        "type": "buttons",
                        "buttons": [
                            {
                                "label": "Show",
                                "type": "invoke.function",
                                "name": "offboardwidget",
                                "id": "o1:approve:dep1:3:9f2c",
                                "emotion": "positive",
                            },
                            {"label": "CRM", "type": "open.url", "url": "https://crm.example"},
                        ],
                    },
                    {"type": "divider"},
                    {"type": "title", "text": "Others"},
                    {"type": "text", "text": "Open: 7\nClosed: –"},
                    {
                        "type": "table",
                        "headers": ["Module", "Moves"],
                        "rows": [{"Module": "Deals", "Moves": "1,204"}, {"Module": "Contacts", "Moves": "7"}],
                    },
                    {"type": "text", "text": "Moving\n██████████░░░░░░░░░░ 50 %"},
                    {"type": "subtext", "text": "Type /offboard list"},
                ],
            }
        ],
    }


def test_a_long_widget_says_what_is_missing() -> None:
    page = render.widget(Card("x", (Heading("Offboard"), *[Note((str(n),)) for n in range(600)])))
    assert widget_problems(page) == []
    assert page["sections"][-1]["elements"][-1]["text"] == "… + 101"
    (section,) = render.widget(Card("Nothing to do", (Heading("Offboard"),)))["sections"]
    assert section["elements"] == [{"type": "text", "text": "Nothing to do"}]
