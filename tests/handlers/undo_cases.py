"""A departure that is through, with records in other hands: what an undo begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from fake_crm import COLLEAGUE, DEAD, LEAD, LEAVER, SUCCESSOR, FakeCrm

from bot.store.transaction import SqlStore
from connectors.base import Account, Inventory
from handlers.commands import Command
from handlers.decide import decide
from handlers.departure import Departure, evolved, open_departure
from handlers.events import (
    Approved,
    BackupConfirmed,
    Closed,
    Event,
    Interrupted,
    MailboxConfirmed,
    Opened,
    Outcome,
    Planned,
    Problem,
    Proven,
    RunEnded,
    RunStarted,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
)
from handlers.people import Party, Person
from handlers.plan import Dead, FieldLine, Handover, Plan, digest, make_plan
from handlers.playbooks import StepKey
from handlers.ports import Cursor, LedgerOutcome, Place, Transaction
from handlers.ports import Planned as Row
from handlers.returning import Returner
from handlers.routes import Route
from handlers.steps.unit import RunSettings

SYSTEM: Final = "zoho_crm"
OUTSIDER: Final = LEAD  # has nothing to do with the records
NEWCOMER: Final = Account(SYSTEM, "130", "Noor Haddad", "noor@brightwater.example", active=True)
ADA: Final = Party(Person("Ada Brandt", "ada@brightwater.example", {"slack": "U0ADA"}), admin=True)
RECEIVERS: Final = {
    SUCCESSOR.id: Person(SUCCESSOR.name, SUCCESSOR.email, {"slack": "U0SOFIA"}),
    COLLEAGUE.id: Person(COLLEAGUE.name, COLLEAGUE.email, {"slack": "U0BEN"}),
}
FIELD, STATUS = "Engineer", "Status"


def now() -> datetime:
    return datetime.now(UTC)


async def plan_for(crm: FakeCrm, *, quiet: bool = False) -> Plan:
    """Calls go to a colleague, all else to an interim successor; deals name the leaver in a field; idle ones are
    closed."""
    inventory = await crm.inventory(LEAVER.id)
    route = Route(COLLEAGUE, modules=("Calls",))
    handover = Handover(SUCCESSOR, (route,), quiet=quiet, interim=True)
    plan = make_plan({SYSTEM: inventory}, {SYSTEM: handover}, now())
    fields = (FieldLine("Deals", FIELD, "Engineer", 0, move=True),)
    system = replace(plan.systems[0], fields=fields, dead={"Deals": Dead(STATUS, DEAD)})
    return replace(plan, systems=(system,))


def _events(crm_plan: Plan, inventory: Mapping[str, Inventory]) -> tuple[Event, ...]:
    at, by = now(), ADA.person
    steps = (StepKey.SNAPSHOT, StepKey.TAG, StepKey.TRANSFER, StepKey.DEACTIVATE)
    done = [StepResult(SYSTEM, step, Outcome.DONE, {}, at) for step in steps]
    lead = Person(LEAD.name, LEAD.email, {"slack": "U0TOMAS"})
    return (
        Planned(at=at, inventories=dict(inventory), lead=lead, approvers=(lead,), suggestion=None),
        SuccessorConfirmed(
            at=at,
            by=by,
            successor=RECEIVERS[SUCCESSOR.id],
            plan=crm_plan,
            digest=digest(crm_plan),
            receivers={f"{SYSTEM}/{id_}": person for id_, person in RECEIVERS.items()},
        ),
        Approved(at=at, by=lead, digest=digest(crm_plan)),
        MailboxConfirmed(at=at, by=by, note="checked"),
        RunStarted(at=at),
        *(StepEnded(at=at, result=result) for result in done),
    )


def _end() -> tuple[Event, ...]:
    at = now()
    return RunEnded(at=at), BackupConfirmed(at=at, by=ADA.person, note="seen"), Proven(at=at), Closed(at=at)


class UndoDesk:
    """One departure whose records are where the plan sent them, and the work that gives them back."""

    def __init__(self, store: SqlStore, crm: FakeCrm, departure_id: str = "dep-1") -> None:
        self.store, self.crm, self.id = store, crm, departure_id
        self.waits: list[float] = []
        self.fresh()

    def fresh(self) -> None:
        """Another process: nothing is remembered."""
        self.returner = Returner(
            store=self.store, connectors={SYSTEM: self.crm}, settings=RunSettings(patience=0.5, tries=3), now=now
        )

    def place(self, module: str) -> Place:
        return Place(self.id, SYSTEM, module)

    async def open(self, *, quiet: bool = False, closed: bool = True) -> None:
        """The run is over (or, not `closed`, was stopped in the middle); the ledger is still empty."""
        plan = await plan_for(self.crm, quiet=quiet)
        opened = Opened(
            at=now(), by=ADA.person, leaver=Person(LEAVER.name, LEAVER.email), accounts={SYSTEM: LEAVER},
            admin=ADA.person,
        )  # fmt: skip
        stopped = Interrupted(at=now(), problem=Problem("ref", StepKey.TRANSFER, SYSTEM, "problem.unexpected"))
        happened = (
            *_events(plan, {SYSTEM: await self.crm.inventory(LEAVER.id)}),
            *(_end() if closed else (stopped,)),
        )
        new = open_departure(self.id, opened)

        def commit(tx: Transaction) -> None:
            tx.append(tx.create(new, opened), happened)

        await self.store.write(commit)

    async def moved(
        self,
        module: str,
        ids: Sequence[str],
        *,
        to: Account = SUCCESSOR,
        outcome: LedgerOutcome = LedgerOutcome.MOVED,
        given: bool = True,
    ) -> None:
        """Records that the run gave to somebody; the ledger has noted it as `outcome`."""
        for each in ids if given else ():
            self.crm.rows[module][each].owner = to.id
        await self._note(module, [Row(each, f"Record {each}", LEAVER.id, to.id) for each in ids], outcome)

    async def named(self, ids: Sequence[str]) -> None:
        """Deals whose field named the leaver and names the successor by now."""
        for each in ids:
            self.crm.rows["Deals"][each].fields[FIELD] = SUCCESSOR.id
        await self._note(f"Deals.{FIELD}", [Row(each, "", LEAVER.id, SUCCESSOR.id) for each in ids])

    async def closed_as_dead(self, before: Mapping[str, str]) -> None:
        """Deals that had these states."""
        for each in before:
            self.crm.rows["Deals"][each].fields[STATUS] = DEAD
        await self._note(f"Deals.{STATUS}", [Row(each, "", status, DEAD) for each, status in before.items()])

    async def _note(self, module: str, rows: Sequence[Row], outcome: LedgerOutcome = LedgerOutcome.MOVED) -> None:
        place, at = self.place(module), now()
        cursor = Cursor(None, complete=True, started_at=at)

        def commit(tx: Transaction) -> None:
            tx.add_page(place, {place: rows}, cursor)
            if outcome is not LedgerOutcome.PLANNED:
                tx.settle(place, [row.record_id for row in rows], outcome, at)

        await self.store.write(commit)

    async def departure(self) -> Departure:
        found = await self.store.read(lambda tx: tx.departure(self.id))
        assert found
        return found

    async def says(self, command: Command, by: Party = ADA) -> None:
        departure = await self.departure()
        events = decide(departure, command, by, now=now())
        evolved(departure, events)
        await self.store.write(lambda tx: tx.append(departure, events))

    async def work(self) -> Departure:
        """Go on until the work says that it is at its end for now."""
        for _ in range(300):
            departure = await self.departure()
            advance = await self.returner.advance(self.id, departure.run, SYSTEM)
            if advance.ended:
                return await self.departure()
            self.waits += [advance.wait] if advance.wait else []
        raise AssertionError("the undo never ends")

    async def outcomes(self) -> dict[str, int]:
        totals = await self.store.read(lambda tx: tx.totals(self.id))
        found = {o.value: sum(t.count(o) for t in totals.values()) for o in LedgerOutcome}
        return {outcome: n for outcome, n in found.items() if n}

    def owners(self, module: str) -> list[str]:
        return [self.crm.rows[module][each].owner for each in sorted(self.crm.rows[module])]
