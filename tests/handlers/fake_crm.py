"""A CRM in memory: quick, obedient, and with a bad day where a test gives it one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.base import (
    Account,
    BatchResult,
    Category,
    Check,
    Ghosts,
    Holding,
    Inventory,
    Limits,
    Module,
    Page,
    Part,
    Record,
    RowFailure,
    RowReason,
)

MODULES = {
    name: Module(name, name, category)
    for name, category in (
        ("Contacts", Category.MASTER),
        ("Deals", Category.TRANSACTION),
        ("Calls", Category.ACTIVITY),
    )
}
LEAVER = Account("zoho_crm", "110", "Amit Kumar", "amit@brightwater.example", active=True, manager_id="103")
SUCCESSOR = Account("zoho_crm", "120", "Sofia Lindgren", "sofia@brightwater.example", active=True)
COLLEAGUE = Account("zoho_crm", "121", "Ben Carter", "ben@brightwater.example", active=True)
LEAD = Account("zoho_crm", "103", "Tomás Rivera", "tomas@brightwater.example", active=True)


@dataclass
class Row:
    owner: str
    open: bool = True
    tags: set[str] = field(default_factory=set)


class FakeCrm:
    """Implements `connectors.base.Connector`. `refusals` maps a record to why it is refused, and how often yet."""

    system = "zoho_crm"
    label = "Zoho CRM"
    limits = Limits(read=8, write=8, tag=20)

    def __init__(self) -> None:
        self.people = {account.id: account for account in (LEAVER, SUCCESSOR, COLLEAGUE, LEAD)}
        self.rows: dict[str, dict[str, Row]] = {module: {} for module in MODULES}
        self.refusals: dict[str, tuple[RowReason, int]] = {}
        self.before: dict[str, Callable[[], object]] = {}  # by method: once, before its next call
        self.failures: dict[str, list[Exception]] = {}  # by method: raised one after the other
        self.lag: list[int] = []  # what the second read path adds to its next counts
        self.writes: list[tuple[str, tuple[str, ...]]] = []

    def give(self, module: str, count: int, *, to: Account = LEAVER, opened: bool = True) -> list[str]:
        """New records of this account."""
        first = 1000 + sum(len(rows) for rows in self.rows.values())
        made = {str(first + n): Row(to.id, opened) for n in range(count)}
        self.rows[module] |= made
        return list(made)

    def owner(self, record_id: str) -> str:
        return next(rows[record_id].owner for rows in self.rows.values() if record_id in rows)

    # The protocol

    async def check(self) -> tuple[Check, ...]:
        return (Check("credentials", passed=True, found="accepted"),)

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        del fresh
        return tuple(self.people.values())

    async def account(self, account_id: str) -> Account:
        self._meet("account")
        return self.people[account_id]

    async def inventory(self, account_id: str) -> Inventory:
        self._meet("inventory")
        holdings = tuple(
            Holding(module, len(self._of(account_id, name, Part.OPEN)), len(self._of(account_id, name, Part.CLOSED)))
            for name, module in MODULES.items()
        )
        return Inventory(self.people[account_id], datetime.now(UTC), holdings)

    async def ghosts(self) -> tuple[Ghosts, ...]:
        self._meet("ghosts")
        former = [account for account in self.people.values() if not account.active]
        owned = [
            (each, tuple((m, n) for m in MODULES.values() if (n := len(self._of(each.id, m.name, Part.OPEN)))))
            for each in former
        ]
        return tuple(Ghosts(account, counts) for account, counts in owned if counts)

    async def owned(self, account_id: str, module: str, part: Part, *, after: str | None = None) -> Page:
        self._meet("owned")
        ids = [each for each in self._of(account_id, module, part) if after is None or each > after]
        page, rest = ids[: self.limits.read], ids[self.limits.read :]
        return Page(tuple(Record(each, f"Record {each}") for each in page), page[-1] if rest else None)

    async def moved_away(
        self, module: str, *, owners: Collection[str], since: datetime, first: str, last: str
    ) -> frozenset[str]:
        del since
        self._meet("moved_away")
        rows = self.rows[module].items()
        return frozenset(each for each, row in rows if first <= each <= last and row.owner not in owners)

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        self._meet("tag")
        assert len(ids) <= self.limits.tag
        for each in ids:
            self.rows[module][each].tags.add(tag)
        return BatchResult(tuple(ids))

    async def change_owner(self, module: str, ids: Sequence[str], to: str) -> BatchResult:
        self._meet("change_owner")
        assert len(ids) <= self.limits.write
        self.writes.append((module, tuple(ids)))
        failed = [failure for each in ids if (failure := self._refuse(module, each))]
        done = tuple(each for each in ids if each not in {failure.id for failure in failed})
        for each in done:
            self.rows[module][each].owner = to
        return BatchResult(done, tuple(failed))

    async def count(self, account_id: str, module: str, part: Part) -> int:
        self._meet("count")
        return len(self._of(account_id, module, part))

    async def recount(self, account_id: str, module: str, part: Part) -> int:
        self._meet("recount")
        return len(self._of(account_id, module, part)) + (self.lag.pop(0) if self.lag else 0)

    async def deactivate(self, account_id: str) -> bool:
        self._meet("deactivate")
        was = self.people[account_id]
        self.people[account_id] = replace(was, active=False)
        return was.active

    def record_url(self, module: str, record_id: str) -> str:
        return f"https://crm.example/{module}/{record_id}"

    async def aclose(self) -> None:
        return None

    def _of(self, account_id: str, module: str, part: Part) -> list[str]:
        master = MODULES[module].category is Category.MASTER
        wanted = {Part.ALL: (True, False), Part.OPEN: (True,), Part.CLOSED: (False,)}[part]
        return sorted(
            each
            for each, row in self.rows[module].items()
            if row.owner == account_id and (row.open or master) in wanted
        )

    def _refuse(self, module: str, record_id: str) -> RowFailure | None:
        if record_id not in self.rows[module]:
            return RowFailure(record_id, RowReason.GONE, "INVALID_DATA")
        reason, times = self.refusals.get(record_id, (RowReason.BUSY, 0))
        if not times:
            return None
        self.refusals[record_id] = (reason, times - 1)
        return RowFailure(record_id, reason, reason.upper())

    def _meet(self, method: str) -> None:
        if method in self.before:
            self.before.pop(method)()
        if self.failures.get(method):
            raise self.failures[method].pop(0)
