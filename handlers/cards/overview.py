"""Many departures at a glance: the list, and each person's home page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handlers.cards.case import state_text
from handlers.cards.common import View, asked
from handlers.cards.controls import show_button
from handlers.departure import Departure
from handlers.elements import Actions, Card, Divider, Element, Heading, Note, Paragraph, Strong
from handlers.people import Party, Person
from handlers.texts import Texts

_IN_A_LIST: Final = 20  # two blocks each; a message takes fifty
_AT_HOME: Final = 40  # a home page takes a hundred


def list_card(texts: Texts, departures: Sequence[Departure], now: datetime) -> Card:
    text = texts.t("list.text" if departures else "list.empty", n=len(departures))
    views = [View(departure, texts) for departure in _oldest_first(departures)]
    return Card(text, (Heading(texts.t("list.title")), Paragraph((text,)), *_rows(views, now, _IN_A_LIST)))


def home_card(texts: Texts, party: Party, departures: Sequence[Departure], now: datetime) -> Card:
    """What waits for this person comes first."""
    views = [View.of(departure, party.person, texts) for departure in _oldest_first(departures)]
    mine = [view for view in views if _waits_for(view.departure, party.person)]
    others = [view for view in views if not _waits_for(view.departure, party.person)]
    text = texts.t("home.text", n=len(mine)) if mine else texts.t("home.nothing")
    return Card(
        text,
        (
            Heading(texts.t("home.title")),
            Paragraph((text,)),
            *_rows(mine, now, _AT_HOME),
            *((Divider(), Heading(texts.t("home.others"))) if others else ()),
            *_rows(others, now, max(_AT_HOME - len(mine), 0)),
            *((Note((texts.t("home.hint"),)),) if party.admin else ()),
        ),
    )


def _oldest_first(departures: Sequence[Departure]) -> list[Departure]:
    return sorted(departures, key=lambda departure: departure.since)


def _waits_for(departure: Departure, person: Person) -> bool:
    return any(person.same_as(each) for each in asked(departure, departure.state))


def _rows(views: Sequence[View], now: datetime, most: int) -> tuple[Element, ...]:
    rows = [element for view in views[:most] for element in _row(view, now)]
    more = len(views) - most
    return (*rows, Note((views[0].texts.t("list.more", n=more),))) if more > 0 else tuple(rows)


def _row(view: View, now: datetime) -> tuple[Element, ...]:
    departure, texts = view.departure, view.texts
    people = asked(departure, departure.state)
    key = "list.waiting" if people else "list.since"
    since, duration = texts.moment(departure.since), texts.duration(departure.since, now)
    waiting = texts.words(key, who=view.people(people), since=since, duration=duration)
    said = Paragraph((Strong(view.leaver), "\n", state_text(view), "\n", *waiting))
    return said, Actions((show_button(view),))
