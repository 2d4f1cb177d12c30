"""What those who take over are told and can answer, and who hears the answer."""

from dataclasses import replace

import pytest
from card_cases import ADA, NOOR, NOOR_CRM, NOW, SARA, SARA_CRM, TOMAS, Story, buttons, read, texts_of
from rich_cases import ALONE, RICH_PROGRESS, SHARED, answered, handed_over

from handlers.cards import FormFor, hand_on_form, postings
from handlers.departure import Departure
from handlers.elements import Card, Link, Paragraph, Style, Table
from handlers.events import HandOnStarted, HandoverReply, Returned, Undone, UndoStarted
from handlers.intents import Action
from handlers.people import Party, Person
from handlers.practice import Practice
from handlers.progress import ModuleProgress, RunProgress
from handlers.texts import Texts

EARLIER = RunProgress({}, (ModuleProgress("zoho_crm", "Deals", "Deals", 1234, moved=1230, others=4),))


def posted(departure: Departure, what: str, progress: RunProgress | None = RICH_PROGRESS) -> dict[str, Card]:
    """Address to card, of the messages of a kind; the lead reads English."""
    english = replace(departure, lead=departure.lead and replace(departure.lead, language="en"))
    found = postings(english, progress, now=NOW, channels=())
    return {p.key.rpartition(":")[2]: p.card for p in found if p.key.startswith(f"dep-1:{what}:")}


def handover(story: Story, person: Person = SARA, progress: RunProgress | None = RICH_PROGRESS) -> Card:
    return posted(story.departure, "handover", progress)[str(person.email)]


def actions(card: Card) -> list[Action]:
    return [button.token.action for button in buttons(card)]


def rows(card: Card) -> list[tuple[str, ...]]:
    return [row for element in card.elements if isinstance(element, Table) for row in element.rows]


def handed_on() -> Story:
    """The interim successor's records went to Noor, who has joined."""
    story = handed_over(replace(ALONE, interim=True)).closed()
    story.tell(HandOnStarted, by=ADA, accounts={"zoho_crm": NOOR_CRM}, person=NOOR)
    return story.tell(Returned, records=1178, others=0, failed=0)


FIELDS = (("Other fields", "4"), ("· Deals: Engineer", "4"))  # no records, and no part of their sum


def test_each_receiver_gets_a_card_with_what_they_got() -> None:
    cards = posted(handed_over(SHARED).departure, "handover")
    assert cards.keys() == {SARA.email, NOOR.email}
    assert cards[str(SARA.email)].text == "1,178 records of Amit Kumar are now yours."
    assert rows(cards[str(SARA.email)]) == [("Leads", "178"), ("Deals", "1,000"), *FIELDS]
    assert cards[str(NOOR.email)].text == "230 records of Amit Kumar are now yours."
    assert rows(cards[str(NOOR.email)]) == [("Deals", "230")]


def test_numbers_of_an_earlier_version_belong_to_the_one_successor() -> None:
    assert handover(handed_over(), progress=EARLIER).text == "1,230 records of Amit Kumar are now yours."


def test_a_departure_of_an_earlier_version_has_its_successor_as_receiver() -> None:
    departure = replace(handed_over().departure, receivers={})
    assert posted(departure, "handover").keys() == {SARA.email}


def test_without_numbers_none_are_invented() -> None:
    assert handover(handed_over(), progress=None).text == "The records of Amit Kumar are now yours."


def test_whoever_got_nothing_is_told_so() -> None:
    nobody = RunProgress({}, (replace(EARLIER.modules[0], given={"another": 1230}),))
    assert handover(handed_over(), progress=nobody).text.startswith("No record of Amit Kumar is with you")


def test_the_card_comes_with_the_hand_over_and_not_before() -> None:
    story = handed_over()
    assert posted(story.departure, "handover")
    assert posted(Story().until_running().steps().departure, "handover") == {}
    assert posted(story.backed_up().departure, "handover"), "it stays while the mails are counted"


def test_the_work_list_shows_five_of_each_kind_with_links() -> None:
    card = handover(handed_over())
    told = read(card)
    deals = next(e for e in card.elements if isinstance(e, Paragraph) and "Open deals" in next(texts_of(e)))
    assert [w.text for w in deals.words if isinstance(w, Link)] == [f"Roof {n}" for n in range(1, 6)]
    assert "Roof 1 · €89,999 · closes May 1, 2026" in told
    assert told.count("and more: look for the tag") == 1
    assert "Overdue tasks\nCall back · due May 1, 2026" in told
    assert "Kick-off · May 7, 2026, 8:00 AM" in told.replace("\u202f", " ")
    assert "Quiet Ltd · no contact noted" in told


def test_with_several_each_sees_their_own_and_what_nobody_knows() -> None:
    sara = f"zoho_crm/{SARA_CRM.id}"
    whose = {"zoho_crm/Deals/1": sara, "zoho_crm/Deals/2": "zoho_crm/another", "zoho_crm/Accounts/41": sara}
    told = read(handover(handed_over(SHARED), progress=replace(RICH_PROGRESS, agenda=whose)))
    assert "Roof 1 ·" in told
    assert "Quiet Ltd" in told
    assert "Roof 2 ·" not in told
    assert "Roof 3 ·" in told


def test_the_tag_tells_the_records_from_their_own() -> None:
    assert "look for the tag AmitKumarRecords" in read(handover(handed_over()))


def test_an_interim_successor_knows_that_it_is_for_a_time() -> None:
    assert "until the real successor has joined" in read(handover(handed_over(replace(ALONE, interim=True))))
    assert "until the real successor" not in read(handover(handed_over()))


def test_accept_ask_or_propose() -> None:
    card = handover(handed_over())
    accept, ask, propose = buttons(card)
    assert [accept.token.action, ask.token.action, propose.token.action] == [Action.ACCEPT, Action.ASK, Action.PROPOSE]
    assert (accept.style, ask.style) == (Style.PRIMARY, Style.NORMAL)


def test_whoever_accepted_is_thanked_and_asked_no_more() -> None:
    card = handover(answered(handed_over(SHARED), HandoverReply.ACCEPTED))
    assert "You accepted the records, May" in read(card)
    assert actions(card) == []
    assert actions(handover(answered(handed_over(SHARED), HandoverReply.ACCEPTED), NOOR)), "Noor has not answered"


@pytest.mark.parametrize(
    ("reply", "own", "heard"),
    [
        (HandoverReply.ASKED, "You asked, May", "Sara Lindqvist has a question about the records of Amit Kumar."),
        (HandoverReply.PROPOSED, "You proposed somebody else, May", "Sara Lindqvist proposes somebody else"),
    ],
)
def test_questions_and_proposals_reach_admin_and_lead_in_the_persons_words(
    reply: HandoverReply, own: str, heard: str
) -> None:
    story = answered(handed_over(), reply, "Ben knows them")
    assert own in read(handover(story))
    assert Action.ACCEPT in actions(handover(story))
    cards = posted(story.departure, "answer:1")
    assert cards.keys() == {ADA.email, TOMAS.email}
    for card in cards.values():
        assert card.text.startswith(heard)
        assert "“Ben knows them”" in read(card)
        assert actions(card) == [Action.SHOW]


def test_an_acceptance_needs_no_message() -> None:
    departure = answered(handed_over(), HandoverReply.ACCEPTED).departure
    assert posted(departure, "answer:1") == {}
    assert "@Sara Lindqvist accepted the records" in read(
        posted(answered(handed_over().closed(), HandoverReply.ACCEPTED).departure, "closed")[str(ADA.email)]
    )


def test_a_lead_who_took_over_does_not_hear_their_own_question() -> None:
    story = handed_over()
    story.departure = replace(story.departure, lead=SARA)
    assert posted(answered(story, HandoverReply.ASKED, "Who?").departure, "answer:1").keys() == {ADA.email}


def test_once_closed_an_admin_can_hand_on_what_was_proposed() -> None:
    story = answered(handed_over().closed(), HandoverReply.PROPOSED, "Ben knows them")
    cards = posted(story.departure, "answer:1")
    assert actions(cards[str(ADA.email)]) == [Action.SHOW, Action.HAND_ON]
    assert actions(cards[str(TOMAS.email)]) == [Action.SHOW]


def test_each_proposal_offers_what_its_author_has() -> None:
    story = answered(handed_over(replace(SHARED, interim=True)).closed(), HandoverReply.PROPOSED, "Ben", NOOR)
    (hand_on,) = [b for b in buttons(posted(story.departure, "answer:1")[str(ADA.email)]) if "hand" in b.text.lower()]
    assert hand_on.token.subject == f"zoho_crm/{NOOR_CRM.id}"
    closed = posted(story.departure, "closed")[str(ADA.email)]
    (of_all,) = [b for b in buttons(closed) if b.token.action is Action.HAND_ON]
    assert of_all.token.subject == "", "what the interim successor holds"
    asked = FormFor(Party(ADA, admin=True), Practice(), hand_on.token.subject)
    form = hand_on_form(Texts("en"), story.departure, asked)
    assert form.token == hand_on.token
    assert "Noor Haddad" in "".join(text for element in form.elements for text in texts_of(element))


def test_somebody_elses_proposal_is_no_reason_to_hand_on_what_a_successor_keeps() -> None:
    story = answered(handed_over(SHARED).closed(), HandoverReply.PROPOSED, "Ben", NOOR)
    assert Action.HAND_ON not in actions(posted(story.departure, "closed")[str(ADA.email)])


def test_the_real_successor_gets_a_card_and_the_interim_one_is_relieved() -> None:
    story = handed_on()
    went_on = RunProgress({}, (replace(EARLIER.modules[0], moved=1178, given={NOOR_CRM.id: 1178}),))
    cards = posted(story.departure, "handover", went_on)
    assert cards[str(NOOR.email)].text == "1,178 records of Amit Kumar are now yours."
    assert cards[str(SARA.email)].text.startswith("No record of Amit Kumar is with you")
    closed = posted(story.departure, "closed")[str(ADA.email)]
    assert Action.HAND_ON not in actions(closed)
    assert "Handed on by @Ada Brandt" in read(closed)


def test_after_an_undo_nothing_is_asked_any_more() -> None:
    story = handed_over().tell(UndoStarted, by=ADA).tell(Undone, records=1178, others=0, failed=0)
    card = handover(story)
    assert card.text == "The records of Amit Kumar were given back. You need not do anything."
    assert actions(card) == []
