"""Cards and forms in, Block Kit out; the town's Slack and the official SDK's models judge it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.chat.slack import render
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
from sandbox.slack.validate import block_problems, view_problems

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
TOKEN = Token(Action.APPROVE, "dep1", 3, "9f2c")
Json = dict[str, Any]


def blocks_of(*elements: Element) -> list[Json]:
    text, blocks = render.message(Card("Amit Kumar leaves", elements))
    assert text == "Amit Kumar leaves"
    assert block_problems(blocks, "message") == []
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block
    return blocks


def said(*elements: Element) -> str:
    (block,) = blocks_of(*elements)
    return str((block.get("text") or block["elements"][0])["text"])


def test_text_from_outside_is_never_markup() -> None:
    evil = "<!channel> & <https://evil.example|OK>"
    assert said(Paragraph((evil,))) == "&lt;!channel&gt; &amp; &lt;https://evil.example|OK&gt;"
    assert said(Note((Strong(evil),))) == "*&lt;!channel&gt; &amp; &lt;https://evil.example|OK&gt;*"
    text, _ = render.message(Card(evil))
    assert text == "&lt;!channel&gt; &amp; &lt;https://evil.example|OK&gt;"
    (block,) = blocks_of(Paragraph((evil,)))
    assert block["text"]["verbatim"] is True


@pytest.mark.parametrize(
    ("inline", "markup"),
    [
        (Strong("2 * 2"), "*2 ∗ 2*"),
        (
            Link("Deal | 7", "https://crm.example/a?b=1&c=<x|y>"),
            "<https://crm.example/a?b=1&amp;c=%3Cx%7Cy%3E|Deal ¦ 7>",
        ),
        (Link("Deal", "javascript:alert(1)"), "Deal"),
        (
            Moment(NOON, "30 Nov, 12:00 UTC"),
            f"<!date^{int(NOON.timestamp())}^{{date_short_pretty}} {{time}}|30 Nov, 12:00 UTC>",
        ),
        (Mention("Amit <Kumar>", "U0AMIT"), "<@U0AMIT>"),
        (Mention("Amit <Kumar>"), "Amit &lt;Kumar&gt;"),
    ],
)
def test_each_kind_of_word_has_its_markup(inline: Any, markup: str) -> None:
    assert said(Paragraph((inline,))) == markup


def test_a_long_paragraph_ends_in_an_ellipsis_and_never_inside_markup() -> None:
    shown = said(Paragraph(("&" * 2000,)))
    assert len(shown) <= 3000
    assert shown.endswith("&amp;…")
    assert said(Paragraph(("x" * 2990, Link("Deal", "https://crm.example")))) == "x" * 2990 + "…"


def test_elements_become_blocks() -> None:
    kinds = [
        block["type"]
        for block in blocks_of(
            Heading("Amit Kumar leaves"),
            Divider(),
            Facts(tuple(Fact(f"Fact {n}", ("yes",)) for n in range(12))),
            Note(("asked by ", Mention("Ada", "U0ADA"))),
        )
    ]
    assert kinds == ["header", "divider", "section", "section", "context"]


def test_a_fact_is_its_label_above_its_words() -> None:
    (block,) = blocks_of(Facts((Fact("Successor", (Mention("Ben", "U0BEN"),)), Fact("Note", ()))))
    assert [field["text"] for field in block["fields"]] == ["*Successor*\n<@U0BEN>", "*Note*\n–"]


def test_an_empty_card_still_says_its_sentence() -> None:
    (block,) = blocks_of()
    assert block["text"]["text"] == "Amit Kumar leaves"


TABLE = Table(("Module", "Open"), (("Deals <x>", "1,204"), ("顧客", "7")), numeric=(1,))


def test_the_first_table_is_a_table_and_the_second_aligned_text() -> None:
    first, second = blocks_of(TABLE, TABLE)
    assert first["rows"][1] == [{"type": "raw_text", "text": "Deals <x>"}, {"type": "raw_text", "text": "1,204"}]
    assert [column["align"] for column in first["column_settings"]] == ["left", "right"]
    assert second["text"]["text"] == "```\nModule      Open\nDeals &lt;x&gt;  1,204\n顧客           7\n```"


@pytest.mark.parametrize("place", [0, 1])
def test_rows_that_do_not_fit_are_counted(place: int) -> None:
    rows = tuple((f"Record {n}", "x" * 20) for n in range(150))
    blocks = blocks_of(*[TABLE] * place, Table(("Name", "Note"), rows))[place:]
    shown = len(blocks[0]["rows"]) - 1 if place == 0 else blocks[0]["text"]["text"].count("Record")
    assert 50 < shown < 150
    assert blocks[1]["elements"][0]["text"] == f"… + {150 - shown}"


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


def test_buttons_carry_their_token_style_and_confirmation() -> None:
    confirm = Confirm("Really?", "5,000 records", "Yes", "No")
    (block,) = blocks_of(Actions((Button("Approve", TOKEN, Style.PRIMARY, confirm), LinkButton("CRM", "https://a.b"))))
    approve, link = block["elements"]
    assert approve["value"] == TOKEN.encode()
    assert approve["action_id"] == "ob:approve:0"
    assert approve["style"] == "primary"
    assert approve["confirm"]["text"]["text"] == "5,000 records"
    assert link["action_id"].startswith("link:")
    assert link["url"] == "https://a.b"


def entries(count: int) -> tuple[Button, ...]:
    return tuple(Button(f"Entry {n}", Token(Action.DETAILS, "dep1", n)) for n in range(count))


@pytest.mark.parametrize(
    ("count", "kinds"),
    [(1, ["button"]), (2, ["overflow"]), (5, ["overflow"]), (6, ["overflow", "overflow"]), (11, ["overflow"] * 3)],
)
def test_a_menu_has_two_to_five_entries(count: int, kinds: list[str]) -> None:
    (block,) = blocks_of(Actions((), entries(count)))
    assert [element["type"] for element in block["elements"]] == kinds
    if count > 1:
        assert sum(len(element["options"]) for element in block["elements"]) == count


def test_menu_entries_that_a_menu_cannot_hold_become_buttons() -> None:
    confirmed = Button("Cancel", TOKEN, Style.DANGER, Confirm("Cancel?", "Nothing moves", "Cancel it", "Keep it"))
    long = Button("Approve", Token(Action.APPROVE, "dep1", 3, "9" * 150))
    (block,) = blocks_of(Actions((), (*entries(2), confirmed, long)))
    assert [element["type"] for element in block["elements"]] == ["button", "button", "overflow"]
    assert block["elements"][0]["confirm"]["style"] == "danger"


def test_a_card_that_is_too_long_keeps_its_buttons_and_says_what_is_missing() -> None:
    blocks = blocks_of(*[Divider()] * 70, Actions((Button("Approve", TOKEN),)))
    assert len(blocks) == 50
    assert blocks[-1]["type"] == "actions"
    assert blocks[-2]["elements"][0]["text"] == "… + 22"


def test_the_home_tab_holds_a_hundred_blocks() -> None:
    view = render.home(Card("Offboard", (*[Divider()] * 120, TABLE)))
    assert view_problems(view) == []
    assert len(view["blocks"]) == 100
    assert render.home(Card("Nothing to do"))["blocks"][0]["text"]["text"] == "Nothing to do"


FORM = Form(
    token=Token(Action.CHOOSE_SUCCESSOR, "dep1", 3),
    title="Choose the successor of Amit",
    submit="Save",
    close="Back",
    elements=(Paragraph(("Who takes over?",)), TABLE),
    fields=(
        PersonField("successor", "Successor", "Type a name", Choice("5000000000121", "Ben Carter", "Same team")),
        PersonField("successor.pipedrive", "Successor in Pipedrive", "Leave it empty", optional=True),
        TextField("note", "Note", optional=True),
        ChoiceField("when", "When", (Choice("now", "Now"), Choice("night", "Tonight")), initial="night"),
        ChoiceField("who", "Who", tuple(Choice(str(n), f"Person {n}") for n in range(120))),
    ),
)


def test_a_form_becomes_a_window() -> None:
    view = render.modal(FORM)
    assert view_problems(view) == []
    assert View(**view).to_dict() == view
    assert view["private_metadata"] == FORM.token.encode()
    assert view["title"]["text"] == "Choose the successor of…"
    inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    assert inputs["ob:field:successor"]["element"]["initial_option"]["value"] == "5000000000121"
    assert inputs["ob:field:successor"]["optional"] is False
    assert inputs["ob:field:successor.pipedrive"]["optional"] is True
    assert inputs["ob:field:note"]["optional"] is True
    assert inputs["ob:field:when"]["element"]["initial_option"]["text"]["text"] == "Tonight"
    assert len(inputs["ob:field:who"]["element"]["options"]) == 100
    assert inputs["ob:field:who"]["hint"]["text"] == "… + 20"


def test_a_window_can_say_why_it_cannot_go_on() -> None:
    view = render.told(render.modal(FORM), ["The plan has <changed>.", ""])
    assert view_problems(view) == []
    assert [block["text"]["text"] for block in view["blocks"]] == ["The plan has &lt;changed&gt;."]
