"""Whatever stands in a card or a form, Cliq takes what comes out."""

import re
from collections.abc import Iterator
from typing import Any

from any_card import ANY_FORM, CARDS
from cliq_limits import form_problems, message_problems, widget_problems
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cliq import render
from handlers.elements import (
    Card,
    Fact,
    Facts,
    Form,
    Heading,
    Mention,
    Note,
    Paragraph,
    Table,
)


@settings(max_examples=40, deadline=None)
@given(CARDS)
def test_any_card_is_a_message_an_edit_and_a_widget(card: Card) -> None:
    message = render.message(card, key="departure/7/approval")
    assert message_problems(message) == []
    edit = render.edit(card, key="departure/7/approval")
    assert edit.pop("type") == "message_edit"
    assert edit == {"slides": [], "buttons": []} | message
    assert widget_problems(render.widget(card)) == []


@settings(max_examples=40, deadline=None)
@given(ANY_FORM)
def test_any_form_is_a_form(form: Form) -> None:
    assert form_problems(render.form(form)) == []


# What a text would have to hold to be more than a text.
MARKUP = re.compile(r"[{][@#]|\]\(|[*~`\\]|(?<!\w)_|_(?!\w)|^\s*[!#>-]", re.MULTILINE)
EVIL = st.lists(st.sampled_from([*"{}[]()@#*_~`\\!->", "\n", "\r", "\u2028", " ", "a", "zohoid:1"]), max_size=12).map(
    "".join
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(EVIL, st.text(max_size=30)), min_size=1, max_size=5))
def test_no_text_smuggles_markup_in(texts: list[str]) -> None:
    facts = Facts(tuple(Fact(text, (text,)) for text in texts))
    table = Table(tuple(texts), (tuple(texts),))
    card = Card(texts[0], (Heading(texts[0]), Paragraph(tuple(texts)), facts, table, Note((Mention(texts[0]),))))
    for text in _texts(render.message(card)):
        assert not MARKUP.search(text), text


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _texts(inner)
                if key not in {"modern-inline", "text", "card", "slides", "theme", "title", "type", "data"}:
                    yield key
        case list():
            for inner in value:
                yield from _texts(inner)
        case str() if value != "modern-inline":
            yield value
