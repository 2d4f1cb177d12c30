"""The home page's part about people who have left and whose records nobody took over."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from card_cases import ADA, AMIT_CRM, NOW, SARA_CRM, TOMAS, buttons, read, stories

from bot.chat.cliq import render as cliq
from bot.chat.slack import render as slack
from connectors.base import Account, Category, Ghosts, Module
from handlers import cards
from handlers.elements import Card, Heading, Moment, Paragraph
from handlers.ghosts import Counted
from handlers.intents import Action, Token
from handlers.people import Party
from handlers.texts import Texts

EN, DE = Texts("en"), Texts("de")
ADMIN, LEAD = Party(ADA, admin=True), Party(TOMAS, admin=False)
STORIES = stories()
AT = datetime(2026, 5, 9, 7, 30, tzinfo=UTC)
CONTACTS = Module("Contacts", "Contacts", Category.MASTER)
DEALS = Module("Deals", "Deals", Category.TRANSACTION)
WALTER = Account("zoho_crm", "130", "Walter Groß", "walter@brightwater.example", active=False, manager_id="103")
MEI = Account("zoho_crm", "131", "Mei Chen", "mei@brightwater.example", active=False)


def ghosts(account: Account, contacts: int, deals: int) -> Ghosts:
    return Ghosts(account, ((CONTACTS, contacts), (DEALS, deals)))


def many(number: int) -> Counted:
    people = (replace(WALTER, id=str(n), name=f"Person {n}") for n in range(1, number + 1))
    return Counted(AT, tuple(ghosts(person, int(person.id), 1) for person in people))


COUNTED = Counted(AT, (ghosts(MEI, 20, 55), ghosts(WALTER, 1150, 30)))


def home(counted: Counted | None, *names: str, party: Party = ADMIN, texts: Texts = EN) -> Card:
    return cards.home_card(texts, party, [STORIES[name] for name in names], NOW, counted=counted)


def test_admins_see_who_left_how_much_where_and_as_of_when() -> None:
    card = home(COUNTED)
    said = read(card)

    assert f"1,255 open records still belong to former employees, as of {EN.moment(AT).fallback}." in said
    walter, mei = said.index("Walter Groß · walter@"), said.index("Mei Chen · mei@")
    assert walter < mei
    assert "1,180 open records: Contacts 1,150, Deals 30" in said[walter:mei]
    assert "75 open records: Deals 55, Contacts 20" in said[mei:]
    assert any(Moment(AT, EN.moment(AT).fallback) in e.words for e in card.elements if isinstance(e, Paragraph))
    assert [(b.text, b.token) for b in buttons(card)] == [
        ("Start for Walter Groß", Token(Action.START, subject="zoho_crm/130")),
        ("Start for Mei Chen", Token(Action.START, subject="zoho_crm/131")),
    ]
    german = read(home(COUNTED, texts=DE))
    assert "1.255 offene Datensätze gehören noch ehemaligen Beschäftigten, Stand 09.05.2026, 07:30." in german
    assert "1.180 offene Datensätze: Contacts 1.150, Deals 30" in german


@pytest.mark.parametrize("counted", [None, Counted(AT, ()), COUNTED])
def test_nobody_else_sees_them(counted: Counted | None) -> None:
    assert home(counted, "approval", party=LEAD) == home(None, "approval", party=LEAD)
    assert "former" not in read(home(counted, party=LEAD))


def test_a_lead_sees_who_was_in_their_team_and_whom_to_ask() -> None:
    counted = replace(
        COUNTED, managers={"zoho_crm/103": str(TOMAS.email).lower(), "zoho_crm/104": "x@brightwater.example"}
    )
    card = home(counted, party=LEAD)
    said = read(card)
    assert "1,180 open records still belong to people who were in your team. An admin can start" in said
    assert "Walter Groß" in said
    assert "Mei Chen" not in said
    assert buttons(card) == []


def test_whoever_has_an_open_departure_is_listed_once_with_it() -> None:
    amit = replace(AMIT_CRM, active=False)
    counted = Counted(AT, (ghosts(amit, 1, 1), ghosts(MEI, 20, 55)))
    said = read(home(counted, "running"))

    assert said.count("Amit Kumar") == 1
    assert "75 open records still belong to former employees" in said
    alone = read(home(Counted(AT, (ghosts(amit, 1, 1),)), "running"))
    assert "has an open departure already, as of May 9, 2026" in alone
    assert "is here to look after it" not in alone


def test_zero_is_good_news_and_no_count_is_not_zero() -> None:
    zero, uncounted = read(home(Counted(AT, ()))), read(home(None))

    assert "Every open record belongs to somebody who is here to look after it, as of May 9, 2026" in zero
    assert "not counted yet" in uncounted
    assert "Every open record" not in uncounted
    for texts in (EN, DE):
        assert len({read(home(counted, texts=texts)) for counted in (None, Counted(AT, ()), COUNTED)}) == 3


def test_only_the_ten_who_left_most_are_listed() -> None:
    card = home(many(13))
    assert [b.text for b in buttons(card)] == [f"Start for Person {n}" for n in range(13, 3, -1)]
    assert "And 3 more people" in read(card)
    assert "104 open records" in read(card), "of all thirteen"
    assert "And 1 more person" in read(home(many(11)))
    assert "more" not in read(home(many(10)))


@pytest.mark.parametrize("waiting", [0, 5, 60])
@pytest.mark.parametrize("others", [0, 60])
def test_a_full_page_loses_nothing_in_slack(waiting: int, others: int) -> None:
    asked = replace(STORIES["approval"], approvers=(ADA,))
    departures = [replace(asked, id=f"w{n}") for n in range(waiting)]
    departures += [replace(STORIES["running"], id=f"o{n}") for n in range(others)]
    card = cards.home_card(EN, ADMIN, departures, NOW, counted=many(20))

    blocks = slack.home(card)["blocks"]

    # https://docs.slack.dev/reference/surfaces/app-home: a hundred blocks
    assert len(blocks) <= 100
    assert "… +" not in str(blocks)
    assert str(blocks).count("Start for Person") == 10
    assert "type /offboard @name" in str(blocks)


def test_cliq_shows_them_all_in_the_widget_and_says_what_a_message_has_no_room_for() -> None:
    card = home(many(12))

    message, widget = cliq.message(card), str(cliq.widget(card))

    assert len(message["buttons"]) == 5
    assert "… + 5" in str(message["slides"])
    assert all(f"Start for Person {n}'" in widget for n in range(3, 13))


def test_a_name_from_the_vendor_is_no_markup() -> None:
    odd = replace(SARA_CRM, name="<!channel> & co", active=False)
    blocks = str(slack.home(home(Counted(AT, (ghosts(odd, 1, 1),)))))

    assert "&lt;!channel&gt; &amp; co" in blocks
    assert [e.text for e in home(None).elements if isinstance(e, Heading)] == ["Departures", "Left behind"]
