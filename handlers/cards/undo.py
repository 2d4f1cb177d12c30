"""Undo and handing on: what would go back, and what has."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, Literal, TypedDict

from connectors.base import ReferenceKind
from handlers.cards.common import View, distinct, systems_of
from handlers.cards.explain import references_text
from handlers.cards.grouped import Row, grouped_table
from handlers.cards.parts import amount, note, paragraph
from handlers.checklist import ItemState
from handlers.departure import GONE_THROUGH, Departure, State, Undoing
from handlers.elements import Actions, Button, Card, Confirm, Element, Heading, Note, Paragraph, Strong, Style
from handlers.events import Outcome, Returned, Undone
from handlers.intents import Action, Token
from handlers.lockout import LICENSED
from handlers.people import Person
from handlers.places import is_field
from handlers.playbooks import StepKey
from handlers.texts import Texts, catalogue
from handlers.undoing import PlacePreview, UndoPreview, is_whole, scope_to_text

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
            *_table(view, preview),
            *((paragraph(view, "undo.others", n=others, what=_found(view, preview, "others")),) if others else ()),
            *_by_hand(view, preview),
            *(_let_in(view) if preview.let_in else ()),
            *_lasting(texts, preview),
            *((_buttons(view, preview, part=part),) if ours or not part else ()),
        ),
    )


def _found(view: View, preview: UndoPreview, name: str) -> str:
    fields = sum(getattr(p, name) for p in preview.places if is_field(view.departure.plan, p.system, p.module))
    return amount(view.texts, preview.total(name) - fields, fields)


def _buttons(view: View, preview: UndoPreview, *, part: bool) -> Actions:
    return Actions((_undo(view, preview),), () if part else tuple(_parts(view, preview)))


def _table(view: View, preview: UndoPreview) -> tuple[Element, ...]:
    columns = {name: key for name, key in _COLUMNS.items() if name in _ALWAYS or preview.total(name)}
    rows = [Row(p.system, p.label, tuple(getattr(p, name) for name in columns)) for p in preview.places]
    return grouped_table(view, ("column.module", *columns.values()), rows)


def _guided(view: View, step: StepKey) -> list[str]:
    plans = view.departure.plan.systems if view.departure.plan else ()
    return [plan.system for plan in plans if step in plan.guided]


def _by_hand(view: View, preview: UndoPreview) -> tuple[Element, ...]:
    """Where records only go back by a person's hand."""
    places = {place.system for place in preview.places}
    systems = [system for system in _guided(view, StepKey.TRANSFER) if system in places]
    return (paragraph(view, "undo.by_hand", systems=view.system_names(systems)),) if systems else ()


def _locked_out(view: View) -> list[str]:
    """Of several systems, those that have got so far."""
    departure = view.departure
    begun = {result.system for result in departure.steps if result.step is StepKey.DEACTIVATE}
    begun |= {problem.system for problem in departure.problems if problem.step == StepKey.DEACTIVATE}
    return [system for system in departure.accounts if system in begun or not view.many]


def _let_in(view: View) -> Iterator[Element]:
    """Where the leaver can log in again, by whom, and what that may cost."""
    locked_out = _locked_out(view)
    by_hand = [system for system in _guided(view, StepKey.DEACTIVATE) if system in locked_out]
    systems = [system for system in locked_out if system not in by_hand]
    if systems:
        can = view.texts.t("undo.let_in", leaver=view.leaver, systems=view.system_names(systems))
        seats = [_seat(view, system) for system in systems]
        yield Paragraph(
            (
                can,
                *([] if view.many else [" ", *seats]),
            )
        )
        yield from (
            Note((Strong(view.system(each)), ": ", seat))
            for each, seat in zip(systems, seats, strict=True)
            if view.many
        )
    if by_hand:
        yield paragraph(view, "undo.let_in.by_hand", leaver=view.leaver, systems=view.system_names(by_hand))


def _seat(view: View, system: str) -> str:
    """What letting somebody in again costs there."""
    key = f"ability.{system}.seats"
    return view.texts.t("undo.licence" if system in LICENSED or key not in catalogue() else key)


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
    scope = f"{place.system}/{place.module}" if view.many else place.module
    token = Token(Action.UNDO_PREVIEW, view.departure.id, view.departure.turn, scope)
    return Button(view.texts.t("button.undo.part", module=view.within(place.system, place.label)), token)


def returns(departure: Departure) -> Iterator[tuple[str, tuple[Person, ...], partial[Card]]]:
    """A message for each undo, and each handing on, that is through: to admin, lead and whoever had the records."""
    lead = (departure.lead,) if departure.lead else ()
    had = tuple(departure.receivers.values())
    for number, undoing in enumerate(departure.undoings, start=1):
        if undoing.result:
            got = (undoing.person, *undoing.people.values()) if undoing.person else ()
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
    got = distinct((undoing.person, *undoing.people.values())) if undoing.person else ()
    successor = view.texts.listed(person.name for person in got)
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
        yield _not_back(view, undoing, failed)
    yield from (_lines(heading, lines) for heading, lines in left_standing(view, undoing))


def _not_back(view: View, undoing: Undoing, failed: Counted) -> Paragraph:
    """What stayed where it was: refused, or not reached, and in which of several systems."""
    if undoing.given_up in ("", *GONE_THROUGH):
        return paragraph(view, "undone.failed", systems=view.systems, **failed)
    key = "undone.not_reached.in" if view.many else "undone.not_reached"
    return paragraph(view, key, systems=view.system_names(_not_reached(view, undoing)), **failed)


def _not_reached(view: View, undoing: Undoing) -> list[str]:
    """The systems in which it had not come to its end."""
    concerned = [system for system in systems_of(view.departure) if undoing.concerns(system)]
    return [system for system in concerned if system in undoing.left_in or system not in undoing.through]


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
        view.within(system.system, references_text(view, [reference]))
        for system in (plan.systems if plan else ())
        for reference in system.references
        if reference.movable and (system.system, _GIVEN_IN.get(reference.kind, StepKey.CONFIGURATION)) in done
    ]
