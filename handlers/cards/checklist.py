"""The checklist of what people see to themselves: one message for each of them, and the question at the end."""

from collections.abc import Sequence
from typing import Final

from handlers.cards.common import NOTHING, View
from handlers.cards.controls import checklist_button
from handlers.cards.parts import note, paragraph
from handlers.checklist import Item, ItemState
from handlers.departure import TRANSITIONS, State
from handlers.elements import Actions, Card, Element, Heading, Note, Paragraph, Progress, Strong, Words
from handlers.events import ItemSettled
from handlers.people import Person
from handlers.practice import When

# Nothing of the checklist is to be done any more.
_OVER: Final = frozenset({State.CANCELLED, State.UNDOING, State.UNDONE})


def checklist_card(view: View, reader: Person) -> Card:
    """What one person has to see to, from the approval on."""
    mine = [item for item in view.departure.checklist if item.assignee.same_as(reader)]
    text = _said(view, mine)
    heading = Heading(view.texts.t("checklist.mine.title", leaver=view.leaver))
    if view.departure.state in _OVER or not mine:
        return Card(text, (heading, Paragraph((text,))))
    return Card(text, (heading, Paragraph((text,)), *items(view, mine, mine=True), *_tick_off(view, mine)))


def _said(view: View, mine: Sequence[Item]) -> str:
    open_ones = sum(not item.settled for item in mine)
    if view.departure.state in _OVER:
        return view.texts.t("checklist.mine.over", leaver=view.leaver)
    if not mine:
        return view.texts.t("checklist.mine.none", leaver=view.leaver)
    if not open_ones:
        return view.texts.t("checklist.mine.done", leaver=view.leaver)
    return view.texts.t("checklist.mine.text", leaver=view.leaver, n=open_ones)


def _tick_off(view: View, mine: Sequence[Item]) -> tuple[Element, ...]:
    if all(item.settled for item in mine):
        return ()
    if ItemSettled not in TRANSITIONS[view.departure.state]:
        return (note(view, "checklist.later"),)
    return (Actions((checklist_button(view),)),)


def checklist_question(view: View) -> tuple[Element, ...]:
    """All that is open or settled, for whoever is asked at the end."""
    return (
        paragraph(view, "checklist.why", leaver=view.leaver),
        *items(view, view.departure.checklist),
        note(view, "checklist.how"),
    )


def left_undone(view: View) -> tuple[Element, ...]:
    """What somebody signed for instead of doing it."""
    return tuple(_settled(view, item) for item in view.departure.checklist if item.state is ItemState.SKIPPED)


def items(view: View, shown: Sequence[Item], *, mine: bool = False) -> tuple[Element, ...]:
    """How far they are, the open ones, then the settled ones. With `mine`, nobody needs to be told whose they are."""
    settled = [item for item in shown if item.settled]
    label = view.texts.t("checklist.progress", done=len(settled), n=len(shown))
    return (
        Progress(label, len(settled), len(shown)),
        *(_open(view, item, mine=mine) for item in shown if not item.settled),
        *(_settled(view, item) for item in settled),
    )


def _open(view: View, item: Item, *, mine: bool) -> Element:
    key = "checklist.due.before" if item.when is When.BEFORE else "checklist.due"
    due = view.texts.words(key, due=view.texts.date(item.due))
    who: Words = () if mine else (" · ", *view.people((item.assignee,)))
    tried: Words = ("\n", *_tried(view, item)) if item.state is ItemState.ERRORED else ()
    return Paragraph((Strong(item.named(view.texts.language)), "\n", *due, *who, *tried))


def _tried(view: View, item: Item) -> Words:
    return view.texts.words("checklist.errored", note=item.note, by=_by(view, item))


def _settled(view: View, item: Item) -> Element:
    said: Words = (" ", *view.texts.words("decided.reason", reason=item.note)) if item.note else ()
    key, title = f"checklist.item.{item.state}", Strong(item.named(view.texts.language).rstrip("."))
    return Note((*view.texts.words(key, item=title, by=_by(view, item)), *said))


def _by(view: View, item: Item) -> Words:
    if item.by is None or item.at is None:
        return (NOTHING,)
    return view.texts.words("fact.by", who=view.person(item.by), at=view.texts.moment(item.at))
