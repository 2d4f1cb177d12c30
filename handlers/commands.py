"""What a person can ask of a departure, once it is clear who they are and what they mean. `decide` answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Account
from handlers.checklist import ItemState
from handlers.events import HandoverReply
from handlers.mailbox import MailboxAnswers
from handlers.people import Person
from handlers.plan import Handover, Method
from handlers.practice import ChecklistItem


@dataclass(frozen=True)
class ConfirmSuccessor:
    """`handovers` has what was chosen for each system; `receivers` the people behind the accounts that get records, by
    "system/account id"; `leaving` the addresses of everybody else with an open departure. `admins` may be asked to
    approve it."""

    handovers: Mapping[str, Handover]
    receivers: Mapping[str, Person]
    leaving: frozenset[str]
    method: Method
    admins: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Approve:
    """`template` and `people` make the checklist: what the house lists, and whom it names by address."""

    digest: str
    template: tuple[ChecklistItem, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)


@dataclass(frozen=True)
class SendBack:
    reason: str


@dataclass(frozen=True)
class ConfirmMailbox:
    note: str
    answers: MailboxAnswers


@dataclass(frozen=True)
class WaiveMailbox:
    reason: str


@dataclass(frozen=True)
class Reschedule:
    due: datetime | None


@dataclass(frozen=True)
class ConfirmBackup:
    note: str


@dataclass(frozen=True)
class SettleItem:
    key: str
    state: ItemState
    note: str


@dataclass(frozen=True)
class Announce:
    pass


@dataclass(frozen=True)
class AnswerHandover:
    reply: HandoverReply
    note: str = ""


@dataclass(frozen=True)
class Retry:
    pass


@dataclass(frozen=True)
class SignException:
    reason: str


@dataclass(frozen=True)
class ConfirmByHand:
    """Done, or counted, in the system's own page: `left` is how many records the count found."""

    note: str
    left: int | None = None


@dataclass(frozen=True)
class CancelDeparture:
    pass


@dataclass(frozen=True)
class StartUndo:
    """Of everything; or of modules ("system/module"), or of some records ("system/module/id")."""

    modules: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True)
class HandOn:
    """Give what one person holds to another, or in single systems to somebody else: `people`. `holder` is an account of
    theirs, as "system/account id"; empty for what the successor holds."""

    accounts: Mapping[str, Account]
    person: Person
    leaving: frozenset[str]
    holder: str = ""
    people: Mapping[str, Person] = field(default_factory=dict)


Command = (
    ConfirmSuccessor
    | Approve
    | SendBack
    | ConfirmMailbox
    | WaiveMailbox
    | Reschedule
    | ConfirmBackup
    | SettleItem
    | Announce
    | AnswerHandover
    | Retry
    | SignException
    | ConfirmByHand
    | CancelDeparture
    | StartUndo
    | HandOn
)
