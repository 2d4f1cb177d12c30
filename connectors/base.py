"""What every connected system can be asked, in words that belong to no vendor.

    ConnectorError
    ├── Unavailable      try again later: outage, throttle, lost connection     (the run waits and goes on by itself)
    ├── QuotaExhausted   try again when the vendor's daily allowance is back    (the run waits; the admin is told)
    ├── NotAuthorised    a person must repair the grant: token, scope, right    (the run stops; the admin is asked)
    └── Rejected         the vendor refuses this request as it stands           (the run stops; the admin is asked)

Classes say how to react; the vendor's own code stands in `code`, for the log and for support. Rows that a bulk call
refuses are not exceptions but data: see `RowFailure`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


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
class Module:
    """A record type. `name` is the vendor's API name, `label` the plural that its users read."""

    name: str
    label: str
    category: Category


@dataclass(frozen=True)
class Sample:
    """One record to look at, with a link into the vendor's own page."""

    id: str
    label: str
    url: str
    value: Decimal | None = None


@dataclass(frozen=True)
class Holding:
    """What an account owns in one module, counted by the vendor. `open_value` is in the organisation's currency."""

    module: Module
    open: int
    closed: int
    open_value: Decimal | None = None
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class NotCovered:
    """A module that exists but that the connector cannot count or move; `reason` is a key of the text catalogue."""

    module: str
    label: str
    reason: str


@dataclass(frozen=True)
class Inventory:
    """What an account owns in one system. `hazards` are keys of the text catalogue, such as "hazard.subordinates"."""

    account: Account
    taken_at: datetime
    holdings: tuple[Holding, ...]
    not_covered: tuple[NotCovered, ...] = ()
    hazards: tuple[str, ...] = ()
    currency: str | None = None
    mailbox: MailboxKind = MailboxKind.UNKNOWN


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
    """A record by its id. Ids of one module sort, as text of equal length, in the order in which pages come."""

    id: str
    label: str


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
    """The outcome of a bulk write, row by row: every id that was sent is in exactly one of the two."""

    done: tuple[str, ...]
    failed: tuple[RowFailure, ...] = ()


@dataclass(frozen=True)
class Check:
    """One thing that must hold before the connector can work. `advice` says what to do when it does not."""

    name: str
    passed: bool
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Limits:
    """How many records one call takes: ids per read, ids per owner change, ids per tag call."""

    read: int
    write: int
    tag: int


class Connector(Protocol):
    """A connected system.

    Every method may raise the four errors above; each has already repeated what is safe to repeat. Reads are bounded by
    `limits`; writes are idempotent, so that a caller who never saw an answer sends the same call again.
    """

    system: str  # "zoho_crm": the key of rules, playbooks and ledger
    label: str  # "Zoho CRM"
    limits: Limits

    async def check(self) -> tuple[Check, ...]:
        """Prove credentials, scopes and visibility; used by `doctor`, readiness and before a plan is offered."""

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        """All users, inactive ones included. Served from memory for up to a minute unless `fresh`."""

    async def account(self, account_id: str) -> Account:
        """One user as the vendor sees them now. Raises `Rejected` with code "NOT_FOUND" where there is none."""

    async def inventory(self, account_id: str) -> Inventory:
        """Count what the account owns, by module, open and closed, with values.

        The three modules with the most open records, at least, come with a few samples.
        """

    async def ghosts(self) -> tuple[Ghosts, ...]:
        """One for each inactive account that still owns masters, open transactions or activities to come.

        The number of calls grows with the modules, not with the people.
        """

    async def owned(self, account_id: str, module: str, part: Part, *, after: str | None = None) -> Page:
        """One page of the records that the account owns, read by the query language in pages of `limits.read`."""

    async def moved_away(
        self, module: str, *, owners: Collection[str], since: datetime, first: str, last: str
    ) -> frozenset[str]:
        """Ids from `first` to `last` (both included) changed since `since` whose owner is now none of `owners`.

        One cheap look before a block of writes: whom did somebody else give a record in the meantime?
        """

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        """Add a tag to at most `limits.tag` records; other tags stay."""

    async def change_owner(self, module: str, ids: Sequence[str], to: str) -> BatchResult:
        """Give at most `limits.write` records to account `to`. Names each record; never a criterion."""

    async def count(self, account_id: str, module: str, part: Part) -> int:
        """How many the account owns, by the query language."""

    async def recount(self, account_id: str, module: str, part: Part) -> int:
        """The same by a second, different read path; counting may stop at the path's own ceiling.

        The two paths must agree on zero. The second may lag behind a write by some seconds.
        """

    async def deactivate(self, account_id: str) -> bool:
        """Deactivate the user. True when this call did it, False when it was inactive already."""

    def record_url(self, module: str, record_id: str) -> str:
        """The address of a record in the vendor's own page, for people."""

    async def aclose(self) -> None:
        """Release connections."""
