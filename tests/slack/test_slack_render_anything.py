"""Whatever stands in a card or a form, Slack takes what comes out."""

from any_card import ANY_FORM, CARDS
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack import render
from handlers.elements import Card, Form, Note, Paragraph, Strong
from sandbox.slack.validate import block_problems, view_problems


@settings(max_examples=40, deadline=None)
@given(CARDS)
def test_any_card_is_a_message_and_a_home_tab(card: Card) -> None:
    text, blocks = render.message(card)
    assert 1 <= len(text) <= 4000
    assert block_problems(blocks, "message") == []
    assert view_problems(render.home(card)) == []


@settings(max_examples=50, deadline=None)
@given(ANY_FORM)
def test_any_form_is_a_window(form: Form) -> None:
    assert view_problems(render.modal(form)) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_text_smuggles_markup_in(texts: list[str]) -> None:
    _, blocks = render.message(Card("x", (Paragraph(tuple(texts)), Note((Strong(" ".join(texts)),)))))
    for block in blocks:
        shown = (block.get("text") or block["elements"][0])["text"]
        assert "<" not in shown
        assert ">" not in shown
