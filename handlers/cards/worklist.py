"""What somebody who takes over should look at first."""

from collections.abc import Callable
from itertools import zip_longest
from typing import Final

from connectors.base import AgendaItem, AgendaKind
from handlers.cards.common import NOTHING, View
from handlers.elements import Element, Inline, Link, Note, Paragraph, Strong, Words

_SHOWN: Final = 5  # of each kind


def work_list(view: View, mine: Callable[[str], bool]) -> tuple[Element, ...]:
    """A few of each kind, each with the way there; only records ("system/module/record") that are the reader's."""
    return tuple(element for kind in AgendaKind for element in _kind(view, kind, mine))


def _kind(view: View, kind: AgendaKind, mine: Callable[[str], bool]) -> tuple[Element, ...]:
    by_system = (
        [(system, item) for item in agenda if item.kind is kind and mine(f"{system}/{item.module}/{item.record_id}")]
        for system, agenda in view.departure.agenda.items()
    )
    # Each has its most important ones first: those of every system come in turns.
    items = [each for turn in zip_longest(*by_system) for each in turn if each]
    if not items:
        return ()
    words: list[Inline] = [Strong(view.texts.t(f"handover.agenda.{kind}"))]
    for system, item in items[:_SHOWN]:
        where = (f" · {view.system(system)}",) if view.many else ()
        words += ["\n", *_item(view, item, _currency(view, system)), *where]
    rest = (Note((view.texts.t("handover.agenda.more"),)),) if len(items) > _SHOWN else ()
    return Paragraph(tuple(words)), *rest


def _currency(view: View, system: str) -> str | None:
    return view.departure.plan.system(system).currency if view.departure.plan else None


def _item(view: View, item: AgendaItem, currency: str | None) -> Words:
    """ "Roof · €12,000 · closes May 4, 2026"."""
    value: Words = (" · ", view.texts.money(item.value, currency)) if item.value is not None else ()
    return (Link(item.label, item.url), *value, " · ", *_when(view, item))


def _when(view: View, item: AgendaItem) -> Words:
    """A meeting has a time of day; all else is a date."""
    if item.due is None:
        return (view.texts.t("handover.agenda.never"),) if item.kind is AgendaKind.SILENT else (NOTHING,)
    if item.kind is AgendaKind.MEETING:
        return (view.texts.moment(item.due),)
    return (view.texts.t(f"handover.agenda.{item.kind}.when", date=view.texts.date(item.due)),)
