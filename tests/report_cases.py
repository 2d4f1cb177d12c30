"""A departure that has seen everything: two successors, a drift, a stop, an exception, lost mails, a late arrival."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from connectors.base import (
    Account,
    Category,
    Holding,
    Inventory,
    MailboxKind,
    MailCount,
    Module,
    NotCovered,
    Part,
    Reaction,
)
from handlers.checklist import Item, ItemState
from handlers.departure import Departure, evolved, open_departure
from handlers.events import (
    Announced,
    Approved,
    BackupConfirmed,
    BaselineTaken,
    ChecklistMade,
    Closed,
    Event,
    ExceptionSigned,
    Interrupted,
    ItemSettled,
    MailboxConfirmed,
    MailsCounted,
    Opened,
    Outcome,
    Planned,
    Problem,
    Proven,
    Rechecked,
    RunEnded,
    RunStarted,
    SentBack,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    Voided,
)
from handlers.forecast import Forecast
from handlers.people import Person
from handlers.plan import Difference, Handover, Line, Plan, SystemPlan, digest
from handlers.playbooks import StepKey
from handlers.ports import Entry, LedgerOutcome, Place, Totals
from handlers.report import Case
from handlers.routes import Route

START: Final = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
CRM: Final = "zoho_crm"
AMIT: Final = Person("Amit Kumar", "amit@brightwater.example", {"slack": "U0AMIT"})
ADA: Final = Person("Ada Brandt", "ada@brightwater.example", {"slack": "U0ADA"}, language="de")
TOMAS: Final = Person("Tomás Rivera", "tomas@brightwater.example", {"slack": "U0TOMAS"})
SOFIA: Final = Person("Sofia Lindgren", "sofia@brightwater.example", {"slack": "U0SOFIA"})
JUN: Final = Person("Jun Watanabe", "jun@brightwater.example", {"slack": "U0JUN"})
AMIT_CRM: Final = Account(CRM, "110", AMIT.name, str(AMIT.email), active=True, manager_id="103")
SOFIA_CRM: Final = Account(CRM, "120", SOFIA.name, str(SOFIA.email), active=True)
JUN_CRM: Final = Account(CRM, "130", JUN.name, str(JUN.email), active=True)

LINES: Final = (
    Line("Leads", "Leads", Category.TRANSACTION, Part.OPEN, 84, 62, "rule.open"),
    Line("Contacts", "Contacts", Category.MASTER, Part.ALL, 121, 0, "rule.master"),
    Line("Deals", "Deals", Category.TRANSACTION, Part.OPEN, 64, 32, "rule.open", Decimal(1797030)),
    Line("Quotes", "Quotes", Category.TRANSACTION, Part.OPEN, 9, 4, "rule.open", Decimal(212400)),
)
# What became of the records of each module, and how many of the moved went to the second successor.
FATES: Final[dict[str, tuple[dict[LedgerOutcome, int], int]]] = {
    "Leads": ({LedgerOutcome.MOVED: 80, LedgerOutcome.OTHERS: 3, LedgerOutcome.GONE: 1}, 40),
    "Contacts": ({LedgerOutcome.MOVED: 120, LedgerOutcome.OTHERS: 1}, 0),
    "Deals": ({LedgerOutcome.MOVED: 61, LedgerOutcome.FAILED: 3}, 11),
    "Quotes": ({LedgerOutcome.MOVED: 9}, 9),
}


def plan() -> Plan:
    route = Route(modules=("Leads",), to=JUN_CRM, share=50)
    system = SystemPlan(
        system=CRM,
        leaver=AMIT_CRM,
        successor=SOFIA_CRM,
        lines=LINES,
        steps=tuple(StepKey),
        tag="AmitKumarRecords",
        not_covered=(NotCovered("Notes", "Notes", "not_covered.history"),),
        mailbox=MailboxKind.POP,
        currency="EUR",
        handover=Handover(SOFIA_CRM, routes=(route,)),
        forecast=Forecast(180, 240, 300, None, (Reaction("Deals", "Tell the customer", mails=True),)),
    )
    return Plan((system,), START)


def inventory() -> Inventory:
    holdings = tuple(Holding(Module(e.module, e.label, e.category), e.move, e.keep, e.value) for e in LINES)
    return Inventory(AMIT_CRM, START, holdings, currency="EUR", mailbox=MailboxKind.POP)


def _item(key: str, title: str, german: str) -> Item:
    return Item(key, {"en": title, "de": german}, ADA, START + timedelta(days=9))


def story() -> tuple[Event, ...]:
    """From the command to the first look afterwards, an hour apart."""
    opened, *rest = _before_the_run()
    events = (opened, *rest, *_run(), *_afterwards())
    return tuple(replace(event, at=START + timedelta(hours=n)) for n, event in enumerate(events))


def _before_the_run() -> tuple[Event, ...]:
    made, at = plan(), START
    chosen = SuccessorConfirmed(
        at=at, by=ADA, successor=SOFIA, plan=made, digest=digest(made),
        receivers={f"{CRM}/120": SOFIA, f"{CRM}/130": JUN},
    )  # fmt: skip
    items = (_item("laptop", "Laptop is back", "Laptop ist zurück"), _item("seat", "Seat cancelled", "Platz gekündigt"))
    return (
        Opened(at=at, by=ADA, leaver=AMIT, accounts={CRM: AMIT_CRM}, admin=ADA),
        Planned(at=at, inventories={CRM: inventory()}, lead=TOMAS, approvers=(TOMAS,), suggestion=None),
        chosen,
        SentBack(at=at, by=TOMAS, reason="Jun should get half of the <leads>"),
        chosen,
        ChecklistMade(at=at, items=items),
        Approved(at=at, by=TOMAS, digest=digest(made)),
        MailboxConfirmed(at=at, by=ADA, note="Sharing is public & tested"),
        RunStarted(at=at),
        Voided(
            at=at, differences=(Difference(CRM, "Leads", "Leads", 60, 84),), inventories={CRM: inventory()}, plan=made,
            digest=digest(made),
        ),
        Approved(at=at, by=TOMAS, digest=digest(made)),
        MailboxConfirmed(at=at, by=ADA, note=""),
        RunStarted(at=at),
    )  # fmt: skip


def step(key: StepKey, evidence: dict[str, int | str], outcome: Outcome = Outcome.DONE) -> StepResult:
    return StepResult(CRM, key, outcome, evidence, START)


def _run() -> tuple[Event, ...]:
    at = START
    mails = (MailCount("c1", "Priya <Nair>", 14), MailCount("c2", "Hugo Brandt", 7))
    refused = Problem("ab12cd34", StepKey.TRANSFER, CRM, "problem.rows_refused", "RECORD_LOCKED", 3)
    evidence: dict[str, int | str] = {"reason": "Legal holds these three", "left": 3, "code": "RECORD_LOCKED"}
    signed = replace(step(StepKey.TRANSFER, evidence, Outcome.SKIPPED), at=START + timedelta(hours=18))
    return (
        StepEnded(at=at, result=step(StepKey.COMPARE, {"records": 278})),
        BaselineTaken(at=at, system=CRM, mails=mails, agenda=()),
        StepEnded(at=at, result=step(StepKey.SNAPSHOT, {"records": 278})),
        StepEnded(at=at, result=step(StepKey.TAG, {"tag": "AmitKumarRecords", "records": 278, "refused": 0})),
        Interrupted(at=at, problem=refused),
        ExceptionSigned(at=at, by=TOMAS, reason="Legal holds these three", result=signed),
        StepEnded(at=at, result=step(StepKey.VERIFY, {"ghosts": 0, "modules": 4})),
        StepEnded(at=at, result=step(StepKey.DEACTIVATE, {"account": "110"})),
        StepEnded(at=at, result=step(StepKey.RECOUNT, {"ghosts": 0, "modules": 4})),
        RunEnded(at=at),
    )


def _afterwards() -> tuple[Event, ...]:
    at = START
    return (
        BackupConfirmed(at=at, by=ADA, note="Contact 17 shows its e-mails"),
        MailsCounted(at=at, system=CRM, counts={"c1": 14, "c2": 5}),
        Proven(at=at),
        ItemSettled(at=at, by=ADA, key="laptop", state=ItemState.DONE, note="In the cupboard"),
        ItemSettled(at=at, by=TOMAS, key="seat", state=ItemState.SKIPPED, note="The contract ends anyway"),
        Closed(at=at, by=ADA),
        Announced(at=at, by=ADA),
        Rechecked(at=at, number=1, moved=2, left=0),
    )


def departure_of(events: Sequence[Event], *, number: int = 7) -> Departure:
    first, *rest = events
    assert isinstance(first, Opened)
    return evolved(replace(open_departure("d7", first), number=number), rest)


def trail_of(events: Sequence[Event]) -> tuple[Entry, ...]:
    return tuple(
        Entry(n, e.at, e.by.email if e.by else None, e.type, e, hashlib.sha256(f"{n}".encode()).hexdigest())
        for n, e in enumerate(events, start=1)
    )


def totals() -> dict[Place, Totals]:
    return {Place("d7", CRM, module): Totals(dict(counts), 0) for module, (counts, _) in FATES.items()}


def received() -> dict[tuple[str, str], int]:
    second = sum(n for _, n in FATES.values())
    return {(CRM, "130"): second, (CRM, "120"): sum(c[LedgerOutcome.MOVED] for c, _ in FATES.values()) - second}


def whole_case(events: Sequence[Event] | None = None) -> Case:
    told = story() if events is None else events
    return Case(departure_of(told), trail_of(told), totals(), received())
