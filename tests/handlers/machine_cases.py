"""People, accounts and inventories for tests of the domain, and hypothesis strategies that draw them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from connectors.base import Account, Category, Holding, Inventory, MailboxKind, Module
from handlers.departure import Departure, open_departure
from handlers.events import Opened
from handlers.mailbox import MailboxAnswers, Sharing
from handlers.mailbox import Method as Kept
from handlers.people import Party, Person
from handlers.practice import ChecklistItem

SYSTEM: Final = "zoho_crm"
START: Final = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def person(key: str) -> Person:
    return Person(key.title(), f"{key}@brightwater.example", {"slack": f"U0{key.upper()}"})


def account(
    key: str, number: int, *, active: bool = True, confirmed: bool = True, manager: int | None = None
) -> Account:
    return Account(
        SYSTEM, str(number), key.title(), f"{key}@brightwater.example", active, confirmed=confirmed,
        manager_id=str(manager) if manager else None,
    )  # fmt: skip


LEAVER, ADMIN, SECOND, LEAD, SUCCESSOR = map(person, ("amit", "ada", "noor", "tomas", "sofia"))
ASSIGNEE, STRANGER = map(person, ("olga", "gus"))
PARTIES: Final = {
    "leaver": Party(LEAVER, admin=False),
    "leaver who is an admin": Party(LEAVER, admin=True),
    "admin": Party(ADMIN, admin=True),
    "second admin": Party(SECOND, admin=True),
    "lead": Party(LEAD, admin=False),
    "successor": Party(SUCCESSOR, admin=False),
    "assignee": Party(ASSIGNEE, admin=False),
    "stranger": Party(STRANGER, admin=False),
}
LEAVER_ACCOUNT: Final = account("amit", 110, manager=103)
SUCCESSOR_ACCOUNT: Final = account("sofia", 120)
BEN_ACCOUNT: Final = account("ben", 121)
TEMPLATE: Final = (
    ChecklistItem(key="laptop", title={"en": "Laptop", "de": "Laptop"}, assignee=str(ASSIGNEE.email), evidence=False),
    ChecklistItem(key="slack", title={"en": "Slack account", "de": "Slack-Konto"}, assignee="lead"),
)
SAFE: Final = MailboxAnswers(MailboxKind.IMAP, Sharing.PUBLIC, Kept.RETAIN)
ANSWERS: Final = {
    "safe": SAFE,
    "private": MailboxAnswers(MailboxKind.IMAP, Sharing.PRIVATE, Kept.RETAIN),
    "unknown": MailboxAnswers(MailboxKind.UNKNOWN, Sharing.PUBLIC, Kept.RETAIN),
}
CONTACTS: Final = Module("Contacts", "Contacts", Category.MASTER)
DEALS: Final = Module("Deals", "Deals", Category.TRANSACTION)
CALLS: Final = Module("Calls", "Calls", Category.ACTIVITY)


def inventory(*holdings: Holding, taken_at: datetime = START, mailbox: MailboxKind = MailboxKind.IMAP) -> Inventory:
    return Inventory(LEAVER_ACCOUNT, taken_at, holdings, mailbox=mailbox, currency="EUR")


def opened(*, due: datetime | None = None, emergency: bool = False) -> Departure:
    event = Opened(
        at=START, by=ADMIN, leaver=LEAVER, accounts={SYSTEM: LEAVER_ACCOUNT}, admin=ADMIN, due=due, emergency=emergency
    )
    return open_departure("dep-1", event)


def later(departure: Departure) -> datetime:
    return START + timedelta(minutes=departure.revision)


COUNTS: Final = st.integers(0, 60)
INVENTORIES: Final = st.builds(
    lambda contacts, deals, calls, mailbox: inventory(
        Holding(CONTACTS, contacts, 0),
        Holding(DEALS, deals[0], deals[1], Decimal(deals[0] * 100)),
        Holding(CALLS, calls[0], calls[1]),
        mailbox=mailbox,
    ),
    COUNTS,
    st.tuples(COUNTS, COUNTS),
    st.tuples(COUNTS, COUNTS),
    st.sampled_from([MailboxKind.IMAP, MailboxKind.IMAP, MailboxKind.NONE]),
)
