"""How it ended: the proof, the closed card, the last word in the log channel."""

from datetime import datetime
from itertools import chain
from typing import Final

from handlers.cards.case import case_text, modules, stage, state_text
from handlers.cards.checklist import left_undone
from handlers.cards.common import View, was_asked
from handlers.cards.controls import actions, party_of
from handlers.cards.handover import answer_lines
from handlers.cards.kept import mails_found
from handlers.cards.parts import NOTHING, decision, fact, note, paragraph, private, step_name
from handlers.cards.rechecks import recheck_facts, recheck_lines
from handlers.cards.reckoning import beside_facts, reckoned, total_line
from handlers.cards.successors import successor_words
from handlers.cards.undo import undo_results
from handlers.cards.verdict import Standing, concluded, conclusion, exceptions, headline, standing
from handlers.departure import FINAL_STATES, Decision, Prompt, State
from handlers.elements import Card, Element, Fact, Facts, Heading, Paragraph, Strong, Words
from handlers.events import StepResult
from handlers.people import Person
from handlers.playbooks import StepKey
from handlers.progress import RunProgress

_LINES_TO_A_PARAGRAPH: Final = 8  # keeps each below the length at which chat products cut


def verdict(view: View, progress: RunProgress | None = None) -> tuple[Element, ...]:
    """Zero ghosts, by two ways of counting; or why that is not so, and who answers for what was signed."""
    said = Paragraph((Strong(headline(view, progress)),))
    return said, *_counted(view), *_exceptions(view)


def _counted(view: View) -> tuple[Element, ...]:
    if standing(view.departure) is not Standing.ZERO:
        return ()
    times = {result.step: view.texts.moment(result.at) for result in view.departure.steps}
    first, second = times[StepKey.VERIFY], times[StepKey.RECOUNT]
    return (paragraph(view, "verdict.counted", first=first, second=second, systems=view.systems),)


def _exceptions(view: View) -> tuple[Element, ...]:
    return tuple(_exception(view, result, prompt) for result, prompt in exceptions(view.departure))


def _exception(view: View, result: StepResult, prompt: Prompt | None) -> Element:
    who = view.person(prompt.answer.by) if prompt and prompt.answer else NOTHING
    return paragraph(
        view,
        "verdict.exception.mails" if result.step is StepKey.MAILS else "verdict.exception",
        step=Strong(step_name(view, result.step)),
        n=result.evidence.get("left", 0),
        who=who,
        at=view.texts.moment(result.at),
        reason=str(result.evidence.get("reason", NOTHING)),
    )


def closed_card(view: View, progress: RunProgress | None, reader: Person) -> Card:
    departure = view.departure
    if departure.state is not State.CLOSED:
        return _reopened(view, progress)
    return Card(
        conclusion(view, progress),
        (
            Heading(view.texts.t("closed.title", leaver=view.leaver)),
            *verdict(view, progress),
            *mails_found(view),
            *left_undone(view),
            total_line(view, progress),
            Facts((*_people(view), *beside_facts(view, progress), *recheck_facts(view))),
            *recheck_lines(view),
            *answer_lines(view),
            *(modules(view, progress) if progress else ()),
            *timeline(view),
            note(
                view,
                "case.opened",
                number=departure.number,
                who=view.person(departure.admin),
                at=view.texts.moment(departure.opened_at),
            ),
            *private(view),
            *actions(view, party_of(departure, reader)),
        ),
    )


def _reopened(view: View, progress: RunProgress | None) -> Card:
    """Closed once, and now taken back or handed on."""
    heading = Heading(view.texts.t("case.title", leaver=view.leaver))
    return Card(case_text(view), (heading, *stage(view), *concluded(view, progress), *timeline(view)))


def _people(view: View) -> list[Fact]:
    successor = view.departure.successor
    return [fact(view, "fact.successor", successor_words(view))] if successor else []


def timeline(view: View) -> tuple[Element, ...]:
    """What happened and who decided it, in order."""
    lines = [_line(view, at, said) for at, said in sorted(_happened(view), key=lambda each: each[0])]
    starts = range(0, len(lines), _LINES_TO_A_PARAGRAPH)
    groups = [tuple(chain.from_iterable(lines[start : start + _LINES_TO_A_PARAGRAPH])) for start in starts]
    return Paragraph((Strong(view.texts.t("timeline.title")),)), *map(Paragraph, groups)


def _line(view: View, at: datetime, said: Words) -> Words:
    return view.texts.moment(at), "  ", *said, "\n"


def _happened(view: View) -> list[tuple[datetime, Words]]:
    departure, words = view.departure, view.texts.words
    happened = [(departure.opened_at, words("timeline.opened", who=view.person(departure.admin)))]
    for prompt in departure.prompts:
        if prompt.kind is State.ATTENTION:
            happened.append((prompt.asked_at, words("timeline.stopped")))
        if prompt.answer and was_asked(prompt):
            happened.append((prompt.answer.at, decision(view, prompt.answer)))
    beside = [departure.announced] if departure.announced else []
    beside += [Decision("hand_on_started" if u.to else "undo_started", u.by, u.at) for u in departure.undoings]
    happened += [(made.at, decision(view, made)) for made in beside]
    for result in departure.steps:
        step, outcome = step_name(view, result.step), view.texts.t(f"outcome.{result.outcome}")
        happened.append((result.at, words("timeline.step", step=Strong(step), outcome=outcome)))
    return happened


def summary_card(view: View, progress: RunProgress | None) -> Card:
    """How it stands after the end, in the log channel. People are named, not mentioned: nobody needs to act."""
    departure, t = view.departure, view.texts.t
    facts = Facts((*_people(view), fact(view, "fact.moved", view.texts.number(reckoned(departure, progress)["moved"]))))
    closed, ended = departure.state is State.CLOSED, departure.state in FINAL_STATES
    heading = Heading(t("closed.title" if closed else "case.title", leaver=view.leaver))
    said = conclusion(view, progress) if ended else t("case.text", leaver=view.leaver, stage=state_text(view))
    return Card(said, (heading, Paragraph((said,)), *undo_results(view), facts))
