"""Everybody tries everything at every time, and the work reports whatever it can: what must hold all the same."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from machine_cases import (
    ADMIN,
    INVENTORIES,
    LEAD,
    LEAVER_ACCOUNT,
    PARTIES,
    SECOND,
    SUCCESSOR,
    SUCCESSOR_ACCOUNT,
    SYSTEM,
    account,
    later,
    opened,
)

from connectors.base import Account, Inventory
from handlers.departure import (
    ASKING,
    FINAL_STATES,
    TRANSITIONS,
    Approve,
    CancelDeparture,
    Command,
    ConfirmBackup,
    ConfirmMailbox,
    ConfirmSuccessor,
    Departure,
    Retry,
    SendBack,
    SignException,
    State,
    decide,
    departure_from_json,
    departure_to_json,
    evolve,
    evolved,
)
from handlers.events import (
    Approved,
    Event,
    Interrupted,
    Outcome,
    Planned,
    Problem,
    Retried,
    RunEnded,
    StepEnded,
    StepResult,
    Voided,
    event_from_json,
    event_to_json,
)
from handlers.plan import Difference, digest, make_plan
from handlers.playbooks import StepKey
from handlers.refusal import Refusal
from handlers.rules import Suggestion

SUCCESSORS = {
    "good": SUCCESSOR_ACCOUNT,
    "the leaver": LEAVER_ACCOUNT,
    "inactive": account("mei", 131, active=False),
    "unconfirmed": account("ines", 127, confirmed=False),
    "leaving too": account("julia", 111),
}
PROBLEMS = st.sampled_from([*map(str, StepKey), "plan"])


class DepartureMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.departure: Departure = opened()
        self.first = self.departure
        self.events: list[Event] = []

    # What happens

    def happens(self, *events: Event) -> None:
        for event in events:
            before = self.departure
            self.departure = evolve(before, event)
            self.events.append(event)
            self._moved(before, event)

    def _moved(self, before: Departure, event: Event) -> None:
        row = TRANSITIONS[before.state]
        assert type(event) in row
        assert self.departure.state is (row[type(event)] or before.interrupted)
        assert self.departure.revision == before.revision + 1
        changed = self.departure.state is not before.state
        assert self.departure.turn == before.turn + changed
        assert self.departure.since == (event.at if changed else before.since)

    def work(self, event_type: type[Event], **values: Any) -> None:
        """The work reports; what cannot happen now raises and changes nothing."""
        event = event_type(at=later(self.departure), **values)
        if event_type in TRANSITIONS[self.departure.state]:
            self.happens(event)
        else:
            with pytest.raises(ValueError, match="cannot happen"):
                evolve(self.departure, event)

    def asks(self, command: Command, who: str, turn: int | None) -> tuple[Event, ...]:
        """Somebody gives a command. Returns what follows, or nothing when it was refused."""
        by, before = PARTIES[who], self.departure
        try:
            events = decide(before, command, by, now=later(before), turn=turn)
        except Refusal:
            return ()
        assert events
        assert before.state not in FINAL_STATES
        assert not by.person.same_as(before.leaver), "the leaver can do nothing"
        assert by.admin or by.person.same_as(before.lead), "nobody else can do anything"
        assert turn in (None, before.turn)
        assert events[0].by == by.person
        self.happens(*events)
        return events

    def turn(self, early: int) -> int | None:
        """As a button tells it: of now, of an earlier turn, or not at all."""
        return None if early < 0 else self.departure.turn - early

    who = st.sampled_from(sorted(PARTIES))
    early = st.sampled_from([-1, 0, 0, 0, 1])

    @rule(who=who, early=early, which=st.sampled_from(["good", "good", *SUCCESSORS]))
    def confirm_successor(self, who: str, early: int, which: str) -> None:
        command = ConfirmSuccessor({SYSTEM: SUCCESSORS[which]}, SUCCESSOR, frozenset({"julia@brightwater.example"}))
        if self.asks(command, who, self.turn(early)):
            assert which == "good"
            assert PARTIES[who].admin

    @rule(who=who, early=early, forged=st.sampled_from([None, None, "", "0" * 64]))
    def approve(self, who: str, early: int, forged: str | None) -> None:
        signed = forged if forged is not None else (self.departure.digest or "")
        for event in self.asks(Approve(signed), who, self.turn(early)):
            assert not PARTIES[who].person.same_as(ADMIN), "whoever asked does not approve"
            if isinstance(event, Approved):
                assert event.digest == self.departure.digest == digest(self.departure.plan)  # type: ignore[arg-type]
                assert forged is None

    @rule(who=who, early=early, reason=st.sampled_from(["Not Sofia.", "", "  "]))
    def send_back(self, who: str, early: int, reason: str) -> None:
        if self.asks(SendBack(reason), who, self.turn(early)):
            assert reason.strip()
            assert not PARTIES[who].person.same_as(ADMIN)

    @rule(who=who, early=early)
    def confirm_mailbox(self, who: str, early: int) -> None:
        self.asks(ConfirmMailbox("checked"), who, self.turn(early))

    @rule(who=who, early=early)
    def confirm_backup(self, who: str, early: int) -> None:
        self.asks(ConfirmBackup("saved"), who, self.turn(early))

    @rule(who=who, early=early)
    def retry(self, who: str, early: int) -> None:
        if any(isinstance(event, Retried) for event in self.asks(Retry(), who, self.turn(early))):
            assert self.departure.problem is None

    @rule(who=who, early=early, reason=st.sampled_from(["It is a test record.", " "]))
    def sign_exception(self, who: str, early: int, reason: str) -> None:
        problem = self.departure.problem
        if self.asks(SignException(reason), who, self.turn(early)):
            assert problem
            last = self.departure.steps[-1]
            assert (last.step, last.outcome) == (problem.step, Outcome.SKIPPED)
            assert last.evidence["reason"] == reason.strip() != ""

    @rule(who=who, early=early)
    def cancel(self, who: str, early: int) -> None:
        written = self.departure.written
        if self.asks(CancelDeparture(), who, self.turn(early)):
            assert not written, "a departure that has changed records is not cancelled"
            assert PARTIES[who].admin

    # What the work finds out

    @rule(inventory=INVENTORIES, with_lead=st.booleans())
    def plan(self, inventory: Inventory, with_lead: bool) -> None:
        self.work(
            Planned,
            inventories={SYSTEM: inventory},
            lead=LEAD if with_lead else None,
            approvers=(LEAD,) if with_lead else (SECOND,),
            suggestion=Suggestion(SUCCESSOR_ACCOUNT, "suggestion.manager"),
        )

    @rule()
    def end_step(self) -> None:
        system, step = self.departure.next_step() or (SYSTEM, StepKey.RECOUNT)
        result = StepResult(system, step, Outcome.DONE, {"records": 3}, later(self.departure))
        self.work(StepEnded, result=result)

    @rule(inventory=INVENTORIES)
    def drift(self, inventory: Inventory) -> None:
        if self.departure.written:
            return  # the comparison comes before the first write
        successor: Account = SUCCESSOR_ACCOUNT
        redone = make_plan({SYSTEM: inventory}, {SYSTEM: successor}, later(self.departure))
        difference = Difference(SYSTEM, "Contacts", "Contacts", 3, 30)
        self.work(
            Voided, differences=(difference,), inventories={SYSTEM: inventory}, plan=redone, digest=digest(redone)
        )

    @rule(step=PROBLEMS)
    def stumble(self, step: str) -> None:
        self.work(Interrupted, problem=Problem("r1", step, SYSTEM, "problem.rejected", "X", 2))

    @precondition(lambda self: self.departure.state is not State.RUNNING or self.departure.next_step() is None)
    @rule()
    def end_run(self) -> None:
        self.work(RunEnded)

    # What always holds

    @invariant()
    def asks_one_question_at_a_time(self) -> None:
        departure = self.departure
        open_ones = [prompt for prompt in departure.prompts if prompt.answer is None]
        if departure.state in ASKING:
            (prompt,) = open_ones
            assert (prompt.kind, prompt.turn) == (departure.state, departure.turn)
        else:
            assert open_ones == []
        turns = [prompt.turn for prompt in departure.prompts]
        assert turns == sorted(set(turns))

    @invariant()
    def runs_only_what_was_approved(self) -> None:
        departure = self.departure
        if departure.state in (State.MAILBOX, State.RUNNING, State.BACKUP, State.CLOSED):
            assert departure.plan is not None
            assert departure.approved is not None
            assert digest(departure.plan) == departure.digest
            assert [e.digest for e in self.events if isinstance(e, Approved)][-1] == departure.digest
        if departure.state in (State.RUNNING, State.BACKUP, State.CLOSED):
            assert departure.mailbox is not None

    @invariant()
    def ends_once(self) -> None:
        assert (self.departure.open_key is None) == (self.departure.state in FINAL_STATES)
        if self.departure.state is not State.CANCELLED:  # which keeps what it was cancelled for
            assert (self.departure.state is State.ATTENTION) == (self.departure.problem is not None)

    def teardown(self) -> None:
        """What was stored, event by event, gives the same departure again."""
        if not hasattr(self, "first"):
            return
        read = [event_from_json(event_to_json(event)) for event in self.events]
        assert read == self.events
        assert evolved(self.first, read) == self.departure
        assert departure_from_json(departure_to_json(self.departure)) == self.departure


DepartureMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestDeparture = DepartureMachine.TestCase


def test_every_final_state_has_an_empty_row() -> None:
    assert {state for state, row in TRANSITIONS.items() if not row} == set(FINAL_STATES)


@pytest.mark.parametrize("state", TRANSITIONS)
def test_every_state_can_be_reached_and_left(state: State) -> None:
    targets = {target for row in TRANSITIONS.values() for target in row.values()}
    assert state in targets | {State.PLANNING}
    assert TRANSITIONS[state] or state in FINAL_STATES
