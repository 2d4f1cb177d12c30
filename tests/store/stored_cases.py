"""A departure that people and the run have brought forward step by step."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Account
from handlers.departure import Departure, evolve, open_departure
from handlers.events import Cancelled, Event, Interrupted, Opened, Problem
from handlers.people import Person

NOW = datetime(2026, 11, 2, 9, 30, 0, 123456, tzinfo=UTC)
AMIT = Person("Amit Kumar", "amit@brightwater.example", {"slack": "U0AMIT"})
ADA = Person("Ada Brandt", "ada@brightwater.example", {"slack": "U0ADA"}, language="de")


@dataclass(frozen=True)
class Case:
    """A departure, and the events that nobody has stored yet."""

    departure: Departure
    events: tuple[Event, ...]

    def then(self, *events: Event) -> "Case":
        departure = self.departure
        for event in events:
            departure = evolve(departure, event)
        return Case(departure, events)


def opened(departure_id: str = "d1", account: str = "5000000000000110") -> Case:
    amit = Account("zoho_crm", account, AMIT.name, AMIT.email or "", active=True)
    event = Opened(at=NOW, by=ADA, leaver=AMIT, admin=ADA, accounts={"zoho_crm": amit})
    return Case(open_departure(departure_id, event), (event,))


def interrupted(minutes: int = 1) -> Interrupted:
    problem = Problem("R-1", "plan", "zoho_crm", "problem.unavailable")
    return Interrupted(at=NOW + timedelta(minutes=minutes), problem=problem)


def cancelled(minutes: int = 2) -> Cancelled:
    return Cancelled(at=NOW + timedelta(minutes=minutes), by=ADA)
