"""Nobody but those who take part learns of a departure before a person releases the news."""

from dataclasses import replace

import pytest
from card_cases import ADA, AMIT, NOOR, NOW, PROGRESS, SARA, TOMAS, Story, buttons, mentions, read, stories
from rich_cases import HOUSE, handed_over, planned

from handlers.cards import Channel, Posting, postings
from handlers.cards.common import View
from handlers.cards.controls import actions as actions_for
from handlers.departure import TRANSITIONS, Departure
from handlers.elements import Actions, Button, Card, Style
from handlers.events import Announced, Returned, UndoStarted
from handlers.intents import Action
from handlers.people import Party, Person
from handlers.texts import Texts

CHANNEL = Channel("C0LOG", "slack", "en", "UTC")
STORIES = {name: departure for name, departure in stories().items() if departure.announced is None}


def posted(departure: Departure) -> tuple[Posting, ...]:
    return postings(departure, PROGRESS if departure.plan else None, now=NOW, channels=(CHANNEL,))


def card(departure: Departure, what: str, who: Person = ADA) -> Card:
    return next(p.card for p in posted(departure) if p.key == f"dep-1:{what}:{who.email}")


def offers(shown: Card) -> bool:
    return Action.ANNOUNCE in [button.token.action for button in buttons(shown)]


@pytest.mark.parametrize("name", STORIES)
def test_the_channels_hear_nothing_before_the_release(name: str) -> None:
    assert [p.key for p in posted(STORIES[name]) if isinstance(p.recipient, Channel)] == []


def test_released_after_the_end_the_channel_gets_the_summary() -> None:
    story = Story().until_running().ended().closed().tell(Announced, by=ADA)
    (summary,) = [p for p in posted(story.departure) if isinstance(p.recipient, Channel)]
    assert summary.key == "dep-1:closed:C0LOG"
    assert "Moved: 1,990" in read(summary.card)
    assert not offers(card(story.departure, "closed"))
    assert "channels learn nothing" not in read(card(story.departure, "closed"))


def channel(departure: Departure) -> dict[str, Card]:
    found = {p.key.removeprefix("dep-1:"): p.card for p in posted(departure) if isinstance(p.recipient, Channel)}
    return {key.removesuffix(":C0LOG"): shown for key, shown in found.items()}


def test_an_undo_is_told_where_the_departure_was_and_the_summary_says_how_it_stands() -> None:
    story = Story().until_running().ended().closed().announced().undoing()
    under_way = channel(story.departure)
    assert under_way.keys() == {"closed"}
    assert "departure is closed" not in read(under_way["closed"])
    assert "records are being given back" in read(under_way["closed"])
    undone = channel(story.undone().departure)
    assert undone.keys() == {"closed", "returned:1"}
    assert undone["returned:1"].text == "1,980 records are back with Amit Kumar, who can log in again."
    assert "departure is closed" not in read(undone["closed"])
    assert "1,980 records are back with Amit Kumar" in read(undone["closed"])
    assert mentions(undone["returned:1"]) == [], "nobody needs to act"


def test_each_hand_over_to_the_next_one_is_told_too() -> None:
    told = channel(Story().until_running().ended().closed().announced().handing_on().handed_on().departure)
    assert told["returned:1"].text == "1,980 records of Amit Kumar went on to Noor Haddad."
    assert "went on to Noor Haddad" in read(told["closed"])


def test_an_undo_before_the_end_is_told_without_a_summary() -> None:
    told = channel(Story().until_running().ended().announced().undoing().undone().departure)
    assert told.keys() == {"returned:1"}


def test_what_is_released_late_is_told_with_all_that_came_since() -> None:
    story = Story().until_running().ended().closed().tell(UndoStarted, by=ADA, modules=("zoho_crm/Deals",))
    story.tell(Returned, records=5, others=0, failed=0)
    assert channel(story.departure) == {}
    assert channel(story.announced().departure).keys() == {"closed", "returned:1"}


@pytest.mark.parametrize("name", STORIES)
def test_the_case_card_offers_the_release_exactly_where_it_can_happen(name: str) -> None:
    departure = STORIES[name]
    assert offers(card(departure, "case")) is (Announced in TRANSITIONS[departure.state] and departure.run > 0)


@pytest.mark.parametrize("name", ["running", "backup", "checklist", "closed"])
def test_so_does_the_card_of_the_newest_run(name: str) -> None:
    departure = STORIES[name]
    run = f"run:{departure.moved_in or departure.run}"
    assert offers(card(departure, run))
    announced = replace(departure, announced=departure.last)
    assert not offers(card(announced, run))
    assert not offers(card(announced, "case"))


def test_on_the_closed_card_it_is_the_first_button() -> None:
    shown = card(STORIES["closed"], "closed")
    row = next(element for element in shown.elements if isinstance(element, Actions))
    (first,) = row.buttons
    assert isinstance(first, Button)
    assert (first.token.action, first.style) == (Action.ANNOUNCE, Style.PRIMARY)
    assert Action.ANNOUNCE not in [button.token.action for button in row.menu]


@pytest.mark.parametrize(
    ("party", "may"),
    [
        (Party(ADA, admin=True), True),
        (Party(NOOR, admin=True), True),
        (Party(TOMAS, admin=False), True),
        (Party(SARA, admin=False), False),
        (Party(AMIT, admin=True), False),
    ],
    ids=["requester", "other admin", "lead", "successor", "leaver"],
)
def test_admins_and_the_lead_may_release(party: Party, may: bool) -> None:
    view = View.of(STORIES["closed"], party.person, Texts("en"))
    rows = actions_for(view, party)
    assert any(offers(Card("", (row,))) for row in rows) is may


def test_nobody_is_promised_silence_once_it_is_over() -> None:
    assert "channels learn nothing" in read(card(planned(house=HOUSE).departure, "case"))
    assert "channels learn nothing" not in read(card(STORIES["cancelled"], "case"))
    assert "channels learn nothing" not in read(card(STORIES["undone"], "case"))


def test_the_release_stands_among_what_happened() -> None:
    story = handed_over().closed().tell(Announced, by=ADA)
    assert "Announced by @Ada Brandt" in read(card(story.departure, "closed"))
