"""Looks some time after the end: what they found. Admin and lead get a message only where something was found."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from handlers.cards.common import Message, View
from handlers.cards.controls import show_button
from handlers.cards.parts import fact, paragraph
from handlers.departure import Departure, State
from handlers.elements import Actions, Card, Element, Fact, Heading, Inline, Paragraph, Words
from handlers.events import Rechecked
from handlers.people import Person


def rechecks(departure: Departure) -> Iterator[Message]:
    people = (departure.admin, *((departure.lead,) if departure.lead else ()))
    for each in departure.rechecks:
        if not _well(each):
            yield f"recheck:{each.number}", people, partial(_card, each)


def _well(found: Rechecked) -> bool:
    return not (found.moved or found.left or found.problem)


def _card(found: Rechecked, view: View, _: Person) -> Card:
    text = view.texts.t("recheck.text", leaver=view.leaver)
    said = (Paragraph((sentence,)) for sentence in _sentences(view, found))
    next_look = next_recheck(view.departure)
    then = (paragraph(view, "recheck.next", at=view.texts.moment(next_look)),) if next_look else ()
    return Card(
        text,
        (
            Heading(view.texts.t("recheck.title", leaver=view.leaver)),
            paragraph(view, "recheck.looked", number=found.number, at=view.texts.moment(found.at)),
            *said,
            *then,
            Actions((show_button(view),)),
        ),
    )


def _sentences(view: View, found: Rechecked) -> tuple[str, ...]:
    successor = view.departure.successor.name if view.departure.successor else ""
    counts = (("recheck.moved", found.moved), ("recheck.left", found.left))
    said = tuple(view.texts.t(key, n=n, leaver=view.leaver, successor=successor) for key, n in counts if n)
    return *said, *(
        view.texts.t(key, n=n, leaver=view.leaver, system=view.system(system) if system else view.systems)
        for key, n, system in _problems(found)
    )


def _problems(found: Rechecked) -> Iterator[tuple[str, int, str]]:
    """What kept it from moving or counting all: key, number of records, and the system."""
    if found.problem:
        yield found.problem, found.left - sum(each.count for each in found.also), found.system
    yield from ((each.key, each.count, each.system) for each in found.also)


def next_recheck(departure: Departure) -> datetime | None:
    """When it is looked at again; never once records were taken back or handed on."""
    plan = departure.plan
    if departure.state is not State.CLOSED or departure.closed_at is None or plan is None or departure.undoings:
        return None
    hours = plan.terms.recheck_hours[len(departure.rechecks) :][:1]
    return next((departure.closed_at + timedelta(hours=each) for each in hours), None)


def recheck_facts(view: View) -> tuple[Fact, ...]:
    """What the looks so far have found, and when the next is."""
    looks = tuple(fact(view, "fact.recheck", _short(view, each)) for each in view.departure.rechecks[-1:])
    at = next_recheck(view.departure)
    return *looks, *((fact(view, "fact.next_recheck", (view.texts.moment(at),)),) if at else ())


def _short(view: View, found: Rechecked) -> Words:
    key = "recheck.well" if _well(found) else "recheck.found"
    words: tuple[Inline, ...] = view.texts.words(key, n=found.moved, left=found.left, at=view.texts.moment(found.at))
    return words


def recheck_lines(view: View) -> tuple[Element, ...]:
    """The looks that found something, in full."""
    found = (each for each in view.departure.rechecks if not _well(each))
    return tuple(Paragraph((sentence,)) for each in found for sentence in _sentences(view, each))
