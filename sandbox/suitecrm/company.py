"""What the people of Brightwater have put into their SuiteCRM: the same for one seed.

A record's id is a digest of its module, its first owner and its number, so that links need no look-up.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sandbox.people import BY_KEY, SUITECRM_IDS
from sandbox.suitecrm import staff
from sandbox.suitecrm.moments import stored
from sandbox.suitecrm.parts import Module
from sandbox.suitecrm.schema import BY_NAME, OWNED
from sandbox.suitecrm.staff import guid
from sandbox.suitecrm.store import Store
from sandbox.zoho import words

_DAY: Final = 86_400
_SALES: Final = {
    "Leads": 18, "Accounts": 8, "Contacts": 18, "Opportunities": 14, "Cases": 3, "Tasks": 8, "Calls": 7, "Meetings": 6,
    "Project": 1, "ProjectTask": 2, "Bugs": 1, "Notes": 4, "Documents": 2, "Campaigns": 1, "Prospects": 3,
    "AOS_Quotes": 4, "AOS_Invoices": 2, "AOS_Contracts": 2, "brw_SiteVisits": 2,
}  # fmt: skip
_SERVICE: Final = {**dict.fromkeys(_SALES, 1), "Cases": 55, "Contacts": 8, "Accounts": 3, "Tasks": 8, "Bugs": 4}
SIZES: Final = {
    "petra": 60, "ada": 20, "noor": 0, "tomas": 120, "lena": 100, "marek": 60, "amit": 300, "julia": 150, "dmitri": 120,
    "sofia": 160, "ben": 140, "hanna": 130, "raj": 110, "walter": 45, "stan": 20,
}  # fmt: skip
_MAILED: Final = 20  # how many of a person's first contacts have mails on them
Row = dict[str, Any]


@dataclass(frozen=True)
class Book:
    """One person's share while it is being written. `now` is in seconds since the epoch."""

    key: str
    counts: Mapping[str, int]
    seed: int
    now: int
    rng: random.Random

    @property
    def owner(self) -> str:
        return SUITECRM_IDS[self.key]

    def id_of(self, module: str, number: int) -> str:
        return guid(self.seed, self.key, module, str(number))

    def link(self, module: str, number: int) -> str | None:
        """The id of one of this person's own records in another module, the same for the same number."""
        count = self.counts[module]
        return self.id_of(module, number % count) if count else None

    def pick(self, values: tuple[Any, ...]) -> Any:
        return values[int(self.rng.random() * len(values))]

    def past(self, days: int) -> str:
        return stored(self.now - _DAY - int(self.rng.random() * days * _DAY))

    def ahead(self, days: int) -> str:
        return stored(self.now + _DAY + int(self.rng.random() * days * _DAY))

    def money(self, most: int) -> float:
        return round(500 + self.rng.random() ** 3 * most, -1)

    def human(self) -> Row:
        name = {"first_name": self.pick(words.FIRST), "last_name": self.pick(words.LAST)}
        return {**name, "phone_work": f"+49 40 {int(self.rng.random() * 9_000_000) + 1_000_000}"}


def _firm(book: Book) -> str:
    return f"{book.pick(words.STEMS)} {book.pick(words.TRADES)} {book.pick(words.FORMS)}"


def _account(book: Book, _: int) -> Row:
    return {"name": _firm(book), "account_type": "Customer", "billing_address_city": book.pick(words.CITIES)}


def _contact(book: Book, number: int) -> Row:
    return {**book.human(), "account_id": book.link("Accounts", number), "lead_source": "Cold Call"}


def _lead(book: Book, number: int) -> Row:
    """Every tenth came in by a web form, which sets no status."""
    status = None if number % 10 == 0 else book.pick(("New", "Assigned", "In Process", "Recycled", "Converted", "Dead"))
    return {**book.human(), "status": status, "account_name": _firm(book), "converted": int(status == "Converted")}


def _opportunity(book: Book, number: int) -> Row:
    stages = ("Prospecting", "Qualification", "Proposal/Price Quote", "Closed Won", "Closed Lost")
    stage = None if number % 25 == 7 else book.pick(stages)
    day = book.past(600) if stage and stage.startswith("Closed") else book.ahead(200)
    name = f"{book.pick(words.STEMS)}: {book.pick(words.GOODS)}"
    values = {"sales_stage": stage, "amount": book.money(90_000), "date_closed": day[:10]}
    return {"name": name, "account_id": book.link("Accounts", number), **values}


def _case(book: Book, number: int) -> Row:
    """Cases from before the field `state` came have a status only."""
    closed = book.rng.random() < 0.45
    status = book.pick(
        ("Closed_Closed", "Closed_Rejected", "Closed_Duplicate")
        if closed
        else ("Open_New", "Open_Assigned", "Open_Pending Input")
    )
    state = None if number % 9 == 4 else "Closed" if closed else "Open"
    subject = f"{book.pick(words.GOODS)} {book.pick(words.TROUBLES)}"
    values = {"status": status, "state": state, "priority": book.pick(("P1", "P2", "P3"))}
    return {"name": subject, "case_number": number + 1, "account_id": book.link("Accounts", number), **values}


def _about(book: Book, number: int) -> Row:
    module = ("Contacts", "Opportunities", "Accounts", "Leads")[number % 4]
    parent = book.link(module, number)
    return {"parent_type": module if parent else None, "parent_id": parent}


def _task(book: Book, number: int) -> Row:
    status = None if number % 15 == 2 else book.pick(("Not Started", "In Progress", "Pending Input", "Completed"))
    due = book.past(300) if status == "Completed" else book.ahead(60)
    return {
        "name": book.pick(words.TO_DO),
        "status": status,
        "date_due": due,
        "priority": "Medium",
        **_about(book, number),
    }


def _planned(book: Book, number: int) -> Row:
    """A few were planned for a day that has passed, and nobody has said what came of them."""
    planned = number % 3 == 0
    start = book.ahead(60) if planned and number % 12 else book.past(400)
    status = "Planned" if planned else book.pick(("Held", "Held", "Not Held"))
    return {"status": status, "date_start": start, "date_end": start, **_about(book, number)}


def _call(book: Book, number: int) -> Row:
    return {"name": f"{book.pick(words.TO_DO)} (call)", "direction": "Outbound", **_planned(book, number)}


def _meeting(book: Book, number: int) -> Row:
    return {"name": book.pick(words.MEETINGS), "location": book.pick(words.CITIES), **_planned(book, number)}


def _project(book: Book, number: int) -> Row:
    status = ("Draft", "In Review", "Underway", "On_Hold", "Completed")[number % 5]
    return {"name": f"Roll-out {book.pick(words.CITIES)}", "status": status, "estimated_end_date": book.ahead(200)[:10]}


def _project_task(book: Book, number: int) -> Row:
    status = (None, "Not Started", "In Progress", "Completed")[number % 4]
    return {"name": book.pick(words.TO_DO), "status": status, "project_id": book.link("Project", number)}


def _bug(book: Book, number: int) -> Row:
    status = ("New", "Assigned", "Closed", "Pending", "Rejected")[number % 5]
    return {"name": f"Portal: {book.pick(words.TROUBLES)}", "bug_number": number + 1, "status": status}


def _note(book: Book, number: int) -> Row:
    return {"name": f"Note: {book.pick(words.TO_DO)}", **_about(book, number)}


def _document(book: Book, number: int) -> Row:
    return {"document_name": f"Offer {number + 1:04d}.pdf", "status_id": "Active", "active_date": book.past(400)[:10]}


def _campaign(book: Book, number: int) -> Row:
    return {
        "name": f"{book.pick(words.SHOWS)} {2020 + number % 7}",
        "status": book.pick(("Planning", "Active", "Complete")),
    }


def _prospect(book: Book, _: int) -> Row:
    return {**book.human(), "account_name": _firm(book)}


def _quote(book: Book, number: int) -> Row:
    stage = book.pick(("Draft", "Negotiation", "Delivered", "Closed Accepted", "Closed Lost"))
    values = {"stage": stage, "total_amount": book.money(60_000), "expiration": book.ahead(60)[:10]}
    return {"name": f"Quote {number + 1:05d}", "billing_account_id": book.link("Accounts", number), **values}


def _invoice(book: Book, number: int) -> Row:
    values = {"status": book.pick(("Paid", "Unpaid", "Cancelled")), "total_amount": book.money(60_000)}
    return {"name": f"Invoice {number + 1:05d}", "billing_account_id": book.link("Accounts", number), **values}


def _contract(book: Book, number: int) -> Row:
    values = {"status": "In Progress", "total_contract_value": book.money(80_000), "start_date": book.past(900)[:10]}
    return {"name": f"Maintenance {number + 1:04d}", "contract_account_id": book.link("Accounts", number), **values}


def _visit(book: Book, _: int) -> Row:
    return {
        "name": f"Visit {book.pick(words.CITIES)}",
        "city": book.pick(words.CITIES),
        "visit_date": book.past(300)[:10],
    }


_WRITERS: Final[dict[str, Callable[[Book, int], Row]]] = {
    "Accounts": _account, "Contacts": _contact, "Leads": _lead, "Opportunities": _opportunity, "Cases": _case,
    "Tasks": _task, "Calls": _call, "Meetings": _meeting, "Project": _project, "ProjectTask": _project_task,
    "Bugs": _bug, "Notes": _note, "Documents": _document, "Campaigns": _campaign, "Prospects": _prospect,
    "AOS_Quotes": _quote, "AOS_Invoices": _invoice, "AOS_Contracts": _contract, "brw_SiteVisits": _visit,
}  # fmt: skip


def share(records: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Spread `records` over the modules, at least one in each where they suffice; what is left goes to the first."""
    if records < len(weights):
        return {module: int(number < records) for number, module in enumerate(weights)}
    spare, total = records - len(weights), sum(weights.values())
    counts = {module: 1 + int(spare * weight / total) for module, weight in weights.items()}
    counts[next(iter(counts))] += records - sum(counts.values())
    return counts


def _rows(book: Book, module: Module) -> Iterator[Row]:
    """The person's records, and now and then one that is deleted."""
    count = book.counts[module.name]
    for number in range(count + count // 20):
        created = book.past(1_400)
        stamps = {"date_entered": created, "date_modified": max(created, book.past(300)), "created_by": book.owner}
        head = {"id": book.id_of(module.name, number), "deleted": int(number >= count)}
        yield {**head, **_WRITERS[module.name](book, number), **stamps, "assigned_user_id": book.owner}


def _mails(book: Book) -> Iterator[Row]:
    for number in range(min(_MAILED, book.counts["Contacts"])):
        for turn in range(1 + number % 4):
            sent = book.past(200)
            yield {
                "id": guid(book.seed, book.key, "Emails", f"{number}/{turn}"), "name": book.pick(words.MAIL_SUBJECTS),
                "type": ("inbound", "archived")[turn % 2], "status": "read", "date_sent_received": sent,
                "parent_type": "Contacts", "parent_id": book.id_of("Contacts", number), "date_entered": sent,
                "date_modified": sent, "assigned_user_id": book.owner, "deleted": 0,
            }  # fmt: skip


def _addressed(module: Module, rows: Iterator[Row], found: list[tuple[Any, ...]]) -> Iterator[Row]:
    """Pass the rows on, and note an address for each person or company."""
    for row in rows:
        words_ = (row.get("first_name"), row.get("last_name")) if module.person else (str(row["name"]).split()[0],)
        name = ".".join(words.ascii_word(word) for word in words_ if word)
        found.append((row["id"], module.name, f"{name}@customer.example", 1, 0))
        yield row


def fill(store: Store, *, now: datetime, seed: int, leaver: str, records: int | None) -> None:
    """Write the whole company into an empty store; `records` overrides how many the leaver owns."""
    anchor = int(now.replace(minute=0, second=0, microsecond=0).timestamp())
    with store.transaction():
        staff.fill(store, anchor, seed)
        for key, usual in SIZES.items():
            size = records if records is not None and key == leaver else usual
            counts = share(size, _SERVICE if BY_KEY[key].team == "Service" else _SALES)
            rng = random.Random(f"{seed}/suitecrm/{key}")  # noqa: S311  # made-up customers, no secrets
            book = Book(key, counts, seed, anchor, rng)
            for module in OWNED:
                addresses: list[tuple[Any, ...]] = []
                rows = _rows(book, module)
                store.insert(module, _addressed(module, rows, addresses) if "email1" in module.fields else rows)
                store.add_addresses(addresses)
            store.insert(BY_NAME["Emails"], _mails(book))
        store.index()
