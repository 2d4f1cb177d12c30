"""What the people of Brightwater have put into Pipedrive; the same for one seed.

Rows come from generators. A record's id follows from its first owner and its number, so that links need no look-up.
"""

import json
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sandbox.people import BY_KEY, PIPEDRIVE_IDS
from sandbox.pipedrive.attached import attached
from sandbox.pipedrive.book import ASCII, DAY, FOLLOWER, HELPERS, Book, Row
from sandbox.pipedrive.labels import TECHNICAL_CONSULTANT, Fields
from sandbox.pipedrive.schema import ACTIVITIES, DEALS, LEADS, ORGANIZATIONS, PERSONS, PRODUCTS, PROJECTS, TASKS
from sandbox.pipedrive.store import Store
from sandbox.pipedrive.users import WITHOUT_PROJECTS
from sandbox.zoho import words

_SHARE: Final = 0.08  # of the records that the roster gives somebody in the CRM
_WEIGHTS: Final = {
    "deals": 100, "persons": 84, "organizations": 44, "activities": 84, "leads": 32, "products": 6, "projects": 16,
    "tasks": 34,
}  # fmt: skip
_KINDS: Final = ("call", "meeting", "task", "email")
_STATUSES: Final = ("open", "won", "open", "lost", "open", "won", "open", "lost", "won", "open")
_REASONS: Final = ("Price", "Competitor", "No budget", "Postponed")
_STAGES: Final = (1, 2, 3, 4, 5)
_CONSULTANTS: Final = tuple(PIPEDRIVE_IDS[key] for key in ("amit", "julia", "yuki"))


def _deals(book: Book) -> Iterator[Row]:
    for number in range(book.counts["deals"]):
        row = book.common("deals", number)
        status, archived, deleted = _STATUSES[number % len(_STATUSES)], number % 12 == 7, number % 40 == 38
        if deleted:  # https://support.pipedrive.com: for 30 days a deleted deal can be restored
            status, row["update_time"] = "deleted", book.now - (1 + number % 25) * DAY
        ended = row["update_time"] if status in ("won", "lost") else None
        consultant = _CONSULTANTS[number // 7 % 3]
        custom = {TECHNICAL_CONSULTANT: consultant} if number % 7 == 0 and consultant != book.owner else {}
        yield row | {
            "title": f"{book.pick(words.STEMS)}: {book.pick(words.GOODS)}",
            "creator_user_id": book.owner,
            "value": book.money(90_000),
            "currency": "EUR",
            "person_id": book.link("persons", number),
            "org_id": book.link("organizations", number % (book.counts["persons"] or 1)),
            "stage_id": book.pick(_STAGES),
            "pipeline_id": 1,
            "status": status,
            "is_deleted": deleted,
            "is_archived": archived,
            "archive_time": row["update_time"] if archived else None,
            "visible_to": 1 if number % 25 == 20 else 3,
            "lost_reason": book.pick(_REASONS) if status == "lost" else None,
            "stage_change_time": row["update_time"],
            "close_time": ended,
            "won_time": ended if status == "won" else None,
            "lost_time": ended if status == "lost" else None,
            "expected_close_date": book.day(before=0, after=200) if status == "open" else None,
            "label_ids": book.label_ids("deals", number, every=5),
            "origin": "ManuallyCreated",
            "custom_fields": json.dumps(custom),
        }


def _persons(book: Book) -> Iterator[Row]:
    for number in range(book.counts["persons"]):
        first, last = book.pick(words.FIRST), book.pick(words.LAST)
        address = f"{ASCII[first]}.{ASCII[last]}@{ASCII[book.pick(words.STEMS)]}.example"
        phone = f"+49 30 {int(book.rng.random() * 9_000_000) + 1_000_000}"
        yield book.common("persons", number) | {
            "name": f"{first} {last}",
            "first_name": first,
            "last_name": last,
            "org_id": book.link("organizations", number),
            "emails": json.dumps([{"value": address, "primary": True, "label": "work"}]),
            "phones": json.dumps([{"value": phone, "primary": True, "label": "work"}]),
            "label_ids": book.label_ids("persons", number, every=6),
            "custom_fields": "{}",
        }


def _organizations(book: Book) -> Iterator[Row]:
    for number in range(book.counts["organizations"]):
        stem, city = book.pick(words.STEMS), book.pick(words.CITIES)
        yield book.common("organizations", number) | {
            "name": f"{stem} {book.pick(words.TRADES)} {book.pick(words.FORMS)}",
            "address": json.dumps({"value": city, "locality": city}, ensure_ascii=False),
            "label_ids": book.label_ids("organizations", number, every=4),
            "website": f"https://www.{ASCII[stem]}.example",
            "custom_fields": "{}",
        }


def _activities(book: Book) -> Iterator[Row]:
    for number in range(book.counts["activities"]):
        row = book.common("activities", number)
        del row["visible_to"]
        done, kind = number % 20 < 11, book.pick(_KINDS)
        overdue = number % 20 in (11, 12)
        due = (
            book.day(before=400, after=0)
            if done
            else book.day(before=30, after=0)
            if overdue
            else book.day(before=0, after=60)
        )
        on_lead = number % 9 == 8 and book.counts["leads"]
        person = book.link("persons", number)
        invited = FOLLOWER if number % 10 == 3 and book.owner != FOLLOWER else None
        yield row | {
            "subject": book.pick(words.MEETINGS if kind == "meeting" else words.TO_DO),
            "type": kind,
            "creator_user_id": book.owner,
            "deal_id": None if on_lead else book.link("deals", number),
            "lead_id": book.lead_id(number % book.counts["leads"]) if on_lead else None,
            "person_id": person,
            "org_id": book.link("organizations", number % (book.counts["persons"] or 1)),
            "due_date": due,
            "due_time": f"{8 + number % 9:02d}:00" if kind == "meeting" else None,
            "duration": "01:00" if kind == "meeting" else None,
            "busy": kind == "meeting",
            "done": done,
            "marked_as_done_time": row["update_time"] if done else None,
            "participants": json.dumps([{"person_id": person, "primary": True}] if person else []),
            "attendees": json.dumps([_attendee(invited)] if invited else []),
        }


def _attendee(user_id: int) -> Row:
    person = next(BY_KEY[key] for key, each in PIPEDRIVE_IDS.items() if each == user_id)
    return {"email": person.email, "name": person.name, "status": "accepted", "is_organizer": 0, "person_id": None,
            "user_id": user_id}  # fmt: skip


def _leads(book: Book) -> Iterator[Row]:
    for number in range(book.counts["leads"]):
        worth = {"amount": book.money(40_000), "currency": "EUR"} if number % 3 else None
        yield book.common("leads", number) | {
            "id": book.lead_id(number),
            "title": f"{book.pick(words.STEMS)} {book.pick(words.TRADES)}",
            "creator_id": book.owner,
            "label_ids": book.label_ids("leads", number, every=4),
            "person_id": book.link("persons", number),
            "organization_id": book.link("organizations", number % (book.counts["persons"] or 1)),
            "source_name": book.pick(("Manually created", "Web forms", "Import")),
            "origin": "ManuallyCreated",
            "is_archived": number % 8 == 3,
            "was_seen": number % 4 > 0,
            "value": json.dumps(worth) if worth else None,
            "visible_to": "3",
        }


def _products(book: Book) -> Iterator[Row]:
    for number in range(book.counts["products"]):
        price = {"price": book.money(8_000), "currency": "EUR", "cost": 0, "direct_cost": 0, "notes": ""}
        yield book.common("products", number) | {
            "name": f"{book.pick(words.GOODS)} / {number + 1}",
            "code": f"BW-{book.place:02d}{number:05d}",
            "unit": "piece",
            "tax": 19,
            "is_linkable": 1,
            "prices": json.dumps([price]),
            "billing_frequency": "one-time",
            "custom_fields": "{}",
        }


def _projects(book: Book) -> Iterator[Row]:
    for number in range(book.counts["projects"]):
        row = book.common("projects", number)
        del row["visible_to"]
        ids = {name: book.link(module, number) for name, module in _OF_PROJECT.items()}
        status = ("open", "open", "completed", "open", "canceled")[number % 5]
        archived = number % 8 == 2
        yield row | {
            "title": f"{book.pick(words.GOODS)} at {book.pick(words.STEMS)}",
            "status": status,
            "board_id": 1,
            "phase_id": 1 + number % 4,
            "start_date": book.day(before=200, after=0),
            "end_date": book.day(before=0, after=200),
            **{name: json.dumps([each] if each else []) for name, each in ids.items()},
            "label_ids": book.label_ids("projects", number, every=4),
            "status_change_time": row["update_time"],
            "archive_time": row["update_time"] if archived else None,
            "custom_fields": "{}",
        }


_OF_PROJECT: Final = {"deal_ids": "deals", "person_ids": "persons", "org_ids": "organizations"}


def _tasks(book: Book) -> Iterator[Row]:
    for number in range(book.counts["tasks"]):
        row = book.common("tasks", number)
        del row["visible_to"], row["owner_id"]
        done = number % 5 in (1, 3)
        helper = HELPERS[number // 4 % 3] if number % 4 == 0 else None
        yield row | {
            "title": book.pick(words.TO_DO),
            "creator_id": book.owner,
            "project_id": book.link("projects", number),
            "is_done": done,
            "is_milestone": number % 10 == 9,
            "due_date": book.day(before=300, after=0) if done else book.day(before=20, after=60),
            "assignee_ids": json.dumps([book.owner, *([helper] if helper and helper != book.owner else [])]),
            "marked_as_done_time": row["update_time"] if done else None,
        }


_WRITERS: Final = (
    (DEALS, _deals), (PERSONS, _persons), (ORGANIZATIONS, _organizations), (ACTIVITIES, _activities), (LEADS, _leads),
    (PRODUCTS, _products), (PROJECTS, _projects), (TASKS, _tasks),
)  # fmt: skip


def _spread(records: int, *, projects: bool) -> dict[str, int]:
    """`records` over the modules; what rounding leaves goes to the first. Without the app nobody has projects."""
    weights = {name: weight for name, weight in _WEIGHTS.items() if projects or name not in ("projects", "tasks")}
    total = sum(weights.values())
    counts = {module: records * weights.get(module, 0) // total for module in _WEIGHTS}
    counts["deals"] += records - sum(counts.values())
    return counts


def fill(store: Store, fields: Fields, *, now: datetime, seed: int, leaver: str, records: int | None) -> None:
    """Write everybody's records into an empty store; `records` overrides how many the leaver owns."""
    anchor = int(now.replace(minute=0, second=0, microsecond=0).timestamp())
    labels = {module: tuple(fields.labels(module)) for module in (*fields.by_module, "leads")}
    with store.transaction():
        for place, key in enumerate(PIPEDRIVE_IDS):
            own = round(BY_KEY[key].records * _SHARE)
            size = records if records is not None and key == leaver else own
            counts = _spread(size, projects=key not in WITHOUT_PROJECTS)
            rng = random.Random(f"{seed}/pipedrive/{key}")  # noqa: S311  # made-up customers, no secrets
            book = Book(key, place, counts, anchor, seed, rng, labels)
            for module, write in _WRITERS:
                store.insert(module, write(book))
            for table, row in attached(book):
                store.add(table, [row])
        store.index()
