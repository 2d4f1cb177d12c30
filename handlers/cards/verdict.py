"""How a hand-over stands in the end: one verdict for the closed card, the channel, the case card and the report."""

from enum import StrEnum
from typing import Final

from handlers.cards.common import View, systems_of
from handlers.cards.reckoning import reckoned
from handlers.departure import Departure, Prompt, State
from handlers.elements import Element, Paragraph, Strong
from handlers.events import Outcome, StepResult
from handlers.mails import lost, mails
from handlers.playbooks import StepKey
from handlers.progress import RunProgress


class Standing(StrEnum):
    """What weighs most of all that there is to say. The values are keys of the text catalogue, behind "verdict."."""

    ALL_BACK = "all_back"
    PART_BACK = "part_back"
    LEFT = "left"
    UNCOUNTED = "uncounted"
    EXCEPTIONS = "exceptions"
    MAILS = "mails"
    ZERO = "zero"


_COUNTS: Final = frozenset({StepKey.VERIFY, StepKey.RECOUNT})
_MOVED_ONCE: Final = ("moved", "closed", "returned", "given_on")
# These do not say by themselves that it has ended.
_SENTENCES: Final = {Standing.ZERO: "closed.text", Standing.EXCEPTIONS: "closed.text.exceptions"}


def standing(departure: Departure) -> Standing:
    """Zero is proven only where both counts and the newest look found nothing, and nothing was signed or undone."""
    if departure.state is State.UNDONE:
        return Standing.ALL_BACK
    if any(undoing.result and undoing.result.records for undoing in departure.undoings if not undoing.to):
        return Standing.PART_BACK
    if any(look.left for look in departure.rechecks[-1:]):
        return Standing.LEFT
    if any(look.problem for look in departure.rechecks[-1:]):
        return Standing.UNCOUNTED
    if exceptions(departure) or departure.left_out or not _counted_twice(departure):
        return Standing.EXCEPTIONS
    return Standing.MAILS if lost(mails(departure)) else Standing.ZERO


def _counted_twice(departure: Departure) -> bool:
    """In every system."""
    done = {(r.system, r.step) for r in departure.steps if r.outcome is Outcome.DONE}
    every = systems_of(departure)
    return bool(every) and all((system, step) in done for system in every for step in _COUNTS)


def by_word(departure: Departure, step: StepKey) -> tuple[tuple[StepResult, Prompt], ...]:
    """Where a step rests on somebody's word, with the prompt in which they gave it."""
    given = {p.answer.at: p for p in departure.prompts if p.answer and p.answer.key == "done_by_hand"}
    return tuple((r, given[r.at]) for r in departure.steps if r.step is step and r.at in given)


def exceptions(departure: Departure) -> tuple[tuple[StepResult, Prompt | None], ...]:
    """What was not done, and the prompt in which a named person took responsibility for it."""
    signed = {p.answer.at: p for p in departure.prompts if p.answer and p.answer.key == "exception_signed"}
    return tuple((result, signed.get(result.at)) for result in departure.steps if result.outcome is Outcome.SKIPPED)


def headline(view: View, progress: RunProgress | None) -> str:
    """The verdict on a card whose title says what it is about."""
    return _said(view, progress, f"verdict.{standing(view.departure)}")


def conclusion(view: View, progress: RunProgress | None) -> str:
    """The verdict that stands alone: as the text of a message, in the channel, at the head of the report."""
    found = standing(view.departure)
    return _said(view, progress, _SENTENCES.get(found, f"verdict.{found}"))


def _said(view: View, progress: RunProgress | None, key: str) -> str:
    departure = view.departure
    fates = reckoned(departure, progress)
    left = sum(look.left for look in departure.rechecks[-1:])
    return view.texts.t(
        key,
        leaver=view.leaver,
        n=left if key == "verdict.left" else fates["returned"],
        total=sum(fates[fate] for fate in _MOVED_ONCE),
    )


def concluded(view: View, progress: RunProgress | None) -> tuple[Element, ...]:
    """The verdict for a card that tells where a departure stands; nothing before the end."""
    if view.departure.state not in (State.CLOSED, State.UNDONE):
        return ()
    return (Paragraph((Strong(headline(view, progress)),)),)
