"""A departure in every state that it can be in, built from events, and what a reader sees of a card."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.base import (
    Account,
    Category,
    Holding,
    Inventory,
    MailboxKind,
    MailCount,
    Module,
    NotCovered,
    Sample,
)
from handlers.checklist import Item, ItemState
from handlers.departure import Departure, State, evolve, open_departure
from handlers.elements import (
    Actions,
    Button,
    Card,
    Element,
    Fact,
    Facts,
    Heading,
    Inline,
    Link,
    LinkButton,
    Mention,
    Moment,
    Note,
    Paragraph,
    Progress,
    Strong,
    Table,
)
from handlers.events import (
    Announced,
    Approved,
    BackupConfirmed,
    BaselineTaken,
    Cancelled,
    ChecklistMade,
    Closed,
    Event,
    ExceptionSigned,
    HandOnStarted,
    Interrupted,
    ItemSettled,
    MailboxConfirmed,
    MailboxWaived,
    MailsCounted,
    Opened,
    Outcome,
    Planned,
    Problem,
    Proven,
    Rescheduled,
    Retried,
    Returned,
    RunEnded,
    RunStarted,
    SentBack,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    Undone,
    UndoStarted,
    Voided,
)
from handlers.mailbox import MailboxAnswers
from handlers.people import Person
from handlers.plan import Difference, Handover, digest, make_plan
from handlers.playbooks import StepKey
from handlers.practice import When
from handlers.progress import ModuleProgress, RunProgress, Whereabouts
from handlers.rules import Suggestion

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 5, 9, 8, 0, tzinfo=UTC)
AMIT = Person("Amit Kumar", "amit@brightwater.example", {"slack": "U0AMIT"})
ADA = Person("Ada Brandt", "ada@brightwater.example", {"slack": "U0ADA"}, time_zone="Europe/Berlin")
TOMAS = Person("Tomás Rivera", "tomas@brightwater.example", {"slack": "U0TOMAS"}, language="de")
SARA = Person("Sara Lindqvist", "sara@brightwater.example", {"slack": "U0SARA"})
NOOR = Person("Noor Haddad", "noor@brightwater.example", {"slack": "U0NOOR"})

AMIT_CRM = Account("zoho_crm", "5000000000000110", AMIT.name, str(AMIT.email), active=True, manager_id="104")
SARA_CRM = Account("zoho_crm", "5000000000000120", SARA.name, str(SARA.email), active=True)
NOOR_CRM = Account("zoho_crm", "5000000000000130", NOOR.name, str(NOOR.email), active=True)
TOMAS_CRM = Account("zoho_crm", "104", TOMAS.name, str(TOMAS.email), active=True)


def inventory(*, mailbox: MailboxKind = MailboxKind.IMAP, deals: int = 1234) -> Inventory:
    samples = tuple(
        Sample(f"{n}", f"Deal <{n}>", f"https://crm.example/deals/{n}", Decimal(n * 1000)) for n in range(1, 5)
    )
    return Inventory(
        account=AMIT_CRM,
        taken_at=START,
        holdings=(
            Holding(Module("Contacts", "Contacts", Category.MASTER), 1500, 0),
            Holding(Module("Deals", "Deals", Category.TRANSACTION), deals, 410, Decimal("9876543.20"), samples),
            Holding(Module("Events", "Meetings", Category.ACTIVITY), 12, 300),
            Holding(Module("Cases", "Cases", Category.TRANSACTION), 0, 0),
        ),
        not_covered=(NotCovered("Visits", "Visits", "not_covered.no_owner"),),
        hazards=("hazard.subordinates", "hazard.assignment_rules"),
        currency="EUR",
        mailbox=mailbox,
    )


PROGRESS = RunProgress(
    {"zoho_crm": Whereabouts(StepKey.TRANSFER)},
    (
        ModuleProgress("zoho_crm", "Contacts", "Contacts", planned=1500, tagged=1500, moved=1490, others=8, gone=2),
        ModuleProgress("zoho_crm", "Deals", "Deals", planned=1234, tagged=1234, moved=500, failed=3),
    ),
)


# Two records of the sample; one is among the links of the inventory, the other is not.
MAILS = (MailCount("1", "Deal <1>", 9), MailCount("r9", "Roof & Sons", 5))


def item(key: str, title: str, assignee: Person, *, evidence: bool = True, when: When = When.AFTER) -> Item:
    due = START + timedelta(days=7)
    return Item(key, {"en": title, "de": f"{title} (de)"}, assignee, due, evidence=evidence, when=when)


ITEMS = (
    item("laptop", "Laptop is back", TOMAS),
    item("desk", "Desk: reassign open tickets", SARA, when=When.BEFORE),
    item("seat", "Cancel the CRM seat", ADA, evidence=False),
)


class Story:
    """A departure that goes on event by event, one hour apart."""

    def __init__(
        self, *, lead: Person | None = TOMAS, approvers: tuple[Person, ...] = (TOMAS,), admin: Person = ADA
    ) -> None:
        self.lead, self.approvers, self.admin = lead, approvers, admin
        self.at = START
        opened = Opened(at=START, by=admin, leaver=AMIT, admin=admin, accounts={"zoho_crm": AMIT_CRM})
        self.events: list[Event] = [opened]
        self.departure: Departure = replace(open_departure("dep-1", opened), number=12)

    def tell(self, event_type: type[Event], **values: object) -> "Story":
        self.at += timedelta(hours=1)
        return self.then(event_type, **values)

    def then(self, event_type: type[Event], **values: object) -> "Story":
        """In the same moment."""
        event = event_type(at=self.at, **values)  # type: ignore[arg-type]
        self.events.append(event)
        self.departure = evolve(self.departure, event)
        return self

    def planned(self, *, mailbox: MailboxKind = MailboxKind.IMAP) -> "Story":
        return self.tell(
            Planned,
            inventories={"zoho_crm": inventory(mailbox=mailbox)},
            lead=self.lead,
            approvers=self.approvers,
            suggestion=Suggestion(TOMAS_CRM, "suggestion.manager"),
            moves={"zoho_crm/Contacts": 1500, "zoho_crm/Deals": 1234, "zoho_crm/Events": 12},
        )

    def successor(self, person: Person = SARA) -> "Story":
        plan = make_plan(self.departure.inventories or {}, {"zoho_crm": Handover(SARA_CRM)}, self.at)
        receivers = {f"zoho_crm/{SARA_CRM.id}": person}
        return self.tell(
            SuccessorConfirmed, by=self.admin, successor=person, plan=plan, digest=digest(plan), receivers=receivers
        )

    def approved(self, *items: Item) -> "Story":
        if items:
            self.tell(ChecklistMade, items=items)
        by = {"by": self.approvers[0], "digest": str(self.departure.digest)}
        return self.then(Approved, **by) if items else self.tell(Approved, **by)

    def sent_back(self) -> "Story":
        return self.tell(SentBack, by=self.approvers[0], reason="Sara is away until June")

    def mailbox(self, answers: MailboxAnswers | None = None) -> "Story":
        self.tell(MailboxConfirmed, by=self.admin, note="Sharing is public", answers=answers)
        return self.then(RunStarted)

    def put_off(self) -> "Story":
        return self.tell(Rescheduled, by=self.admin, due=START + timedelta(days=7))

    def scheduled(self) -> "Story":
        return self.tell(MailboxConfirmed, by=self.admin, note="Sharing is public")

    def started(self) -> "Story":
        return self.tell(RunStarted)

    def waived(self) -> "Story":
        return self.tell(MailboxWaived, by=self.admin, reason="The mailbox is gone already").then(RunStarted)

    def approved_anew(self) -> "Story":
        """After a drift; the mailbox was confirmed before."""
        first = self.departure.mailbox.at if self.departure.mailbox else None
        return self.approved().then(MailboxConfirmed, note="Sharing is public", first=first).then(RunStarted)

    def until_running(self, *items: Item, mailbox: MailboxKind = MailboxKind.IMAP) -> "Story":
        return self.planned(mailbox=mailbox).successor().approved(*items).mailbox()

    def voided(self) -> "Story":
        fresh = {"zoho_crm": inventory(deals=1400)}
        plan = make_plan(fresh, {"zoho_crm": Handover(SARA_CRM)}, self.at)
        differences = (Difference("zoho_crm", "Deals", "Deals", 1234, 1400),)
        return self.tell(Voided, differences=differences, inventories=fresh, plan=plan, digest=digest(plan))

    def steps(self, *, upto: StepKey | None = None) -> "Story":
        """All automatic steps that are due."""
        while (step := self.departure.next_step("zoho_crm")) and step is not upto:
            if step is StepKey.BASELINE:
                self.tell(BaselineTaken, system="zoho_crm", mails=MAILS, agenda=())
            if step is StepKey.MAILS:
                self.tell(MailsCounted, system="zoho_crm", counts={"1": 9, "r9": 5})
            evidence: dict[str, int | str] = (
                {"moved": 1990, "others": 8, "gone": 2} if step is StepKey.TRANSFER else {"ghosts": 0}
            )
            self.tell(StepEnded, result=StepResult("zoho_crm", step, Outcome.DONE, evidence, self.at))
        return self

    def stopped(self, step: str = "transfer", key: str = "problem.rows_refused", count: int = 3) -> "Story":
        return self.tell(Interrupted, problem=Problem("ab12cd34", step, "zoho_crm", key, "RECORD_LOCKED", count))

    def signed(self, step: StepKey = StepKey.TRANSFER) -> "Story":
        at = self.at + timedelta(hours=1)
        evidence: dict[str, int | str] = {"reason": "The legal team holds them", "left": 3, "code": "RECORD_LOCKED"}
        result = StepResult("zoho_crm", step, Outcome.SKIPPED, evidence, at)
        return self.tell(ExceptionSigned, by=TOMAS, reason="The legal team holds them", result=result)

    def retried(self) -> "Story":
        return self.tell(Retried, by=self.admin)

    def ended(self) -> "Story":
        return self.steps().tell(RunEnded, retention_until=self.at + timedelta(days=180))

    def backed_up(self) -> "Story":
        return self.tell(BackupConfirmed, by=self.admin, note="Contact 17 shows its e-mails")

    def proven(self) -> "Story":
        """After the backup; with nothing open on the checklist, this is the end."""
        self.steps().tell(Proven)
        return self if self.departure.open_items else self.then(Closed)

    def closed(self) -> "Story":
        return self.backed_up().proven()

    def ticked(self, key: str, state: ItemState = ItemState.DONE, *, note: str = "") -> "Story":
        """The last one closes the departure."""
        self.tell(ItemSettled, by=self.admin, key=key, state=state, note=note)
        over = self.departure.state is State.CHECKLIST and not self.departure.open_items
        return self.then(Closed) if over else self

    def announced(self) -> "Story":
        return self.tell(Announced, by=self.admin)

    def undoing(self) -> "Story":
        return self.tell(UndoStarted, by=self.admin)

    def undone(self) -> "Story":
        return self.tell(Undone, records=1980, others=10, failed=0)

    def handing_on(self) -> "Story":
        return self.tell(HandOnStarted, by=self.admin, accounts={"zoho_crm": NOOR_CRM}, person=NOOR)

    def handed_on(self) -> "Story":
        return self.tell(Returned, records=1980, others=10, failed=0)

    def cancelled(self) -> "Story":
        return self.tell(Cancelled, by=self.admin)


def stories() -> dict[str, Departure]:
    """A departure in every state, on every road there."""
    drifted = Story().until_running().voided()
    again = Story().until_running().voided().approved_anew()
    return {
        "planning": Story().departure,
        "stopped while planning": Story().stopped("plan", "problem.no_approver", 0).departure,
        "planned at the second try": Story().stopped("plan", "problem.unexpected", 0).retried().planned().departure,
        "successor": Story().planned().departure,
        "approval": Story().planned().successor().departure,
        "sent back": Story().planned().successor().sent_back().departure,
        "second approval": Story().planned().successor().sent_back().successor().departure,
        "mailbox": Story().planned().successor().approved().departure,
        "scheduled": scheduled_story().departure,
        "waived": Story().planned().successor().approved(*ITEMS).waived().departure,
        "running": Story().until_running().departure,
        "drifted": drifted.departure,
        "approved anew": again.departure,
        "attention": Story().until_running().steps(upto=StepKey.TRANSFER).stopped().departure,
        "attention before any write": Story().until_running().stopped("compare", "problem.not_authorised", 0).departure,
        "tried again": Story().until_running().steps(upto=StepKey.TRANSFER).stopped().retried().departure,
        "e-mails lost": lost_story().departure,
        "backup": Story().until_running().ended().departure,
        "checklist": Story().until_running(*ITEMS).ended().closed().departure,
        "closed": Story().until_running().ended().closed().departure,
        "announced": Story().until_running().announced().ended().closed().departure,
        "closed with exception": signed_story().ended().closed().departure,
        "ticked off": ticked_story().departure,
        "undoing": Story().until_running().ended().closed().undoing().departure,
        "undone": Story().until_running().ended().undoing().undone().departure,
        "handing on": Story().until_running().ended().closed().handing_on().departure,
        "cancelled": Story().planned().successor().cancelled().departure,
    }


def scheduled_story() -> Story:
    return Story().planned().successor().approved(*ITEMS).put_off().scheduled()


def lost_story() -> Story:
    """Eleven of fourteen e-mails are still there after the retention."""
    story = Story().until_running().ended().backed_up().steps(upto=StepKey.MAILS)
    return story.tell(MailsCounted, system="zoho_crm", counts={"1": 9, "r9": 2}).stopped("mails", "problem.mails_lost")


def ticked_story() -> Story:
    story = Story().until_running(*ITEMS).ended().closed().ticked("laptop", note="On the shelf")
    return story.ticked("seat", ItemState.SKIPPED, note="Noor takes the seat over").ticked("desk")


def signed_story() -> Story:
    return Story().until_running().steps(upto=StepKey.TRANSFER).stopped().signed()


def plain(words: tuple[Inline, ...]) -> str:
    return "".join(_plain(inline) for inline in words)


def _plain(inline: Inline) -> str:
    match inline:
        case str():
            return inline
        case Strong(text) | Link(text):
            return text
        case Moment(_, fallback):
            return fallback
        case Mention(name):
            return f"@{name}"


def texts_of(element: Element) -> Iterator[str]:
    """Every text that an element shows."""
    match element:
        case Heading(text):
            yield text
        case Paragraph(words) | Note(words):
            yield plain(words)
        case Facts(facts):
            yield from (f"{fact.label}: {plain(fact.words)}" for fact in facts)
        case Table(header, rows):
            yield from (" | ".join(row) for row in (header, *rows))
        case Progress(label):
            yield label
        case Actions(buttons, menu):
            yield from (f"[{button.text}]" for button in (*buttons, *menu))


def read(card: Card) -> str:
    """The whole card, as text."""
    return "\n".join([card.text, *(text for element in card.elements for text in texts_of(element))])


def buttons(card: Card) -> list[Button]:
    """All controls that carry a token: buttons and menu."""
    rows = [element for element in card.elements if isinstance(element, Actions)]
    return [b for row in rows for b in (*row.buttons, *row.menu) if not isinstance(b, LinkButton)]


def mentions(card: Card) -> list[Mention]:
    words: list[Inline] = []
    for element in card.elements:
        match element:
            case Paragraph(said) | Note(said):
                words += said
            case Facts(facts):
                words += [inline for fact in facts for inline in _fact_words(fact)]
    return [inline for inline in words if isinstance(inline, Mention)]


def _fact_words(fact: Fact) -> tuple[Inline, ...]:
    return fact.words
