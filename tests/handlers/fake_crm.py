"""A CRM in memory: quick, obedient, and with a bad day where a test gives it one."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.base import (
    BY_API,
    Ability,
    Account,
    AgendaItem,
    BatchResult,
    Capability,
    Category,
    Check,
    Fitness,
    Ghosts,
    HandoverState,
    Holding,
    Inventory,
    Limits,
    MailCount,
    Module,
    Page,
    Parent,
    Part,
    Price,
    Reaction,
    Record,
    Reference,
    ReferenceKind,
    Rejected,
    RowFailure,
    RowReason,
    Survey,
    UserField,
    Way,
    Work,
)

MODULES = {
    name: Module(name, name, category)
    for name, category in (
        ("Contacts", Category.MASTER),
        ("Deals", Category.TRANSACTION),
        ("Calls", Category.ACTIVITY),
    )
}
MODULES["Deals"] = replace(MODULES["Deals"], value_field="Amount", parents=(Parent("Contact", ("Contacts",)),))
LEAVER = Account("zoho_crm", "110", "Amit Kumar", "amit@brightwater.example", active=True, manager_id="103")
SUCCESSOR = Account("zoho_crm", "120", "Sofia Lindgren", "sofia@brightwater.example", active=True)
COLLEAGUE = Account("zoho_crm", "121", "Ben Carter", "ben@brightwater.example", active=True)
DEAD = "Dead"
LEAD = Account("zoho_crm", "103", "Tomás Rivera", "tomas@brightwater.example", active=True)


@dataclass
class Row:
    """`fields` are all columns besides; a status "Dead" closes. `idle`: nobody has worked on it for long."""

    owner: str
    open: bool = True
    tags: set[str] = field(default_factory=set)
    fields: dict[str, str | None] = field(default_factory=dict)
    idle: bool = False
    mails: int = 0  # of the leaver
    others_mails: int = 0
    later_mails: int = 0  # of others, from after the hand-over began

    @property
    def unfinished(self) -> bool:
        return self.open and self.fields.get("Status") != DEAD


class FakeCrm:
    """Implements `connectors.base.Connector`. `refusals` maps a record to why it is refused, and how often yet."""

    system = "zoho_crm"
    label = "Zoho CRM"
    owner_field = "Owner"
    limits = Limits(read=8, write=8, tag=20, update=4, look=1000)
    tags_along = False

    def __init__(self) -> None:
        self.people = {account.id: account for account in (LEAVER, SUCCESSOR, COLLEAGUE, LEAD)}
        self.rows: dict[str, dict[str, Row]] = {module: {} for module in MODULES}
        self.refusals: dict[str, tuple[RowReason, int]] = {}
        self.before: dict[str, Callable[[], object]] = {}  # by method: once, before its next call
        self.failures: dict[str, list[Exception]] = {}  # by method: raised one after the other
        self.lag: list[int] = []  # what the second read path adds to its next counts
        self.writes: list[tuple[str, tuple[str, ...]]] = []
        self.quiet: list[bool] = []  # of each owner change, whether it set off no automation
        self.named_in: dict[ReferenceKind, str] = {}  # whom the configuration names
        self.stubborn: set[ReferenceKind] = set()  # what a hand-over does not move
        self.handovers: dict[str, int] = {}  # how often each still answers that it runs
        self.managers: list[str | None] = []
        self.fit: dict[str, Fitness] = {}
        self.licences = 9
        self.user_fields: dict[str, tuple[str, ...]] = {}  # by module
        self.reacting: tuple[Reaction, ...] = ()
        self.credits: int | None = None
        self.shown: tuple[AgendaItem, ...] = ()
        self.mails_lost = False
        self.guided: set[Ability] = set()

    def give(self, module: str, count: int, *, to: Account = LEAVER, opened: bool = True) -> list[str]:
        """New records of this account."""
        first = 1000 + sum(len(rows) for rows in self.rows.values())
        mails = 1 if module == "Contacts" else 0
        made = {str(first + n): Row(to.id, opened, mails=mails) for n in range(count)}
        self.rows[module] |= made
        return list(made)

    def owner(self, record_id: str) -> str:
        return next(rows[record_id].owner for rows in self.rows.values() if record_id in rows)

    # The protocol

    @property
    def capabilities(self) -> dict[Ability, Capability]:
        guided = {ability: Capability(Way.GUIDED, "ability.zoho_crm.seats") for ability in self.guided}
        return {ability: guided.get(ability, BY_API) for ability in Ability}

    def price(self, work: Work, module: str, records: int) -> Price:
        """As many calls as it takes, for as many credits; once a run ten."""
        del module
        sizes = {Work.READ: self.limits.read, Work.TAG: self.limits.tag, Work.MOVE: self.limits.write}
        calls = 10 if work is Work.ONCE else max(1, -(-records // sizes.get(work, self.limits.update)))
        return Price(calls, calls)

    @property
    def credits_left(self) -> int | None:
        return self.credits

    async def check(self) -> tuple[Check, ...]:
        return (Check("credentials", passed=True, found="accepted"),)

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        del fresh
        return tuple(self.people.values())

    async def account(self, account_id: str) -> Account:
        self._meet("account")
        return self.people[account_id]

    async def inventory(self, account_id: str, survey: Survey | None = None) -> Inventory:
        self._meet("inventory")
        holdings = tuple(self._holding(account_id, module, survey or Survey()) for module in MODULES.values())
        return Inventory(
            self.people[account_id],
            datetime.now(UTC),
            holdings,
            user_fields=tuple(self._user_fields(account_id)),
            references=await self.references(account_id),
            reactions=self.reacting,
            credits_left=self.credits,
        )

    def _holding(self, account_id: str, module: Module, survey: Survey) -> Holding:
        opened = self._of(account_id, module.name, Part.OPEN)
        rows = [self.rows[module.name][each] for each in opened]
        groups: dict[str, dict[str, int]] = {}
        for name in survey.group_by.get(module.name, ()):
            values = [row.fields.get(name) or "" for row in rows]
            groups[name] = {value: values.count(value) for value in values}
        idle = sum(row.idle for row in rows) if survey.idle_since else 0
        closed = len(self._of(account_id, module.name, Part.CLOSED))
        return Holding(module, len(opened), closed, idle=idle, groups=groups)

    def _user_fields(self, account_id: str) -> Iterator[UserField]:
        for module, names in self.user_fields.items():
            for name in names:
                count = sum(row.fields.get(name) == account_id for row in self.rows[module].values())
                if count:
                    yield UserField(module, module, name, name, count)

    async def fitness(self, account_id: str) -> Fitness:
        self._meet("fitness")
        return self.fit.get(account_id, Fitness())

    async def loads(self, account_ids: Collection[str]) -> dict[str, int]:
        return {each: sum(len(self._of(each, module, Part.OPEN)) for module in MODULES) for each in account_ids}

    async def agenda(self, account_id: str, *, until: datetime) -> tuple[AgendaItem, ...]:
        del account_id, until
        self._meet("agenda")
        return self.shown

    async def mail_sample(self, account_id: str, *, limit: int) -> tuple[MailCount, ...]:
        self._meet("mail_sample")
        rows = [(each, self.rows["Contacts"][each].mails) for each in self._of(account_id, "Contacts", Part.ALL)]
        return tuple(MailCount(each, f"Record {each}", mails) for each, mails in rows if mails)[:limit]

    async def count_mails(
        self, account_id: str | None, record_ids: Sequence[str], *, until: datetime | None = None
    ) -> dict[str, int]:
        """Of somebody who is inactive none are shown where the mailbox was not made safe."""
        self._meet("count_mails")
        rows = self.rows["Contacts"]
        if account_id is None:
            later = {each: 0 if until else rows[each].later_mails for each in record_ids}
            return {each: rows[each].mails + rows[each].others_mails + later[each] for each in record_ids}
        gone = not self.people[account_id].active and self.mails_lost
        return {each: 0 if gone else rows[each].mails for each in record_ids}

    async def ghosts(self) -> tuple[Ghosts, ...]:
        self._meet("ghosts")
        former = [account for account in self.people.values() if not account.active]
        owned = [
            (each, tuple((m, n) for m in MODULES.values() if (n := len(self._of(each.id, m.name, Part.OPEN)))))
            for each in former
        ]
        return tuple(Ghosts(account, counts) for account, counts in owned if counts)

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
        self._meet("owned")
        return self._page(module, self._of(account_id, module, part), after, columns, idle=idle_since is not None)

    async def named(self, account_id: str, module: str, user_field: str, *, after: str | None = None) -> Page:
        self._meet("named")
        ids = sorted(each for each, row in self.rows[module].items() if row.fields.get(user_field) == account_id)
        return self._page(module, ids, after, ())

    def _page(
        self, module: str, ids: Sequence[str], after: str | None, columns: Sequence[str], *, idle: bool = False
    ) -> Page:
        behind = [each for each in ids if after is None or each > after]
        page, rest = behind[: self.limits.read], behind[self.limits.read :]
        records = []
        for each in page:
            row = self.rows[module][each]
            fields = {name: row.fields.get(name) for name in columns}
            records.append(Record(each, f"Record {each}", fields, idle=idle and row.idle))
        return Page(tuple(records), page[-1] if rest else None)

    async def moved_away(
        self, account_id: str, module: str, part: Part, *, since: datetime, ids: Sequence[str]
    ) -> dict[str, str]:
        del since
        self._meet("moved_away")
        still = set(self._of(account_id, module, part))
        assert len(ids) <= self.limits.look
        rows = self.rows[module].items()
        return {each: row.owner for each, row in rows if each in ids and each not in still}

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        self._meet("tag")
        assert len(ids) <= self.limits.tag
        for each in ids:
            self.rows[module][each].tags.add(tag)
        return BatchResult(tuple(ids))

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
        del instead_of  # a record has one owner here
        self._meet("change_owner")
        assert self.tags_along or tag is None
        assert len(ids) <= (self.limits.update if quiet else self.limits.write)
        if not self.people[to].active:
            raise Rejected("the new owner is inactive", system=self.system, code="INVALID_DATA")
        self.quiet.append(quiet)
        done, result = self._write(module, ids)
        for each in done:
            self.rows[module][each].owner = to
            self.rows[module][each].tags |= {tag} if tag else set()
        return result

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        self._meet("update")
        assert len(ids) <= self.limits.update
        done, result = self._write(module, ids)
        for each in done:
            self.rows[module][each].fields |= values
        return result

    def _write(self, module: str, ids: Sequence[str]) -> tuple[tuple[str, ...], BatchResult]:
        self.writes.append((module, tuple(ids)))
        failed = [failure for each in ids if (failure := self._refuse(module, each))]
        done = tuple(each for each in ids if each not in {failure.id for failure in failed})
        return done, BatchResult(done, tuple(failed))

    async def values(self, module: str, ids: Sequence[str], name: str) -> dict[str, str | None]:
        self._meet("values")
        rows = {each: self.rows[module][each] for each in ids if each in self.rows[module]}
        return {each: row.owner if name == self.owner_field else row.fields.get(name) for each, row in rows.items()}

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

    async def activate(self, account_id: str) -> bool:
        self._meet("activate")
        was = self.people[account_id]
        if not was.active and sum(account.active for account in self.people.values()) >= self.licences:
            raise Rejected("no licence is free", system=self.system, code="NO_LICENCE")
        self.people[account_id] = replace(was, active=True)
        return not was.active

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        self._meet("references")
        return tuple(Reference(kind) for kind, whom in self.named_in.items() if whom == account_id)

    async def begin_handover(
        self, account_id: str, to: str, kinds: Collection[ReferenceKind], *, manager: str | None = None
    ) -> str | None:
        self._meet("begin_handover")
        self.managers.append(manager)
        for kind in set(kinds) - self.stubborn:
            if self.named_in.get(kind) == account_id:
                self.named_in[kind] = to
        job = f"job {len(self.handovers)}"
        self.handovers[job] = 1
        return job

    async def handover_state(self, handover: str) -> HandoverState:
        self._meet("handover_state")
        self.handovers[handover] -= 1
        return HandoverState.COMPLETED if self.handovers[handover] < 0 else HandoverState.RUNNING

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
            if row.owner == account_id and (row.unfinished or master) in wanted
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
