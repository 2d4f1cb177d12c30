"""A card comes out of the store as it went in: what is small print stays small print."""

from datetime import UTC, datetime

from bot.store.transaction import CARD
from handlers.elements import (
    Actions,
    Button,
    Card,
    Confirm,
    Divider,
    Fact,
    Facts,
    Heading,
    Link,
    LinkButton,
    Mention,
    Moment,
    Note,
    Paragraph,
    Progress,
    Strong,
    Style,
    Table,
)
from handlers.intents import Action, Token

WORDS = ("a", Strong("b"), Link("c", "https://c.example"), Mention("Ada", "U0ADA"), Moment(datetime.now(UTC), "today"))
APPROVE = Button("Yes", Token(Action.APPROVE, "d1", 1, "9f"), Style.PRIMARY, Confirm("Sure?", "All", "Yes", "No"))


def test_every_element_comes_back_as_what_it_was() -> None:
    elements = (
        Heading("h"),
        Paragraph(WORDS),
        Note(WORDS),
        Facts((Fact("f", WORDS),)),
        Table(("a", "b"), (("c", "1"),), numeric=(1,)),
        Progress("p", 1, 2),
        Divider(),
        Actions((APPROVE, LinkButton("View", "https://d.example")), menu=(APPROVE,)),
    )
    card = Card("text", elements)
    assert CARD.validate_json(CARD.dump_json(card)) == card
