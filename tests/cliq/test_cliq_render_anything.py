"""Whatever stands in a card or a form, Cliq takes what comes out."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cliq_limits import form_problems, message_problems, widget_problems
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cliq import render
from handlers.elements import (
    Actions,
    Button,
    Card,
    Choice,
    ChoiceField,
    Confirm,
    Divider,
    Fact,
    Facts,
    Field,
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

# Short texts of any kind, and long ones of what swells or breaks when it is escaped.
TEXTS = st.one_of(
    st.text(max_size=40),
    st.builds(str.__mul__, st.sampled_from(["{@1}", "[a](b)", "`*_~", "x ", "漢", '"', "\n#"]), st.integers(0, 3100)),
)
WORD = st.text("abcdefghij", min_size=1, max_size=8)
TOKENS = st.builds(Token, st.sampled_from(Action), WORD, st.integers(0, 99), st.text(max_size=170))
URLS = st.builds("https://{}.example/{}".format, WORD, st.text(max_size=90)) | st.just("javascript:alert(1)")
CHAT_IDS = st.none() | st.just("631830849")
MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
INLINES = st.one_of(
    TEXTS,
    st.builds(Strong, TEXTS),
    st.builds(Link, TEXTS, URLS),
    st.builds(Moment, MOMENTS, TEXTS),
    st.builds(Mention, TEXTS, CHAT_IDS),
)
WORDS = st.lists(INLINES, max_size=4).map(tuple)
CONFIRMS = st.none() | st.builds(Confirm, TEXTS, TEXTS, TEXTS, TEXTS)
BUTTONS = st.builds(Button, TEXTS, TOKENS, st.sampled_from(Style), CONFIRMS)
ROWS = st.lists(TEXTS, max_size=23).map(tuple)
TABLES = st.builds(
    Table, ROWS, st.lists(ROWS, max_size=8).map(tuple) | st.builds(lambda row: (row,) * 120, ROWS), st.just((1, 2))
)
ELEMENTS = st.one_of(
    st.builds(Heading, TEXTS),
    st.builds(Paragraph, WORDS),
    st.builds(Note, WORDS),
    st.builds(Facts, st.lists(st.builds(Fact, TEXTS, WORDS), max_size=13).map(tuple)),
    TABLES,
    st.builds(Progress, TEXTS, st.integers(-5, 9000), st.integers(-5, 9000)),
    st.just(Divider()),
    st.builds(
        Actions,
        st.lists(BUTTONS | st.builds(LinkButton, TEXTS, URLS), max_size=4).map(tuple),
        st.lists(BUTTONS, max_size=8).map(tuple),
    ),
)
CARDS = st.builds(
    lambda text, elements, times: Card(text, tuple(elements * times)),
    TEXTS,
    st.lists(ELEMENTS, max_size=6),
    st.sampled_from([1, 1, 1, 12]),
)
CHOICES = st.builds(Choice, WORD, TEXTS, TEXTS)
NAMES = st.lists(WORD, max_size=4, unique=True)


def field(name: str) -> st.SearchStrategy[Field]:
    return st.one_of(
        st.builds(PersonField, st.just(name), TEXTS, TEXTS, st.none() | CHOICES),
        st.builds(TextField, st.just(name), TEXTS, TEXTS, st.booleans(), st.integers(1, 9000)),
        st.builds(
            ChoiceField, st.just(name), TEXTS, st.lists(CHOICES, min_size=1, max_size=12).map(tuple), TEXTS, WORD
        ),
    )


FIELDS = NAMES.flatmap(lambda names: st.tuples(*map(field, names)))
ANY_FORM = st.builds(Form, TOKENS, TEXTS, TEXTS, TEXTS, st.lists(ELEMENTS, max_size=4).map(tuple), FIELDS)


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
