"""Every message that should exist for a departure, and what it shows now.

A projection, calculated anew after each event: keys stay, cards become newer, and questions turn into decisions in
place.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from handlers.cards.case import case_card, earlier_run_card, run_card
from handlers.cards.common import HANDED_OVER, Channel, Posting, View, distinct, was_asked
from handlers.cards.outcome import closed_card, handover_card, summary_card
from handlers.cards.prompts import addressees, prompt_card
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
        *_to(departure, "case", (departure.admin,), lambda view, _: case_card(view)),
        *_prompts(departure),
        *_run(departure, progress, now),
        *_handover(departure, progress),
        *_closed(departure, progress, channels),
    )


def _prompts(departure: Departure) -> Iterator[Posting]:
    for prompt in departure.prompts:
        if was_asked(departure, prompt):
            yield from _to(
                departure,
                f"prompt:{prompt.kind}:{prompt.turn}",
                addressees(departure, prompt),
                partial(prompt_card, prompt),
            )


def _run(departure: Departure, progress: RunProgress | None, now: datetime) -> Iterator[Posting]:
    """One message for each run; the numbers stand in the newest."""
    for number in range(1, departure.run):
        yield from _to(departure, f"run:{number}", (departure.admin,), lambda view, _: earlier_run_card(view))
    if departure.run:
        what = f"run:{departure.run}"
        yield from _to(departure, what, (departure.admin,), lambda view, _: run_card(view, progress, now=now))


def _handover(departure: Departure, progress: RunProgress | None) -> Iterator[Posting]:
    if departure.state in HANDED_OVER and departure.successor:
        yield from _to(departure, "handover", (departure.successor,), lambda view, _: handover_card(view, progress))


def _closed(departure: Departure, progress: RunProgress | None, channels: Sequence[Channel]) -> Iterator[Posting]:
    if departure.state is not State.CLOSED:
        return
    lead = (departure.lead,) if departure.lead else ()
    yield from _to(departure, "closed", (departure.admin, *lead), lambda view, _: closed_card(view, progress))
    for channel in channels:
        view = View(departure, Texts(channel.language, channel.time_zone))
        yield Posting(f"{departure.id}:closed:{channel.id}", channel, summary_card(view, progress))


def _to(
    departure: Departure, what: str, people: tuple[Person, ...], card: Callable[[View, Person], Card]
) -> Iterator[Posting]:
    for person in distinct(people):
        if person.chat and not person.same_as(departure.leaver):
            who = (person.email or next(iter(person.chat.values()))).lower()
            yield Posting(f"{departure.id}:{what}:{who}", person, card(View.of(departure, person), person))
