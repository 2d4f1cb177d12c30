"""What a reminder can be about, and who hears of what nobody in particular is asked for. Pure.

A reminder is about the state in which somebody is asked, or about one of these.
"""

from typing import Final

from handlers.checklist import Item
from handlers.departure import Departure, Reminder
from handlers.people import Person

ALONE: Final = "alone"  # nobody else could be asked
START: Final = "start"
HANDOVER: Final = "handover"
_RETENTION: Final = "retention:"
_ITEM: Final = "item:"


def about_retention(days: int) -> str:
    """That the e-mails can be retained for so many days still."""
    return f"{_RETENTION}{days}"


def days_left(about: str) -> int | None:
    """The days of a reminder about the retention; None where it is about something else."""
    return int(about.removeprefix(_RETENTION)) if about.startswith(_RETENTION) else None


def about_item(item: Item) -> str:
    return f"{_ITEM}{item.key}"


def item_of(departure: Departure, reminder: Reminder) -> Item | None:
    """The item of the checklist that a reminder is about."""
    return next((item for item in departure.checklist if reminder.about == about_item(item)), None)


def silent(departure: Departure) -> tuple[Person, ...]:
    """Receivers who have not said anything to the records that they got."""
    return tuple(
        person
        for person in departure.receivers.values()
        if not any(answer.by.same_as(person) for answer in departure.answers)
    )


def for_handover(departure: Departure) -> Person:
    """Who hears that a receiver does not answer: the lead, or the admin where the lead is out of reach or got records
    too."""
    lead = departure.lead
    if lead is None or not lead.chat or any(map(lead.same_as, (departure.leaver, *departure.receivers.values()))):
        return departure.admin
    return lead
