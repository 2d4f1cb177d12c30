"""What every connected system can be asked, in words that belong to no vendor.

    ConnectorError
    ├── Unavailable      try again later: outage, throttle, lost connection     (the run waits and goes on by itself)
    ├── QuotaExhausted   try again when the vendor's daily allowance is back    (the run waits; the admin is told)
    ├── NotAuthorised    a person must repair the grant: token, scope, right    (the run stops; the admin is asked)
    └── Rejected         the vendor refuses this request as it stands           (the run stops; the admin is asked)

Classes say how to react; the vendor's own code stands in `code`, for the log and for support. Rows that a bulk call
refuses are not exceptions but data: see `RowFailure`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol


class ConnectorError(Exception):
    """A call to a connected system failed.

    `code` is the vendor's error code or HTTP status, safe to log; it never holds record data or a secret.
    """

    def __init__(self, message: str, *, system: str, code: str) -> None:
        super().__init__(message)
        self.system = system
        self.code = code


class Unavailable(ConnectorError):
    """Nothing is wrong with the request: repeat it later. `retry_after` is in seconds where the vendor named one.

    `unsure` says that the call may have been done.
    """

    def __init__(
        self, message: str, *, system: str, code: str, retry_after: float | None = None, unsure: bool = False
    ) -> None:
        super().__init__(message, system=system, code=code)
        self.retry_after = retry_after
        self.unsure = unsure


class QuotaExhausted(Unavailable):
    """The vendor's daily allowance of calls is used up; waiting may take hours."""


class NotAuthorised(ConnectorError):
    """The grant is dead, lacks a scope, or its user lacks a right."""


class Rejected(ConnectorError):
    """The vendor refuses the request as it stands; repeating it changes nothing."""


class Ability(StrEnum):
    """What a system may be able to do for a departure. Every connector says of each how it can be done."""

    DISCOVER = "discover"  # tell its users, and so find the leaver and the successor
    PLAN = "plan"  # count what somebody owns, open and closed
    TAG = "tag"  # mark the records that change hands
    TRANSFER = "transfer"  # change the owner of named records
    QUIET = "quiet"  # the same without setting off automation
    CLOSE = "close"  # set a field of a record, such as a status that closes it as dead
    CONFIGURATION = "configuration"  # find where rules and views name somebody, and give that to somebody else
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    FREEZE = "freeze"  # lock somebody out at once without deactivating the user
    VERIFY = "verify"  # count what is left by a second, different read path
    UNDO = "undo"  # give named records back
    SEATS = "seats"  # tell whether letting somebody in again costs a licence, or cancel one
    MAIL = "mail"  # count the e-mails that stand on records, before and after


class Way(StrEnum):
    """How something can be done in a system."""

    API = "api"
    GUIDED = "guided"  # by a person in the system's own page, step by step
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Capability:
    """`reason` is a key of the text catalogue that says why it is not done by API; "" where it is."""

    way: Way
    reason: str = ""


BY_API: Final = Capability(Way.API)


class Category(StrEnum):
    MASTER = "master"
    TRANSACTION = "transaction"
    ACTIVITY = "activity"


class Part(StrEnum):
    """Which of the records that an account owns in a module."""

    ALL = "all"
    OPEN = "open"  # transactions in process, activities still to come; a master record is always open
    CLOSED = "closed"  # won, lost, done, past, converted: history


class MailboxKind(StrEnum):
    IMAP = "imap"
    POP = "pop"
    ZOHO = "zoho"
    NONE = "none"
    UNKNOWN = "unknown"


class RowReason(StrEnum):
    """Why a bulk call refused one row."""

    LOCKED = "locked"  # by an approval, a blueprint or a lock; may pass later
    BUSY = "busy"  # refused for now without a reason that lasts; may pass later
    GONE = "gone"  # deleted, merged or converted since
    FORBIDDEN = "forbidden"  # our grant or the receiver may not
    INVALID = "invalid"  # the vendor finds the record itself wrong

    @property
    def may_pass_later(self) -> bool:
        return self in (RowReason.LOCKED, RowReason.BUSY)


@dataclass(frozen=True)
class Account:
    """A person's user in one system. `id` is the vendor's, as a string; `manager_id` is an account id there too."""

    system: str
    id: str
    name: str
    email: str
    active: bool
    confirmed: bool = True
    manager_id: str | None = None
    protected: str | None = None  # why the vendor will not let us deactivate it: "super_admin", "own_grant"; else None


@dataclass(frozen=True)
class Parent:
    """A field of a record that points to the record it belongs with, in one of these modules."""

    field: str
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """A record type. `name` is the vendor's API name, `label` the plural that its users read.

    `value_field` holds a record's amount; `parents` say which records it belongs with, the closest first; `fields` are
    the API names of all its fields, in order, or none where they are not known.
    """

    name: str
    label: str
    category: Category
    value_field: str | None = None
    parents: tuple[Parent, ...] = ()
    fields: tuple[str, ...] = ()

    def has(self, column: str) -> bool:
        """Whether there can be such a column; it may lie behind a lookup, as Account_Name.Billing_Country does."""
        return not self.fields or column.partition(".")[0] in self.fields


@dataclass(frozen=True)
class Sample:
    """One record to look at, with a link into the vendor's own page."""

    id: str
    label: str
    url: str
    value: Decimal | None = None


@dataclass(frozen=True)
class Holding:
    """What an account owns in one module, counted by the vendor. `open_value` is in the organisation's currency.

    `idle` counts the open records that nobody has worked on since `Survey.idle_since`. `groups` has, for each field
    that the survey names, how many open records have each of its values; "" stands for none.
    """

    module: Module
    open: int
    closed: int
    open_value: Decimal | None = None
    samples: tuple[Sample, ...] = ()
    idle: int = 0
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class NotCovered:
    """A module that exists but that the connector cannot count or move; `reason` is a key of the text catalogue."""

    module: str
    label: str
    reason: str


@dataclass(frozen=True)
class Survey:
    """What an inventory should look at besides the counts: records idle since then, and open records by these fields.

    `group_by` names, for each module, the fields that successors are chosen by.
    """

    idle_since: datetime | None = None
    group_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class UserField:
    """A field other than the owner that names the account in `count` records of a module."""

    module: str
    module_label: str
    field: str
    label: str
    count: int


class ReferenceKind(StrEnum):
    """Where a system's configuration can name an account."""

    ASSIGNMENT = "assignment"  # rules that give it new records
    CRITERIA = "criteria"  # views, reports, approvals, automation that look for it
    SUBORDINATES = "subordinates"  # people who report to it
    GOALS = "goals"  # targets that are set for it
    INTEGRATIONS = "integrations"  # programs that run under its name, such as webhooks
    MEETINGS = "meetings"  # appointments of others to which it is invited
    ACCESS = "access"  # tokens with which programs still get in as this account once it is inactive
    UNKNOWN = "unknown"  # whatever could not be read: it may name the account, and a person has to look


@dataclass(frozen=True)
class Reference:
    """A place of the configuration that names the account. `labels` are the rules or people, where the vendor names
    them. `movable` says whether `begin_handover` can give it to somebody else."""

    kind: ReferenceKind
    labels: tuple[str, ...] = ()
    movable: bool = True


@dataclass(frozen=True)
class Reaction:
    """An automation that an owner change sets off in a module; `mails` says whether it sends e-mail, `avoidable`
    whether a quiet owner change keeps it from starting."""

    module: str
    name: str
    mails: bool
    avoidable: bool = True


@dataclass(frozen=True)
class Inventory:
    """What an account owns in one system. `hazards` are keys of the text catalogue, such as "hazard.subordinates".

    `credits_left` is how many calls the vendor still allows today, None where it does not tell.
    """

    account: Account
    taken_at: datetime
    holdings: tuple[Holding, ...]
    not_covered: tuple[NotCovered, ...] = ()
    hazards: tuple[str, ...] = ()
    currency: str | None = None
    mailbox: MailboxKind = MailboxKind.UNKNOWN
    user_fields: tuple[UserField, ...] = ()
    references: tuple[Reference, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    credits_left: int | None = None


@dataclass(frozen=True)
class MailCount:
    """How many mails of an account stand on one record."""

    record_id: str
    label: str
    count: int


class AgendaKind(StrEnum):
    DEAL = "deal"  # open, by value and close date
    TASK = "task"  # overdue
    MEETING = "meeting"  # still to come
    SILENT = "silent"  # an account whose last contact lies furthest back


@dataclass(frozen=True)
class AgendaItem:
    """Something that whoever takes over should look at first. `due` is the close date, due date, start or last
    contact, as the kind has it."""

    kind: AgendaKind
    module: str
    record_id: str
    label: str
    url: str
    due: datetime | None = None
    value: Decimal | None = None


@dataclass(frozen=True)
class Fitness:
    """Whether an account can be given records now, beyond being active: `forbidden` are the modules (API names) that
    its profile keeps from it, `absent_until` the end of an absence that has begun."""

    forbidden: tuple[str, ...] = ()
    absent_until: datetime | None = None


class HandoverState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class Ghosts:
    """Records that still belong to an inactive account though they should have moved, by module; no count is zero."""

    account: Account
    counts: tuple[tuple[Module, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)


@dataclass(frozen=True)
class Record:
    """A record by its id. Ids of one module sort, as text of equal length, in the order in which pages come.

    `fields` has the columns that were asked for, as text, lookups as the id of the record they point to; `idle` says
    whether nobody has worked on it since the time that was asked about. `shared_with` are the accounts that own it
    beside the one that was asked about, where several can.
    """

    id: str
    label: str
    fields: Mapping[str, str | None] = field(default_factory=dict)
    idle: bool = False
    shared_with: tuple[str, ...] = ()


_AND: Final = "; "


def joined(accounts: Iterable[str]) -> str:
    """Those who own one record together, as one text; ids of accounts have no semicolon."""
    return _AND.join(accounts)


def parted(owners: str | None) -> tuple[str, ...]:
    """The accounts of a text that `joined` made; nearly always it is one."""
    return tuple(owners.split(_AND)) if owners else ()


@dataclass(frozen=True)
class Page:
    """Records in ascending order of id. `after` continues behind this page; None when this was the last."""

    records: tuple[Record, ...]
    after: str | None


@dataclass(frozen=True)
class RowFailure:
    id: str
    reason: RowReason
    code: str


@dataclass(frozen=True)
class BatchResult:
    """The outcome of a bulk write, row by row: every id that was sent is in exactly one of `done` and `failed`.

    `untagged` are those of `done` that were to get a tag along with the write and could not.
    """

    done: tuple[str, ...]
    failed: tuple[RowFailure, ...] = ()
    untagged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One thing that must hold before the connector can work. `advice` says what to do when it does not."""

    name: str
    passed: bool
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Limits:
    """How many records one call of a method takes: ids per read, per owner change, per tag call, per change of other
    fields (which is also how records are given away without setting off automation), and per look for foreign changes.

    A method may need several calls to the vendor for that: one for each record, where the vendor has no bulk call.
    """

    read: int
    write: int
    tag: int
    update: int
    look: int


class Work(StrEnum):
    """What calls are made for in a run."""

    READ = "read"  # `owned`: all of these records
    LOOK = "look"  # `moved_away`
    TAG = "tag"
    MOVE = "move"  # `change_owner`, with the tag where that goes along
    MOVE_QUIETLY = "move_quietly"
    UPDATE = "update"  # `values` right before, and `update`
    COUNT = "count"
    RECOUNT = "recount"
    ONCE = "once"  # all that a run does once, whatever it moves: pre-checks, configuration, mails, deactivation


@dataclass(frozen=True)
class Price:
    """What work costs: calls to the vendor, and what the vendor takes for these from its daily allowance."""

    calls: int
    credits: int


class Connector(Protocol):
    """A connected system.

    Every method may raise the four errors above; each has already repeated what is safe to repeat. Reads are bounded by
    `limits`; writes are idempotent, so that a caller who never saw an answer sends the same call again.
    """

    system: str  # "zoho_crm": the key of rules, playbooks and ledger
    label: str  # "Zoho CRM"
    owner_field: str  # "Owner": by this name `values` tells who owns a record
    limits: Limits
    tags_along: bool  # the tag is set by the same call as the owner, and `tag` is not called

    @property
    def capabilities(self) -> Mapping[Ability, Capability]:
        """How each ability can be had here. What is not done by API, the methods for it do not claim to do: reads are
        empty, writes raise `Rejected` with code "NOT_SUPPORTED"."""

    def price(self, work: Work, module: str, records: int) -> Price:
        """What work on so many records of a module costs when all goes well; `module` is "" for `Work.ONCE`."""

    @property
    def credits_left(self) -> int | None:
        """How many calls the vendor allowed today by its last answer; None where it does not tell, or not yet."""

    async def check(self) -> tuple[Check, ...]:
        """Prove credentials, scopes and visibility; used by `doctor`, readiness and before a plan is offered."""

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        """All users, inactive ones included. Served from memory for up to a minute unless `fresh`."""

    async def account(self, account_id: str) -> Account:
        """One user as the vendor sees them now. Raises `Rejected` with code "NOT_FOUND" where there is none."""

    async def inventory(self, account_id: str, survey: Survey = Survey()) -> Inventory:
        """Count what the account owns, by module, open and closed, with values.

        The three modules with the most open records, at least, come with a few samples.
        """

    async def fitness(self, account_id: str) -> Fitness:
        """Whether the account could be given records now; empty where the vendor tells nothing about it."""

    async def loads(self, account_ids: Collection[str]) -> Mapping[str, int]:
        """How many records that would have to move each of these accounts owns."""

    async def agenda(self, account_id: str, *, until: datetime) -> tuple[AgendaItem, ...]:
        """What the account's successor should look at first: at most ten of each kind, meetings up to `until`."""

    async def mail_sample(self, account_id: str, *, limit: int) -> tuple[MailCount, ...]:
        """Up to `limit` records of the account that carry mails of it, with how many; none where it has no mails."""

    async def count_mails(
        self, account_id: str | None, record_ids: Sequence[str], *, until: datetime | None = None
    ) -> Mapping[str, int]:
        """How many mails of the account, or of anybody, stand on these records of the sample now; only those from
        before `until` where it is given."""

    async def ghosts(self) -> tuple[Ghosts, ...]:
        """One for each inactive account that still owns masters, open transactions or activities to come.

        The number of calls grows with the modules, not with the people.
        """

    async def owned(
        self,
        account_id: str,
        module: str,
        part: Part,
        *,
        after: str | None = None,
        columns: Sequence[str] = (),
        idle_since: datetime | None = None,
    ) -> Page:
        """One page of the records that the account owns, read by the query language in pages of `limits.read`.

        `columns` and `idle_since` ask for `Record.fields` and `Record.idle`.
        """

    async def named(self, account_id: str, module: str, user_field: str, *, after: str | None = None) -> Page:
        """One page of the records of a module in which a field other than the owner names the account."""

    async def moved_away(
        self, account_id: str, module: str, part: Part, *, since: datetime, ids: Sequence[str]
    ) -> Mapping[str, str]:
        """Which of these records, at most `limits.look` of them in ascending order, have become somebody else's or have
        left the part since `since`, with whose each is now. Those that are gone may be left out.

        One cheap look before a block of writes: what did somebody else give away, or close, in the meantime?
        """

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        """Add a tag to at most `limits.tag` records; other tags stay."""

    async def change_owner(
        self,
        module: str,
        ids: Sequence[str],
        to: str,
        *,
        quiet: bool = False,
        tag: str | None = None,
        instead_of: str | None = None,
    ) -> BatchResult:
        """Give at most `limits.write` records to account `to`. Names each record; never a criterion.

        `quiet` keeps automation from being set off; then at most `limits.update` records go into one call. `tag` is
        given only where `tags_along`: it is added to the record's other tags by the same call. `instead_of` matters
        only where several accounts can own a record: whose place `to` takes, "" for nobody's, so that it joins them;
        by default that of the account for which the record was last looked at.
        """

    async def values(self, module: str, ids: Sequence[str], name: str) -> Mapping[str, str | None]:
        """What one field of these records says now, as `Record.fields` has it; records that are gone are left out.

        Where several accounts own a record, `owner_field` says all of them, as `joined` does.
        """

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        """Set fields of at most `limits.update` records, without setting off automation; a user by account id."""

    async def count(self, account_id: str, module: str, part: Part) -> int:
        """How many the account owns, by the query language."""

    async def recount(self, account_id: str, module: str, part: Part) -> int:
        """The same by a second, different read path; counting may stop at the path's own ceiling.

        The two paths must agree on zero. The second may lag behind a write by some seconds.
        """

    async def deactivate(self, account_id: str) -> bool:
        """Deactivate the user. True when this call did it, False when it was inactive already."""

    async def activate(self, account_id: str) -> bool:
        """Let the user in again. True when this call did it, False when it was active already.

        Raises `Rejected` with code "NO_LICENCE" where none is free.
        """

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        """Where the configuration names the account; with an `UNKNOWN` place where not all of it could be read."""

    async def begin_handover(
        self, account_id: str, to: str, kinds: Collection[ReferenceKind], *, manager: str | None = None
    ) -> str | None:
        """Begin to give these places of the configuration to account `to`, and the people who report to the account
        to `manager`. Returns what `handover_state` asks for; None where the system has no such call."""

    async def handover_state(self, handover: str) -> HandoverState:
        """How far it is. A handover that the vendor no longer knows counts as completed: `references` is the proof."""

    def record_url(self, module: str, record_id: str) -> str:
        """The address of a record in the vendor's own page, for people."""

    async def aclose(self) -> None:
        """Release connections."""
