"""Cards and forms of any kind, for every chat product: what is drawn swells or breaks when it is escaped."""

from datetime import UTC, datetime

from hypothesis import strategies as st

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

PIECES = ("&", "<@U1>", "{@1}", "[a](b)", "`*_~", "x ", "漢", '"', "\n#")
# Short texts of any kind, and long ones of what swells or breaks when it is escaped.
TEXTS = st.one_of(
    st.text(max_size=40),
    st.builds(
        str.__mul__,
        st.sampled_from(["&", "<@U1>", "{@1}", "[a](b)", "`*_~", "x ", "漢", '"', "\n#"]),
        st.integers(0, 3100),
    ),
)
WORD = st.text("abcdefghij", min_size=1, max_size=8)
TOKENS = st.builds(Token, st.sampled_from(Action), WORD, st.integers(0, 99), st.text(max_size=170))
URLS = st.builds("https://{}.example/{}".format, WORD, st.text(max_size=90)) | st.just("javascript:alert(1)")
CHAT_IDS = st.none() | st.sampled_from(["U0AMIT", "631830849"])
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
