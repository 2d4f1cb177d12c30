"""Every message that should exist for a departure, and what it shows now.

A projection, calculated anew after each event: keys stay, cards become newer, and questions turn into decisions in
place.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from handlers.cards.case import case_card, earlier_run_card, run_card
from handlers.cards.checklist import checklist_card
from handlers.cards.common import Channel, Posting, View, distinct, was_asked
from handlers.cards.handover import answers, handover_card, receivers
from handlers.cards.outcome import closed_card, summary_card
from handlers.cards.prompts import addressees, prompt_card
from handlers.cards.rechecks import rechecks
from handlers.cards.reminders import reminders
from handlers.cards.undo import return_notices, returns
from handlers.departure import Departure, State
from handlers.elements import Card
from handlers.people import Person
from handlers.progress import RunProgress
from handlers.texts import Texts


def postings(
    departure: Departure, progress: RunProgress | None, *, now: datetime, channels: Sequence[Channel]
) -> tuple[Posting, ...]:
    """All messages of a departure. The leaver gets none; whoever has no chat id is left out."""
    return (
        *_to(departure, "case", (departure.admin,), lambda view, _: case_card(view, progress)),
        *_prompts(departure),
        *_checklists(departure),
        *_run(departure, progress, now),
        *_handover(departure, progress),
        *_closed(departure, progress),
        *_told(departure, progress, channels),
        *(posting for message in answers(departure) for posting in _to(departure, *message)),
        *(posting for message in rechecks(departure) for posting in _to(departure, *message)),
        *(posting for message in reminders(departure) for posting in _to(departure, *message)),
        *(posting for message in returns(departure) for posting in _to(departure, *message)),
    )


def _prompts(departure: Departure) -> Iterator[Posting]:
    for prompt in departure.prompts:
        if was_asked(prompt):
            yield from _to(
                departure,
                f"prompt:{prompt.kind}:{prompt.turn}",
                addressees(departure, prompt),
                partial(prompt_card, prompt),
            )


def _checklists(departure: Departure) -> Iterator[Posting]:
    """To whoever has a part in the checklist, or had before: what it is, and how far, from the approval on."""
    people = tuple(person for item in departure.checklist for person in (item.assignee, *item.earlier))
    yield from _to(departure, "checklist", people, checklist_card)


def _run(departure: Departure, progress: RunProgress | None, now: datetime) -> Iterator[Posting]:
    """One message for each run that changes records; the numbers stand in the newest, and where all had moved."""
    moved_in = departure.moved_in or departure.run
    returning = range(departure.undoings[0].run, departure.run + 1) if departure.undoings else ()
    for number in (*range(1, moved_in + 1), *returning):
        what, newest = f"run:{number}", number in (moved_in, departure.run)
        at = now if number == departure.run else None
        card = partial(run_card, progress=progress, now=at) if newest else earlier_run_card
        yield from _to(departure, what, (departure.admin,), lambda view, _, card=card: card(view))  # type: ignore[misc]


def _handover(departure: Departure, progress: RunProgress | None) -> Iterator[Posting]:
    """From the moment on in which the records are theirs."""
    if any(prompt.kind is State.BACKUP for prompt in departure.prompts):
        people = receivers(departure)
        yield from _to(departure, "handover", people, lambda view, person: handover_card(view, progress, person))


def _closed(departure: Departure, progress: RunProgress | None) -> Iterator[Posting]:
    if departure.closed_at is None:
        return
    lead = (departure.lead,) if departure.lead else ()
    people = (departure.admin, *lead)
    yield from _to(departure, "closed", people, lambda view, person: closed_card(view, progress, person))


def _told(departure: Departure, progress: RunProgress | None, channels: Sequence[Channel]) -> Iterator[Posting]:
    """The log channels, once somebody has released it: how it ended, and what was taken back or handed on since."""
    for channel in channels if departure.announced else ():
        view = View(departure, Texts(channel.language, channel.time_zone))
        if departure.closed_at:
            yield Posting(f"{departure.id}:closed:{channel.id}", channel, summary_card(view, progress))
        for what, card in return_notices(view):
            yield Posting(f"{departure.id}:{what}:{channel.id}", channel, card)


def _to(
    departure: Departure, what: str, people: tuple[Person, ...], card: Callable[[View, Person], Card]
) -> Iterator[Posting]:
    for person in distinct(people):
        if person.chat and not person.same_as(departure.leaver):
            who = (person.email or next(iter(person.chat.values()))).lower()
            yield Posting(f"{departure.id}:{what}:{who}", person, card(View.of(departure, person), person))
