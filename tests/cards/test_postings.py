"""What holds for every message, in every state, in both languages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from card_cases import ADA, AMIT, ITEMS, NOOR, NOW, PROGRESS, SARA, TOMAS, Story, buttons, mentions, read, stories
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.cards import Channel, Posting, postings
from handlers.departure import ASKING, TRANSITIONS, WORKING, Departure, State
from handlers.elements import Actions, Style
from handlers.intents import Action, Token
from handlers.people import Person

CHANNEL = Channel("C0LOG", "slack", "de", "Europe/Berlin")
STORIES = stories()


def post(departure: Departure) -> tuple[Posting, ...]:
    return postings(departure, PROGRESS if departure.plan else None, now=NOW, channels=(CHANNEL,))


def in_language(departure: Departure, language: str) -> Departure:
    def speak(person: Person) -> Person:
        return replace(person, language=language)

    return replace(
        departure,
        admin=speak(departure.admin),
        lead=speak(departure.lead) if departure.lead else None,
        approvers=tuple(map(speak, departure.approvers)),
        successor=speak(departure.successor) if departure.successor else None,
    )


def test_the_stories_visit_every_state() -> None:
    assert {departure.state for departure in STORIES.values()} == set(State)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", STORIES)
def test_every_message_stands_alone_and_asks_clearly(name: str, language: str) -> None:
    departure = in_language(STORIES[name], language)
    for posting in post(departure):
        card = posting.card
        assert AMIT.name in card.text
        assert card.text.endswith((".", "!", "?"))
        for row in [element for element in card.elements if isinstance(element, Actions)]:
            assert len(row.buttons) <= 2
            assert len(row.menu) <= 5
        assert sum(button.style is Style.PRIMARY for button in buttons(card)) <= 1
        assert "{" not in read(card)


@pytest.mark.parametrize("name", STORIES)
def test_buttons_name_the_departure_and_its_present_turn(name: str) -> None:
    departure = STORIES[name]
    for button in [button for posting in post(departure) for button in buttons(posting.card)]:
        token = Token.decode(button.token.encode())
        assert token == button.token
        assert (token.departure, token.turn) == (departure.id, departure.turn)


@pytest.mark.parametrize("name", STORIES)
def test_only_the_open_question_has_a_decision_to_press(name: str) -> None:
    departure = STORIES[name]
    prompts = [posting for posting in post(departure) if ":prompt:" in posting.key]
    open_ones = [posting for posting in prompts if f":{departure.turn}:" in posting.key]
    assert bool(open_ones) == (departure.state in ASKING)
    for posting in prompts:
        assert bool(buttons(posting.card)) == (posting in open_ones)


@pytest.mark.parametrize("name", STORIES)
def test_the_leaver_is_neither_written_to_nor_mentioned(name: str) -> None:
    for posting in post(STORIES[name]):
        assert not (isinstance(posting.recipient, Person) and posting.recipient.same_as(AMIT))
        assert "U0AMIT" not in {mention.chat_id for mention in mentions(posting.card)}
        if isinstance(posting.recipient, Channel):
            assert mentions(posting.card) == []


def test_a_leaver_who_is_also_lead_or_successor_gets_nothing() -> None:
    story = Story(lead=AMIT, approvers=(AMIT, NOOR)).planned().successor(AMIT).approved().mailbox()
    for departure in (story.departure, story.steps().stopped("recount", "problem.ghosts_left").departure):
        assert AMIT not in [posting.recipient for posting in post(departure)]


def test_whoever_has_no_chat_id_is_left_out_and_the_case_card_says_so() -> None:
    silent = Person("Tomás Rivera", "tomas@brightwater.example")
    departure = Story(lead=silent, approvers=(NOOR,)).planned().successor().departure
    posted = {posting.key: posting for posting in post(departure)}
    assert [key for key in posted if "tomas" in key] == []
    assert "dep-1:prompt:approval:3:noor@brightwater.example" in posted
    case = read(posted["dep-1:case:ada@brightwater.example"].card)
    assert "Tomás Rivera could not be reached in chat. Any other admin can approve" in case
    assert "Waiting for @Noor Haddad since" in case


def test_a_successor_out_of_reach_is_left_to_the_admin() -> None:
    story = Story().planned().successor(Person("Sara Lindqvist", "sara@brightwater.example")).approved().mailbox()
    posted = post(story.ended().departure)
    assert not any(":handover:" in posting.key for posting in posted)
    assert "Sara Lindqvist could not be reached in chat. Please tell them yourself" in read(posted[0].card)


def test_a_lead_is_not_shown_questions_from_before_they_were_known() -> None:
    keys = [posting.key for posting in post(STORIES["planned at the second try"])]
    assert [key for key in keys if ":attention:" in key] == ["dep-1:prompt:attention:2:ada@brightwater.example"]


def test_a_mailbox_confirmed_once_is_not_asked_for_again() -> None:
    keys = [posting.key for posting in post(STORIES["approved anew"])]
    assert [key for key in keys if ":mailbox:" in key] == ["dep-1:prompt:mailbox:4:ada@brightwater.example"]


def test_a_checklist_with_nothing_open_is_not_asked_about() -> None:
    assert not [posting for posting in post(STORIES["closed"]) if ":prompt:checklist:" in posting.key]
    asked = [posting.key for posting in post(STORIES["checklist"]) if ":prompt:checklist:" in posting.key]
    assert [key.rpartition(":")[2].partition("@")[0] for key in asked] == ["tomas", "sara", "ada"]


MOVES: dict[str, Callable[[Story], Story]] = {
    "planned": Story.planned,
    "successor": Story.successor,
    "approved": lambda story: story.approved(*(() if story.departure.checklist else ITEMS)),
    "sent_back": Story.sent_back,
    "mailbox": Story.mailbox,
    "waived": Story.waived,
    "scheduled": Story.scheduled,
    "started": Story.started,
    "voided": Story.voided,
    "stopped": Story.stopped,
    "signed": Story.signed,
    "retried": Story.retried,
    "ended": Story.ended,
    "closed": Story.closed,
    "ticked": lambda story: story.ticked(story.departure.open_items[0].key),
    "undoing": Story.undoing,
    "undone": Story.undone,
    "handing_on": Story.handing_on,
    "handed_on": Story.handed_on,
    "cancelled": Story.cancelled,
}
POSSIBLE = {
    State.PLANNING: ("planned", "stopped", "cancelled"),
    State.SUCCESSOR: ("successor", "cancelled"),
    State.APPROVAL: ("approved", "sent_back", "cancelled"),
    State.MAILBOX: ("mailbox", "waived", "scheduled", "cancelled"),
    State.SCHEDULED: ("started", "cancelled"),
    State.RUNNING: ("voided", "stopped", "ended"),
    State.ATTENTION: ("retried", "signed", "cancelled"),
    State.BACKUP: ("closed", "undoing"),
    State.CHECKLIST: ("ticked", "undoing"),
    State.CLOSED: ("undoing", "handing_on"),
    State.UNDOING: ("undone", "stopped"),
    State.HANDING_ON: ("handed_on",),
}


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_keys_are_unique_and_stay_while_the_story_goes_on(data: st.DataObject) -> None:
    lead, approvers = data.draw(st.sampled_from([(TOMAS, (TOMAS,)), (None, (NOOR, TOMAS)), (ADA, (NOOR,))]))
    story = Story(lead=lead, approvers=approvers)
    before: dict[str, Person | Channel] = {}
    for _ in range(16):
        posted = post(story.departure)
        keys = {posting.key: posting.recipient for posting in posted}
        assert len(keys) == len(posted)
        assert before.items() <= keys.items()
        before = keys
        can_sign = story.departure.plan and story.departure.interrupted is State.RUNNING
        moves = [m for m in POSSIBLE.get(story.departure.state, ()) if m != "signed" or can_sign]
        if not moves:
            break
        MOVES[data.draw(st.sampled_from(moves))](story)


def test_the_moves_of_the_property_cover_the_transition_table() -> None:
    assert {state for state, row in TRANSITIONS.items() if row} == set(POSSIBLE)


def test_the_same_state_gives_the_same_messages_at_any_time_except_while_it_runs() -> None:
    for departure in STORIES.values():
        later = postings(departure, PROGRESS if departure.plan else None, now=NOW + timedelta(1), channels=(CHANNEL,))
        changed = {new.key for old, new in zip(post(departure), later, strict=True) if old != new}
        run = {f"dep-1:run:{departure.run}:ada@brightwater.example"}
        assert changed <= (run if departure.state in WORKING else set())


def test_people_in_two_chat_products_read_plain_names() -> None:
    both = replace(ADA, chat={"slack": "U0ADA", "cliq": "77"})
    case = post(Story(admin=both).planned().successor().departure)[0].card
    assert {mention.chat_id for mention in mentions(case)} <= {None}
    assert "Tomás Rivera" in read(case)


def test_the_log_channel_hears_the_end_once() -> None:
    to_channel = [p for p in post(STORIES["announced"]) if isinstance(p.recipient, Channel)]
    assert [p.key for p in to_channel] == ["dep-1:closed:C0LOG"]
    assert "Kein Datensatz, der wechseln sollte, ist zurückgeblieben" in to_channel[0].card.text
    assert not any(isinstance(p.recipient, Channel) for p in post(STORIES["backup"]))
    assert Action.DETAILS in {b.token.action for b in buttons(post(STORIES["closed"])[0].card)}
    assert SARA in [p.recipient for p in post(STORIES["closed"])]
