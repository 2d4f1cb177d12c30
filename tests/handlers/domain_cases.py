"""The people, accounts and holdings of one departure."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from connectors.base import Account, Category, Holding, Inventory, MailboxKind, Module
from handlers.people import Party, Person

NOW: Final = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def _person(name: str, key: str) -> Person:
    return Person(name, f"{key}@brightwater.example", {"slack": f"U0{key.upper()}"})


AMIT, ADA, NOOR = _person("Amit Kumar", "amit"), _person("Ada Brandt", "ada"), _person("Noor Haddad", "noor")
TOMAS, SOFIA, GUS = _person("Tomás Rivera", "tomas"), _person("Sofia Lindgren", "sofia"), _person("Gus Ahlberg", "gus")
PARTIES: Final = {
    "requester": Party(ADA, admin=True),
    "other admin": Party(NOOR, admin=True),
    "lead": Party(TOMAS, admin=False),
    "successor": Party(SOFIA, admin=False),
    "stranger": Party(GUS, admin=False),
    "leaver": Party(AMIT, admin=False),
    "leaver who is an admin": Party(AMIT, admin=True),
}
AMIT_CRM: Final = Account("zoho_crm", "110", AMIT.name, str(AMIT.email), active=True, manager_id="103")
SOFIA_CRM: Final = Account("zoho_crm", "120", SOFIA.name, str(SOFIA.email), active=True)
TOMAS_CRM: Final = Account("zoho_crm", "103", TOMAS.name, str(TOMAS.email), active=True)
CONTACTS: Final = Module("Contacts", "Contacts", Category.MASTER)
DEALS: Final = Module("Deals", "Deals", Category.TRANSACTION)
TASKS: Final = Module("Tasks", "Tasks", Category.ACTIVITY)


def inventory(*, contacts: int = 100, deals: int = 40, tasks: int = 5) -> Inventory:
    holdings = (
        Holding(CONTACTS, contacts, 0),
        Holding(DEALS, deals, 7, Decimal(deals * 1000)),
        Holding(TASKS, tasks, 60),
    )
    return Inventory(AMIT_CRM, NOW, holdings, mailbox=MailboxKind.IMAP, currency="EUR")
