"""Everything that can happen to a departure. Events are stored one by one and are the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from connectors.base import Account, Inventory
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
    type: Literal["opened"] = "opened"
    leaver: Person
    accounts: dict[str, Account]
    admin: Person


@dataclass(frozen=True, kw_only=True)
class Planned(_Happened):
    type: Literal["planned"] = "planned"
    inventories: dict[str, Inventory]
    lead: Person | None
    approvers: tuple[Person, ...]
    suggestion: Suggestion | None


@dataclass(frozen=True, kw_only=True)
class SuccessorConfirmed(_Happened):
    type: Literal["successor_confirmed"] = "successor_confirmed"
    successor: Person
    plan: Plan
    digest: str


@dataclass(frozen=True, kw_only=True)
class Approved(_Happened):
    type: Literal["approved"] = "approved"
    digest: str


@dataclass(frozen=True, kw_only=True)
class SentBack(_Happened):
    type: Literal["sent_back"] = "sent_back"
    reason: str


@dataclass(frozen=True, kw_only=True)
class MailboxConfirmed(_Happened):
    type: Literal["mailbox_confirmed"] = "mailbox_confirmed"
    note: str


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
class RunEnded(_Happened):
    type: Literal["run_ended"] = "run_ended"


@dataclass(frozen=True, kw_only=True)
class BackupConfirmed(_Happened):
    type: Literal["backup_confirmed"] = "backup_confirmed"
    note: str


@dataclass(frozen=True, kw_only=True)
class Cancelled(_Happened):
    type: Literal["cancelled"] = "cancelled"


Event = (
    Opened
    | Planned
    | SuccessorConfirmed
    | Approved
    | SentBack
    | MailboxConfirmed
    | Voided
    | StepEnded
    | Interrupted
    | Retried
    | ExceptionSigned
    | RunEnded
    | BackupConfirmed
    | Cancelled
)

_EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def event_to_json(event: Event) -> str:
    return _EVENT.dump_json(event).decode()


def event_from_json(text: str) -> Event:
    return _EVENT.validate_json(text)
