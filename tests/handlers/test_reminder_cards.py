"""What people read when something happens by itself; and what the message says once it is settled."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from due_cases import ADA, AMIT, GUS, LAPTOP, NOOR, SOFIA, TOMAS, Wait

from handlers.cards import Posting, postings
from handlers.checklist import ItemState
from handlers.departure import Departure, State
from handlers.elements import Actions, Button
from handlers.events import (
    Approved,
    Cancelled,
    Escalated,
    HandoverAnswered,
    HandoverReply,
    ItemSettled,
    Reminded,
    Rescheduled,
    SentBack,
)
from handlers.intents import Action
from handlers.people import Person


def posted(departure: Departure) -> dict[str, Posting]:
    """By key, without the departure."""
    found = postings(departure, None, now=departure.since, channels=())
    return {posting.key.removeprefix("dep-1:"): posting for posting in found}


def said(departure: Departure, what: str, who: Person) -> str:
    return posted(departure)[f"{what}:{who.email}"].card.text


def buttons(departure: Departure, what: str, who: Person) -> list[Action]:
    elements = posted(departure)[f"{what}:{who.email}"].card.elements
    rows = [element for element in elements if isinstance(element, Actions)]
    return [button.token.action for row in rows for button in row.buttons if isinstance(button, Button)]


def with_language(wait: Wait, language: str) -> Departure:
    def speak(person: Person) -> Person:
        return replace(person, language=language)

    departure = wait.departure
    lead = speak(departure.lead) if departure.lead else None
    approvers = tuple(map(speak, departure.approvers))
    return replace(departure, admin=speak(departure.admin), lead=lead, approvers=approvers)


def reminded(wait: Wait, about: str, **later: float) -> Wait:
    return wait.later(**later).tell(Reminded, about=about)


def test_who_is_asked_hears_what_waits_and_since_when_and_finds_the_way() -> None:
    wait = reminded(Wait().until(State.APPROVAL), "approval", days=1)
    assert said(wait.departure, "remind:3:approval:1", TOMAS) == (
        "Departure of Amit: your answer has been awaited since May 4, 2026, 10:00\u202fAM. "
        "The plan needs to be approved."
    )
    assert buttons(wait.departure, "remind:3:approval:1", TOMAS) == [Action.SHOW]


def test_a_newer_reminder_takes_the_place_of_the_older() -> None:
    wait = reminded(reminded(Wait().until(State.APPROVAL), "approval", days=1), "approval", days=1)
    assert said(wait.departure, "remind:3:approval:1", TOMAS) == (
        "Departure of Amit: a newer reminder stands further down."
    )
    assert buttons(wait.departure, "remind:3:approval:1", TOMAS) == []
    assert "has been awaited" in said(wait.departure, "remind:3:approval:2", TOMAS)


def test_once_it_is_decided_every_reminder_says_by_whom() -> None:
    wait = reminded(reminded(Wait().until(State.APPROVAL), "approval", days=1), "approval", days=1)
    wait.later(hours=1).tell(Approved, by=TOMAS, digest="")
    for n in (1, 2):
        assert said(wait.departure, f"remind:3:approval:{n}", TOMAS).startswith("Departure of Amit: Approved by ")
        assert buttons(wait.departure, f"remind:3:approval:{n}", TOMAS) == []


def test_the_same_question_put_again_has_reminders_of_its_own() -> None:
    wait = reminded(Wait().until(State.APPROVAL), "approval", days=1)
    wait.tell(SentBack, by=TOMAS, reason="Not Sofia").until(State.APPROVAL)
    reminded(wait, "approval", days=1)
    assert "Sent back by" in said(wait.departure, "remind:3:approval:1", TOMAS)
    assert "has been awaited since May 5" in said(wait.departure, "remind:5:approval:1", TOMAS)


def test_who_is_asked_besides_gets_the_question_and_why() -> None:
    wait = Wait().until(State.APPROVAL).later(days=2).tell(Reminded, about="approval").tell(Escalated, to=(NOOR,))
    assert Action.APPROVE in buttons(wait.departure, "prompt:approval:3", NOOR)
    assert "no answer since May 4, 2026" in said(wait.departure, "remind:3:escalated:1", NOOR)
    assert "Asked first: Tomas." in said(wait.departure, "remind:3:escalated:1", NOOR)
    assert f"remind:3:approval:1:{NOOR.email}" not in posted(wait.departure), "what was said before was not for them"
    reminded(wait, "approval", days=1)
    assert "has been awaited" in said(wait.departure, "remind:3:approval:2", NOOR)
    wait.tell(Approved, by=TOMAS, digest="")
    for what in ("remind:3:escalated:1", "remind:3:approval:2", "prompt:approval:3"):
        assert "Approved by Tomas" in said(wait.departure, what, NOOR)
        assert buttons(wait.departure, what, NOOR) == []


def test_an_admin_who_is_asked_besides_can_choose_the_successor() -> None:
    wait = Wait().until(State.SUCCESSOR).later(days=2).tell(Escalated, to=(NOOR,))
    assert buttons(wait.departure, "prompt:successor:2", NOOR) == [Action.CHOOSE_SUCCESSOR]
    assert "Waiting for Ada or Noor." in said(wait.departure, "case", ADA).replace("you", "Ada")


def test_who_was_asked_besides_in_an_earlier_turn_sees_how_it_ended_and_nothing_more() -> None:
    wait = Wait().until(State.APPROVAL).later(days=2).tell(Escalated, to=(NOOR,))
    wait.tell(SentBack, by=TOMAS, reason="Not Sofia").until(State.APPROVAL)
    noors = {key for key in posted(wait.departure) if str(NOOR.email) in key}
    assert noors == {f"prompt:approval:3:{NOOR.email}", f"remind:3:escalated:1:{NOOR.email}"}


def test_where_nobody_else_can_be_asked_that_is_said() -> None:
    wait = reminded(Wait().until(State.MAILBOX), "alone", days=2)
    assert "nobody but you can be asked" in said(wait.departure, "remind:4:alone:1", ADA)


def test_before_a_start_the_admin_hears_the_date_as_it_is_now() -> None:
    wait = reminded(Wait(due=datetime(2026, 5, 11, 16, 0, tzinfo=UTC)).until(State.SCHEDULED), "start", days=4)
    assert "handed over from May 11, 2026" in said(wait.departure, "remind:5:start:1", ADA)
    wait.tell(Rescheduled, by=ADA, due=datetime(2026, 6, 1, 16, 0, tzinfo=UTC))
    assert "handed over from Jun 1, 2026" in said(wait.departure, "remind:5:start:1", ADA)
    wait.until(State.RUNNING)
    assert "no longer waits for its date" in said(wait.departure, "remind:5:start:1", ADA)


def test_the_case_card_names_the_date_until_it_starts() -> None:
    wait = Wait(due=datetime(2026, 5, 11, 16, 0, tzinfo=UTC)).until(State.SUCCESSOR)

    def shown() -> bool:
        return "May 11, 2026" in repr(posted(wait.departure)[f"case:{ADA.email}"].card)

    assert shown()
    wait.until(State.RUNNING)
    assert not shown()


def test_the_deadline_for_the_mails_is_said_as_a_date_and_the_newest_counts() -> None:
    wait = reminded(Wait().until(State.BACKUP), "retention:14", days=166)
    first, second = (f"remind:{wait.departure.turn}:retention:{days}:1" for days in (14, 7))
    assert "can be retained until Oct 31, 2026 only" in said(wait.departure, first, ADA)
    reminded(wait, "retention:7", days=7)
    assert "newer reminder" in said(wait.departure, first, ADA)
    assert "until Oct 31, 2026" in said(wait.departure, second, ADA)


def test_an_item_is_asked_for_from_its_assignee_who_can_settle_it_at_once() -> None:
    wait = reminded(Wait(items=(LAPTOP,)).until(State.BACKUP), "item:laptop", days=10)
    what = f"remind:{wait.departure.turn}:item:laptop:1"
    assert "“Laptop” was due on May 14, 2026" in said(wait.departure, what, GUS)
    assert buttons(wait.departure, what, GUS) == [Action.CHECKLIST]
    wait.tell(ItemSettled, by=GUS, key="laptop", state=ItemState.ERRORED, note="He is abroad")
    assert "is still open" in said(wait.departure, what, GUS)
    wait.tell(ItemSettled, by=ADA, key="laptop", state=ItemState.DONE, note="It came by post")
    assert "“Laptop” was settled by Ada" in said(wait.departure, what, GUS)


def test_the_lead_is_told_of_a_successor_who_is_silent() -> None:
    wait = reminded(Wait(receivers=(SOFIA, NOOR)).until(State.CLOSED), "handover", days=1)
    what = f"remind:{wait.departure.turn}:handover:1"
    assert "no word yet from Sofia or Noor" in said(wait.departure, what, TOMAS)
    wait.tell(HandoverAnswered, by=SOFIA, reply=HandoverReply.ACCEPTED)
    assert "no word yet from Noor about" in said(wait.departure, what, TOMAS)
    wait.tell(HandoverAnswered, by=NOOR, reply=HandoverReply.ACCEPTED)
    assert "has answered" in said(wait.departure, what, TOMAS)


@pytest.mark.parametrize("lead", [None, SOFIA, replace(TOMAS, chat={})])
def test_without_a_lead_to_tell_it_is_the_admin(lead: Person | None) -> None:
    wait = reminded(Wait(lead=lead, receivers=(SOFIA,)).until(State.CLOSED), "handover", days=1)
    assert "no word yet" in said(wait.departure, f"remind:{wait.departure.turn}:handover:1", ADA)


ENDED = {
    "en": "Departure of Amit: nobody decided within 30 days. It has ended by itself; nothing was changed.",
    "de": "Ausscheiden von Amit: Innerhalb von 30 Tagen hat niemand entschieden. "
    "Der Vorgang wurde beendet; es wurde nichts geändert.",
}


@pytest.mark.parametrize("language", ENDED)
def test_what_nobody_decided_says_so_wherever_it_was_asked(language: str) -> None:
    wait = reminded(Wait().until(State.APPROVAL), "approval", days=1)
    wait.later(days=29).tell(Cancelled, expired=True)
    departure = with_language(wait, language)
    for what in ("prompt:approval:3", "remind:3:approval:1", "expired"):
        assert said(departure, what, TOMAS) == ENDED[language]
        assert buttons(departure, what, TOMAS) == []
    assert said(departure, "expired", ADA) == ENDED[language]


def test_a_departure_that_somebody_cancelled_does_not_count_as_expired() -> None:
    wait = Wait().until(State.APPROVAL).later(days=40).tell(Cancelled, by=ADA)
    assert not any("expired" in key for key in posted(wait.departure))
    assert "Cancelled by Ada" in said(wait.departure, "prompt:approval:3", TOMAS)


def test_the_leaver_hears_nothing_even_as_lead_or_assignee() -> None:
    item = replace(LAPTOP, assignee=AMIT)
    wait = Wait(lead=AMIT, items=(item,), receivers=(SOFIA,)).until(State.CLOSED)
    reminded(wait, "item:laptop", days=10).tell(Reminded, about="handover")
    assert not any(posting.recipient == AMIT for posting in posted(wait.departure).values())


def test_a_message_keeps_its_place_whatever_happens_next() -> None:
    """What was posted is always there to be changed: no reminder stays behind with a button that has no meaning."""
    wait = Wait(items=(LAPTOP,), receivers=(SOFIA,), due=datetime(2026, 6, 11, 16, 0, tzinfo=UTC))
    before: set[str] = set()
    for state in (State.SUCCESSOR, State.APPROVAL, State.MAILBOX, State.SCHEDULED, State.BACKUP, State.CHECKLIST):
        wait.until(state).later(hours=30)
        about = "start" if state is State.SCHEDULED else state.value
        wait.tell(Reminded, about=about)
        if state is not State.SCHEDULED:
            wait.tell(Escalated, to=(NOOR,))
        now = set(posted(wait.departure))
        assert before <= now
        before = now
    assert before <= set(posted(wait.until(State.CLOSED).departure))
    assert timedelta(hours=30) * 6 == wait.at - wait.departure.opened_at
