"""How it ended: the proof, the closed card, the last word in the log channel."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Final

from handlers.cards.case import case_text, stage, state_text
from handlers.cards.checklist import left_undone
from handlers.cards.common import GUIDED, NOTHING, View, systems_of, was_asked
from handlers.cards.controls import actions, party_of
from handlers.cards.handover import answer_lines
from handlers.cards.kept import mails_found
from handlers.cards.lockout import lockout_facts
from handlers.cards.parts import decision, fact, left_aside, note, paragraph, private, step_name, successor_facts
from handlers.cards.rechecks import recheck_facts, recheck_lines
from handlers.cards.reckoning import beside_facts, reckoned, total_line
from handlers.cards.running import modules
from handlers.cards.undo import undo_results
from handlers.cards.verdict import Standing, by_word, concluded, conclusion, exceptions, headline, standing
from handlers.departure import FINAL_STATES, Decision, Prompt, State
from handlers.elements import Card, Element, Fact, Facts, Heading, Paragraph, Strong, Words
from handlers.events import Outcome, Problem, StepResult
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
    by_hand = by_word(view.departure, StepKey.RECOUNT)
    people_did = {result.system for result, _ in by_hand}
    results = [result for result in view.departure.steps if result.system not in people_did]
    times = {result.step: view.texts.moment(result.at) for result in results}
    said = [_by_hand(view, *each) for each in by_hand]
    if not times:
        return tuple(said)
    first, second = times[StepKey.VERIFY], times[StepKey.RECOUNT]
    systems = view.system_names(key for key in systems_of(view.departure) if key not in people_did)
    return paragraph(view, "verdict.counted", first=first, second=second, systems=systems), *said


def _by_hand(view: View, result: StepResult, prompt: Prompt) -> Element:
    """The second count, where a person made it: with their name."""
    who = view.person(prompt.answer.by) if prompt.answer else NOTHING
    at, system = view.texts.moment(result.at), view.system(result.system)
    return paragraph(view, "verdict.counted.by_hand", system=system, who=who, at=at, note=prompt.reason)


def _exceptions(view: View) -> tuple[Element, ...]:
    return *left_aside(view), *(_exception(view, result, prompt) for result, prompt in exceptions(view.departure))


def _exception(view: View, result: StepResult, prompt: Prompt | None) -> Element:
    who = view.person(prompt.answer.by) if prompt and prompt.answer else NOTHING
    return paragraph(
        view,
        "verdict.exception.mails" if result.step is StepKey.MAILS else "verdict.exception",
        step=Strong(step_name(view, result.step, result.system)),
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
            Facts((*successor_facts(view), *beside_facts(view, progress), *lockout_facts(view), *recheck_facts(view))),
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
            happened.append((prompt.asked_at, _stop(view, prompt.problem)))
        if prompt.answer and was_asked(prompt):
            happened.append((prompt.answer.at, decision(view, prompt.answer)))
    beside = [departure.announced] if departure.announced else []
    beside += [Decision("hand_on_started" if u.to else "undo_started", u.by, u.at) for u in departure.undoings]
    happened += [(made.at, decision(view, made)) for made in beside]
    return [*happened, *(_in_short(view) if view.many else (_step(view, result) for result in departure.steps))]


def _stop(view: View, problem: Problem | None) -> Words:
    by_hand = problem is not None and problem.key.startswith(GUIDED)
    key = "timeline.by_hand" if by_hand else "timeline.stopped.in" if problem and view.many else "timeline.stopped"
    return view.texts.words(key, system=view.system(problem.system) if problem else "")


def _step(view: View, result: StepResult) -> tuple[datetime, Words]:
    step = Strong(step_name(view, result.step, result.system))
    return result.at, view.texts.words("timeline.step", step=step, outcome=view.texts.t(f"outcome.{result.outcome}"))


def _in_short(view: View) -> Iterator[tuple[datetime, Words]]:
    """Of several systems how far each has come, and what was not simply done: all of it stands in the report."""
    for system in view.departure.accounts:
        results = [result for result in view.departure.steps if result.system == system]
        for last in results[-1:]:
            name = view.texts.t(f"step.{last.step}")
            said = view.texts.words("timeline.steps", system=Strong(view.system(system)), n=len(results), step=name)
            yield last.at, said
        yield from (_step(view, result) for result in results if result.outcome is Outcome.SKIPPED)


def summary_card(view: View, progress: RunProgress | None) -> Card:
    """How it stands after the end, in the log channel. People are named, not mentioned: nobody needs to act."""
    departure, t = view.departure, view.texts.t
    facts = Facts((*successor_facts(view), *_moved(view, progress)))
    closed, ended = departure.state is State.CLOSED, departure.state in FINAL_STATES
    heading = Heading(t("closed.title" if closed else "case.title", leaver=view.leaver))
    said = conclusion(view, progress) if ended else t("case.text", leaver=view.leaver, stage=state_text(view))
    return Card(said, (heading, Paragraph((said,)), *undo_results(view), facts))


def _moved(view: View, progress: RunProgress | None) -> Iterator[Fact]:
    number, departure = view.texts.number, view.departure
    yield fact(view, "fact.moved", number(reckoned(departure, progress)["moved"]))
    for system in departure.accounts if view.many and progress else ():
        moved = reckoned(departure, progress, system)["moved"]
        yield Fact(view.texts.t("fact.moved.in", system=view.system(system)), (number(moved),))
