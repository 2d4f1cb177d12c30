"""Everything that can happen to a departure. Events are stored one by one and are the audit trail."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from connectors.base import Account, AgendaItem, Inventory, MailCount
from handlers.checklist import Item, ItemState
from handlers.mailbox import MailboxAnswers
from handlers.people import Person
from handlers.plan import Difference, Plan
from handlers.playbooks import StepKey
from handlers.rules import Suggestion


class Outcome(StrEnum):
    DONE = "done"
    NOTHING_TO_DO = "nothing_to_do"
    SKIPPED = "skipped"  # with a named person's reason


@dataclass(frozen=True)
class StepResult:
    """How one step ended. `evidence` holds numbers and short texts: what was counted, what was found."""

    system: str
    step: StepKey
    outcome: Outcome
    evidence: dict[str, int | str]
    at: datetime


@dataclass(frozen=True)
class Problem:
    """Why the work stopped. `key` is of the text catalogue, `code` the vendor's; `reference` also stands in the log."""

    reference: str
    step: str
    system: str
    key: str
    code: str = ""
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class _Happened:
    at: datetime
    by: Person | None = None  # None: the service itself


@dataclass(frozen=True, kw_only=True)
class Opened(_Happened):
    """`without` are connected systems that could not be asked, and that somebody went on without; `further` the
    leaver's other accounts in the systems of `accounts`, of which nothing is moved."""

    type: Literal["opened"] = "opened"
    leaver: Person
    accounts: dict[str, Account]
    admin: Person
    due: datetime | None = None  # when the run is to begin; None: as soon as people have decided
    emergency: bool = False
    without: tuple[str, ...] = ()
    further: tuple[Account, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Planned(_Happened):
    """`moves` says how many records of each module would move by the rules of the house, by "system/module"."""

    type: Literal["planned"] = "planned"
    inventories: dict[str, Inventory]
    lead: Person | None
    approvers: tuple[Person, ...]
    suggestion: Suggestion | None
    moves: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SystemLeftOut(_Happened):
    """A named person has the departure go on without a system that cannot be counted: nothing is handed over there."""

    type: Literal["system_left_out"] = "system_left_out"
    system: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SuccessorConfirmed(_Happened):
    """`receivers` are the people behind the accounts that get records, by "system/account id"; `approvers` are asked
    to approve it; where none are named, those of `Planned`."""

    type: Literal["successor_confirmed"] = "successor_confirmed"
    successor: Person
    plan: Plan
    digest: str
    receivers: dict[str, Person] = field(default_factory=dict)
    approvers: tuple[Person, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Approved(_Happened):
    type: Literal["approved"] = "approved"
    digest: str


@dataclass(frozen=True, kw_only=True)
class ChecklistMade(_Happened):
    """What people have to see to outside the connected systems; made with the first approval,
    and anew where a later plan asks for more or names somebody else."""

    type: Literal["checklist_made"] = "checklist_made"
    items: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class SentBack(_Happened):
    type: Literal["sent_back"] = "sent_back"
    reason: str


@dataclass(frozen=True, kw_only=True)
class MailboxConfirmed(_Happened):
    """`note` is the evidence; `answers` says what was found. None in departures from before there were answers.

    `first` is when somebody did it, where the service takes that over for a plan that is approved anew.
    """

    type: Literal["mailbox_confirmed"] = "mailbox_confirmed"
    note: str
    answers: MailboxAnswers | None = None
    first: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MailboxWaived(_Happened):
    """A named person takes responsibility for mails that may be lost: the run begins with the mailbox step open.

    `first` as with `MailboxConfirmed`.
    """

    type: Literal["mailbox_waived"] = "mailbox_waived"
    reason: str
    first: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Rescheduled(_Happened):
    """The run is to begin at another time; None: as soon as people have decided."""

    type: Literal["rescheduled"] = "rescheduled"
    due: datetime | None


@dataclass(frozen=True, kw_only=True)
class StartMoved(_Happened):
    """The run is to begin earlier than was approved, or at another time than somebody is asked to approve: they are
    asked anew. `was` is the time before; None: as soon as people have decided."""

    type: Literal["start_moved"] = "start_moved"
    due: datetime | None
    was: datetime | None


@dataclass(frozen=True, kw_only=True)
class RunStarted(_Happened):
    type: Literal["run_started"] = "run_started"


@dataclass(frozen=True, kw_only=True)
class Voided(_Happened):
    """The world drifted from the approved plan: the approval is void, `plan` is what would be done now."""

    type: Literal["voided"] = "voided"
    differences: tuple[Difference, ...]
    inventories: dict[str, Inventory]
    plan: Plan
    digest: str


@dataclass(frozen=True, kw_only=True)
class StepEnded(_Happened):
    type: Literal["step_ended"] = "step_ended"
    result: StepResult


@dataclass(frozen=True, kw_only=True)
class BaselineTaken(_Happened):
    """How many mails stood on a sample of the leaver's records, and what the successor should look at first."""

    type: Literal["baseline_taken"] = "baseline_taken"
    system: str
    mails: tuple[MailCount, ...]
    agenda: tuple[AgendaItem, ...]


@dataclass(frozen=True, kw_only=True)
class MailsCounted(_Happened):
    """The sample counted again: record id to how many of its mails are still there."""

    type: Literal["mails_counted"] = "mails_counted"
    system: str
    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Interrupted(_Happened):
    type: Literal["interrupted"] = "interrupted"
    problem: Problem


@dataclass(frozen=True, kw_only=True)
class Retried(_Happened):
    type: Literal["retried"] = "retried"


@dataclass(frozen=True, kw_only=True)
class ExceptionSigned(_Happened):
    """A named person takes responsibility for what could not be done; the step counts as skipped with this reason."""

    type: Literal["exception_signed"] = "exception_signed"
    reason: str
    result: StepResult


@dataclass(frozen=True, kw_only=True)
class DoneByHand(_Happened):
    """A named person says that they have done, or counted, in the system's own page what its API cannot."""

    type: Literal["done_by_hand"] = "done_by_hand"
    note: str
    result: StepResult


@dataclass(frozen=True, kw_only=True)
class RunEnded(_Happened):
    """`retention_until` is when the time for retaining the e-mails is over; None where there are none to retain."""

    type: Literal["run_ended"] = "run_ended"
    retention_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BackupConfirmed(_Happened):
    type: Literal["backup_confirmed"] = "backup_confirmed"
    note: str


@dataclass(frozen=True, kw_only=True)
class Proven(_Happened):
    """Every step of every playbook has ended; what is left is the people's checklist."""

    type: Literal["proven"] = "proven"


@dataclass(frozen=True, kw_only=True)
class ItemSettled(_Happened):
    type: Literal["item_settled"] = "item_settled"
    key: str
    state: ItemState
    note: str


@dataclass(frozen=True, kw_only=True)
class Closed(_Happened):
    type: Literal["closed"] = "closed"


@dataclass(frozen=True, kw_only=True)
class Cancelled(_Happened):
    """`expired`: nobody decided for too long, and the service ended it."""

    type: Literal["cancelled"] = "cancelled"
    expired: bool = False


@dataclass(frozen=True, kw_only=True)
class Announced(_Happened):
    """From here on the log channels may know of it."""

    type: Literal["announced"] = "announced"


@dataclass(frozen=True, kw_only=True)
class Reminded(_Happened):
    """Somebody was reminded of what waits for them: `about` is the state they are asked in, or what else is due."""

    type: Literal["reminded"] = "reminded"
    about: str


@dataclass(frozen=True, kw_only=True)
class Escalated(_Happened):
    """Whoever was asked has been silent for too long: these people are asked as well."""

    type: Literal["escalated"] = "escalated"
    to: tuple[Person, ...]


class HandoverReply(StrEnum):
    ACCEPTED = "accepted"
    ASKED = "asked"
    PROPOSED = "proposed"  # somebody else


@dataclass(frozen=True, kw_only=True)
class HandoverAnswered(_Happened):
    """What a successor says to the records that they got."""

    type: Literal["handover_answered"] = "handover_answered"
    reply: HandoverReply
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Rechecked(_Happened):
    """A look some time after the end: `moved` late arrivals were given to the successor, `left` are still the leaver's.

    `problem` is a key of the text catalogue where not all could be moved or counted, in `system`; `also` are those of
    other systems, whose records are among those that are `left`.
    """

    type: Literal["rechecked"] = "rechecked"
    number: int
    moved: int
    left: int
    problem: str | None = None
    system: str = ""
    also: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UndoStarted(_Happened):
    """What was moved goes back, where it is still our successor's. Without `modules` ("system/module") all of it does,
    and the leaver is let in again; `records` narrows one module down to some of its records."""

    type: Literal["undo_started"] = "undo_started"
    modules: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HandOnStarted(_Happened):
    """What one person has goes to another: an account for each system. `holders` are the accounts that have it, by
    system; without them, those of the successor in the plan. `people` are those behind the accounts of single systems,
    where these are not all `person`."""

    type: Literal["hand_on_started"] = "hand_on_started"
    accounts: dict[str, Account]
    person: Person
    holders: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def everybody(self) -> tuple[Person, ...]:
        """Whoever gets something, each once."""
        others: list[Person] = []
        for each in self.people.values():
            if not any(each.same_as(known) for known in (self.person, *others)):
                others.append(each)
        return self.person, *others


@dataclass(frozen=True, kw_only=True)
class GivenUp(_Happened):
    """A named person has an undo, or a hand-over to the next one, end as it is; what it has not reached stays."""

    type: Literal["given_up"] = "given_up"
    reason: str


@dataclass(frozen=True, kw_only=True)
class SystemReturned(_Happened):
    """An undo, or a hand-over to the next one, has reached everything in one system."""

    type: Literal["system_returned"] = "system_returned"
    system: str


@dataclass(frozen=True, kw_only=True)
class Returned(_Happened):
    """A part of an undo, or the hand-over to the real successor, is through.

    `records` changed hands, `others` are somebody else's by now and were left alone, `failed` were refused. `fields`
    has the same counts, by these names, of fields besides the owner.
    """

    type: Literal["returned"] = "returned"
    records: int
    others: int
    failed: int
    fields: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Undone(_Happened):
    """The same at the end of a whole undo: the departure is as if it had not been."""

    type: Literal["undone"] = "undone"
    records: int
    others: int
    failed: int
    fields: dict[str, int] = field(default_factory=dict)


Event = (
    Opened
    | Planned
    | SystemLeftOut
    | SuccessorConfirmed
    | Approved
    | SentBack
    | ChecklistMade
    | MailboxConfirmed
    | MailboxWaived
    | Rescheduled
    | StartMoved
    | RunStarted
    | Voided
    | StepEnded
    | BaselineTaken
    | MailsCounted
    | Interrupted
    | Retried
    | ExceptionSigned
    | DoneByHand
    | RunEnded
    | BackupConfirmed
    | Proven
    | ItemSettled
    | Closed
    | Cancelled
    | Announced
    | Reminded
    | Escalated
    | HandoverAnswered
    | Rechecked
    | UndoStarted
    | HandOnStarted
    | GivenUp
    | SystemReturned
    | Returned
    | Undone
)

_EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def event_to_json(event: Event) -> str:
    return _EVENT.dump_json(event).decode()


def event_from_json(text: str) -> Event:
    return _EVENT.validate_json(text)
