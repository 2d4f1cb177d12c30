"""What hangs on the company's records and people in Pipedrive: notes, linked mails, followers, goals."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sandbox.people import BY_KEY, PIPEDRIVE_IDS
from sandbox.pipedrive.book import ASCII, DAY, FOLLOWER, HELPERS, Book, Row
from sandbox.pipedrive.things_api import Goal
from sandbox.zoho import words

_MOST: Final = 3_000  # how many of a person's first records of a module have something hanging on them


def attached(book: Book) -> Iterator[tuple[str, Row]]:
    """Notes, linked mails and followers, by table."""
    address = BY_KEY[book.key].email
    for number in range(0, min(book.counts["deals"], _MOST), 3):
        at = book.now - (20 + number % 300) * DAY
        note = book.pick(words.TO_DO)
        on: Row = {"user_id": book.owner, "deal_id": book.id_of("deals", number)}
        yield "notes", {**on, "content": note, "add_time": at, "update_time": at, "last_update_user_id": None}
    for module, every in (("deals", 4), ("persons", 3)):
        for number in range(1, min(book.counts[module], _MOST), every):
            record, other = book.id_of(module, number), f"kontakt{number}@{ASCII[book.pick(words.STEMS)]}.example"
            for count in range(1 + number % 2):
                sender, receiver = (address, other) if count else (other, address)
                at, subject = book.now - (5 + number % 200) * DAY - count * 3_600, book.pick(words.MAIL_SUBJECTS)
                on = {"module": module, "record": record, "user_id": book.owner}
                yield (
                    "mails",
                    {**on, "subject": subject, "sender": sender, "receiver": receiver, "at": at, "sent": count},
                )
        for number in range(4, min(book.counts[module], _MOST), 9):
            who = FOLLOWER if book.owner != FOLLOWER else HELPERS[0]
            followed = {"module": module, "record": book.id_of(module, number)}
            yield "followers", {**followed, "user_id": who, "add_time": book.now - 50 * DAY}


def goals(now: datetime) -> dict[str, Goal]:
    """What people should reach: two of Amit's run, one is over."""
    year = now.year
    rows = (
        ("amit", "Deals won per month", f"{year}-01-01", None, 4, True),
        ("amit", "Deals won: pumps", f"{year}-01-01", f"{year + 1}-12-31", 2, True),
        ("amit", "Deals won last year", f"{year - 1}-01-01", f"{year - 1}-12-31", 3, False),
        ("sofia", "Deals won per month", f"{year}-01-01", None, 4, True),
        ("julia", "Deals won per month", f"{year}-01-01", None, 3, True),
    )
    made = {}
    for number, (key, title, start, end, target, active) in enumerate(rows):
        goal_id = uuid.uuid5(uuid.NAMESPACE_URL, f"pipedrive/goal/{number}").hex
        owner = PIPEDRIVE_IDS["tomas"]
        made[goal_id] = Goal(goal_id, owner, title, PIPEDRIVE_IDS[key], start, end, target, active)
    return made
