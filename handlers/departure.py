"""A departure's life: states, transition table, evolve. Pure.

`evolve(departure, event)` applies one event; `decide` (beside this) says which events a person's command leads to, and
what the run finds out arrives as an event too. A departure is what its events add up to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from pydantic import TypeAdapter

from connectors.base import Account, AgendaItem, Inventory, MailCount
from handlers.checklist import Item
from handlers.events import (
    Announced,
    Approved,
    BackupConfirmed,
    BaselineTaken,
    Cancelled,
    ChecklistMade,
    Closed,
    DoneByHand,
    Escalated,
    Event,
    ExceptionSigned,
    GivenUp,
    HandOnStarted,
    HandoverAnswered,
    HandoverReply,
    Interrupted,
    ItemSettled,
    MailboxConfirmed,
    MailboxWaived,
    MailsCounted,
    Opened,
    Planned,
    Problem,
    Proven,
    Rechecked,
    Reminded,
    Rescheduled,
    Retried,
    Returned,
    RunEnded,
    RunStarted,
    SentBack,
    StartMoved,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    SystemLeftOut,
    SystemReturned,
    Undone,
    UndoStarted,
    Voided,
)
from handlers.mailbox import MailboxAnswers
from handlers.people import Person
from handlers.plan import Difference, Plan, canonical, fingerprint, plan_from
from handlers.playbooks import CHECKPOINTS, StepKey
from handlers.rules import Suggestion


class State(StrEnum):
    PLANNING = "planning"
    SUCCESSOR = "successor"
    APPROVAL = "approval"
    MAILBOX = "mailbox"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    ATTENTION = "attention"
    BACKUP = "backup"
    CHECKLIST = "checklist"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"
    HANDING_ON = "handing_on"


FINAL_STATES: Final = frozenset({State.CLOSED, State.CANCELLED, State.UNDONE})
# States in which work of ours goes on and can be interrupted.
WORKING: Final = frozenset({State.PLANNING, State.RUNNING, State.UNDOING, State.HANDING_ON})
# States in which records go back to the leaver, or on to the next one.
RETURNING: Final = frozenset({State.UNDOING, State.HANDING_ON})
# States before the first write, in which all can still be called off or put off.
BEFORE_RUN: Final = (State.PLANNING, State.SUCCESSOR, State.APPROVAL, State.MAILBOX, State.SCHEDULED)
# What an undo stops with that has reached all but some records: they were refused, or people have to give them back.
REFUSED: Final = "problem.undo_refused"
BY_HAND: Final = "guided.undo"
GONE_THROUGH: Final = frozenset({REFUSED, BY_HAND})
# States with records in other hands.
AFTER_RUN: Final = (State.BACKUP, State.CHECKLIST, State.CLOSED)

# States in which a person is asked; each time one is entered, a new prompt goes out.
ASKING: Final = frozenset(
    {State.SUCCESSOR, State.APPROVAL, State.MAILBOX, State.ATTENTION, State.BACKUP, State.CHECKLIST}
)


@dataclass(frozen=True)
class Decision:
    """The last thing that a person decided; told to whoever comes second."""

    key: str
    by: Person
    at: datetime


def _table(rows: dict[State, dict[type[Event], State | None]]) -> dict[State, dict[type[Event], State | None]]:
    """Add what can happen beside the main line, and leaves the state as it is."""
    for state in BEFORE_RUN:
        rows[state] |= {Rescheduled: state}
    for state in ASKING:
        rows[state] |= {Reminded: state, Escalated: state}
    for state in (State.RUNNING, State.ATTENTION, *AFTER_RUN):
        rows[state] |= {Announced: state, HandoverAnswered: state}
    for state in (
        State.MAILBOX, State.SCHEDULED, State.RUNNING, State.ATTENTION, State.BACKUP, State.CHECKLIST,
    ):  # fmt: skip
        rows[state] |= {ItemSettled: state}
    for state in AFTER_RUN:
        rows[state] |= {Reminded: state}
    return rows


# Where each event leads. What is not in the row of the present state cannot happen there. README draws this table.
TRANSITIONS: Final = _table({
    State.PLANNING: {Planned: State.SUCCESSOR, Interrupted: State.ATTENTION, Cancelled: State.CANCELLED},
    State.SUCCESSOR: {SuccessorConfirmed: State.APPROVAL, Cancelled: State.CANCELLED},
    State.APPROVAL: {
        ChecklistMade: State.APPROVAL,
        Approved: State.MAILBOX,
        StartMoved: State.APPROVAL,
        SentBack: State.SUCCESSOR,
        Cancelled: State.CANCELLED,
    },
    State.MAILBOX: {
        MailboxConfirmed: State.SCHEDULED,
        MailboxWaived: State.SCHEDULED,
        StartMoved: State.APPROVAL,
        Cancelled: State.CANCELLED,
    },
    State.SCHEDULED: {
        StartMoved: State.APPROVAL,RunStarted: State.RUNNING, Reminded: State.SCHEDULED, Cancelled: State.CANCELLED},
    State.RUNNING: {
        StepEnded: State.RUNNING,
        BaselineTaken: State.RUNNING,
        MailsCounted: State.RUNNING,
        Voided: State.APPROVAL,
        Interrupted: State.ATTENTION,
        RunEnded: State.BACKUP,
        Proven: State.CHECKLIST,
    },
    # None: back to where the problem arose.
    State.ATTENTION: {
        Retried: None,
        SystemLeftOut: State.PLANNING,
        ExceptionSigned: State.RUNNING,
        DoneByHand: State.RUNNING,
        # Of the other systems, in which the work goes on.
        StepEnded: State.ATTENTION,
        BaselineTaken: State.ATTENTION,
        MailsCounted: State.ATTENTION,
        Interrupted: State.ATTENTION,
        SystemReturned: State.ATTENTION,
        GivenUp: None,
        Cancelled: State.CANCELLED,
        UndoStarted: State.UNDOING,
    },
    State.BACKUP: {BackupConfirmed: State.RUNNING, UndoStarted: State.UNDOING},
    State.CHECKLIST: {Closed: State.CLOSED, UndoStarted: State.UNDOING},
    State.CLOSED: {
        Rechecked: State.CLOSED,
        UndoStarted: State.UNDOING,
        HandOnStarted: State.HANDING_ON,
    },
    State.CANCELLED: {},
    State.UNDOING: {
        SystemReturned: State.UNDOING,
        Returned: State.CLOSED,
        Undone: State.UNDONE,
        Interrupted: State.ATTENTION,
    },
    State.UNDONE: {},
    State.HANDING_ON: {
        SystemReturned: State.HANDING_ON,
        Returned: State.CLOSED,
        Interrupted: State.ATTENTION,
    },
})  # fmt: skip


@dataclass(frozen=True)
class Prompt:
    """One question to a person. `turn` tells it from earlier ones of its kind; `answer` is None while it is open."""

    kind: State
    turn: int
    asked_at: datetime
    answer: Decision | None = None
    reason: str = ""  # what came with the answer: why it was sent back, what the exception rests on
    problem: Problem | None = None  # what somebody's attention was asked for
    besides: tuple[Person, ...] = ()  # who was asked as well, because the others were silent
    besides_at: datetime | None = None


@dataclass(frozen=True)
class Reminder:
    """`about` is the state in which somebody is asked, or what else is due; `turn` is when."""

    about: str
    turn: int
    at: datetime


@dataclass(frozen=True)
class Undoing:
    """What an undo takes back; or with `to` what is handed on, from the accounts `holders` of each system. `through`
    are the systems in which it has ended; `left_in` those of them that it had not gone through when somebody had it end
    as it was. `given_up` is the key of the problem with which they did."""

    by: Person
    at: datetime
    modules: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    run: int = 0  # in which it began
    to: Mapping[str, Account] = field(default_factory=dict)
    person: Person | None = None
    people: Mapping[str, Person] = field(default_factory=dict)  # in single systems, where it is not `person`
    result: Returned | Undone | None = None
    holders: Mapping[str, str] = field(default_factory=dict)
    given_up: str = ""
    through: tuple[str, ...] = ()
    left_in: tuple[str, ...] = ()

    def concerns(self, system: str) -> bool:
        places = (*self.modules, *(record for record in self.records if "/" in record))
        named = set(self.to) or {place.partition("/")[0] for place in places}
        return not named or system in named


@dataclass(frozen=True)
class LeftOut:
    """A system in which nothing is handed over, since it could not be asked, and who went on without it. `account` is
    the leaver's there, as far as it is known."""

    system: str
    by: Person
    at: datetime
    reason: str = ""
    account: Account | None = None


@dataclass(frozen=True)
class HandoverAnswer:
    by: Person
    at: datetime
    reply: HandoverReply
    note: str


@dataclass(frozen=True)
class Departure:
    """One leaver's off-boarding. `turn` grows with each change of state, `revision` with each event."""

    id: str
    leaver: Person
    admin: Person
    accounts: dict[str, Account]
    opened_at: datetime
    since: datetime  # when the present state began, or somebody was last asked
    number: int = 0  # given by the store
    state: State = State.PLANNING
    turn: int = 1
    revision: int = 0
    run: int = 0
    lead: Person | None = None
    approvers: tuple[Person, ...] = ()  # who is asked to approve: the lead, or else the other admins
    prompts: tuple[Prompt, ...] = ()
    inventories: dict[str, Inventory] | None = None
    suggestion: Suggestion | None = None
    successor: Person | None = None
    signed: str | None = None  # the plan, as the text whose digest an approval signs
    digest: str | None = None
    approved: Decision | None = None
    sent_back: str | None = None
    differences: tuple[Difference, ...] = ()
    mailbox: Decision | None = None
    mailbox_note: str = ""
    steps: tuple[StepResult, ...] = ()
    problem: Problem | None = None  # that somebody is asked about
    also_stopped: tuple[Problem, ...] = ()  # in other systems: asked about once the first is settled
    interrupted: State | None = None
    backup: Decision | None = None
    last: Decision | None = None
    start_moved: StartMoved | None = None  # what the approver is asked about anew
    due: datetime | None = None  # when the run is to begin; None: as soon as people have decided
    emergency: bool = False
    moves: Mapping[str, int] = field(default_factory=dict)  # before there is a plan, by "system/module"
    receivers: Mapping[str, Person] = field(default_factory=dict)  # by "system/account id"
    mailbox_answers: MailboxAnswers | None = None
    retention_until: datetime | None = None  # when the time for retaining the e-mails is over
    waived: str = ""  # why the run began with the mailbox step open
    mails_before: Mapping[str, tuple[MailCount, ...]] = field(default_factory=dict)  # by system
    mails_after: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by system and record
    agenda: Mapping[str, tuple[AgendaItem, ...]] = field(default_factory=dict)  # by system
    checklist: tuple[Item, ...] = ()
    announced: Decision | None = None
    reminders: tuple[Reminder, ...] = ()
    escalated: tuple[Person, ...] = ()  # who was asked besides, in this turn
    answers: tuple[HandoverAnswer, ...] = ()
    moved_in: int | None = None  # the run in which all records changed hands; later ones count, or give back
    closed_at: datetime | None = None
    rechecks: tuple[Rechecked, ...] = ()
    undoings: tuple[Undoing, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    further: tuple[Account, ...] = ()  # of the leaver, in the same systems: nothing is moved of these

    @property
    def plan(self) -> Plan | None:
        return None if self.signed is None else plan_from(self.signed)

    @property
    def is_as_signed(self) -> bool:
        """Whether there is a plan, and the digest is that of its text."""
        return self.signed is not None and fingerprint(self.signed) == self.digest

    @property
    def open_key(self) -> str | None:
        """Unique among open departures: one leaver, one case. None once it has ended."""
        if self.state in FINAL_STATES:
            return None
        return "|".join(f"{account.system}:{account.id}" for account in self.accounts.values())

    @property
    def written(self) -> bool:
        """Whether the run may have changed something already, so that cancelling no longer leaves all as it was.

        Only the comparison has another step behind it that just reads. Whatever follows any other may have begun.
        """
        return any(result.step is not StepKey.COMPARE for result in self.steps)

    @property
    def planner(self) -> Person | None:
        """Who made the plan, by choosing the successor."""
        answers = (prompt.answer for prompt in reversed(self.prompts) if prompt.answer)
        return next((answer.by for answer in answers if answer.key == SuccessorConfirmed.type), None)

    @property
    def open_items(self) -> tuple[Item, ...]:
        """What of the checklist is not settled yet."""
        return tuple(item for item in self.checklist if not item.settled)

    @property
    def asked_besides(self) -> tuple[Person, ...]:
        """People who are asked because whoever should have decided was silent."""
        return self.escalated if self.state in ASKING else ()

    def next_step(self, system: str) -> StepKey | None:
        """The first automatic step of a system that is due and has not ended yet; None when all have.

        What follows the retention of the mails is due once a person has confirmed that.
        """
        ended = {result.step for result in self.steps if result.system == system}
        for step in self.plan.system(system).steps if self.plan else ():
            if step is StepKey.RETENTION and self.backup is None:
                return None
            if step not in CHECKPOINTS and step not in ended:
                return step
        return None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What has stopped the work, the one that somebody is asked about first."""
        return (self.problem, *self.also_stopped) if self.problem else ()

    def stopped(self, system: str) -> bool:
        return any(problem.system == system for problem in self.problems)

    @property
    def work(self) -> State:
        """The state in which the work goes on, also while somebody is asked about a system in which it has stopped."""
        return self.interrupted if self.state is State.ATTENTION and self.interrupted else self.state

    @property
    def working_in(self) -> tuple[str, ...]:
        """The systems in which there is something to do and nothing in its way, also while others have stopped."""
        systems = [each.system for each in self.plan.systems] if self.plan else []
        return tuple(system for system in systems if self._has_work(system) and not self.stopped(system))

    def _has_work(self, system: str) -> bool:
        if self.work in RETURNING:
            undoing = self.undoings[-1]
            return undoing.concerns(system) and system not in undoing.through
        return self.work is State.RUNNING and self.next_step(system) is not None


_DEPARTURE: Final = TypeAdapter(Departure)


def departure_to_json(departure: Departure) -> str:
    return _DEPARTURE.dump_json(departure).decode()


@lru_cache(64)
def departure_from_json(text: str) -> Departure:
    """A run asks for the same text hundreds of times: each unit of its work begins with the departure."""
    return _DEPARTURE.validate_json(text)


def admissible(departure: Departure, event: Event) -> bool:
    """Whether an event can happen in the present state."""
    return type(event) in TRANSITIONS[departure.state] and _fits(departure, event)


def _fits(departure: Departure, event: Event) -> bool:
    """While somebody is asked about a system, what happens to the others goes by the work that goes on there."""
    match event:
        case GivenUp() | SystemReturned():  # nothing is given up but what was begun after the run
            return departure.work in RETURNING
        case StepEnded() | BaselineTaken() | MailsCounted() | ExceptionSigned() | DoneByHand():
            return departure.work is State.RUNNING
        case Interrupted(problem=problem):
            return not departure.stopped(problem.system)
        case SystemLeftOut(system=system):
            return departure.work is State.PLANNING and departure.accounts.keys() > {system}
        case _:
            return True


def open_departure(departure_id: str, event: Opened) -> Departure:
    """The departure that an `Opened` event begins."""
    return Departure(
        id=departure_id,
        leaver=event.leaver,
        admin=event.admin,
        accounts=event.accounts,
        opened_at=event.at,
        since=event.at,
        revision=1,
        due=event.due,
        emergency=event.emergency,
        left_out=tuple(LeftOut(system, event.admin, event.at) for system in event.without),
        further=event.further,
    )


def evolve(departure: Departure, event: Event) -> Departure:
    """Apply one event. Raises `ValueError` for one that cannot happen in the present state."""
    if not admissible(departure, event):
        raise ValueError(f"{event.type} cannot happen in state {departure.state}")
    target = TRANSITIONS[departure.state][type(event)] or departure.interrupted or departure.state
    changed = _apply(departure, event)
    resumed = isinstance(event, Retried | ExceptionSigned | DoneByHand | GivenUp)
    if resumed and changed.problem:
        target = State.ATTENTION  # another system has stopped as well
    moved = target is not departure.state or resumed or isinstance(event, StartMoved)
    works = target in (State.RUNNING, State.UNDOING, State.HANDING_ON)
    return replace(
        changed,
        state=target,
        revision=departure.revision + 1,
        turn=departure.turn + moved,
        since=event.at if moved else departure.since,
        run=departure.run + ((works and departure.state is not target) or (resumed and target is State.ATTENTION)),
        last=_decision(event) or departure.last,
        prompts=_prompts(departure, event, target, changed.problem) if moved else changed.prompts,
        escalated=() if moved else changed.escalated,
    )


def _decision(event: Event) -> Decision | None:
    return Decision(event.type, event.by, event.at) if event.by else None


def _prompts(departure: Departure, event: Event, target: State, problem: Problem | None) -> tuple[Prompt, ...]:
    """Close the open prompt with what was decided, and open the next one where a person is asked."""
    answer = _decision(event) or Decision(event.type, Person(""), event.at)
    reason = getattr(event, "reason", "") or getattr(event, "note", "")
    closed = tuple(
        replace(prompt, answer=answer, reason=reason) if prompt.answer is None else prompt
        for prompt in departure.prompts
    )
    asked = Prompt(target, departure.turn + 1, event.at, problem=problem)
    return (*closed, asked) if target in ASKING else closed


def evolved(departure: Departure, events: Sequence[Event]) -> Departure:
    """Apply events in order."""
    for event in events:
        departure = evolve(departure, event)
    return departure


def _apply(departure: Departure, event: Event) -> Departure:
    by = _decision(event)
    match event:
        case Planned():
            return replace(
                departure,
                inventories=event.inventories,
                lead=event.lead,
                approvers=event.approvers,
                suggestion=event.suggestion,
                moves=event.moves,
            )
        case SystemLeftOut(system=system):
            without = LeftOut(system, event.by or departure.admin, event.at, event.reason, departure.accounts[system])
            return replace(
                departure,
                accounts={key: account for key, account in departure.accounts.items() if key != system},
                left_out=(*departure.left_out, without),
                problem=None,
                also_stopped=(),
                interrupted=None,
            )
        case SuccessorConfirmed():
            return replace(
                departure,
                successor=event.successor,
                signed=canonical(event.plan),
                digest=event.digest,
                receivers=event.receivers,
                approvers=event.approvers or departure.approvers,
                sent_back=None,
            )
        case ChecklistMade():
            return replace(departure, checklist=event.items)
        case Approved():
            return replace(departure, approved=by, differences=(), start_moved=None)
        case SentBack():
            return replace(departure, sent_back=event.reason, approved=None, differences=())
        case MailboxConfirmed():
            settled = replace(departure, mailbox=by or departure.mailbox, waived="")
            return replace(settled, mailbox_note=event.note, mailbox_answers=event.answers)
        case MailboxWaived():
            return replace(departure, mailbox=by or departure.mailbox, waived=event.reason)
        case Rescheduled():
            return replace(departure, due=event.due)
        case StartMoved():
            return replace(departure, due=event.due, approved=None, start_moved=event)
        case Voided():
            return replace(
                departure,
                approved=None,
                signed=canonical(event.plan),
                digest=event.digest,
                inventories=event.inventories,
                differences=event.differences,
                steps=(),
            )
        case _:
            return _apply_to_run(departure, event, by)


def _apply_to_run(departure: Departure, event: Event, by: Decision | None) -> Departure:
    match event:
        case Interrupted() if departure.problem:
            others = tuple(each for each in departure.also_stopped if each.system != event.problem.system)
            return replace(departure, also_stopped=(*others, event.problem))
        case Interrupted():
            return replace(departure, problem=event.problem, interrupted=departure.state)
        case Retried():
            return replace(departure, problem=None, also_stopped=(), interrupted=None)
        case Proven():
            return replace(departure, moved_in=departure.moved_in or departure.run)
        case RunEnded():
            return replace(departure, moved_in=departure.run, retention_until=event.retention_until)
        case BackupConfirmed():
            return replace(departure, backup=by)
        case Announced():
            return replace(departure, announced=by or Decision(event.type, departure.admin, event.at))
        case Escalated():
            *earlier, last = departure.prompts
            wider = replace(last, besides=(*last.besides, *event.to), besides_at=event.at)
            return replace(departure, escalated=(*departure.escalated, *event.to), prompts=(*earlier, wider))
        case Closed():
            return replace(departure, closed_at=event.at)
        case _:
            return _note(departure, event)


def _note(departure: Departure, event: Event) -> Departure:
    """Apply what adds to a list."""
    match event:
        case StepEnded():
            return replace(departure, steps=(*departure.steps, event.result))
        case ExceptionSigned() | DoneByHand():
            return _next_problem(replace(departure, steps=(*departure.steps, event.result)))
        case BaselineTaken():
            return replace(
                departure,
                mails_before={**departure.mails_before, event.system: event.mails},
                agenda={**departure.agenda, event.system: event.agenda},
            )
        case MailsCounted():
            return replace(departure, mails_after={**departure.mails_after, event.system: event.counts})
        case ItemSettled():
            return replace(departure, checklist=tuple(_settled(item, event) for item in departure.checklist))
        case Reminded():
            return replace(departure, reminders=(*departure.reminders, Reminder(event.about, departure.turn, event.at)))
        case HandoverAnswered(reply=reply, note=note, by=by, at=at):
            answer = HandoverAnswer(by or departure.admin, at, reply, note)
            return replace(departure, answers=(*departure.answers, answer))
        case Rechecked():
            return replace(departure, rechecks=(*departure.rechecks, event))
        case UndoStarted(by=by, at=at, modules=modules, records=records):
            undoing = Undoing(by or departure.admin, at, modules, records, run=departure.run + 1)
            undoings, moved_in = (*departure.undoings, undoing), departure.moved_in or departure.run
            return replace(
                departure, undoings=undoings, moved_in=moved_in, problem=None, also_stopped=(), interrupted=None
            )
        case HandOnStarted(by=by, at=at, accounts=accounts, person=person, holders=holders, people=people):
            by = by or departure.admin
            undoing = Undoing(by, at, run=departure.run + 1, to=accounts, person=person, holders=holders, people=people)
            return replace(departure, undoings=(*departure.undoings, undoing))
        case GivenUp():
            *earlier, last = departure.undoings
            as_it_is = _given_up(last, departure.problem) if departure.problem else last
            return _next_problem(replace(departure, undoings=(*earlier, as_it_is)))
        case SystemReturned(system=system):
            *earlier, last = departure.undoings
            return replace(departure, undoings=(*earlier, replace(last, through=(*last.through, system))))
        case Returned() | Undone():
            *earlier, last = departure.undoings
            ended = replace(departure, undoings=(*earlier, replace(last, result=event)))
            passed_on = event.records or event.fields.get("records")
            return _handed_on(ended, last, last.person) if last.person and passed_on else ended
        case _:
            return departure


def _given_up(undoing: Undoing, problem: Problem) -> Undoing:
    """It ends in one system as it is; the others go on. What has not gone through anywhere counts for the whole."""
    through = problem.key in GONE_THROUGH
    worse = undoing.given_up and undoing.given_up not in GONE_THROUGH
    return replace(
        undoing,
        given_up=undoing.given_up if worse else problem.key,
        through=(*undoing.through, problem.system),
        left_in=undoing.left_in if through else (*undoing.left_in, problem.system),
    )


def _next_problem(departure: Departure) -> Departure:
    """The problem that somebody was asked about is settled; they are asked about the next one, if there is one."""
    if not departure.also_stopped:
        return replace(departure, problem=None, interrupted=None)
    following, *rest = departure.also_stopped
    return replace(departure, problem=following, also_stopped=tuple(rest))


def _handed_on(departure: Departure, undoing: Undoing, person: Person) -> Departure:
    """Records are with the next one; who is the successor, where it was the successor who had them."""
    reached = {s: account for s, account in undoing.to.items() if s not in undoing.left_in}
    found = {f"{s}/{account.id}": undoing.people.get(s, person) for s, account in reached.items()}
    holders = [departure.receivers.get(f"{system}/{account}") for system, account in undoing.holders.items()]
    others = [each for each in holders if each and not each.same_as(departure.successor)]
    return replace(
        departure,
        successor=departure.successor if others or undoing.left_in else person,
        receivers={**departure.receivers, **found},
    )


def _settled(item: Item, event: ItemSettled) -> Item:
    if item.key != event.key:
        return item
    return replace(item, state=event.state, by=event.by, at=event.at, note=event.note)
