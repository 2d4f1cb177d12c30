"""A departure that waits, in whatever state: told event by event, each at a time of its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.base import Account
from handlers.checklist import Item, ItemState
from handlers.departure import Departure, State, evolve, open_departure
from handlers.events import (
    Approved,
    BackupConfirmed,
    ChecklistMade,
    Closed,
    Event,
    Interrupted,
    ItemSettled,
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
from handlers.people import Person
from handlers.plan import Plan, terms_of
from handlers.playbooks import StepKey
from handlers.practice import Practice

START: Final = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)  # a Monday; in Berlin it is ten o'clock
BERLIN: Final = "Europe/Berlin"


def person(key: str, zone: str = BERLIN) -> Person:
    return Person(key.title(), f"{key}@brightwater.example", {"slack": f"U0{key.upper()}"}, time_zone=zone)


AMIT, ADA, TOMAS, SOFIA, NOOR, GUS = map(person, ("amit", "ada", "tomas", "sofia", "noor", "gus"))
AMIT_CRM: Final = Account("zoho_crm", "110", AMIT.name, str(AMIT.email), active=True)
LAPTOP: Final = Item("laptop", {"en": "Laptop", "de": "Laptop"}, GUS, START + timedelta(days=10))

_ROAD: Final[dict[State, tuple[type[Event], dict[str, Any]]]] = {
    State.SUCCESSOR: (Planned, {"inventories": {}, "suggestion": None}),
    State.APPROVAL: (SuccessorConfirmed, {"by": ADA, "successor": SOFIA, "digest": ""}),
    State.MAILBOX: (Approved, {"by": TOMAS, "digest": ""}),
    State.SCHEDULED: (MailboxConfirmed, {"by": ADA, "note": "checked"}),
    State.RUNNING: (RunStarted, {}),
    State.BACKUP: (RunEnded, {}),
    State.CHECKLIST: (Proven, {}),
    State.CLOSED: (Closed, {}),
}


class Wait:
    """`at` is the time of the latest event; everything is decided at once unless time is let pass."""

    def __init__(
        self, *, due: datetime | None = None, lead: Person | None = TOMAS, items: tuple[Item, ...] = (),
        receivers: tuple[Person, ...] = (), mailbox: bool = True, practice: Practice | None = None,
    ) -> None:  # fmt: skip
        self.plan = Plan((), START, terms_of(practice or Practice()))
        self.at, self.lead, self.items, self.receivers, self.mailbox = START, lead, items, receivers, mailbox
        opened = Opened(at=START, by=ADA, leaver=AMIT, accounts={"zoho_crm": AMIT_CRM}, admin=ADA, due=due)
        self.departure: Departure = replace(open_departure("dep-1", opened), number=1)

    def later(self, **time: float) -> "Wait":
        self.at += timedelta(**time)
        return self

    def tell(self, event_type: type[Event], **values: Any) -> "Wait":
        self.departure = evolve(self.departure, event_type(at=self.at, **values))
        return self

    def until(self, state: State) -> "Wait":
        """The straight way from where it is."""
        if state is State.ATTENTION:
            problem = Problem("R-1", "transfer", "zoho_crm", "problem.rows_refused")
            return self.until(State.RUNNING).tell(Interrupted, problem=problem)
        states = list(_ROAD)
        first = states.index(self.departure.state) + 1 if self.departure.state in _ROAD else 0
        for each in states[first : states.index(state) + 1]:
            self._enter(each)
        return self

    def _enter(self, state: State) -> None:
        event_type, values = _ROAD[state]
        match state:
            case State.SUCCESSOR:
                approvers = (self.lead,) if self.lead else (NOOR,)
                values = {**values, "lead": self.lead, "approvers": approvers}
            case State.APPROVAL:
                receivers = {f"zoho_crm/{n}": each for n, each in enumerate(self.receivers)}
                values = {**values, "plan": self.plan, "receivers": receivers}
            case State.MAILBOX if self.items:
                self.tell(ChecklistMade, items=self.items)
            case State.BACKUP:
                self.tell(StepEnded, result=StepResult("zoho_crm", StepKey.SNAPSHOT, Outcome.DONE, {}, self.at))
                values = {"retention_until": self.at + timedelta(days=180) if self.mailbox else None}
            case State.CHECKLIST:
                self.tell(BackupConfirmed, by=ADA, note="kept")
            case State.CLOSED:
                for item in self.departure.open_items:
                    self.tell(ItemSettled, by=GUS, key=item.key, state=ItemState.DONE, note="handed in")
        self.tell(event_type, **values)
