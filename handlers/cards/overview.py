"""Many departures at a glance: the list, and each person's home page, with what former employees left behind."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.base import Ghosts
from handlers.cards.case import state_text
from handlers.cards.common import View, asked
from handlers.cards.controls import show_button, start_button
from handlers.departure import Departure
from handlers.elements import Actions, Card, Divider, Element, Heading, Note, Paragraph, Strong
from handlers.ghosts import Counted, left_alone
from handlers.people import Party, Person
from handlers.texts import Texts

_IN_A_LIST: Final = 20  # two blocks each; a message takes fifty
_AT_HOME: Final = 40  # former employees included; a home page takes a hundred
_FORMER: Final = 10


def list_card(texts: Texts, departures: Sequence[Departure], now: datetime) -> Card:
    text = texts.t("list.text" if departures else "list.empty", n=len(departures))
    views = [View(departure, texts) for departure in _oldest_first(departures)]
    return Card(text, (Heading(texts.t("list.title")), Paragraph((text,)), *_rows(views, now, _IN_A_LIST)))


def home_card(
    texts: Texts, party: Party, departures: Sequence[Departure], now: datetime, *, counted: Counted | None = None
) -> Card:
    """What waits for this person comes first. Admins, who see every departure, also see the ghosts without one; team
    leaders see those of their team."""
    seen = counted if party.admin or counted is None else counted.of_team(party.person)
    former = left_alone(seen, departures) if seen else ()
    room = _AT_HOME - len(_people(former)[:_FORMER])
    views = [View.of(departure, party.person, texts) for departure in _oldest_first(departures)]
    mine = [view for view in views if _waits_for(view.departure, party.person)]
    others = [view for view in views if not _waits_for(view.departure, party.person)]
    text = texts.t("home.text", n=len(mine)) if mine else texts.t("home.nothing")
    return Card(
        text,
        (
            Heading(texts.t("home.title")),
            Paragraph((text,)),
            *_rows(mine, now, room),
            *((Divider(), Heading(texts.t("home.others"))) if others else ()),
            *_rows(others, now, max(room - len(mine), 0)),
            *(_ghosts(texts, counted, former) if party.admin else _team_ghosts(texts, former)),
            *((Note((texts.t("home.hint"),)),) if party.admin else ()),
        ),
    )


def ghosts_card(texts: Texts, departures: Sequence[Departure], counted: Counted | None) -> Card:
    """What people who are gone left behind and nobody takes care of, each with a button that begins a departure."""
    former = left_alone(counted, departures) if counted else ()
    total = sum(each.total for each in former)
    shown = _ghosts(texts, counted, former)[1:]
    if counted is None:
        return Card(texts.t("home.ghosts.uncounted"), shown)
    if counted.missing and not former:
        return Card(_missing(texts, counted), shown)
    said = texts.t("ghosts.text", n=total)
    return Card(f"{said} {_missing(texts, counted)}" if counted.missing else said, shown)


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


def _ghosts(texts: Texts, counted: Counted | None, former: Sequence[Ghosts]) -> tuple[Element, ...]:
    title = Divider(), Heading(texts.t("home.ghosts.title"))
    if counted is None:
        return *title, Note((texts.t("home.ghosts.uncounted"),))
    at = texts.moment(counted.at)
    missing = (Paragraph((Strong(_missing(texts, counted)),)),) if counted.missing else ()
    if not former and missing:
        return *title, *missing
    if not former:
        key = "home.ghosts.cared_for" if counted.ghosts else "home.ghosts.none"
        return *title, Paragraph(texts.words(key, at=at))
    total = sum(each.total for each in former)
    people = _people(former)
    rows = [element for each in people[:_FORMER] for element in _former(texts, each, without=counted.missing)]
    more = len(people) - _FORMER
    rest = (Note((texts.t("home.ghosts.more", n=more),)),) if more > 0 else ()
    return *title, Paragraph(texts.words("home.ghosts.text", n=total, at=at)), *missing, *rows, *rest


def _missing(texts: Texts, counted: Counted) -> str:
    """Where nothing was counted, so that nobody takes the rest for all there is."""
    return texts.t("home.ghosts.missing", systems=texts.listed(texts.t(f"system.{each}") for each in counted.missing))


def _team_ghosts(texts: Texts, former: Sequence[Ghosts]) -> tuple[Element, ...]:
    """For a team leader: what to ask an admin for."""
    if not former:
        return ()
    rows = [_former(texts, each)[0] for each in _people(former)[:_FORMER]]
    text = Paragraph(texts.words("home.ghosts.team", n=sum(each.total for each in former)))
    return Divider(), Heading(texts.t("home.ghosts.title")), text, *rows


def _people(former: Sequence[Ghosts]) -> tuple[tuple[Ghosts, ...], ...]:
    """What one person left behind in each system; whoever left most in all of them comes first."""
    found: dict[str, list[Ghosts]] = {}
    for each in former:
        address, alone = each.account.email.lower(), f"{each.account.system}/{each.account.id}"
        namesake = any(other.account.system == each.account.system for other in found.get(address, ()))
        found.setdefault(alone if namesake or not address else address, []).append(each)
    people = sorted(found.values(), key=lambda person: (-sum(each.total for each in person), person[0].account.name))
    return tuple(map(tuple, people))


def _former(texts: Texts, person: Sequence[Ghosts], *, without: Sequence[str] = ()) -> tuple[Element, ...]:
    account = person[0].account
    parts = (account.email, *([texts.t(f"system.{account.system}")] if len(person) == 1 else []))
    who = "".join(f" · {part}" for part in parts if part)
    left = "\n".join(_left(texts, each, named=len(person) > 1) for each in person)
    said = Paragraph((Strong(account.name), f"{who}\n", left))
    return said, Actions((start_button(texts, [each.account for each in person], without=without),))


def _left(texts: Texts, ghosts: Ghosts, *, named: bool) -> str:
    by_size = sorted(ghosts.counts, key=lambda count: -count[1])
    modules = ", ".join(f"{module.label} {texts.number(count)}" for module, count in by_size)
    left = texts.t("home.ghosts.person", n=ghosts.total, modules=modules)
    return f"{texts.t(f'system.{ghosts.account.system}')}: {left}" if named else left
