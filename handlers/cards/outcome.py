"""How it ended: the proof, the closed card, the successor's hand-over, the last word in the log channel."""

from datetime import datetime
from itertools import chain
from typing import Final

from handlers.cards.case import modules
from handlers.cards.common import View, was_asked
from handlers.cards.parts import NOTHING, decision, fact, note, paragraph, samples, step_name
from handlers.departure import Departure, Prompt, State
from handlers.elements import Card, Element, Fact, Facts, Heading, Paragraph, Strong, Table, Words
from handlers.events import Outcome, StepResult
from handlers.playbooks import StepKey
from handlers.progress import RunProgress

_COUNTS: Final = frozenset({StepKey.VERIFY, StepKey.RECOUNT})
_LINES_TO_A_PARAGRAPH: Final = 8  # keeps each below the length at which chat products cut


def exceptions(departure: Departure) -> tuple[tuple[StepResult, Prompt | None], ...]:
    """What was not done, and the prompt in which a named person took responsibility for it."""
    signed = {p.answer.at: p for p in departure.prompts if p.answer and p.answer.key == "exception_signed"}
    return tuple((result, signed.get(result.at)) for result in departure.steps if result.outcome is Outcome.SKIPPED)


def clean(departure: Departure) -> bool:
    """Whether zero ghosts are proven, without an exception."""
    proven = {r.step for r in departure.steps if r.outcome is Outcome.DONE and r.step in _COUNTS}
    return proven == _COUNTS and not any(_left(result) for result, _ in exceptions(departure))


def _left(result: StepResult) -> int:
    left = result.evidence.get("left", 0)
    return left if isinstance(left, int) else 0


def verdict(view: View) -> tuple[Element, ...]:
    """Zero ghosts, by two ways of counting; or what is left, and who answers for it."""
    departure = view.departure
    if clean(departure):
        times = {result.step: view.texts.moment(result.at) for result in departure.steps}
        counted = paragraph(
            view, "verdict.counted", first=times[StepKey.VERIFY], second=times[StepKey.RECOUNT], systems=view.systems
        )
        headline = Paragraph((Strong(view.texts.t("verdict.zero", leaver=view.leaver)),))
        return headline, counted, *_exceptions(view)
    return Paragraph((Strong(view.texts.t("verdict.exceptions", leaver=view.leaver)),)), *_exceptions(view)


def _exceptions(view: View) -> tuple[Element, ...]:
    return tuple(_exception(view, result, prompt) for result, prompt in exceptions(view.departure))


def _exception(view: View, result: StepResult, prompt: Prompt | None) -> Element:
    who = view.person(prompt.answer.by) if prompt and prompt.answer else NOTHING
    return paragraph(
        view,
        "verdict.exception",
        step=Strong(step_name(view, result.step)),
        n=_left(result),
        who=who,
        at=view.texts.moment(result.at),
        reason=str(result.evidence.get("reason", NOTHING)),
    )


def closed_card(view: View, progress: RunProgress | None) -> Card:
    departure = view.departure
    return Card(
        _closed_text(view),
        (
            Heading(view.texts.t("closed.title", leaver=view.leaver)),
            *verdict(view),
            Facts((*_people(view), *_numbers(view, progress))),
            *(modules(view, progress) if progress else ()),
            *timeline(view),
            note(
                view,
                "case.opened",
                number=departure.number,
                who=view.person(departure.admin),
                at=view.texts.moment(departure.opened_at),
            ),
        ),
    )


def _closed_text(view: View) -> str:
    return view.texts.t("closed.text" if clean(view.departure) else "closed.text.exceptions", leaver=view.leaver)


def _people(view: View) -> list[Fact]:
    successor = view.departure.successor
    return [fact(view, "fact.successor", (view.person(successor),))] if successor else []


def _numbers(view: View, progress: RunProgress | None) -> list[Fact]:
    keep = view.departure.plan.keep if view.departure.plan else 0
    counts = {name: _total(view.departure, progress, name) for name in ("moved", "others", "gone")}
    return [fact(view, f"fact.{name}", view.texts.number(n)) for name, n in {**counts, "keep": keep}.items()]


def _total(departure: Departure, progress: RunProgress | None, name: str) -> int:
    """From the ledger; without it, from the evidence of the transfer."""
    if progress and progress.modules:
        return progress.total(name)
    found = [r.evidence.get(name, 0) for r in departure.steps if r.step is StepKey.TRANSFER]
    return sum(n for n in found if isinstance(n, int))


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
        if prompt.answer and was_asked(departure, prompt):
            happened.append((prompt.answer.at, decision(view, prompt.answer)))
    for result in departure.steps:
        step, outcome = step_name(view, result.step), view.texts.t(f"outcome.{result.outcome}")
        happened.append((result.at, words("timeline.step", step=Strong(step), outcome=outcome)))
    return happened


def handover_card(view: View, progress: RunProgress | None) -> Card:
    """To the successor: what they got, and how to find it."""
    plan, n = view.departure.plan, _moved(view.departure, progress)
    systems = plan.systems if plan else ()
    text = view.texts.t("handover.text", n=n, leaver=view.leaver)
    return Card(
        text,
        (
            Heading(view.texts.t("handover.title", leaver=view.leaver)),
            paragraph(view, "handover.text", n=n, leaver=view.leaver),
            *_received(view, progress),
            *(paragraph(view, "handover.tag", tag=Strong(each.tag)) for each in systems if _tagged(view.departure)),
            *samples(view, chain.from_iterable(each.lines for each in systems)),
            note(view, "handover.thanks", who=view.person(view.departure.admin)),
        ),
    )


def _tagged(departure: Departure) -> bool:
    return any(r.step is StepKey.TAG and r.outcome is Outcome.DONE for r in departure.steps)


def _received(view: View, progress: RunProgress | None) -> tuple[Element, ...]:
    rows = tuple((m.label, view.texts.number(m.moved)) for m in (progress.modules if progress else ()) if m.moved)
    header = (view.texts.t("column.module"), view.texts.t("column.records"))
    return (Table(header, rows, numeric=(1,)),) if rows else ()


def summary_card(view: View, progress: RunProgress | None) -> Card:
    """The last word in the log channel. People are named, not mentioned: nobody needs to act."""
    departure = view.departure
    facts = Facts((*_people(view), fact(view, "fact.moved", view.texts.number(_moved(departure, progress)))))
    heading = Heading(view.texts.t("closed.title", leaver=view.leaver))
    return Card(_closed_text(view), (heading, Paragraph((_closed_text(view),)), facts))


def _moved(departure: Departure, progress: RunProgress | None) -> int:
    return _total(departure, progress, "moved")
