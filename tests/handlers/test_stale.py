"""Whoever comes too late is told what is true: who decided, and whether it can still be cancelled."""

from dataclasses import replace

import pytest
from machine_cases import ADMIN, PARTIES, START, opened

from handlers.checklist import ItemState
from handlers.commands import (
    Announce,
    AnswerHandover,
    Approve,
    CancelDeparture,
    Command,
    HandOn,
    Reschedule,
    SendBack,
    SettleItem,
    StartUndo,
)
from handlers.decide import decide
from handlers.departure import Decision, State
from handlers.events import HandoverReply
from handlers.refusal import Refusal


@pytest.mark.parametrize("state", [State.RUNNING, State.BACKUP])
def test_a_cancel_after_the_point_of_no_return_is_too_late_and_not_somebody_elses_doing(state: State) -> None:
    departure = replace(opened(), state=state)
    with pytest.raises(Refusal, match=r"cancel\.too_late"):
        decide(departure, CancelDeparture(), PARTIES["admin"], now=START)


@pytest.mark.parametrize(("by", "key"), [("second admin", "stale.own"), ("lead", "stale")])
def test_only_somebody_else_can_have_been_faster(by: str, key: str) -> None:
    decided = Decision("approved", PARTIES["second admin"].person, START)
    departure = replace(opened(), state=State.MAILBOX, lead=PARTIES["lead"].person, admin=ADMIN, last=decided)
    for command in (Approve("x"), SendBack("why")):
        with pytest.raises(Refusal) as refused:
            decide(departure, command, PARTIES[by], now=START)
        assert refused.value.key == key


ANSWER = AnswerHandover(HandoverReply.ACCEPTED)


@pytest.mark.parametrize(
    ("state", "command", "by", "key"),
    [
        (State.RUNNING, Reschedule(None), "admin", "reschedule.too_late"),
        (State.CLOSED, Reschedule(None), "admin", "stale"),
        (State.CLOSED, CancelDeparture(), "admin", "stale"),
        (State.MAILBOX, StartUndo(), "admin", "undo.not_now"),
        (State.BACKUP, HandOn({}, PARTIES["successor"].person, frozenset()), "admin", "hand_on.not_now"),
        (State.SCHEDULED, Announce(), "admin", "announce.not_now"),
        (State.APPROVAL, SettleItem("x", ItemState.DONE, ""), "admin", "checklist.not_now"),
        (State.CLOSED, SettleItem("x", ItemState.OPEN, ""), "admin", "checklist.not_now"),
        (State.RUNNING, ANSWER, "successor", "handover.not_now"),
    ],
)
def test_what_cannot_be_asked_now_says_so(state: State, command: Command, by: str, key: str) -> None:
    departure = replace(opened(), state=state, successor=PARTIES["successor"].person)
    with pytest.raises(Refusal) as refused:
        decide(departure, command, PARTIES[by], now=START)
    assert refused.value.key == key
