"""The closed card's numbers, the looks some time after the end, and what can still be done."""

from dataclasses import replace

import pytest
from card_cases import ADA, NOW, PROGRESS, TOMAS, Story, buttons, read, signed_story, stories
from hypothesis import given
from hypothesis import strategies as st
from rich_cases import ALONE, CLOSING, RICH_PROGRESS, handed_over, rechecked

from handlers.cards import postings
from handlers.cards.reckoning import reckoned
from handlers.departure import Departure
from handlers.elements import Card
from handlers.events import Outcome, StepEnded, StepResult, UndoStarted
from handlers.intents import Action
from handlers.playbooks import StepKey
from handlers.progress import ModuleProgress, RunProgress

COUNTS = st.integers(0, 10_000)
CLOSED = handed_over(CLOSING).closed().departure


def posted(departure: Departure, what: str, progress: RunProgress | None = RICH_PROGRESS) -> dict[str, Card]:
    english = replace(departure, lead=departure.lead and replace(departure.lead, language="en"))
    found = postings(english, progress, now=NOW, channels=())
    return {p.key.rpartition(":")[2]: p.card for p in found if p.key.startswith(f"dep-1:{what}:")}


def closed(story: Story, progress: RunProgress | None = RICH_PROGRESS) -> Card:
    return posted(story.departure, "closed", progress)[str(ADA.email)]


def actions(card: Card) -> list[Action]:
    return [button.token.action for button in buttons(card)]


def test_everything_that_was_owned_is_in_one_line_that_adds_up() -> None:
    told = read(closed(handed_over(CLOSING).closed()))
    assert (
        "1,964 records owned = 1,408 moved + 120 closed as dead + 430 stayed + 4 changed by others + 2 gone\n" in told
    )
    assert 1408 + 120 + 430 + 4 + 2 == 1964


def rows(module: str) -> st.SearchStrategy[ModuleProgress]:
    """One place of the ledger, whatever became of its records."""
    counts = dict.fromkeys(("moved", "others", "gone", "failed", "returned", "given_on"), COUNTS)
    return st.builds(ModuleProgress, st.just("zoho_crm"), st.just(module), st.just("Label"), **counts)


@given(rows("Deals"), rows("Leads.Lead_Status"), rows("Deals.Engineer"))
def test_whatever_became_of_them_the_sum_is_every_row_and_what_stayed(
    deals: ModuleProgress, dead: ModuleProgress, field: ModuleProgress
) -> None:
    found = reckoned(CLOSED, RunProgress({}, (deals, dead, field)))
    assert found.total() == deals.settled + dead.settled + 430
    assert (found["moved"], found["closed"], found["stayed"]) == (deals.moved, dead.moved, 430)


def test_without_a_ledger_the_evidence_of_the_transfer_is_told() -> None:
    told = read(closed(Story().until_running().ended().closed(), None))
    assert "1,990 moved + 710 stayed + 8 changed by others + 2 gone" in told


def test_other_fields_and_configuration_are_told_apart_from_records() -> None:
    told = read(closed(handed_over(CLOSING).closed()))
    assert "Other fields changed: 4" in told
    assert "Configuration: done" in told


def test_configuration_that_people_have_to_change_is_counted() -> None:
    story = handed_over().closed()
    steps = [r if r.step is not StepKey.TAP else replace(r, evidence={"by_hand": 2}) for r in story.departure.steps]
    story.departure = replace(story.departure, steps=tuple(steps))
    assert "Configuration: done; 2 places for people, on the checklist" in read(closed(story))


def test_skipped_configuration_is_not_called_done() -> None:
    story = handed_over().closed()
    steps = [replace(r, outcome=Outcome.SKIPPED) if r.step is StepKey.TAP else r for r in story.departure.steps]
    story.departure = replace(story.departure, steps=tuple(steps))
    assert "Configuration: skipped, with a signed exception" in read(closed(story))


def test_the_next_look_is_announced_and_the_last_one_told() -> None:
    story = handed_over().closed()
    assert "Next look: May" in read(closed(story))
    told = read(closed(rechecked(story)))
    assert "nothing new" in told
    assert "Next look: May" in told
    last = read(closed(rechecked(rechecked(story))))
    assert "Next look" not in last
    assert "nothing new" in read(posted(story.departure, "case")[str(ADA.email)])


def test_a_look_that_found_nothing_is_silent() -> None:
    assert posted(rechecked(handed_over().closed()).departure, "recheck:1") == {}


def test_a_look_that_moved_something_reaches_admin_and_lead() -> None:
    story = rechecked(rechecked(handed_over().closed()), moved=3, left=1, problem="problem.rows_refused")
    cards = posted(story.departure, "recheck:2")
    assert cards.keys() == {ADA.email, TOMAS.email}
    told = read(cards[str(TOMAS.email)])
    assert "Look no. 2 after the end" in told
    assert "3 late records were given to Sara Lindqvist by the approved rules." in told
    assert "1 record is still with Amit Kumar." in told
    assert "Zoho CRM refuses to move 1 record." in told
    assert actions(cards[str(TOMAS.email)]) == [Action.SHOW]
    assert "3 late records were given" in read(closed(story))


def test_a_look_that_could_not_count_says_why() -> None:
    story = rechecked(handed_over().closed(), problem="problem.not_authorised")
    told = read(posted(story.departure, "recheck:1")[str(ADA.email)])
    assert "Zoho CRM no longer accepts our access" in told
    assert "late record" not in told


def test_admins_can_take_back_the_lead_can_not() -> None:
    cards = posted(handed_over().closed().departure, "closed")
    assert Action.UNDO_PREVIEW in actions(cards[str(ADA.email)])
    assert Action.UNDO_PREVIEW not in actions(cards[str(TOMAS.email)])


def test_what_an_interim_successor_holds_can_be_handed_on() -> None:
    interim = handed_over(replace(ALONE, interim=True)).closed()
    assert Action.HAND_ON in actions(closed(interim))
    assert Action.HAND_ON not in actions(closed(handed_over().closed()))


def test_who_has_not_answered_is_named() -> None:
    assert "No answer yet to the hand-over from @Sara Lindqvist." in read(closed(handed_over().closed()))


def test_once_taken_back_it_is_called_closed_no_more() -> None:
    story = handed_over().closed().tell(UndoStarted, by=ADA)
    card = closed(story)
    assert "departure is closed" not in read(card)
    assert buttons(card) == []


@pytest.mark.parametrize("name", ["backup", "checklist", "running"])
def test_before_the_end_there_is_no_closed_card(name: str) -> None:
    assert posted(stories()[name], "closed", PROGRESS) == {}


def test_an_exception_stays_visible() -> None:
    card = closed(signed_story().ended().closed(), PROGRESS)
    assert card.text.endswith("closed, with signed exceptions.")
    assert "3 refused" in read(card)


def test_a_step_without_evidence_does_not_break_the_sum() -> None:
    story = Story().until_running().steps(upto=StepKey.TRANSFER)
    story.tell(StepEnded, result=StepResult("zoho_crm", StepKey.TRANSFER, Outcome.NOTHING_TO_DO, {}, story.at))
    assert "710 records owned = 0 moved + 710 stayed" in read(closed(story.ended().closed(), None))
