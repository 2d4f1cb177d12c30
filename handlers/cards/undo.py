"""Undo and handing on: what would go back, and what has."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, Literal, TypedDict

from connectors.base import ReferenceKind
from handlers.cards.common import View, distinct
from handlers.cards.explain import references_text
from handlers.cards.parts import amount, note, paragraph
from handlers.checklist import ItemState
from handlers.departure import Departure, State, Undoing
from handlers.elements import Actions, Button, Card, Confirm, Element, Heading, Paragraph, Strong, Style, Table
from handlers.events import Outcome, Returned, Undone
from handlers.intents import Action, Token
from handlers.people import Person
from handlers.places import is_field
from handlers.playbooks import StepKey
from handlers.texts import Texts
from handlers.undoing import REFUSED, PlacePreview, UndoPreview, is_whole, scope_to_text

# Counts of a place, with the column that shows them; what is nowhere has no column.
_COLUMNS: Final = {
    "moved": "column.moved",
    "ours": "column.goes_back",
    "back": "column.back_already",
    "others": "column.with_others",
}
_ALWAYS: Final = frozenset({"moved", "ours"})
_PARTS_OFFERED: Final = 20
# The step that gives away what names the leaver; all else goes with the configuration.
_GIVEN_IN: Final = {ReferenceKind.ASSIGNMENT: StepKey.TAP}


class Counted(TypedDict):
    n: int
    what: str


def undo_preview_card(texts: Texts, departure: Departure, preview: UndoPreview) -> Card:
    """What an undo would do now, with the button that does it."""
    view, ours, others = View(departure, texts), preview.total("ours"), preview.total("others")
    part = bool(preview.modules or preview.records)
    text = texts.t("undo.text", n=ours, what=_found(view, preview, "ours"), leaver=view.leaver)
    return Card(
        text,
        (
            Heading(texts.t("undo.title.part" if part else "undo.title", leaver=view.leaver)),
            Paragraph((Strong(text),)),
            *_table(texts, preview),
            *((paragraph(view, "undo.others", n=others, what=_found(view, preview, "others")),) if others else ()),
            *((paragraph(view, "undo.let_in", leaver=view.leaver, systems=view.systems),) if preview.let_in else ()),
            *_lasting(texts, preview),
            *((_buttons(view, preview, part=part),) if ours or not part else ()),
        ),
    )


def _found(view: View, preview: UndoPreview, name: str) -> str:
    fields = sum(getattr(p, name) for p in preview.places if is_field(view.departure.plan, p.system, p.module))
    return amount(view.texts, preview.total(name) - fields, fields)


def _buttons(view: View, preview: UndoPreview, *, part: bool) -> Actions:
    return Actions((_undo(view, preview),), () if part else tuple(_parts(view, preview)))


def _table(texts: Texts, preview: UndoPreview) -> tuple[Element, ...]:
    columns = {name: key for name, key in _COLUMNS.items() if name in _ALWAYS or preview.total(name)}
    header = [texts.t(key) for key in ("column.module", *columns.values())]
    rows = tuple((p.label, *(texts.number(getattr(p, name)) for name in columns)) for p in preview.places)
    return (Table(tuple(header), rows, numeric=tuple(range(1, len(header)))),) if rows else ()


def _lasting(texts: Texts, preview: UndoPreview) -> tuple[Element, ...]:
    if not preview.lasting:
        return ()
    return (_lines(texts.t("undo.lasting"), [texts.t(key) for key in preview.lasting]),)


def _lines(heading: str, lines: Iterable[str]) -> Paragraph:
    return Paragraph((Strong(heading), "".join(f"\n• {line}" for line in lines)))


def _undo(view: View, preview: UndoPreview) -> Button:
    t, departure = view.texts.t, view.departure
    scope = scope_to_text(preview.modules, preview.records)
    confirm = _confirm(view, preview)
    return Button(t("button.undo"), Token(Action.UNDO, departure.id, departure.turn, scope), Style.DANGER, confirm)


def _confirm(view: View, preview: UndoPreview) -> Confirm:
    t, what = view.texts.t, _found(view, preview, "ours")
    return Confirm(
        title=t("undo.confirm.title"),
        text=t("undo.confirm.text", n=preview.total("ours"), what=what, leaver=view.leaver),
        yes=t("button.undo"),
        no=t("button.not_yet"),
    )


def _parts(view: View, preview: UndoPreview) -> Iterator[Button]:
    """One for each module, where a part can be given back by now."""
    modules = [place for place in preview.places if "." not in place.module and place.ours]
    if view.departure.state is not State.CLOSED or len(modules) < 2:
        return
    for place in modules[:_PARTS_OFFERED]:
        yield _part(view, place)


def _part(view: View, place: PlacePreview) -> Button:
    """The way to what an undo of this module alone would do; there it is asked for."""
    token = Token(Action.UNDO_PREVIEW, view.departure.id, view.departure.turn, place.module)
    return Button(view.texts.t("button.undo.part", module=place.label), token)


def returns(departure: Departure) -> Iterator[tuple[str, tuple[Person, ...], partial[Card]]]:
    """A message for each undo, and each handing on, that is through: to admin, lead and whoever had the records."""
    lead = (departure.lead,) if departure.lead else ()
    had = tuple(departure.receivers.values())
    for number, undoing in enumerate(departure.undoings, start=1):
        if undoing.result:
            got = (undoing.person,) if undoing.person else ()
            people = distinct((departure.admin, *lead, undoing.by, *had, *got))
            yield f"returned:{number}", people, partial(_returned, undoing, undoing.result)


def return_notices(view: View) -> Iterator[tuple[str, Card]]:
    """The same for those who were told of the departure in a channel."""
    for number, undoing in enumerate(view.departure.undoings, start=1):
        if undoing.result:
            yield f"returned:{number}", _returned(undoing, undoing.result, view)


def _returned(undoing: Undoing, result: Returned | Undone, view: View, _: Person | None = None) -> Card:
    return Card(
        _result_text(view, undoing, result),
        (
            Heading(view.texts.t(_keys(undoing)[0], leaver=view.leaver)),
            *_result(view, undoing, result),
            note(view, "undo.asked", who=view.person(undoing.by), at=view.texts.moment(undoing.at)),
        ),
    )


def undo_results(view: View) -> tuple[Element, ...]:
    """What has been given back or handed on so far, for a card that tells where a departure stands."""
    return tuple(
        element
        for undoing in view.departure.undoings
        if undoing.result
        for element in _result(view, undoing, undoing.result)
    )


def return_title(view: View) -> str:
    """What the work after the end is called: giving back, or handing on."""
    handing_on = bool(view.departure.undoings[-1].to)
    return view.texts.t("handing_on.title" if handing_on else "undoing.title", leaver=view.leaver)


def _keys(undoing: Undoing) -> tuple[str, str]:
    """Its title, and what it says of the records."""
    if undoing.to:
        return "handed_on.title", "handed_on.text"
    done = isinstance(undoing.result, Undone)
    return ("undone.title", "undone.text") if done else ("returned.title", "returned.text")


def _result_text(view: View, undoing: Undoing, result: Returned | Undone) -> str:
    successor = undoing.person.name if undoing.person else ""
    said = _counted(view, result, "records")
    return view.texts.t(_keys(undoing)[1], leaver=view.leaver, successor=successor, **said)


def _counted(view: View, result: Returned | Undone, name: Literal["records", "others", "failed"]) -> Counted:
    """How many of both, to choose the form of a sentence by, and in words."""
    records, fields = getattr(result, name), result.fields.get(name, 0)
    return {"n": records + fields, "what": amount(view.texts, records, fields)}


def _result(view: View, undoing: Undoing, result: Returned | Undone) -> Iterator[Element]:
    yield Paragraph((Strong(_result_text(view, undoing, result)),))
    if (others := _counted(view, result, "others"))["n"]:
        yield paragraph(view, "undone.others", **others)
    if (failed := _counted(view, result, "failed"))["n"]:
        reached = undoing.given_up in ("", REFUSED)
        key = "undone.failed" if reached else "undone.not_reached"
        yield paragraph(view, key, systems=view.systems, **failed)
    yield from (_lines(heading, lines) for heading, lines in left_standing(view, undoing))


def left_standing(view: View, undoing: Undoing) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a whole undo has left as the departure made it, for people to set back: (what it is, each of it)."""
    if not is_whole(undoing):
        return
    done = [item.named(view.texts.language) for item in view.departure.checklist if item.state is ItemState.DONE]
    for key, names in (("undone.checklist", done), ("undone.configuration", _handed_over(view))):
        if names:
            yield view.texts.t(key), tuple(names)


def _handed_over(view: View) -> list[str]:
    """The rules, views and people that the run has given to somebody else."""
    plan = view.departure.plan
    done = {(each.system, each.step) for each in view.departure.steps if each.outcome is Outcome.DONE}
    return [
        references_text(view, [reference])
        for system in (plan.systems if plan else ())
        for reference in system.references
        if reference.movable and (system.system, _GIVEN_IN.get(reference.kind, StepKey.CONFIGURATION)) in done
    ]
