"""Everybody tries everything at every time, and the work reports whatever it can: what must hold all the same."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from machine_cases import (
    ADMIN,
    ANSWERS,
    BEN_ACCOUNT,
    CONTACTS,
    INVENTORIES,
    LEAD,
    LEAVER_ACCOUNT,
    PARTIES,
    SECOND,
    STRANGER,
    SUCCESSOR,
    SUCCESSOR_ACCOUNT,
    SYSTEM,
    TEMPLATE,
    account,
    inventory,
    later,
    opened,
    person,
)

from connectors.base import Account, Holding, Inventory, MailboxKind
from handlers.checklist import ItemState
from handlers.commands import (
    Announce,
    AnswerHandover,
    Approve,
    CancelDeparture,
    Command,
    ConfirmBackup,
    ConfirmMailbox,
    ConfirmSuccessor,
    HandOn,
    Reschedule,
    Retry,
    SendBack,
    SettleItem,
    SignException,
    StartUndo,
    WaiveMailbox,
)
from handlers.decide import decide
from handlers.departure import (
    ASKING,
    BEFORE_RUN,
    FINAL_STATES,
    RETURNING,
    TRANSITIONS,
    Departure,
    State,
    admissible,
    departure_from_json,
    departure_to_json,
    evolve,
    evolved,
)
from handlers.events import (
    Announced,
    Approved,
    BaselineTaken,
    Closed,
    Escalated,
    Event,
    ExceptionSigned,
    HandoverReply,
    Interrupted,
    MailsCounted,
    Outcome,
    Planned,
    Problem,
    Proven,
    Rechecked,
    Reminded,
    Retried,
    Returned,
    RunEnded,
    RunStarted,
    StartMoved,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    Undone,
    Voided,
    event_from_json,
    event_to_json,
)
from handlers.plan import Difference, Handover, Method, digest, make_plan
from handlers.playbooks import StepKey
from handlers.practice import Announcement, Practice, Release
from handlers.refusal import Refusal
from handlers.routes import Route
from handlers.rules import Suggestion
from handlers.undoing import is_whole

LEAVING: Final = account("julia", 111)
GOOD: Final = Handover(SUCCESSOR_ACCOUNT, (Route(BEN_ACCOUNT, share=30),))
# What an admin chooses, and whether it can be.
CHOICES: Final[Mapping[str, tuple[Handover, bool]]] = {
    "good": (GOOD, True),
    "the leaver": (Handover(LEAVER_ACCOUNT), False),
    "inactive": (Handover(account("mei", 131, active=False)), False),
    "unconfirmed": (Handover(account("ines", 127, confirmed=False)), False),
    "leaving too": (Handover(LEAVING), False),
    "a share for one who leaves": (Handover(SUCCESSOR_ACCOUNT, (Route(LEAVING, share=30),)), False),
    "old ones for one who leaves": (Handover(SUCCESSOR_ACCOUNT, allocate_to=(LEAVING,)), False),
}
BEN: Final = person("ben")
RECEIVERS: Final = {f"{SYSTEM}/{SUCCESSOR_ACCOUNT.id}": SUCCESSOR, f"{SYSTEM}/{BEN_ACCOUNT.id}": BEN}
ADMINS: Final = (ADMIN, SECOND)
NEWCOMER: Final = account("lina", 140)
# Whose commands these are, besides admins and the lead.
THEIRS: Final = {AnswerHandover: "successor", SettleItem: "assignee"}
UNMOVED: Final = (Reminded, Escalated)
PROBLEMS = st.sampled_from([*map(str, StepKey), "plan"])


class DepartureMachine(RuleBasedStateMachine):
    @initialize(stage=st.integers(0, 9), delay=st.sampled_from([None, None, 10, 40]), emergency=st.booleans(),
                at_once=st.booleans())  # fmt: skip
    def open(self, stage: int, delay: int | None, emergency: bool, at_once: bool) -> None:
        self.practice = Practice(announcement=Announcement(release=Release.AT_ONCE if at_once else Release.BY_HAND))
        due = None if delay is None else later(opened()) + timedelta(minutes=delay)
        self.departure: Departure = opened(due=due, emergency=emergency)
        self.first = self.departure
        self.events: list[Event] = []
        self.advance(stage)

    def advance(self, stages: int) -> None:
        """Begin in the middle of a life: as many stages as everybody lets pass."""
        usual = (
            lambda: self.plan(inventory(Holding(CONTACTS, 9, 0)), with_lead=True),
            lambda: self.confirm_successor("admin", 0, "good"),
            lambda: self.approve("lead", 0, None),
            lambda: self.confirm_mailbox("admin", 0, "safe", "checked"),
            self.bring_forward,
            self.do_all_steps,
            lambda: self.confirm_backup("admin", 0, "saved"),
            self.do_all_steps,
            lambda: [self.settle("admin", item.key, ItemState.DONE, "seen") for item in self.departure.open_items],
        )
        for stage in usual[:stages]:
            stage()

    def bring_forward(self) -> None:
        """Whoever approved a date is asked about an earlier one."""
        if self.departure.state is State.SCHEDULED:
            self.reschedule("admin", None)
            self.approve("lead", 0, None)

    def do_all_steps(self) -> None:
        while self.departure.state is State.RUNNING and self.departure.next_step(SYSTEM):
            self.end_step()
        self.end_run()

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
        resumed = isinstance(event, Retried | ExceptionSigned)
        waits = resumed and len(before.problems) > 1 and not isinstance(event, Retried)
        target = row[type(event)] or before.interrupted
        assert self.departure.state is (State.ATTENTION if waits else target), "one question after the other"
        assert self.departure.revision == before.revision + 1
        changed = self.departure.state is not before.state or resumed or isinstance(event, StartMoved)
        assert self.departure.turn == before.turn + changed
        assert self.departure.since == (event.at if changed else before.since)
        assert not changed or not isinstance(event, UNMOVED), "whoever is reminded has decided nothing"
        if isinstance(event, RunStarted):
            self._may_run(self.departure)
        if isinstance(event, Closed):
            assert not self.departure.open_items

    def _may_run(self, departure: Departure) -> None:
        assert departure.approved is not None
        assert departure.plan is not None
        assert digest(departure.plan) == departure.digest
        none = all(each.mailbox is MailboxKind.NONE for each in (departure.inventories or {}).values())
        assert departure.mailbox is not None or (departure.emergency and none), "or there is nothing to confirm"
        assert departure.due is None or departure.due <= later(departure)

    def work(self, event_type: type[Event], **values: Any) -> None:
        """The work reports; what cannot happen now raises and changes nothing."""
        event = event_type(at=later(self.departure), **values)
        if admissible(self.departure, event):
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
        assert before.state is State.CLOSED or before.state not in FINAL_STATES
        assert not by.person.same_as(before.leaver), "the leaver can do nothing"
        theirs = THEIRS.get(type(command)) == who
        assert by.admin or by.person.same_as(before.lead) or theirs, "nobody else can do anything"
        assert turn in (None, before.turn)
        assert by.person in [event.by for event in events]
        self.happens(*events)
        return events

    def turn(self, early: int) -> int | None:
        """As a button tells it: of now, of an earlier turn, or not at all."""
        return None if early < 0 else self.departure.turn - early

    who = st.sampled_from(sorted(PARTIES))
    early = st.sampled_from([-1, 0, 0, 0, 1])

    @rule(who=who, early=early, which=st.sampled_from(["good", "good", "good", *CHOICES]))
    def confirm_successor(self, who: str, early: int, which: str) -> None:
        chosen, possible = CHOICES[which]
        receivers = RECEIVERS if possible else {f"{SYSTEM}/{chosen.successor.id}": SUCCESSOR}
        leaving = frozenset({LEAVING.email})
        method = Method(self.practice, emergency=self.departure.emergency)
        command = ConfirmSuccessor({SYSTEM: chosen}, receivers, leaving, method, ADMINS)
        if self.asks(command, who, self.turn(early)):
            assert possible
            assert self.departure.approvers, "somebody is left to approve"
            assert not any(each.same_as(PARTIES[who].person) for each in self.departure.approvers)
            assert PARTIES[who].admin
            assert self.departure.successor == SUCCESSOR

    @rule(who=who, early=early, forged=st.sampled_from([None, None, "", "0" * 64]))
    def approve(self, who: str, early: int, forged: str | None) -> None:
        signed = forged if forged is not None else (self.departure.digest or "")
        command = Approve(signed, TEMPLATE, {str(each.person.email): each.person for each in PARTIES.values()})
        for event in self.asks(command, who, self.turn(early)):
            assert not PARTIES[who].person.same_as(ADMIN), "whoever asked does not approve"
            chosen = [each.by for each in self.events if isinstance(each, SuccessorConfirmed)]
            assert not PARTIES[who].person.same_as(chosen[-1]), "nor does whoever made the plan"
            if isinstance(event, Approved):
                assert event.digest == self.departure.digest == digest(self.departure.plan)  # type: ignore[arg-type]
                assert forged is None

    @rule(who=who, early=early, reason=st.sampled_from(["Not Sofia.", "", "  "]))
    def send_back(self, who: str, early: int, reason: str) -> None:
        if self.asks(SendBack(reason), who, self.turn(early)):
            assert reason.strip()
            assert not PARTIES[who].person.same_as(ADMIN)

    @rule(who=who, early=early, found=st.sampled_from(["safe", *ANSWERS]), note=st.sampled_from(["checked", " "]))
    def confirm_mailbox(self, who: str, early: int, found: str, note: str) -> None:
        if self.asks(ConfirmMailbox(note, ANSWERS[found]), who, self.turn(early)):
            assert found == "safe"
            assert note.strip()
            assert self.departure.mailbox_answers == ANSWERS["safe"]

    @rule(who=who, early=early, reason=st.sampled_from(["The mailbox is gone.", ""]))
    def waive_mailbox(self, who: str, early: int, reason: str) -> None:
        if self.asks(WaiveMailbox(reason), who, self.turn(early)):
            assert self.departure.waived == reason != ""
            assert self.departure.mailbox

    @rule(who=who, minutes=st.sampled_from([None, -5, 0, 15, 60]))
    def reschedule(self, who: str, minutes: int | None) -> None:
        before = self.departure
        due = None if minutes is None else later(before) + timedelta(minutes=minutes)
        if self.asks(Reschedule(due), who, None):
            assert before.state in BEFORE_RUN
            assert due is None or due > later(before)
            assert self.departure.due == due
            approved = before.state in (State.MAILBOX, State.SCHEDULED)
            earlier = before.due is not None and (due is None or due < before.due)
            anew = before.state is State.APPROVAL or (approved and earlier)
            assert (self.departure.state is State.APPROVAL) == anew

    @rule(who=who, early=early, note=st.sampled_from(["saved", ""]))
    def confirm_backup(self, who: str, early: int, note: str) -> None:
        if self.asks(ConfirmBackup(note), who, self.turn(early)):
            assert note

    @rule(who=who, key=st.sampled_from(["laptop", "slack", "no such"]), to=st.sampled_from(ItemState),
          note=st.sampled_from(["seen", ""]))  # fmt: skip
    def settle(self, who: str, key: str, to: ItemState, note: str) -> None:
        before = self.departure
        if not self.asks(SettleItem(key, to, note), who, None):
            return
        item = next(item for item in before.checklist if item.key == key)
        assert PARTIES[who].admin or PARTIES[who].person in (item.assignee, before.lead)
        assert note or (to is ItemState.DONE and not item.evidence), "how it is known, or why it is not done"
        assert next(item.state for item in self.departure.checklist if item.key == key) is to
        closes = before.state is State.CHECKLIST and not self.departure.open_items
        assert (self.departure.state is State.CLOSED) == closes

    @rule(who=who)
    def announce(self, who: str) -> None:
        announced = self.departure.announced
        if self.asks(Announce(), who, None):
            assert announced is None, "once"
            assert self.departure.state not in BEFORE_RUN

    @rule(who=who, reply=st.sampled_from(HandoverReply), note=st.sampled_from(["Why me?", ""]))
    def answer(self, who: str, reply: HandoverReply, note: str) -> None:
        if self.asks(AnswerHandover(reply, note), who, None):
            assert PARTIES[who].person in self.departure.receivers.values()
            assert note or reply is HandoverReply.ACCEPTED
            assert self.departure.answers[-1].reply is reply

    @rule(who=who, early=early, part=st.sampled_from(["all", "a module", "a record"]))
    def undo(self, who: str, early: int, part: str) -> None:
        before = self.departure
        modules = (f"{SYSTEM}/Deals",) if part != "all" else ()
        records = ("1",) if part == "a record" else ()
        if self.asks(StartUndo(modules, records), who, self.turn(early)):
            assert PARTIES[who].admin
            assert before.written, "there is something to take back"
            assert before.state is State.CLOSED or part == "all", "in part only at the end"

    @rule(who=who, early=early, to=st.sampled_from([NEWCOMER, SUCCESSOR_ACCOUNT, LEAVING, LEAVER_ACCOUNT]))
    def hand_on(self, who: str, early: int, to: Account) -> None:
        if self.asks(HandOn({SYSTEM: to}, STRANGER, frozenset({LEAVING.email})), who, self.turn(early)):
            assert PARTIES[who].admin
            assert to is NEWCOMER

    @rule(who=who, early=early)
    def retry(self, who: str, early: int) -> None:
        if any(isinstance(event, Retried) for event in self.asks(Retry(), who, self.turn(early))):
            assert self.departure.problem is None

    @rule(who=who, early=early, reason=st.sampled_from(["It is a test record.", " "]))
    def sign_exception(self, who: str, early: int, reason: str) -> None:
        problem = self.departure.problem
        if self.asks(SignException(reason), who, self.turn(early)):
            assert problem
            if self.departure.work in RETURNING:
                assert self.departure.undoings[-1].given_up == problem.key
                return
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
        system, step = SYSTEM, self.departure.next_step(SYSTEM) or StepKey.RECOUNT
        result = StepResult(system, step, Outcome.DONE, {"records": 3}, later(self.departure))
        self.work(StepEnded, result=result)

    @rule(inventory=INVENTORIES)
    def drift(self, inventory: Inventory) -> None:
        if self.departure.written:
            return  # the comparison comes before the first write
        method = Method(self.practice, emergency=self.departure.emergency)
        redone = make_plan({SYSTEM: inventory}, {SYSTEM: GOOD}, later(self.departure), method)
        difference = Difference(SYSTEM, "Contacts", "Contacts", 3, 30)
        self.work(
            Voided, differences=(difference,), inventories={SYSTEM: inventory}, plan=redone, digest=digest(redone)
        )

    @rule(step=PROBLEMS, system=st.sampled_from([SYSTEM, "pipedrive"]))
    def stumble(self, step: str, system: str) -> None:
        before = self.departure.problems
        self.work(Interrupted, problem=Problem("r1", step, system, "problem.rejected", "X", 2))
        assert self.departure.problems[: len(before)] == before, "what somebody is asked about stays"

    @rule()
    def notice(self) -> None:
        self.work(BaselineTaken, system=SYSTEM, mails=(), agenda=())
        self.work(MailsCounted, system=SYSTEM, counts={"1": 4})
        assert self.departure.state is not State.RUNNING or self.departure.mails_after == {SYSTEM: {"1": 4}}

    @rule()
    def remind(self) -> None:
        self.work(Reminded, about=str(self.departure.state))

    @rule()
    def escalate(self) -> None:
        turn = self.departure.turn
        self.work(Escalated, to=(SECOND,))
        assert self.departure.turn == turn

    @rule()
    def look_again(self) -> None:
        self.work(Rechecked, number=1, moved=0, left=0)

    @precondition(lambda self: self.departure.state is not State.RUNNING or self.departure.next_step(SYSTEM) is None)
    @rule()
    def end_run(self) -> None:
        departure = self.departure
        if departure.state is not State.RUNNING:
            self.work(Proven)
            self.work(RunEnded)
        elif departure.backup is None:
            self.work(RunEnded)
        else:
            self.work(Proven)
            if not self.departure.open_items:
                self.work(Closed)

    @precondition(lambda self: self.departure.state is State.SCHEDULED)
    @rule()
    def time_comes(self) -> None:
        if self.departure.due and self.departure.due <= later(self.departure):
            self.work(RunStarted)
            if self.practice.announcement.release is Release.AT_ONCE and not self.departure.announced:
                self.work(Announced)

    @rule()
    def give_back(self) -> None:
        whole = bool(self.departure.undoings) and is_whole(self.departure.undoings[-1])
        if self.departure.state is State.UNDOING:
            self.work(Undone if whole else Returned, records=3, others=1, failed=0)
        else:
            self.work(Returned, records=3, others=1, failed=0)

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
        if departure.state in (State.MAILBOX, State.SCHEDULED, State.RUNNING, State.BACKUP, State.CHECKLIST):
            assert departure.plan is not None
            assert departure.approved is not None
            assert digest(departure.plan) == departure.digest
            assert [e.digest for e in self.events if isinstance(e, Approved)][-1] == departure.digest
        if departure.state in (State.CHECKLIST, State.CLOSED):
            assert departure.backup is not None
            assert departure.written

    @invariant()
    def ends_once(self) -> None:
        departure = self.departure
        assert (departure.open_key is None) == (departure.state in FINAL_STATES)
        if departure.state is not State.CANCELLED:  # which keeps what it was cancelled for
            assert (departure.state is State.ATTENTION) == (departure.problem is not None)
        if departure.state is State.CLOSED:
            assert not departure.open_items
        if departure.state is State.UNDONE:
            assert isinstance(departure.undoings[-1].result, Undone)

    @invariant()
    def is_private_until_it_is_released(self) -> None:
        """By a person, or because the house wants it so from the beginning of the run on."""
        departure = self.departure
        released = [event for event in self.events if isinstance(event, Announced)]
        assert (departure.announced is not None) == bool(released)
        assert len(released) <= 1
        at_once = self.practice.announcement.release is Release.AT_ONCE
        if at_once and any(isinstance(event, RunStarted) for event in self.events):
            assert released
        assert at_once or all(event.by for event in released)

    @invariant()
    def asks_others_only_while_somebody_is_asked(self) -> None:
        assert not self.departure.escalated or self.departure.state in ASKING

    def teardown(self) -> None:
        """What was stored, event by event, gives the same departure again."""
        if not hasattr(self, "first"):
            return
        read = [event_from_json(event_to_json(event)) for event in self.events]
        assert read == self.events
        assert evolved(self.first, read) == self.departure
        assert departure_from_json(departure_to_json(self.departure)) == self.departure


DepartureMachine.TestCase.settings = settings(
    max_examples=120, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestDeparture = DepartureMachine.TestCase


@pytest.mark.parametrize(
    ("stages", "state"),
    [
        (1, State.SUCCESSOR),
        (3, State.MAILBOX),
        (5, State.RUNNING),
        (7, State.RUNNING),
        (8, State.CHECKLIST),
        (9, State.CLOSED),
    ],
)
def test_the_machine_begins_wherever_a_life_can_be(stages: int, state: State) -> None:
    """Else all the tests above would look at the beginning alone."""
    machine = DepartureMachine()
    machine.open(stages, 40, emergency=False, at_once=False)
    assert machine.departure.state is state


def test_what_has_ended_for_good_has_an_empty_row_and_what_is_closed_can_be_taken_back() -> None:
    assert {state for state, row in TRANSITIONS.items() if not row} == FINAL_STATES - {State.CLOSED}
    assert {State.UNDOING, State.HANDING_ON} <= set(TRANSITIONS[State.CLOSED].values())


@pytest.mark.parametrize("state", TRANSITIONS)
def test_every_state_can_be_reached_and_left(state: State) -> None:
    targets = {target for row in TRANSITIONS.values() for target in row.values()}
    assert state in targets | {State.PLANNING}
    assert TRANSITIONS[state] or state in FINAL_STATES
