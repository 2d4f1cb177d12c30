"""What each question tells, and what its card says once it is decided."""

from dataclasses import replace

import pytest
from card_cases import ADA, NOOR, NOW, PROGRESS, TOMAS, Story, buttons, read, signed_story, stories

from handlers.cards import postings
from handlers.departure import Departure
from handlers.elements import Card, Link, Note, Progress, Style
from handlers.intents import Action
from handlers.playbooks import StepKey
from handlers.progress import RunProgress, Whereabouts

STORIES = stories()


def card(departure: Departure, what: str, who: str = "ada", progress: RunProgress | None = None) -> Card:
    """The newest message of a kind to one person, in English."""
    english = replace(
        departure, lead=departure.lead and replace(TOMAS, language="en"), approvers=(replace(TOMAS, language="en"),)
    )
    found = [p for p in postings(english, progress, now=NOW, channels=()) if f":{what}" in p.key and who in p.key]
    return found[-1].card


def actions(shown: Card) -> list[Action]:
    return [button.token.action for button in buttons(shown)]


def test_the_successor_prompt_shows_what_is_owned_and_what_is_not_covered() -> None:
    prompt = card(STORIES["successor"], "prompt:successor")
    said = read(prompt)
    assert "Amit Kumar owns 3,456 records in Zoho CRM; 2,746 would move." in said
    assert "Deals | 1,234 | 410 | 1,234 | €9,876,543" in said
    assert "Cases" not in said
    assert "Not covered, please look at it yourself: Visits." in said
    assert "People still report to Amit Kumar." in said
    assert "Suggestion: Tomás Rivera. Amit Kumar reported to Tomás Rivera." in said
    assert actions(prompt) == [Action.CHOOSE_SUCCESSOR, Action.DETAILS, Action.RESCHEDULE, Action.CANCEL]


def test_a_plan_that_came_back_says_from_whom_and_why() -> None:
    said = read(card(STORIES["sent back"], "prompt:successor"))
    assert "Sent back by @Tomás Rivera" in said
    assert "“Sara is away until June”" in said


def test_without_a_suggestion_the_prompt_says_so() -> None:
    assert "There is no suggestion" in read(card(replace(STORIES["successor"], suggestion=None), "prompt:successor"))


def test_the_approval_signs_exactly_the_plan_that_it_shows() -> None:
    departure = STORIES["approval"]
    prompt = card(departure, "prompt:approval", "tomas")
    approve, send_back, *_ = buttons(prompt)
    assert approve.token.subject == departure.digest
    assert approve.style is Style.PRIMARY
    assert approve.confirm is not None
    assert "2,746 records go to Sara Lindqvist" in approve.confirm.text
    assert (send_back.token.action, send_back.style) == (Action.SEND_BACK, Style.NORMAL)
    digest = str(departure.digest)
    assert f"fingerprint {digest[:4]} {digest[4:8]} {digest[8:12]}" in read(prompt)


def test_the_approval_says_why_shows_samples_and_what_cannot_be_taken_back() -> None:
    prompt = card(STORIES["approval"], "prompt:approval", "tomas")
    said = read(prompt)
    assert "Deals: Open ones move. Closed ones keep the name of whoever closed them." in said
    assert "Deals | 1,234 | 410 | €9,876,543" in said
    assert "Can be taken back until 30 days after the end: change of owner, other fields, and deactivation." in said
    assert "and retaining the e-mails. Never: messages that Zoho CRM itself sends" in said
    links = [w for e in prompt.elements if isinstance(e, Note) for w in e.words if isinstance(w, Link)]
    assert [link.url for link in links] == [f"https://crm.example/deals/{n}" for n in (1, 2, 3)]


def test_after_a_drift_the_difference_comes_first_and_the_old_approval_is_void() -> None:
    departure = STORIES["drifted"]
    lines = read(card(departure, f"prompt:approval:{departure.turn}", "tomas")).splitlines()
    assert lines[2].startswith("The records have changed since the approval")
    assert lines[3] == "Deals: approved 1,234 → now 1,400"
    old = card(departure, "prompt:approval:3", "tomas")
    assert "This approval no longer holds" in read(old)
    assert buttons(old) == []


@pytest.mark.parametrize("who", ["ada", "tomas"])
def test_when_it_stops_admin_and_lead_learn_what_happened_and_what_to_do(who: str) -> None:
    prompt = card(STORIES["attention"], "prompt:attention", who)
    assert "Zoho CRM refuses to move 3 records. Nothing is lost" in prompt.text
    said = read(prompt)
    assert "Nothing is lost: all that was done is written down" in said
    assert "code: RECORD_LOCKED · reference: ab12cd34" in said
    assert "Put them right in Zoho CRM, then press Try again" in said
    retry, sign, *menu = buttons(prompt)
    assert (retry.token.action, retry.style) == (Action.RETRY, Style.PRIMARY)
    assert (sign.token.action, sign.style) == (Action.SIGN_EXCEPTION, Style.DANGER)
    may = [Action.DETAILS, Action.ANNOUNCE, *([Action.UNDO_PREVIEW] if who == "ada" else [])]
    assert [button.token.action for button in menu] == may


def test_an_exception_is_offered_only_where_it_can_be_signed_and_cancel_only_before_any_write() -> None:
    prompt = card(STORIES["attention before any write"], "prompt:attention")
    assert actions(prompt) == [Action.RETRY, Action.DETAILS, Action.ANNOUNCE, Action.CANCEL]
    assert "exception" not in read(prompt)
    assert Action.CANCEL not in actions(card(STORIES["attention before any write"], "prompt:attention", "tomas"))


def test_the_backup_prompt_proves_zero_in_two_ways() -> None:
    prompt = card(STORIES["backup"], "prompt:backup")
    said = read(prompt)
    assert "No record that should have moved is left with Amit Kumar." in said
    assert "each time in another way: May 4, 2026" in said
    assert actions(prompt) == [Action.BACKUP_DONE, Action.DETAILS, Action.ANNOUNCE, Action.UNDO_PREVIEW]


def test_a_signed_exception_is_never_called_zero() -> None:
    said = read(card(signed_story().ended().departure, "prompt:backup"))
    assert "No record that should have moved" not in said
    assert "Change of owner: 3 records left. Signed by @Tomás Rivera" in said
    assert "“The legal team holds them”" in said


def test_the_latest_approval_keeps_its_numbers_and_says_how_it_went_on() -> None:
    said = read(card(STORIES["closed"], "prompt:approval", "tomas"))
    assert "Approved by @Tomás Rivera, May 4, 2026" in said
    assert "Records that move: 2,746" in said
    assert "Since then: Closed." in said


def test_a_cancelled_question_says_who_cancelled_it() -> None:
    assert "Cancelled by Ada Brandt" in card(STORIES["cancelled"], "prompt:approval", "tomas").text


def test_the_case_card_tells_the_stage_who_is_waited_for_and_since_when() -> None:
    case = card(STORIES["approval"], "case")
    assert case.text == "Departure of Amit Kumar: The plan needs to be approved. Waiting for Tomás Rivera."
    assert "Waiting for @Tomás Rivera since May 4, 2026, 12:00" in read(case)
    assert actions(case) == [Action.DETAILS, Action.RESCHEDULE, Action.CANCEL]
    assert "Waiting for you since" in read(card(STORIES["mailbox"], "case"))


def test_while_it_runs_a_card_of_its_own_shows_step_bar_and_modules() -> None:
    departure = Story().until_running().steps(upto=StepKey.TRANSFER).departure
    until = replace(PROGRESS, at={"zoho_crm": Whereabouts(StepKey.TRANSFER, "waiting.quota", NOW)})
    run = card(departure, "run:1", progress=until)
    said = read(run)
    assert "Step 6 of 12: change of owner" in said
    assert "Deals | 1,234 | 500 | 0 | 0 | 3" in said
    assert "The day's allowance of calls to Zoho CRM is used up." in said
    assert "Next try: May 9, 2026, 10:00" in said
    bars = [element for element in run.elements if isinstance(element, Progress)]
    assert [(bar.done, bar.total) for bar in bars] == [(2003, 2734)]
    assert Action.CANCEL not in actions(card(departure, "case"))
    tagging = card(departure, "run:1", progress=replace(PROGRESS, at={"zoho_crm": Whereabouts(StepKey.TAG)}))
    assert "2,734 of 2,734 records tagged" in read(tagging)


def test_the_closed_card_tells_the_verdict_the_numbers_and_who_decided() -> None:
    closed = card(STORIES["closed"], "closed", progress=PROGRESS)
    said = read(closed)
    assert closed.text == "Amit Kumar's departure is closed: no record that should have moved is left behind."
    assert "2,713 records owned = 1,990 moved + 710 stayed + 8 changed by others + 2 gone + 3 refused" in said
    decided = ["Started by @Ada", "Successor chosen by @Ada", "Approved by @Tomás", "Change of owner: done",
               "Second count: done", "Backup confirmed by @Ada"]  # fmt: skip
    assert sorted(decided, key=said.index) == decided
    assert actions(closed) == [Action.ANNOUNCE, Action.DETAILS, Action.UNDO_PREVIEW]


def test_the_closed_card_needs_no_ledger() -> None:
    assert "1,990 moved" in read(card(STORIES["closed"], "closed"))


def test_a_closed_departure_with_an_exception_says_so_at_once() -> None:
    assert card(STORIES["closed with exception"], "closed").text.endswith("closed, with signed exceptions.")


def test_the_successor_learns_what_came_and_how_to_find_it() -> None:
    handover = card(STORIES["closed"], "handover", "sara", PROGRESS)
    said = read(handover)
    assert handover.text == "1,990 records of Amit Kumar are now yours."
    assert "Contacts | 1,490" in said
    assert "look for the tag AmitKumarRecords" in said


def test_the_requester_who_leads_the_team_is_not_asked_to_approve() -> None:
    departure = Story(lead=ADA, approvers=(NOOR,)).planned().successor().departure
    posted = {p.key: p.card for p in postings(departure, None, now=NOW, channels=())}
    assert [key for key in posted if ":approval:" in key] == ["dep-1:prompt:approval:3:noor@brightwater.example"]
    assert Action.APPROVE in actions(posted["dep-1:prompt:approval:3:noor@brightwater.example"])
