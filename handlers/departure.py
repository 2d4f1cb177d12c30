"""A departure's life: states, transition table, decide and evolve. Pure.

`decide(departure, command, by, now)` answers what a person's command leads to: events, or a `Refusal` that says why
not. `evolve(departure, event)` applies one event. What the run finds out arrives as an event too. A departure is what
its events add up to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, assert_never

from pydantic import TypeAdapter

from connectors.base import Account, Inventory
from handlers import policy
from handlers.events import (
    Approved,
    BackupConfirmed,
    Cancelled,
    Event,
    ExceptionSigned,
    Interrupted,
    MailboxConfirmed,
    Opened,
    Outcome,
    Planned,
    Problem,
    Retried,
    RunEnded,
    SentBack,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    Voided,
)
from handlers.people import Party, Person
from handlers.plan import Difference, Plan, digest, make_plan
from handlers.playbooks import StepKey, automatic
from handlers.refusal import Refusal
from handlers.rules import Suggestion, successor_problem


class State(StrEnum):
    PLANNING = "planning"
    SUCCESSOR = "successor"
    APPROVAL = "approval"
    MAILBOX = "mailbox"
    RUNNING = "running"
    ATTENTION = "attention"
    BACKUP = "backup"
    CLOSED = "closed"
    CANCELLED = "cancelled"


FINAL_STATES: Final = frozenset({State.CLOSED, State.CANCELLED})


# States in which a person is asked; each time one is entered, a new prompt goes out.
ASKING: Final = frozenset({State.SUCCESSOR, State.APPROVAL, State.MAILBOX, State.ATTENTION, State.BACKUP})


@dataclass(frozen=True)
class Decision:
    """The last thing that a person decided; told to whoever comes second."""

    key: str
    by: Person
    at: datetime


# Where each event leads. What is not in the row of the present state cannot happen there. README draws this table.
TRANSITIONS: Final[dict[State, dict[type[Event], State | None]]] = {
    State.PLANNING: {Planned: State.SUCCESSOR, Interrupted: State.ATTENTION, Cancelled: State.CANCELLED},
    State.SUCCESSOR: {SuccessorConfirmed: State.APPROVAL, Cancelled: State.CANCELLED},
    State.APPROVAL: {Approved: State.MAILBOX, SentBack: State.SUCCESSOR, Cancelled: State.CANCELLED},
    State.MAILBOX: {MailboxConfirmed: State.RUNNING, Cancelled: State.CANCELLED},
    State.RUNNING: {
        StepEnded: State.RUNNING,
        Voided: State.APPROVAL,
        Interrupted: State.ATTENTION,
        RunEnded: State.BACKUP,
    },
    # None: back to where the problem arose, planning or running.
    State.ATTENTION: {Retried: None, ExceptionSigned: State.RUNNING, Cancelled: State.CANCELLED},
    State.BACKUP: {BackupConfirmed: State.CLOSED},
    State.CLOSED: {},
    State.CANCELLED: {},
}


@dataclass(frozen=True)
class Prompt:
    """One question to a person. `turn` tells it from earlier ones of its kind; `answer` is None while it is open."""

    kind: State
    turn: int
    asked_at: datetime
    answer: Decision | None = None
    reason: str = ""  # what came with the answer: why it was sent back, what the exception rests on
    problem: Problem | None = None  # what somebody's attention was asked for


@dataclass(frozen=True)
class Departure:
    """One leaver's off-boarding. `turn` grows with each change of state, `revision` with each event."""

    id: str
    leaver: Person
    admin: Person
    accounts: dict[str, Account]
    opened_at: datetime
    since: datetime  # when the present state began
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
    plan: Plan | None = None
    digest: str | None = None
    approved: Decision | None = None
    sent_back: str | None = None
    differences: tuple[Difference, ...] = ()
    mailbox: Decision | None = None
    mailbox_note: str = ""
    steps: tuple[StepResult, ...] = ()
    problem: Problem | None = None
    interrupted: State | None = None
    backup: Decision | None = None
    last: Decision | None = None

    @property
    def open_key(self) -> str | None:
        """Unique among open departures: one leaver, one case. None once it has ended."""
        if self.state in FINAL_STATES:
            return None
        return "|".join(f"{account.system}:{account.id}" for account in self.accounts.values())

    @property
    def written(self) -> bool:
        """Whether the run may have changed records already, so that cancelling no longer leaves all as it was."""
        return any(result.step is StepKey.SNAPSHOT for result in self.steps)

    def next_step(self) -> tuple[str, StepKey] | None:
        """The first automatic step that has not ended yet: (system, step). None when all have."""
        ended = {(result.system, result.step) for result in self.steps}
        for system in self.plan.systems if self.plan else ():
            for step in automatic(system.system):
                if (system.system, step) not in ended:
                    return system.system, step
        return None


_DEPARTURE: Final = TypeAdapter(Departure)


def departure_to_json(departure: Departure) -> str:
    return _DEPARTURE.dump_json(departure).decode()


@lru_cache(64)
def departure_from_json(text: str) -> Departure:
    """A run asks for the same text hundreds of times: each unit of its work begins with the departure."""
    return _DEPARTURE.validate_json(text)


# Commands: what a person asks of an open departure


@dataclass(frozen=True)
class ConfirmSuccessor:
    """`successors` has one account for each system; `person` is the same human in the chat product."""

    successors: dict[str, Account]
    person: Person
    leaving: frozenset[str]


@dataclass(frozen=True)
class Approve:
    digest: str


@dataclass(frozen=True)
class SendBack:
    reason: str


@dataclass(frozen=True)
class ConfirmMailbox:
    note: str


@dataclass(frozen=True)
class ConfirmBackup:
    note: str


@dataclass(frozen=True)
class Retry:
    pass


@dataclass(frozen=True)
class SignException:
    reason: str


@dataclass(frozen=True)
class CancelDeparture:
    pass


Command = (
    ConfirmSuccessor | Approve | SendBack | ConfirmMailbox | ConfirmBackup | Retry | SignException | CancelDeparture
)

_EXPECTED: Final[dict[type[Command], frozenset[State]]] = {
    ConfirmSuccessor: frozenset({State.SUCCESSOR}),
    Approve: frozenset({State.APPROVAL}),
    SendBack: frozenset({State.APPROVAL}),
    ConfirmMailbox: frozenset({State.MAILBOX}),
    ConfirmBackup: frozenset({State.BACKUP}),
    Retry: frozenset({State.ATTENTION}),
    SignException: frozenset({State.ATTENTION}),
    CancelDeparture: frozenset(s for s, row in TRANSITIONS.items() if Cancelled in row),
}

_RIGHT: Final = {
    ConfirmSuccessor: policy.may_choose_successor,
    Approve: policy.may_approve,
    SendBack: policy.may_approve,
    ConfirmMailbox: policy.may_confirm,
    ConfirmBackup: policy.may_confirm,
    Retry: policy.may_confirm,
    SignException: policy.may_sign,
    CancelDeparture: policy.may_cancel,
}


def decide(
    departure: Departure, command: Command, by: Party, *, now: datetime, turn: int | None = None
) -> tuple[Event, ...]:
    """What a command leads to. Raises `Refusal` when the person may not, or the moment for it has passed.

    `turn` is the turn in which the person was asked, where a button tells it.
    """
    case = policy.Case(departure.leaver, departure.admin, departure.lead)
    _RIGHT[type(command)](case, by)
    if departure.state not in _EXPECTED[type(command)] or turn not in (None, departure.turn):
        too_late = isinstance(command, CancelDeparture) and departure.state not in FINAL_STATES
        raise Refusal("cancel.too_late" if too_late else stale_reason(departure, by))
    match command:
        case ConfirmSuccessor():
            return _confirm_successor(departure, command, by, now)
        case Approve():
            return _approve(departure, command, by, now)
        case SendBack(reason):
            return (SentBack(at=now, by=by.person, reason=_required(reason)),)
        case ConfirmMailbox(note):
            return (MailboxConfirmed(at=now, by=by.person, note=note.strip()),)
        case ConfirmBackup(note):
            return (BackupConfirmed(at=now, by=by.person, note=note.strip()),)
        case Retry():
            return (Retried(at=now, by=by.person),)
        case SignException(reason):
            return _sign_exception(departure, reason, by, now)
        case CancelDeparture():
            if departure.written:
                raise Refusal("cancel.too_late")
            return (Cancelled(at=now, by=by.person),)
        case _:
            assert_never(command)


def stale_reason(departure: Departure, by: Party) -> str:
    """Why the moment for a decision has passed, as a key of the text catalogue."""
    mine = departure.last is not None and departure.last.by.same_as(by.person)
    return "stale.own" if mine else "stale"


def _required(reason: str) -> str:
    if not reason.strip():
        raise Refusal("reason.missing", field="reason")
    return reason.strip()


def _confirm_successor(departure: Departure, command: ConfirmSuccessor, by: Party, now: datetime) -> tuple[Event, ...]:
    inventories = departure.inventories or {}
    for system, candidate in command.successors.items():
        problem = successor_problem(departure.accounts[system], candidate, command.leaving)
        if problem:
            raise Refusal(problem, field="successor", name=candidate.name)
    plan = make_plan(inventories, command.successors, now)
    return (SuccessorConfirmed(at=now, by=by.person, successor=command.person, plan=plan, digest=digest(plan)),)


def _approve(departure: Departure, command: Approve, by: Party, now: datetime) -> tuple[Event, ...]:
    if departure.plan is None or command.digest != departure.digest or digest(departure.plan) != departure.digest:
        raise Refusal("approve.changed")
    approved = Approved(at=now, by=by.person, digest=command.digest)
    if departure.mailbox is None:
        return (approved,)
    # Approved anew after a drift: the mailbox was confirmed before and is as safe as it was.
    return approved, MailboxConfirmed(at=now, by=departure.mailbox.by, note=departure.mailbox_note)


CAN_BE_SIGNED: Final = frozenset({StepKey.TAG, StepKey.TRANSFER, StepKey.VERIFY, StepKey.DEACTIVATE, StepKey.RECOUNT})


def _sign_exception(departure: Departure, reason: str, by: Party, now: datetime) -> tuple[Event, ...]:
    problem = departure.problem
    if problem is None or departure.interrupted is not State.RUNNING or problem.step not in CAN_BE_SIGNED:
        raise Refusal("exception.impossible")
    reason = _required(reason)
    evidence: dict[str, int | str] = {"reason": reason, "left": problem.count, "code": problem.code}
    result = StepResult(problem.system, StepKey(problem.step), Outcome.SKIPPED, evidence, now)
    return (ExceptionSigned(at=now, by=by.person, reason=reason, result=result),)


def admissible(departure: Departure, event: Event) -> bool:
    """Whether an event can happen in the present state."""
    return type(event) in TRANSITIONS[departure.state]


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
    )


def evolve(departure: Departure, event: Event) -> Departure:
    """Apply one event. Raises `ValueError` for one that cannot happen in the present state."""
    if not admissible(departure, event):
        raise ValueError(f"{event.type} cannot happen in state {departure.state}")
    target = TRANSITIONS[departure.state][type(event)] or departure.interrupted or departure.state
    changed = _apply(departure, event)
    moved = target is not departure.state or isinstance(event, ExceptionSigned)
    return replace(
        changed,
        state=target,
        revision=departure.revision + 1,
        turn=departure.turn + moved,
        since=event.at if moved else departure.since,
        run=departure.run + (target is State.RUNNING and departure.state is not State.RUNNING),
        last=_decision(event) or departure.last,
        prompts=_prompts(departure, event, target) if moved else departure.prompts,
    )


def _decision(event: Event) -> Decision | None:
    return Decision(event.type, event.by, event.at) if event.by else None


def _prompts(departure: Departure, event: Event, target: State) -> tuple[Prompt, ...]:
    """Close the open prompt with what was decided, and open the next one where a person is asked."""
    answer = _decision(event) or Decision(event.type, Person(""), event.at)
    reason = getattr(event, "reason", "") or getattr(event, "note", "")
    closed = tuple(
        replace(prompt, answer=answer, reason=reason) if prompt.answer is None else prompt
        for prompt in departure.prompts
    )
    problem = event.problem if isinstance(event, Interrupted) else None
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
            )
        case SuccessorConfirmed():
            return replace(departure, successor=event.successor, plan=event.plan, digest=event.digest, sent_back=None)
        case Approved():
            return replace(departure, approved=by, differences=())
        case SentBack():
            return replace(departure, sent_back=event.reason, approved=None, differences=())
        case MailboxConfirmed():
            return replace(departure, mailbox=by, mailbox_note=event.note)
        case Voided():
            return replace(
                departure,
                approved=None,
                plan=event.plan,
                digest=event.digest,
                inventories=event.inventories,
                differences=event.differences,
                steps=(),
            )
        case StepEnded():
            return replace(departure, steps=(*departure.steps, event.result))
        case ExceptionSigned():
            return replace(departure, steps=(*departure.steps, event.result), problem=None, interrupted=None)
        case Interrupted():
            return replace(departure, problem=event.problem, interrupted=departure.state)
        case Retried():
            return replace(departure, problem=None, interrupted=None)
        case BackupConfirmed():
            return replace(departure, backup=by)
        case Opened() | RunEnded() | Cancelled():
            return departure
        case _:
            assert_never(event)
