"""What a command leads to: events, or a `Refusal` that says why not. Pure.

`decide(departure, command, by, now)` checks the right of the person, then whether the moment is still there, then what
was asked; `departure.evolve` applies the events.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from connectors.base import Account
from handlers import policy
from handlers.checklist import SETTLED, Assignees, Item, ItemState, items_for, renewed
from handlers.commands import (
    Announce,
    AnswerHandover,
    Approve,
    CancelDeparture,
    Command,
    ConfirmBackup,
    ConfirmByHand,
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
from handlers.departure import FINAL_STATES, RETURNING, TRANSITIONS, Departure, State
from handlers.events import (
    Announced,
    Approved,
    BackupConfirmed,
    Cancelled,
    ChecklistMade,
    Closed,
    DoneByHand,
    Event,
    ExceptionSigned,
    GivenUp,
    HandOnStarted,
    HandoverAnswered,
    HandoverReply,
    ItemSettled,
    MailboxConfirmed,
    MailboxWaived,
    Outcome,
    Rescheduled,
    Retried,
    RunStarted,
    SentBack,
    StartMoved,
    StepResult,
    SuccessorConfirmed,
    SystemLeftOut,
    UndoStarted,
)
from handlers.handing_on import can_hand_on, held_by, holder_of
from handlers.identity import own_of
from handlers.left_to_people import left_to_people
from handlers.mailbox import loses_by_lock_out, mailbox_problem
from handlers.mails import mailbox_kinds
from handlers.people import Party
from handlers.plan import digest, make_plan
from handlers.playbooks import StepKey
from handlers.practice import Release
from handlers.refusal import Refusal
from handlers.rules import successor_problem
from handlers.undoing import can_be_given_up


def _states_of(event: type[Event]) -> frozenset[State]:
    return frozenset(state for state, row in TRANSITIONS.items() if event in row)


_EXPECTED: Final[dict[type[Command], frozenset[State]]] = {
    ConfirmSuccessor: frozenset({State.SUCCESSOR}),
    Approve: frozenset({State.APPROVAL}),
    SendBack: frozenset({State.APPROVAL}),
    ConfirmMailbox: frozenset({State.MAILBOX}),
    WaiveMailbox: frozenset({State.MAILBOX}),
    Reschedule: _states_of(Rescheduled),
    ConfirmBackup: frozenset({State.BACKUP}),
    SettleItem: _states_of(ItemSettled),
    Announce: _states_of(Announced),
    AnswerHandover: _states_of(HandoverAnswered),
    Retry: frozenset({State.ATTENTION}),
    SignException: frozenset({State.ATTENTION}),
    ConfirmByHand: frozenset({State.ATTENTION}),
    CancelDeparture: _states_of(Cancelled),
    StartUndo: _states_of(UndoStarted),
    HandOn: _states_of(HandOnStarted),
}

_RIGHT: Final = {
    ConfirmSuccessor: policy.may_choose_successor,
    Approve: policy.may_approve,
    SendBack: policy.may_approve,
    ConfirmMailbox: policy.may_confirm,
    WaiveMailbox: policy.may_sign,
    Reschedule: policy.may_cancel,
    ConfirmBackup: policy.may_confirm,
    SettleItem: policy.may_settle,
    Announce: policy.may_confirm,
    AnswerHandover: policy.may_answer_handover,
    Retry: policy.may_confirm,
    SignException: policy.may_sign,
    ConfirmByHand: policy.may_confirm,
    CancelDeparture: policy.may_cancel,
    StartUndo: policy.may_undo,
    HandOn: policy.may_undo,
}
# Commands that come too late rather than second, and the sentence that says so.
_TOO_LATE: Final = {
    CancelDeparture: "cancel.too_late",
    Reschedule: "reschedule.too_late",
    StartUndo: "undo.not_now",
    HandOn: "hand_on.not_now",
    Announce: "announce.not_now",
    SettleItem: "checklist.not_now",
    AnswerHandover: "handover.not_now",
}


def decide(
    departure: Departure, command: Command, by: Party, *, now: datetime, turn: int | None = None
) -> tuple[Event, ...]:
    """What a command leads to. Raises `Refusal` when the person may not, or the moment for it has passed.

    `turn` is the turn in which the person was asked, where a button tells it.
    """
    _RIGHT[type(command)](case_of(departure), by)
    if departure.state not in _EXPECTED[type(command)] or turn not in (None, departure.turn):
        late = _TOO_LATE.get(type(command)) if departure.state not in _EXPECTED[type(command)] else None
        ended = isinstance(command, CancelDeparture | Reschedule) and departure.state in FINAL_STATES
        raise Refusal(late if late and not ended else stale_reason(departure, by))
    events: tuple[Event, ...] = _DECISIONS[type(command)](departure, command, by, now)
    return events


def case_of(departure: Departure) -> policy.Case:
    return policy.Case(
        departure.leaver,
        departure.admin,
        departure.lead,
        successors=tuple(departure.receivers.values()) or ((departure.successor,) if departure.successor else ()),
        assignees=tuple(item.assignee for item in departure.checklist),
        planner=departure.planner,
    )


def stale_reason(departure: Departure, by: Party) -> str:
    """Why the moment for a decision has passed, as a key of the text catalogue."""
    mine = departure.last is not None and departure.last.by.same_as(by.person)
    return "stale.own" if mine else "stale"


def _send_back(_: Departure, command: SendBack, by: Party, now: datetime) -> tuple[Event, ...]:
    return (SentBack(at=now, by=by.person, reason=_required(command.reason)),)


def _waive_mailbox(departure: Departure, command: WaiveMailbox, by: Party, now: datetime) -> tuple[Event, ...]:
    waived = MailboxWaived(at=now, by=by.person, reason=_required(command.reason))
    return (waived, *_start_if_due(departure, now))


def _confirm_backup(_: Departure, command: ConfirmBackup, by: Party, now: datetime) -> tuple[Event, ...]:
    return (BackupConfirmed(at=now, by=by.person, note=_evidence(command.note)),)


def _answer_handover(departure: Departure, command: AnswerHandover, by: Party, now: datetime) -> tuple[Event, ...]:
    if departure.moved_in is None:
        raise Refusal("handover.not_now")
    accepted = command.reply is HandoverReply.ACCEPTED
    note = command.note.strip() if accepted else _required(command.note)
    return (HandoverAnswered(at=now, by=by.person, reply=command.reply, note=note),)


def _retry(_: Departure, __: Retry, by: Party, now: datetime) -> tuple[Event, ...]:
    return (Retried(at=now, by=by.person),)


def _cancel(departure: Departure, _: CancelDeparture, by: Party, now: datetime) -> tuple[Event, ...]:
    if departure.written:
        raise Refusal("cancel.too_late")
    return (Cancelled(at=now, by=by.person),)


def _required(reason: str) -> str:
    if not reason.strip():
        raise Refusal("reason.missing", field="reason")
    return reason.strip()


def _evidence(note: str) -> str:
    if not note.strip():
        raise Refusal("evidence.missing", field="note")
    return note.strip()


def _confirm_successor(departure: Departure, command: ConfirmSuccessor, by: Party, now: datetime) -> tuple[Event, ...]:
    inventories = departure.inventories or {}
    approvers = policy.may_plan(case_of(departure), by, command.admins)
    first, own = next(iter(command.handovers)), own_of(departure, command.method.practice)
    for system, handover in command.handovers.items():
        others = (*(route.to for route in handover.routes), *handover.allocate_to)
        candidates = {"successor": (handover.successor,), "others": others}
        for field_name, accounts in candidates.items():
            named = f"{field_name}.{system}" if field_name == "successor" and system != first else field_name
            _check_receivers(departure, system, accounts, named, leaving=command.leaving, own=own)
    plan = make_plan(inventories, command.handovers, now, command.method)
    successor = command.receivers[f"{first}/{command.handovers[first].successor.id}"]
    return (
        SuccessorConfirmed(
            at=now,
            by=by.person,
            successor=successor,
            plan=plan,
            digest=digest(plan),
            receivers=dict(command.receivers),
            approvers=approvers,
        ),
    )


def _check_receivers(
    departure: Departure, system: str, accounts: Sequence[Account], field_name: str, *,
    leaving: frozenset[str], own: frozenset[str],
) -> None:  # fmt: skip
    for candidate in accounts:
        problem = successor_problem(departure.accounts[system], candidate, leaving, own)
        if problem:
            raise Refusal(problem, field=field_name, name=candidate.name)


def _approve(departure: Departure, command: Approve, by: Party, now: datetime) -> tuple[Event, ...]:
    if departure.plan is None or command.digest != departure.digest or not departure.is_as_signed:
        raise Refusal("approve.changed")
    events: list[Event] = []
    by_us = {system.system for system in departure.plan.systems}  # an item of that key is what the bot does there
    template = (*(each for each in command.template if each.key not in by_us), *left_to_people(departure.plan))
    assignees = Assignees(departure.admin, departure.lead, departure.successor, command.people)
    items = renewed(departure.checklist, items_for(template, assignees, start=departure.due or now))
    if items != departure.checklist:
        events.append(ChecklistMade(at=now, items=items))
    events.append(Approved(at=now, by=by.person, digest=command.digest))
    return (*events, *_mailbox_again(departure, now))


def _mailbox_again(departure: Departure, now: datetime) -> tuple[Event, ...]:
    """Approved anew after a drift: the mailbox is as it was when somebody confirmed or waived it. Where there is none,
    an emergency need not ask."""
    first = departure.mailbox.at if departure.mailbox else None
    if first and departure.waived:
        again: Event = MailboxWaived(at=now, reason=departure.waived, first=first)
    elif first:
        note, answers = departure.mailbox_note, departure.mailbox_answers
        again = MailboxConfirmed(at=now, note=note, answers=answers, first=first)
    elif not _asks_for_mailbox(departure) or (departure.emergency and not _could_lose_mails(departure)):
        again = MailboxConfirmed(at=now, note="")
    else:
        return ()
    return again, *_start_if_due(departure, now)


def _asks_for_mailbox(departure: Departure) -> bool:
    """Whether mails could vanish from the records of any of the systems with the mailbox."""
    return any(StepKey.MAILBOX in system.steps for system in departure.plan.systems) if departure.plan else True


def _could_lose_mails(departure: Departure) -> bool:
    return any(map(loses_by_lock_out, mailbox_kinds(departure)))


def _confirm_mailbox(departure: Departure, command: ConfirmMailbox, by: Party, now: datetime) -> tuple[Event, ...]:
    problem = mailbox_problem(command.answers)
    if problem:
        field_name, key = problem
        raise Refusal(key, field=field_name, leaver=departure.leaver.name)
    confirmed = MailboxConfirmed(at=now, by=by.person, note=_evidence(command.note), answers=command.answers)
    return (confirmed, *_start_if_due(departure, now))


def _start_if_due(departure: Departure, now: datetime) -> tuple[Event, ...]:
    return () if departure.due and departure.due > now else begin_run(departure, now)


def begin_run(departure: Departure, now: datetime) -> tuple[Event, ...]:
    """The run begins; where the house wants it so, the channels may know of it from here on."""
    at_once = departure.plan is not None and departure.plan.terms.release is Release.AT_ONCE
    announced = (Announced(at=now),) if at_once and departure.announced is None else ()
    return (RunStarted(at=now), *announced)


def _reschedule(departure: Departure, command: Reschedule, by: Party, now: datetime) -> tuple[Event, ...]:
    due = command.due
    if due is not None and due <= now:
        raise Refusal("schedule.past", field="when")
    earlier = departure.due is not None and (due is None or due < departure.due)
    approved = departure.state in (State.MAILBOX, State.SCHEDULED)
    if departure.state is State.APPROVAL or (approved and earlier):
        return (StartMoved(at=now, by=by.person, due=due, was=departure.due),)
    return (Rescheduled(at=now, by=by.person, due=due),)


def _settle(departure: Departure, command: SettleItem, by: Party, now: datetime) -> tuple[Event, ...]:
    item = next((item for item in departure.checklist if item.key == command.key), None)
    if command.state is ItemState.OPEN:
        raise Refusal("choice.missing", field="state")
    if item is None:
        raise Refusal("checklist.unknown", field="item")
    if not settles(departure, item, by):
        raise Refusal("checklist.not_yours", field="item", name=item.assignee.name)
    if item.settled and item.by:
        raise Refusal("checklist.already", field="item", name=item.by.name)
    needs_note = command.state is not ItemState.DONE or item.evidence
    note = _evidence(command.note) if needs_note else command.note.strip()
    settled = ItemSettled(at=now, by=by.person, key=item.key, state=command.state, note=note)
    rest = [each for each in departure.open_items if each.key != item.key]
    closes = departure.state is State.CHECKLIST and not rest and command.state in SETTLED
    return (settled, Closed(at=now)) if closes else (settled,)


def settles(departure: Departure, item: Item, by: Party) -> bool:
    """Whether it is for this person to settle an item."""
    return by.admin or by.person.same_as(item.assignee) or by.person.same_as(departure.lead)


def _announce(departure: Departure, _: Announce, by: Party, now: datetime) -> tuple[Event, ...]:
    if departure.announced:
        raise Refusal("announce.already")
    return (Announced(at=now, by=by.person),)


# What keeps one system from being counted, and not the others.
_OF_ONE_SYSTEM: Final = frozenset({"problem.not_authorised", "problem.rejected", "problem.no_answer"})
CAN_BE_SIGNED: Final = frozenset({
    StepKey.BASELINE, StepKey.TAP, StepKey.TAG, StepKey.TRANSFER, StepKey.FIELDS, StepKey.VERIFY,
    StepKey.CONFIGURATION, StepKey.DEACTIVATE, StepKey.RECOUNT, StepKey.MAILS,
})  # fmt: skip


def can_be_left_out(departure: Departure) -> bool:
    """Whether the departure can go on without the system that keeps it from being planned."""
    problem = departure.problem
    if problem is None or departure.interrupted is not State.PLANNING or problem.key not in _OF_ONE_SYSTEM:
        return False
    return departure.accounts.keys() > {problem.system}


def can_be_signed(departure: Departure) -> bool:
    """Whether a named person can take responsibility for what has stopped the work."""
    if departure.problem is None:
        return False
    if departure.interrupted in RETURNING:
        return can_be_given_up(departure)
    if can_be_left_out(departure):
        return True
    signable = departure.problem.step in CAN_BE_SIGNED or departure.problem.key == "problem.drifted"
    return departure.interrupted is State.RUNNING and signable


def _sign_exception(departure: Departure, command: SignException, by: Party, now: datetime) -> tuple[Event, ...]:
    problem = departure.problem
    if problem is None or not can_be_signed(departure):
        raise Refusal("exception.impossible")
    reason = _required(command.reason)
    if can_be_left_out(departure):
        return (SystemLeftOut(at=now, by=by.person, system=problem.system, reason=reason),)
    if departure.interrupted is not State.RUNNING:
        return (GivenUp(at=now, by=by.person, reason=reason),)
    evidence: dict[str, int | str] = {"reason": reason, "left": problem.count, "code": problem.code}
    result = StepResult(problem.system, StepKey(problem.step), Outcome.SKIPPED, evidence, now)
    return (ExceptionSigned(at=now, by=by.person, reason=reason, result=result),)


# What a person does in the system's own page, and the system tells nothing of.
TAKEN_AT_WORD: Final = frozenset({f"guided.{step}" for step in (StepKey.DEACTIVATE, StepKey.RECOUNT)})


def _confirm_by_hand(departure: Departure, command: ConfirmByHand, by: Party, now: datetime) -> tuple[Event, ...]:
    problem = departure.problem
    if problem is None or problem.key not in TAKEN_AT_WORD:
        raise Refusal("by_hand.impossible")
    counted = problem.step == StepKey.RECOUNT
    if counted and command.left is None:
        raise Refusal("by_hand.count", field="left")
    if counted and command.left:
        raise Refusal("by_hand.left", field="left", n=command.left, leaver=departure.leaver.name)
    evidence: dict[str, int | str] = {"by_hand": _evidence(command.note), **({"ghosts": 0} if counted else {})}
    result = StepResult(problem.system, StepKey(problem.step), Outcome.DONE, evidence, now)
    return (DoneByHand(at=now, by=by.person, note=str(evidence["by_hand"]), result=result),)


def _start_undo(departure: Departure, command: StartUndo, by: Party, now: datetime) -> tuple[Event, ...]:
    if not departure.written:
        raise Refusal("undo.nothing")
    if (command.modules or command.records) and departure.state is not State.CLOSED:
        raise Refusal("undo.part_too_early")
    if departure.plan is None:
        raise Refusal("undo.forgotten")
    days = departure.plan.terms.undo_days
    if departure.closed_at and (now - departure.closed_at).days >= days:
        raise Refusal("undo.too_late", n=days)
    return (UndoStarted(at=now, by=by.person, modules=command.modules, records=command.records),)


def _hand_on(departure: Departure, command: HandOn, by: Party, now: datetime) -> tuple[Event, ...]:
    holder = holder_of(departure, command.holder)
    if holder is None or not can_hand_on(departure, command.holder):
        raise Refusal("hand_on.nothing", field="successor")
    holders = held_by(departure, holder)
    accounts = {system: command.accounts[system] for system in holders}
    fields = {system: f"successor.{system}" if number else "successor" for number, system in enumerate(holders)}
    for system, account in accounts.items():
        _check_receivers(departure, system, (account,), fields[system], leaving=command.leaving, own=own_of(departure))
        if account.id == holders[system]:
            raise Refusal("hand_on.same", field=fields[system], name=account.name)
    return (
        HandOnStarted(
            at=now,
            by=by.person,
            accounts=accounts,
            person=command.person,
            holders=holders,
            people={system: person for system, person in command.people.items() if system in accounts},
        ),
    )


_DECISIONS: Final[dict[type[Command], Any]] = {
    ConfirmSuccessor: _confirm_successor,
    Approve: _approve,
    SendBack: _send_back,
    ConfirmMailbox: _confirm_mailbox,
    WaiveMailbox: _waive_mailbox,
    Reschedule: _reschedule,
    ConfirmBackup: _confirm_backup,
    SettleItem: _settle,
    Announce: _announce,
    AnswerHandover: _answer_handover,
    Retry: _retry,
    SignException: _sign_exception,
    ConfirmByHand: _confirm_by_hand,
    CancelDeparture: _cancel,
    StartUndo: _start_undo,
    HandOn: _hand_on,
}
