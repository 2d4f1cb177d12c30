"""What there is on one chat product is there on the other: every button, form and card, from example departures."""

import json
from typing import get_args

import pytest
from surface_examples import READERS, Reader, form_examples, public
from surface_parts import ELEMENTS, HOME, MORE, SHORT_IN_CLIQ, everything, left_out, wanted

from bot.chat.cliq import ids as cliq_ids
from bot.chat.cliq import render as cliq
from bot.chat.slack import ids as slack_ids
from bot.chat.slack import render as slack
from handlers.departure import ASKING
from handlers.elements import Card, Element, Form, Paragraph, Strong
from handlers.intents import Action

pytestmark = pytest.mark.parametrize("reader", READERS, ids=lambda reader: f"{reader.surface}-{reader.language}")


def rendered(surface: str, card: Card) -> str:
    content = slack.message(card) if surface == "slack" else cliq.message(card)
    return json.dumps(content, ensure_ascii=False)


def test_every_card_form_and_question_has_an_example(reader: Reader) -> None:
    examples = everything(reader)
    assert public(Card) <= set(examples)
    assert public(Form) == set(form_examples(reader))
    assert {f"prompt {state}" for state in ASKING} <= set(examples)
    assert all(examples.values())


def test_every_action_has_a_button_on_an_example(reader: Reader) -> None:
    offered = {
        button.token.action for found in everything(reader).values() for card in found for button in wanted(card)
    }
    assert offered == set(Action)


def test_every_part_of_a_card_has_an_example(reader: Reader) -> None:
    assert set(ELEMENTS) == {kind.__name__ for kind in get_args(Element)}
    parts = {type(element) for found in everything(reader).values() for card in found for element in card.elements}
    assert parts == set(get_args(Element))


def test_every_button_of_every_card_can_be_pressed(reader: Reader) -> None:
    """Long lists excepted, where another way leads there."""
    lost = {
        name: [button.text for button in missing]
        for name, found in everything(reader).items()
        for card in found
        if (missing := left_out(reader.surface, card))
    }
    assert set(lost) == (set(SHORT_IN_CLIQ) if reader.surface == "cliq" else set())


def test_whoever_has_no_button_is_named_all_the_same(reader: Reader) -> None:
    for name in SHORT_IN_CLIQ:
        for card in everything(reader)[name]:
            said = rendered(reader.surface, card)
            assert [who for who in named(card) if who not in said] == [], name


def named(card: Card) -> list[str]:
    paragraphs = [element for element in card.elements if isinstance(element, Paragraph)]
    return [inline.text for paragraph in paragraphs for inline in paragraph.words if isinstance(inline, Strong)]


def test_on_the_page_of_the_bot_no_button_is_left_out(reader: Reader) -> None:
    (card,) = everything(reader)[HOME]
    page = json.dumps(slack.home(card) if reader.surface == "slack" else cliq.widget(card))
    assert [button.token.encode() for button in wanted(card) if button.token.encode() not in page] == []


def test_no_row_and_no_paragraph_is_left_out(reader: Reader) -> None:
    """Where something is, the message ends in "… + n"."""
    short = [
        name
        for name, found in everything(reader).items()
        for card in found
        if f"{MORE} +" in rendered(reader.surface, card) and not left_out(reader.surface, card)
    ]
    assert short == []


def test_every_field_of_a_form_can_be_filled(reader: Reader) -> None:
    for name, made in form_examples(reader).items():
        for form in made:
            fields = [field.name for field in form.fields]
            assert (_slack_fields if reader.surface == "slack" else _cliq_fields)(form) == fields, name


def _slack_fields(form: Form) -> list[str]:
    blocks = [block for block in slack.modal(form)["blocks"] if block["type"] == "input"]
    return [block["block_id"].removeprefix(slack_ids.FIELD) for block in blocks]


def _cliq_fields(form: Form) -> list[str]:
    inputs = [each for each in cliq.form(form)["inputs"] if not each.get("disabled")]
    assert inputs.pop(0)["name"] == cliq_ids.TOKEN_FIELD
    return [cliq_ids.field_name(each["name"]) for each in inputs]
