"""One departure over several CRMs in memory, with the jobs that an engine would do, side by side."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from fake_crm import LEAD, LEAVER, SUCCESSOR, FakeCrm
from run_cases import ADA, CHANNEL, RETAINED, TOMAS, NobodyElse
from sqlalchemy import Connection

from bot.store.database import Database
from bot.store.transaction import SqlStore
from connectors.base import Ability, Account
from handlers.commands import Approve, Command, ConfirmMailbox, ConfirmSuccessor
from handlers.consequences import HouseRules, jobs_for, tries_rows_again
from handlers.decide import decide
from handlers.departure import Departure, State, open_departure
from handlers.events import Opened
from handlers.forecast import systems_of
from handlers.people import Party, Person
from handlers.plan import Handover, Method
from handlers.ports import Job, JobName, LedgerOutcome, Transaction
from handlers.practice import ChecklistItem, Practice
from handlers.returning import Returner
from handlers.run import Runner
from handlers.steps.unit import RunSettings

ZOHO, PIPEDRIVE, SANGAM = "zoho_crm", "pipedrive", "sangam"


class Pipedrive(FakeCrm):
    system = PIPEDRIVE
    tags_along = True


class Sangam(FakeCrm):
    """People move the records and take the log-in away; the system tells what it holds, and nothing of its users."""

    system = SANGAM

    def __init__(self) -> None:
        super().__init__()
        self.guided = {
            Ability.DISCOVER, Ability.TRANSFER, Ability.DEACTIVATE, Ability.VERIFY, Ability.QUIET, Ability.UNDO,
        }  # fmt: skip


_KINDS: Final[Mapping[str, type[FakeCrm]]] = {ZOHO: FakeCrm, PIPEDRIVE: Pipedrive, SANGAM: Sangam}


def crm_for(system: str) -> FakeCrm:
    """Its people, ids apart, are those of every other system."""
    crm = _KINDS[system]()
    crm.people = {key: replace(account, system=system) for key, account in crm.people.items()}
    return crm


class Office:
    """A departure over these systems. What is asked for durably waits in `jobs`."""

    def __init__(self, database: Database, *systems: str) -> None:
        self.crms = {system: crm_for(system) for system in systems}
        self.jobs: list[Job] = []
        self.asked: set[str] = set()  # ids of jobs: asking twice starts one
        self.units: list[tuple[JobName, str]] = []  # what was done, in order
        self.store = SqlStore(database, self._enqueue, now)
        self.id = ""
        settings = RunSettings(patience=0.0, tries=3, channels=(CHANNEL,))
        self._runner = Runner(
            store=self.store, people=NobodyElse(), connectors=self.crms,
            rules=HouseRules(frozenset({str(ADA.person.email)})), settings=settings, now=now,
        )  # fmt: skip
        self._returner = Returner(store=self.store, connectors=self.crms, settings=settings, now=now)

    def _enqueue(self, _: Connection, job: Job) -> None:
        if job.id not in self.asked:
            self.jobs.append(job)
        self.asked.add(job.id)

    async def departure(self) -> Departure:
        found = await self.store.read(lambda tx: tx.departure(self.id))
        assert found
        return found

    async def says(self, command: Command, by: Party) -> None:
        departure = await self.departure()
        events = decide(departure, command, by, now=now())

        def commit(tx: Transaction) -> None:
            after = tx.append(departure, events)
            for system in tries_rows_again(departure, events):
                tx.requeue_failed(after.id, system)
            for job in jobs_for(after):
                tx.enqueue(job)

        await self.store.write(commit)

    async def open(self, *, emergency: bool = False) -> None:
        accounts = {system: replace(LEAVER, system=system) for system in self.crms}
        leaver = Person(LEAVER.name, LEAVER.email)
        opened = Opened(
            at=now(), by=ADA.person, leaver=leaver, accounts=accounts, admin=ADA.person, emergency=emergency
        )
        new = open_departure("dep-1", opened)

        def create(tx: Transaction) -> str:
            made = tx.create(new, opened)
            for job in jobs_for(made):
                tx.enqueue(job)
            return made.id

        self.id = await self.store.write(create)

    async def approve(
        self, *, emergency: bool = False, interim: bool = False, template: tuple[ChecklistItem, ...] = ()
    ) -> None:
        """Up to the run."""
        await self.open(emergency=emergency)
        await self.agree(emergency=emergency, interim=interim, template=template)

    async def agree(
        self, *, emergency: bool = False, interim: bool = False, template: tuple[ChecklistItem, ...] = ()
    ) -> None:
        """The same, where it is open already."""
        systems = (await self.work()).accounts
        handovers = {system: Handover(replace(SUCCESSOR, system=system), interim=interim) for system in systems}
        receivers = {f"{system}/{SUCCESSOR.id}": Person(SUCCESSOR.name, SUCCESSOR.email) for system in systems}
        method = Method(Practice(), systems_of(self.crms), emergency=emergency)
        await self.says(ConfirmSuccessor(handovers, receivers, frozenset(), method), ADA)
        await self.says(Approve(str((await self.departure()).digest), template), TOMAS)
        if (await self.departure()).state is State.MAILBOX:
            await self.says(ConfirmMailbox("checked", RETAINED), ADA)

    async def unit(self, job: Job) -> bool:
        """One unit of a job. Whether there is more to do."""
        runner, returner = self._runner, self._returner
        work = {JobName.PLAN: runner.plan, JobName.RUN: runner.advance, JobName.RETURN: returner.advance}
        self.units.append((job.name, job.system))
        return not (await work[job.name](job.departure_id, job.serial, job.system)).ended

    async def work(self, *, only: str | None = None, units: int = 600) -> Departure:
        """Do all jobs, a unit of each in turn, until every one is at its end; with `only`, those of one system."""
        for _ in range(units):
            for job in [job for job in self.jobs if only in (None, job.system)]:
                if not await self.unit(job):
                    self.jobs.remove(job)
            if not any(only in (None, job.system) for job in self.jobs):
                return await self.departure()
        raise AssertionError(f"the work never ends: {self.jobs}")

    def owners(self, system: str) -> dict[str, int]:
        """How many records each account owns in a system, by name."""
        crm = self.crms[system]
        names = {account.id: account.name.split()[0] for account in crm.people.values()}
        return dict(Counter(names[row.owner] for rows in crm.rows.values() for row in rows.values()))

    async def outcomes(self, system: str) -> dict[str, int]:
        totals = await self.store.read(lambda tx: tx.totals(self.id))
        mine = [t for place, t in totals.items() if place.system == system]
        found = {o.value: sum(t.count(o) for t in mine) for o in LedgerOutcome}
        return {outcome: n for outcome, n in found.items() if n}


def now() -> datetime:
    return datetime.now(UTC)


__all__ = ["ADA", "LEAD", "PIPEDRIVE", "SANGAM", "TOMAS", "ZOHO", "Account", "Office"]
