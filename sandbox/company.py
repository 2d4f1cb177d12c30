"""What the people of Brightwater have put into their CRM: records, links between them, mails; the same for one seed.

Rows come from generators, so that a million of them need no more memory than a thousand. A record's id follows from
its module, its first owner and its number, so that links need no look-up:
`5_000_000_000_000_000_000 + module * 10^13 + number * step * 64 + place of the owner in the roster`, with a step that
spreads everybody's records over the same range, as if they had been made side by side.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any, Final

from sandbox.people import BY_KEY, ROSTER, Mailbox, Person
from sandbox.zoho import words
from sandbox.zoho.pipelines import LAYOUTS
from sandbox.zoho.schema import BY_NAME, OWNED
from sandbox.zoho.store import LOCK_FOR_GOOD, LOCK_FOR_NOW, LOCK_FREE, Store, columns

_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
_SALES: Final = {
    "Leads": 24, "Accounts": 8, "Contacts": 20, "Deals": 16, "Cases": 2, "Campaigns": 1, "Quotes": 5, "Sales_Orders": 3,
    "Invoices": 3, "Products": 0.6, "Vendors": 0.4, "Tasks": 8, "Events": 4, "Calls": 4, "Site_Visits": 1,
}  # fmt: skip
_SERVICE: Final = {
    "Leads": 2, "Accounts": 5, "Contacts": 14, "Deals": 3, "Cases": 44, "Campaigns": 0.5, "Quotes": 1,
    "Sales_Orders": 1, "Invoices": 1, "Products": 3, "Vendors": 1.5, "Tasks": 12, "Events": 4, "Calls": 6,
    "Site_Visits": 2,
}  # fmt: skip
_ORDER_STATES: Final = ("Created", "Approved", "Delivered", "Delivered", "Cancelled")
_QUOTE_STAGES: Final = ("Draft", "Negotiation", "Delivered", "On Hold", "Closed Won", "Closed Lost")
_MAILED_CONTACTS: Final = 60  # how many of a person's first contacts have mails on them,
_MAILED_LATELY: Final = 40  # and of how many of the newest every second one

_SPAN: Final = 2**27  # the most records of one person in one module

# Whose names stand in the configuration too: in assignment rules, and in the criteria of views and reports.
NAMED_IN: Final = {"amit": ("assignment", "criteria"), "julia": ("criteria",), "yuki": ("assignment",)}

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Book:
    """One person's share of the CRM while it is being written."""

    person: Person
    place: int
    counts: Mapping[str, int]
    now: int  # seconds since the epoch
    rng: random.Random

    @cached_property
    def owner(self) -> int:
        return int(self.person.crm_id or 0)

    @cached_property
    def _ids(self) -> dict[str, range]:
        """For each module the ids of the person's records, in order."""
        return {module: self._range(module, count) for module, count in self.counts.items() if count}

    def _range(self, module: str, count: int) -> range:
        start = 5_000_000_000_000_000_000 + BY_NAME[module].number * 10**13 + self.place
        step = _SPAN // count * 64
        return range(start, start + step * count, step)

    def id_of(self, module: str, number: int) -> int:
        return self._ids[module][number]

    def link(self, module: str, number: int) -> int | None:
        """The id of one of this person's own records in another module, the same for the same number."""
        count = self.counts[module]
        return self.id_of(module, number % count) if count else None

    def customer(self, number: int) -> int | None:
        """The account of the contact that `link` gives for the same number."""
        return self.link("Accounts", number % (self.counts["Contacts"] or 1))

    def pick(self, values: tuple[Any, ...]) -> Any:
        return values[int(self.rng.random() * len(values))]

    def past(self, days: int) -> int:
        return self.now - int(self.rng.random() * days * _DAY)

    def day(self, *, before: int, after: int) -> str:
        return _day(self.now // _DAY + int(self.rng.random() * (before + after)) - before)

    def money(self, most: int) -> float:
        return round(500 + self.rng.random() ** 3 * most, -1)

    def human(self, domain: str) -> Values:
        """First name, last name, full name, e-mail, phone."""
        first, last = self.pick(words.FIRST), self.pick(words.LAST)
        return first, last, f"{first} {last}", f"{_ASCII[first]}.{_ASCII[last]}@{domain}.example", self.phone()

    def phone(self) -> str:
        return f"+49 30 {int(self.rng.random() * 9_000_000) + 1_000_000}"

    def followed(self) -> int | None:
        """When somebody last worked on the record; None for one that nobody ever followed up."""
        return None if self.rng.random() < 0.1 else self.past(400)


@lru_cache(maxsize=4_000)
def _day(number: int) -> str:
    """A day, counted from the epoch, as ISO 8601."""
    return date.fromordinal(_EPOCH + number).isoformat()


_ASCII: Final = {word: words.ascii_word(word) for word in (*words.FIRST, *words.LAST, *words.STEMS)}


def _lead(book: Book, number: int) -> Values:
    stem = book.pick(words.STEMS)
    company = f"{stem} {book.pick(words.TRADES)} {book.pick(words.FORMS)}"
    status = book.pick(BY_NAME["Leads"].fields["Lead_Status"].values)
    source = book.pick(BY_NAME["Leads"].fields["Lead_Source"].values)
    converted: Values = (None, None, None)
    if number % 11 == 5 and book.counts["Accounts"] and book.counts["Contacts"]:
        deal = book.link("Deals", number) if number % 2 else None
        converted = (book.customer(number), book.link("Contacts", number), deal)
        status = "Pre-Qualified"
    return (*book.human(_ASCII[stem]), company, status, source, *converted, book.followed())


def _account(book: Book, number: int) -> Values:
    stem, trade = book.pick(words.STEMS), book.pick(words.TRADES)
    industry = book.pick(BY_NAME["Accounts"].fields["Industry"].values)
    name = f"{stem} {trade} {book.pick(words.FORMS)}"
    site, phone, city = f"https://www.{_ASCII[stem]}.example", book.phone(), book.pick(words.CITIES)
    return name, site, phone, city, industry, _key_account_manager(book, number), book.followed()


def _key_account_manager(book: Book, number: int) -> int | None:
    """Every ninth account has one, never its owner: so leavers are named in what others own, and can be replaced."""
    manager = _MANAGERS[(book.place + number) % len(_MANAGERS)]
    replaceable = manager != book.owner and _lock(book, "Accounts", number) != LOCK_FOR_GOOD
    return manager if number % 9 == 4 and replaceable else None


def _contact(book: Book, number: int) -> Values:
    return (*book.human(_ASCII[book.pick(words.STEMS)]), book.customer(number), book.followed())


def _deal(book: Book, number: int) -> Values:
    layout = LAYOUTS[number % 3 == 0]
    stage = book.pick(layout.stages)
    closing = book.day(before=0, after=200) if stage.forecast_type == "Open" else book.day(before=700, after=0)
    engineer = book.pick(_ENGINEERS) if number % 7 == 0 else None
    name = f"{book.pick(words.STEMS)}: {book.pick(words.GOODS)}"
    who = book.link("Contacts", number)
    amount, account = book.money(90_000), book.customer(number)
    return name, stage.actual, layout.name, amount, closing, account, who, engineer, book.followed()


def _case(book: Book, number: int) -> Values:
    status = book.pick(("New", "On Hold", "Escalated", "Closed", "Closed"))
    subject = f"{book.pick(words.GOODS)} {book.pick(words.TROUBLES)}"
    return subject, status, book.pick(("High", "Medium", "Low")), book.customer(number)


def _campaign(book: Book, number: int) -> Values:
    return f"{book.pick(words.SHOWS)} {2020 + number % 7}", book.pick(("Planning", "Active", "Inactive", "Complete"))


def _quote(book: Book, number: int) -> Values:
    subject = f"Offer {number + 1:05d}: {book.pick(words.GOODS)}"
    return subject, book.pick(_QUOTE_STAGES), book.money(60_000), book.link("Deals", number), book.customer(number)


def _order(book: Book, number: int) -> Values:
    return f"Order {number + 1:05d}", book.pick(_ORDER_STATES), book.money(60_000), book.customer(number)


def _invoice(book: Book, number: int) -> Values:
    return f"Invoice {number + 1:05d}", book.pick(_ORDER_STATES), book.money(60_000), book.customer(number)


def _product(book: Book, number: int) -> Values:
    return f"{book.pick(words.GOODS)} / {number + 1}", book.money(8_000)


def _vendor(book: Book, _: int) -> Values:
    stem = book.pick(words.STEMS)
    return f"{stem} {book.pick(words.TRADES)}", f"orders@{_ASCII[stem]}.example"


def _about(book: Book, number: int) -> tuple[int | None, int | None]:
    """A deal and its contact."""
    return book.link("Deals", number), book.link("Contacts", number % (book.counts["Deals"] or 1))


def _task(book: Book, number: int) -> Values:
    status = book.pick(("Not Started", "In Progress", "Waiting for input", "Completed", "Completed", "Completed"))
    due = book.day(before=300, after=0) if status == "Completed" else book.day(before=20, after=60)
    return book.pick(words.TO_DO), status, due, *_about(book, number), None


def _event(book: Book, number: int) -> Values:
    ahead = number % 3 == 0
    start = book.now + _DAY + int(book.rng.random() * 60 * _DAY) if ahead else book.past(500) - _DAY
    return book.pick(words.MEETINGS), start, start + 3_600, *_about(book, number)


def _call(book: Book, number: int) -> Values:
    scheduled = number % 4 == 0
    start = book.now + _DAY + int(book.rng.random() * 30 * _DAY) if scheduled else book.past(500)
    kind = "Outbound" if scheduled else book.pick(("Outbound", "Inbound"))
    status = "Scheduled" if scheduled else "Completed"
    return f"{book.pick(words.TO_DO)} (call)", kind, status, start, *_about(book, number)


def _visit(book: Book, number: int) -> Values:
    turn = number // 4 % 2
    engineers = f"[{_ENGINEERS[turn]}, {_ENGINEERS[3 + turn]}]" if number % 4 == 1 else "[]"
    return f"Visit {book.pick(words.CITIES)}", book.day(before=300, after=60), book.customer(number), engineers


_WRITERS: Final[dict[str, Callable[[Book, int], Values]]] = {
    "Leads": _lead, "Accounts": _account, "Contacts": _contact, "Deals": _deal, "Cases": _case, "Campaigns": _campaign,
    "Quotes": _quote, "Sales_Orders": _order, "Invoices": _invoice, "Products": _product, "Vendors": _vendor,
    "Tasks": _task, "Events": _event, "Calls": _call, "Site_Visits": _visit,
}  # fmt: skip
_ENGINEERS: Final = tuple(int(person.crm_id) for person in ROSTER if person.team == "Service" and person.crm_id)
_MANAGERS: Final = tuple(int(BY_KEY[key].crm_id or 0) for key in ("amit", "julia", "yuki"))


def _lock(book: Book, module: str, number: int) -> int:
    """Yuki's departure meets records that stay locked; everybody else's unlock after one refusal."""
    if book.person.key == "yuki":
        return LOCK_FOR_GOOD if module == "Accounts" and number % 60 == 7 else LOCK_FREE
    return LOCK_FOR_NOW if number % 700 == 11 else LOCK_FREE


def _rows(book: Book, module: str) -> Iterator[Values]:
    write = _WRITERS[module]
    tags = tuple(f'["{tag}"]' for tag in words.TAGS)
    for number in range(book.counts[module]):
        created = book.past(1_500) - 30 * _DAY
        modified = created + int(book.rng.random() * (book.now - _DAY - created))
        tag = book.pick(tags) if number % 12 == 3 else "[]"
        lock = _lock(book, module, number)
        yield book.id_of(module, number), *write(book, number), book.owner, created, modified, tag, lock


def _share(records: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Spread `records` over the modules; what rounding leaves goes to the first."""
    total = sum(weights.values())
    counts = {module: int(records * weight / total) for module, weight in weights.items()}
    counts[next(iter(counts))] += records - sum(counts.values())
    return counts


def _mails(book: Book) -> Iterator[Values]:
    """A few mails of the person on some of their contacts: from the own mailbox, and some sent from the CRM."""
    if book.person.mailbox is Mailbox.NONE:
        return
    contacts = book.counts["Contacts"]
    lately = range(max(_MAILED_CONTACTS, contacts - _MAILED_LATELY), contacts, 2)
    for number in (*range(min(_MAILED_CONTACTS, contacts)), *lately):
        for turn in range(1 + number % 5):
            source = "crm" if turn == 4 else "mailbox"
            subject, at = book.pick(words.MAIL_SUBJECTS), book.past(200)
            yield None, "Contacts", book.id_of("Contacts", number), book.owner, subject, at, turn % 2, source


def _regions(now: int) -> Iterator[Values]:
    base = 5_000_000_000_000_000_000 + BY_NAME["Service_Regions"].number * 10**13
    for number, city in enumerate(words.CITIES):
        yield base + number, f"Region {city}", now, now, "[]", LOCK_FREE


def books(*, now: datetime, seed: int, leaver: str, records: int | None) -> Iterator[Book]:
    """One book for each person with a CRM user; `records` overrides how many the leaver owns."""
    anchor = int(now.replace(minute=0, second=0, microsecond=0).timestamp())
    for place, person in enumerate(ROSTER):
        if person.crm_id is None:
            continue
        size = records if records is not None and person.key == leaver else person.records
        counts = _share(size, _SERVICE if person.team == "Service" else _SALES)
        rng = random.Random(f"{seed}/{person.key}")  # noqa: S311  # made-up customers, no secrets
        yield Book(person, place, counts, anchor, rng)


def fill(store: Store, *, now: datetime, seed: int, leaver: str, records: int | None) -> None:
    """Write the whole company into an empty store."""
    with store.transaction():
        for book in books(now=now, seed=seed, leaver=leaver, records=records):
            for module in OWNED:
                store.insert(module.api_name, _rows(book, module.api_name), width=len(columns(module)))
            store.insert("mails", _mails(book), width=8)
        regions = BY_NAME["Service_Regions"]
        store.insert(regions.api_name, _regions(int(now.timestamp())), width=len(columns(regions)))
        store.index()
