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
    Module,
    NotCovered,
    Sample,
)
from handlers.departure import Departure, evolve, open_departure
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
    Approved,
    BackupConfirmed,
    Cancelled,
    Event,
    ExceptionSigned,
    Interrupted,
    MailboxConfirmed,
    Opened,
    Outcome,
    Planned,
    Problem,
    Retried,
    RunEnded,
    SentBack,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    Voided,
)
from handlers.people import Person
from handlers.plan import Difference, digest, make_plan
from handlers.playbooks import StepKey, automatic
from handlers.progress import ModuleProgress, RunProgress
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
    StepKey.TRANSFER,
    (
        ModuleProgress("zoho_crm", "Contacts", "Contacts", planned=1500, tagged=1500, moved=1490, others=8, gone=2),
        ModuleProgress("zoho_crm", "Deals", "Deals", planned=1234, tagged=1234, moved=500, failed=3),
    ),
)


class Story:
    """A departure that goes on event by event, one hour apart."""

    def __init__(
        self, *, lead: Person | None = TOMAS, approvers: tuple[Person, ...] = (TOMAS,), admin: Person = ADA
    ) -> None:
        self.lead, self.approvers, self.admin = lead, approvers, admin
        self.at = START
        opened = Opened(at=START, by=admin, leaver=AMIT, admin=admin, accounts={"zoho_crm": AMIT_CRM})
        self.departure: Departure = replace(open_departure("dep-1", opened), number=12)

    def tell(self, event_type: type[Event], **values: object) -> "Story":
        self.at += timedelta(hours=1)
        self.departure = evolve(self.departure, event_type(at=self.at, **values))  # type: ignore[arg-type]
        return self

    def planned(self, *, mailbox: MailboxKind = MailboxKind.IMAP) -> "Story":
        return self.tell(
            Planned,
            inventories={"zoho_crm": inventory(mailbox=mailbox)},
            lead=self.lead,
            approvers=self.approvers,
            suggestion=Suggestion(TOMAS_CRM, "suggestion.manager"),
        )

    def successor(self, person: Person = SARA) -> "Story":
        plan = make_plan(self.departure.inventories or {}, {"zoho_crm": SARA_CRM}, self.at)
        return self.tell(SuccessorConfirmed, by=self.admin, successor=person, plan=plan, digest=digest(plan))

    def approved(self) -> "Story":
        return self.tell(Approved, by=self.approvers[0], digest=str(self.departure.digest))

    def sent_back(self) -> "Story":
        return self.tell(SentBack, by=self.approvers[0], reason="Sara is away until June")

    def mailbox(self) -> "Story":
        return self.tell(MailboxConfirmed, by=self.admin, note="Sharing is public")

    def until_running(self, *, mailbox: MailboxKind = MailboxKind.IMAP) -> "Story":
        return self.planned(mailbox=mailbox).successor().approved().mailbox()

    def voided(self) -> "Story":
        fresh = {"zoho_crm": inventory(deals=1400)}
        plan = make_plan(fresh, {"zoho_crm": SARA_CRM}, self.at)
        differences = (Difference("zoho_crm", "Deals", "Deals", 1234, 1400),)
        return self.tell(Voided, differences=differences, inventories=fresh, plan=plan, digest=digest(plan))

    def steps(self, *, upto: StepKey | None = None) -> "Story":
        ended = {result.step for result in self.departure.steps}
        for step in automatic("zoho_crm"):
            if step is upto:
                break
            if step not in ended:
                evidence = {"moved": 1990, "others": 8, "gone": 2} if step is StepKey.TRANSFER else {"ghosts": 0}
                self.tell(StepEnded, result=StepResult("zoho_crm", step, Outcome.DONE, evidence, self.at))
        return self

    def stopped(self, step: str = "transfer", key: str = "problem.rows_refused", count: int = 3) -> "Story":
        return self.tell(Interrupted, problem=Problem("ab12cd34", step, "zoho_crm", key, "RECORD_LOCKED", count))

    def signed(self) -> "Story":
        at = self.at + timedelta(hours=1)
        evidence: dict[str, int | str] = {"reason": "The legal team holds them", "left": 3, "code": "RECORD_LOCKED"}
        result = StepResult("zoho_crm", StepKey.TRANSFER, Outcome.SKIPPED, evidence, at)
        return self.tell(ExceptionSigned, by=TOMAS, reason="The legal team holds them", result=result)

    def retried(self) -> "Story":
        return self.tell(Retried, by=self.admin)

    def ended(self) -> "Story":
        return self.steps().tell(RunEnded)

    def closed(self) -> "Story":
        return self.tell(BackupConfirmed, by=self.admin, note="Contact 17 shows its e-mails")

    def cancelled(self) -> "Story":
        return self.tell(Cancelled, by=self.admin)


def stories() -> dict[str, Departure]:
    """A departure in every state, on every road there."""
    drifted = Story().until_running().voided()
    again = Story().until_running().voided().approved().mailbox()
    return {
        "planning": Story().departure,
        "stopped while planning": Story().stopped("plan", "problem.no_approver", 0).departure,
        "planned at the second try": Story().stopped("plan", "problem.unexpected", 0).retried().planned().departure,
        "successor": Story().planned().departure,
        "approval": Story().planned().successor().departure,
        "sent back": Story().planned().successor().sent_back().departure,
        "second approval": Story().planned().successor().sent_back().successor().departure,
        "mailbox": Story().planned().successor().approved().departure,
        "running": Story().until_running().departure,
        "drifted": drifted.departure,
        "approved anew": again.departure,
        "attention": Story().until_running().steps(upto=StepKey.TRANSFER).stopped().departure,
        "attention before any write": Story().until_running().stopped("compare", "problem.not_authorised", 0).departure,
        "tried again": Story().until_running().steps(upto=StepKey.TRANSFER).stopped().retried().departure,
        "backup": Story().until_running().ended().departure,
        "closed": Story().until_running().ended().closed().departure,
        "closed with exception": signed_story().ended().closed().departure,
        "cancelled": Story().planned().successor().cancelled().departure,
    }


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
