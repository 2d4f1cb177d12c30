"""A departure with everything that a plan can explain and everything that can happen after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from card_cases import ADA, MAILS, NOOR, NOOR_CRM, SARA, SARA_CRM, START, TOMAS, TOMAS_CRM, Story, inventory

from connectors.base import (
    AgendaItem,
    AgendaKind,
    Category,
    Holding,
    Inventory,
    Module,
    Parent,
    Price,
    Reaction,
    Reference,
    ReferenceKind,
    UserField,
    Work,
)
from handlers.checklist import Item
from handlers.departure import Departure
from handlers.events import (
    BaselineTaken,
    HandoverAnswered,
    HandoverReply,
    Planned,
    Rechecked,
    SuccessorConfirmed,
)
from handlers.forecast import SystemTerms
from handlers.people import Person
from handlers.plan import Handover, Method, digest, make_plan
from handlers.playbooks import StepKey
from handlers.practice import ModuleRule, Practice, StaleAction, Undo
from handlers.progress import ModuleProgress, RunProgress, Whereabouts
from handlers.routes import Route

IDLE_SINCE = datetime(2025, 5, 4, tzinfo=UTC)
LEADS = Module("Leads", "Leads", Category.TRANSACTION)
CONTACTS = Module("Contacts", "Contacts", Category.MASTER, parents=(Parent("Account_Name", ("Accounts",)),))
HOUSE = Practice(
    modules={"Leads": ModuleRule(status="Lead_Status", closed=("Lost Lead",), dead="Lost Lead")}, undo=Undo(days=30)
)


def price(work: Work, module: str, records: int) -> Price:  # noqa: ARG001 - the same in every module
    """A hundred records to a call; a look, and all that is done once, cost next to nothing."""
    calls = 30 if work is Work.ONCE else 1 if work in (Work.LOOK, Work.COUNT, Work.RECOUNT) else -(-records // 100)
    return Price(calls, calls * (10 if work is Work.MOVE else 1))


TERMS = {"zoho_crm": SystemTerms(price, tags_along=False, capabilities={})}
REACTIONS = (Reaction("Deals", "Welcome mail", mails=True), Reaction("Deals", "Score", mails=False))


def rich_inventory() -> Inventory:
    """Leads and contacts besides, some of them old; other fields, configuration, automation."""
    plain = inventory()
    deals = replace(plain.holdings[1], idle=40)
    return replace(
        plain,
        holdings=(Holding(LEADS, 300, 20, idle=120), Holding(CONTACTS, 1500, 0), deals),
        user_fields=(
            UserField("Accounts", "Accounts", "Key_Account_Manager", "Key account manager", 17),
            UserField("Deals", "Deals", "Engineer", "Engineer", 4),
        ),
        references=(
            Reference(ReferenceKind.ASSIGNMENT, ("Web leads",)),
            Reference(ReferenceKind.SUBORDINATES, ("Ben Ott", "Mina Roth")),
            Reference(ReferenceKind.CRITERIA, movable=False),
        ),
        reactions=REACTIONS,
        credits_left=50_000,
    )


ALONE = Handover(SARA_CRM, idle_since=IDLE_SINCE, manager=TOMAS_CRM, loads={SARA_CRM.id: 412})
SHARED = replace(
    ALONE,
    routes=(
        Route(NOOR_CRM, ("Deals",), above=Decimal(50_000)),
        Route(NOOR_CRM, share=40),
    ),
    loads={SARA_CRM.id: 412, NOOR_CRM.id: 90},
)
CLOSING = replace(ALONE, stale=StaleAction.CLOSE)
ALLOCATING = replace(ALONE, stale=StaleAction.ALLOCATE, allocate_to=(NOOR_CRM,), loads={NOOR_CRM.id: 90})


def planned(handover: Handover = ALONE, house: Practice = HOUSE, **changes: object) -> Story:
    """Up to the question whether to approve it; `changes` are of the inventory."""
    found = replace(rich_inventory(), **changes)  # type: ignore[arg-type]
    story = Story()
    story.tell(
        Planned, inventories={"zoho_crm": found}, lead=TOMAS, approvers=(TOMAS,), suggestion=None, moves={}
    )  # fmt: skip
    plan = make_plan({"zoho_crm": found}, {"zoho_crm": handover}, START, Method(house, TERMS))
    receivers = {f"zoho_crm/{SARA_CRM.id}": SARA}
    if handover.routes:
        receivers[f"zoho_crm/{NOOR_CRM.id}"] = NOOR
    return story.tell(
        SuccessorConfirmed, by=ADA, successor=SARA, plan=plan, digest=digest(plan), receivers=receivers
    )  # fmt: skip


def agenda() -> tuple[AgendaItem, ...]:
    """Seven deals, an overdue task, a meeting, and an account that nobody has ever talked to."""
    url = "https://crm.example/"
    deals = (
        AgendaItem(AgendaKind.DEAL, "Deals", str(n), f"Roof {n}", f"{url}deals/{n}", _noon(n), Decimal(90_000 - n))
        for n in range(1, 8)
    )
    return (
        *deals,
        AgendaItem(AgendaKind.TASK, "Tasks", "21", "Call back", f"{url}tasks/21", _noon(1)),
        AgendaItem(AgendaKind.MEETING, "Events", "31", "Kick-off", f"{url}events/31", START + timedelta(days=3)),
        AgendaItem(AgendaKind.SILENT, "Accounts", "41", "Quiet Ltd", f"{url}accounts/41"),
    )


def _noon(day: int) -> datetime:
    return datetime(2026, 5, day, 12, tzinfo=UTC)


def handed_over(handover: Handover = ALONE, *items: Item) -> Story:
    """Up to the question whether the e-mails are retained."""
    story = planned(handover).approved(*items).mailbox().steps(upto=StepKey.SNAPSHOT)
    return story.tell(BaselineTaken, system="zoho_crm", mails=MAILS, agenda=agenda()).ended()


def answered(story: Story, reply: HandoverReply, note: str = "", by: Person = SARA) -> Story:
    return story.tell(HandoverAnswered, by=by, reply=reply, note=note)


def rechecked(story: Story, *, moved: int = 0, left: int = 0, problem: str | None = None) -> Story:
    number = len(story.departure.rechecks) + 1
    return story.tell(Rechecked, number=number, moved=moved, left=left, problem=problem)


RICH_PROGRESS = RunProgress(
    {"zoho_crm": Whereabouts()},
    (
        ModuleProgress("zoho_crm", "Leads", "Leads", 180, moved=178, gone=2, given={SARA_CRM.id: 178}),
        ModuleProgress("zoho_crm", "Leads.Lead_Status", "Leads: Lost Lead", 120, moved=120, given={"Lost Lead": 120}),
        ModuleProgress(
            "zoho_crm", "Deals", "Deals", 1234, moved=1230, others=4, given={SARA_CRM.id: 1000, NOOR_CRM.id: 230}
        ),
        ModuleProgress("zoho_crm", "Deals.Engineer", "Deals: Engineer", 4, moved=4, given={SARA_CRM.id: 4}),
    ),
)


def rich_stories() -> dict[str, Departure]:
    """For each thing that a plan or the time after it can tell, a departure that has it."""
    interim = answered(handed_over(replace(ALONE, interim=True)).closed(), HandoverReply.PROPOSED, "Ben knows them")
    shared = answered(handed_over(SHARED), HandoverReply.ASKED, "Who knows the customer Roof?")
    looked = rechecked(handed_over(CLOSING).closed(), moved=3, left=1, problem="problem.rows_refused")
    urgent = planned(replace(SHARED, quiet=True), credits_left=100)
    urgent.departure = replace(urgent.departure, emergency=True)
    return {
        "shared out by rule": planned(SHARED).departure,
        "old ones closed": planned(CLOSING).departure,
        "old ones shared out": planned(ALLOCATING).departure,
        "urgent, quiet, too costly": urgent.departure,
        "a successor asks": shared.departure,
        "an interim successor proposes": interim.departure,
        "a late arrival": looked.departure,
    }
