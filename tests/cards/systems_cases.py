"""One departure over several systems: each in its own order and at its own pace, one of them partly by hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache

from card_cases import ADA, AMIT, NOOR, SARA, START, TOMAS, Story, inventory
from rich_cases import price

from connectors.base import (
    Ability,
    Account,
    Capability,
    Category,
    Holding,
    Inventory,
    Module,
    NotCovered,
    Reference,
    ReferenceKind,
    Sample,
    Way,
)
from handlers.departure import Departure, open_departure
from handlers.events import (
    Approved,
    Closed,
    DoneByHand,
    Interrupted,
    MailboxConfirmed,
    Opened,
    Outcome,
    Planned,
    Problem,
    Proven,
    Retried,
    RunEnded,
    RunStarted,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    SystemReturned,
)
from handlers.forecast import SystemTerms
from handlers.people import Person
from handlers.plan import Handover, Method, digest, make_plan
from handlers.playbooks import StepKey
from handlers.progress import ModuleProgress, RunProgress, Whereabouts
from handlers.rules import Suggestion

SYSTEMS = ("zoho_crm", "pipedrive", "sangam")
_BY_HAND = Capability(Way.GUIDED, "ability.sangam.deactivate")
_CAPABILITIES = {Ability.TRANSFER: _BY_HAND, Ability.DEACTIVATE: _BY_HAND, Ability.VERIFY: _BY_HAND}
TERMS = {
    "zoho_crm": SystemTerms(price, tags_along=False, capabilities={}),
    "pipedrive": SystemTerms(price, tags_along=True, capabilities={}),
    "suitecrm": SystemTerms(price, tags_along=True, capabilities={}),
    "sangam": SystemTerms(price, tags_along=False, capabilities=_CAPABILITIES),
}
_IDS = {"zoho_crm": "50000000000001", "pipedrive": "78", "suitecrm": "2f1c-9", "sangam": "u"}


def account(system: str, person: Person, number: str = "10") -> Account:
    return Account(system, f"{_IDS[system]}{number}", person.name, str(person.email), active=True)


def _inventory(system: str) -> Inventory:
    leaver = account(system, AMIT)
    if system == "zoho_crm":
        return replace(inventory(), account=leaver, credits_left=50_000)
    deals = tuple(Sample(f"{n}", f"Roof {n}", f"https://{system}.example/deal/{n}") for n in (1, 2))
    return Inventory(
        account=leaver,
        taken_at=START,
        holdings=(
            Holding(Module("persons", "People", Category.MASTER), 300, 0),
            Holding(Module("deals", "Deals", Category.TRANSACTION), 120, 44, Decimal(640_000), deals),
        ),
        not_covered=(NotCovered("goals", "Goals", "not_covered.no_owner"),),
        hazards=("hazard.subordinates",) if system == "suitecrm" else (),
        currency="EUR",
        references=(Reference(ReferenceKind.GOALS, ("Q3",), movable=False),) if system == "pipedrive" else (),
    )


class Several(Story):
    """The same life over several systems; each event of a run names its system."""

    def __init__(self, *systems: str) -> None:
        super().__init__()
        self.systems = systems or SYSTEMS
        accounts = {system: account(system, AMIT) for system in self.systems}
        opened = Opened(at=START, by=ADA, leaver=AMIT, admin=ADA, accounts=accounts)
        self.events = [opened]
        self.departure = replace(open_departure("dep-1", opened), number=12)

    def counted(self) -> "Several":
        inventories = {system: _inventory(system) for system in self.systems}
        moves = {f"{s}/{h.module.name}": h.open for s, i in inventories.items() for h in i.holdings}
        manager = Suggestion(account(self.systems[0], TOMAS, "40"), "suggestion.manager")
        self.tell(
            Planned, inventories=inventories, lead=TOMAS, approvers=(TOMAS,), suggestion=manager, moves=moves
        )  # fmt: skip
        return self

    def chosen(self, **others: Person) -> "Several":
        """Sara takes over, but in the systems that `others` names."""
        people = {system: others.get(system, SARA) for system in self.systems}
        numbers = {SARA.name: "20", NOOR.name: "30"}
        taking = {s: account(s, person, numbers[person.name]) for s, person in people.items()}
        handovers = {system: Handover(each, loads={each.id: 40}) for system, each in taking.items()}
        plan = make_plan(self.departure.inventories or {}, handovers, START, Method(systems=TERMS))
        receivers = {f"{system}/{each.id}": people[system] for system, each in taking.items()}
        self.tell(
            SuccessorConfirmed, by=ADA, successor=SARA, plan=plan, digest=digest(plan), receivers=receivers
        )  # fmt: skip
        return self

    def running(self, **others: Person) -> "Several":
        self.counted().chosen(**others).tell(Approved, by=TOMAS, digest=str(self.departure.digest))
        self.then(MailboxConfirmed, by=ADA if "zoho_crm" in self.systems else None, note="").then(RunStarted)
        return self

    def through(self, system: str, *, upto: StepKey | None = None) -> "Several":
        """The steps of one system, as far as that one or to their end."""
        while (step := self.departure.next_step(system)) and step is not upto:
            evidence: dict[str, int | str] = {"moved": 420} if step is StepKey.TRANSFER else {"ghosts": 0}
            self.tell(StepEnded, result=StepResult(system, step, Outcome.DONE, evidence, self.at))
        return self

    def stops(self, system: str, step: StepKey, key: str = "problem.rows_refused", n: int = 3) -> "Several":
        code = "" if key.startswith("guided.") else "423"
        self.tell(Interrupted, problem=Problem(f"ref-{system}", step, system, key, code, n))
        return self

    def by_hand(self, system: str, step: StepKey, note: str) -> "Several":
        at = self.at + timedelta(hours=1)
        result = StepResult(system, step, Outcome.DONE, {"by_hand": note}, at)
        self.tell(DoneByHand, by=TOMAS, note=note, result=result)
        return self

    def sangam_by_hand(self) -> "Several":
        """All that a person does there, one question after the other."""
        self.through("sangam", upto=StepKey.TRANSFER).stops("sangam", StepKey.TRANSFER, "guided.transfer", 420)
        self.tell(Retried, by=ADA)
        self.through("sangam", upto=StepKey.DEACTIVATE).stops("sangam", StepKey.DEACTIVATE, "guided.deactivate", 0)
        self.by_hand("sangam", StepKey.DEACTIVATE, "Set to inactive")
        self.stops("sangam", StepKey.RECOUNT, "guided.recount", 0)
        return self.by_hand("sangam", StepKey.RECOUNT, "Leads 0, Accounts 0")

    def ended_everywhere(self) -> "Several":
        self.through("zoho_crm").through("pipedrive").sangam_by_hand()
        self.tell(RunEnded, retention_until=self.at + timedelta(days=180))
        return self

    def closed_everywhere(self) -> "Several":
        self.running().ended_everywhere().backed_up()
        self.through("zoho_crm").tell(Proven).then(Closed)
        return self


def halfway() -> Several:
    """Zoho CRM is at the transfer, Pipedrive has stopped there, Sangam CRM waits for somebody's hand."""
    story = Several().running().through("zoho_crm", upto=StepKey.TRANSFER).through("pipedrive", upto=StepKey.TRANSFER)
    story.stops("pipedrive", StepKey.TRANSFER).through("sangam", upto=StepKey.TRANSFER)
    return story.stops("sangam", StepKey.TRANSFER, "guided.transfer", 420)


@cache
def several_stories() -> dict[str, Departure]:
    """Over several systems: chosen, approved, stopped here and there, waiting for somebody's hand, undone, closed."""
    by_word = Several().running().through("sangam", upto=StepKey.DEACTIVATE)
    by_word.stops("sangam", StepKey.DEACTIVATE, "guided.deactivate", 0)
    drifted = Several().running().through("pipedrive", upto=StepKey.TRANSFER)
    drifted.stops("zoho_crm", StepKey.COMPARE, "problem.drifted", 170)
    half_undone = Several().closed_everywhere().undoing()
    half_undone.tell(SystemReturned, system="pipedrive")
    return {
        "several: choose": Several().counted().departure,
        "several: approve": Several().counted().chosen(pipedrive=NOOR).departure,
        "several: at work": Several().running().through("pipedrive", upto=StepKey.TRANSFER).departure,
        "several: stopped in two": halfway().departure,
        "several: by word": by_word.departure,
        "several: drifted": drifted.departure,
        "several: retain": Several().running().ended_everywhere().departure,
        "several: closed": Several().closed_everywhere().departure,
        "several: undoing": half_undone.departure,
        "four: approve": Several("zoho_crm", "pipedrive", "suitecrm", "sangam").counted().chosen().departure,
        "pipedrive: approve": Several("pipedrive").counted().chosen().departure,
    }


HALFWAY = RunProgress(
    {
        "zoho_crm": Whereabouts(StepKey.TRANSFER, "waiting.vendor", START + timedelta(days=1)),
        "pipedrive": Whereabouts(StepKey.TRANSFER),
        "sangam": Whereabouts(StepKey.TRANSFER),
    },
    (
        ModuleProgress("zoho_crm", "Contacts", "Contacts", planned=1500, moved=1490, others=8, gone=2),
        ModuleProgress("zoho_crm", "Deals", "Deals", planned=1234, moved=500),
        ModuleProgress("pipedrive", "persons", "People", planned=300, moved=297, failed=3),
        ModuleProgress("pipedrive", "deals", "Deals", planned=120, moved=20),
        ModuleProgress("sangam", "persons", "People", planned=300),
        ModuleProgress("sangam", "deals", "Deals", planned=120),
    ),
)
