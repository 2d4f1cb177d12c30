"""What somebody is asked where the work has stopped, or where a person has to do a step in the system's own page."""

from collections.abc import Iterator
from typing import Final

from handlers.cards.common import GUIDED, View, asked
from handlers.cards.kept import mails_found
from handlers.cards.parts import paragraph, problem_text
from handlers.cards.successors import successor_in
from handlers.decide import can_be_left_out, can_be_signed
from handlers.departure import RETURNING, Prompt, State
from handlers.elements import Element, Inline, Note, Paragraph, Strong, Words
from handlers.events import Problem
from handlers.playbooks import CHECKPOINTS, StepKey
from handlers.texts import catalogue

_STEPS: Final = frozenset({*StepKey, "end", State.UNDOING, State.HANDING_ON})
_BY_MODULE: Final = frozenset({f"{GUIDED}{step}" for step in (StepKey.TRANSFER, StepKey.RECOUNT)})


def attention_title(view: View, problem: Problem | None) -> str:
    """What the question is called; for several systems, with the one that it is about."""
    if problem is None:
        return view.texts.t("attention.title", leaver=view.leaver)
    key = "attention.title.guided" if is_guided(problem) else "attention.title.in" if view.many else "attention.title"
    return view.texts.t(key, leaver=view.leaver, system=view.system(problem.system))


def attention_text(view: View, problem: Problem | None) -> str:
    """The same as a sentence that stands alone."""
    key = "attention.text.in" if view.many else "attention.text"
    if problem and is_guided(problem):
        key = "attention.text.guided"
    elif problem and problem.step == StepKey.MAILS:
        key = "attention.text.mails"
    system = view.system(problem.system) if problem else view.systems
    return view.texts.t(key, leaver=view.leaver, problem=problem_text(view, problem), system=system)


def is_guided(problem: Problem) -> bool:
    """Whether it is no fault but a step for a person to do."""
    return problem.key.startswith(GUIDED)


def attention_question(view: View, prompt: Prompt) -> tuple[Element, ...]:
    problem = prompt.problem
    if problem is None:
        return ()
    return (
        Paragraph((Strong(problem_text(view, problem)),)),
        *_still_there(view, prompt, problem),
        *_what_to_do(view, problem),
        *_exception(view),
        *(_in_the_others(view, problem) if view.many else ()),
        Note((" · ".join(_where(view, problem)),)),
    )


def _where(view: View, problem: Problem) -> Iterator[str]:
    """For whoever looks into it: the system, the step, the vendor's code where there is one, and our reference."""
    t = view.texts.t
    if view.many:
        yield view.system(problem.system)
    yield t("attention.where", step=t(f"step.{problem.step}" if problem.step in _STEPS else "step.planning"))
    if problem.code:
        yield t("attention.where.code", code=problem.code)
    yield t("attention.where.reference", reference=problem.reference)


def _still_there(view: View, prompt: Prompt, problem: Problem) -> Iterator[Element]:
    """Where somebody has said that it is done, and it was looked at again."""
    if not is_guided(problem) or not problem.count:
        return
    earlier = [each for each in view.departure.prompts if each.problem and each.asked_at < prompt.asked_at]
    same = [each for each in earlier if each.problem and _subject(each.problem) == _subject(problem)]
    if any(each.answer and each.answer.key == "retried" for each in same[-1:]):
        yield paragraph(view, "guided.still", n=problem.count, at=view.texts.moment(prompt.asked_at))


def _subject(problem: Problem) -> tuple[str, str]:
    return problem.system, problem.key


def _what_to_do(view: View, problem: Problem) -> Iterator[Element]:
    if is_guided(problem):
        yield by_hand_todo(view, problem)
        yield from _modules(view, problem)
        return
    yield from mails_found(view) if problem.step == StepKey.MAILS else (paragraph(view, "attention.nothing_lost"),)
    yield Paragraph((problem_text(view, problem, part=".advice"),))


def _modules(view: View, problem: Problem) -> Iterator[Element]:
    """Which record types are to be looked through, and how many records of each were approved to move."""
    plan = view.departure.plan
    if plan is None or problem.key not in _BY_MODULE:
        return
    lines = (line for line in plan.system(problem.system).lines if line.move)
    named = [f"{line.label} {view.texts.number(line.move)}" for line in lines]
    if named:
        yield paragraph(view, "guided.modules", modules=Strong(view.texts.listed(named)))


def by_hand_todo(view: View, problem: Problem) -> Paragraph:
    """The steps in the system's own page, click by click where they are known for the system."""
    exact = problem.key.replace(GUIDED, f"{GUIDED}{problem.system}.", 1)
    plan = view.departure.plan
    successor = successor_in(view.departure, plan.system(problem.system)).name if plan else ""
    values: dict[str, Inline | Words | int] = {
        "leaver": view.leaver,
        "successor": successor,
        "system": view.system(problem.system),
        "n": problem.count,
    }
    return paragraph(view, exact if exact in catalogue() else f"{problem.key}.advice", **values)


def _exception(view: View) -> tuple[Element, ...]:
    if not can_be_signed(view.departure):
        return ()
    if problem := left_out_by_signing(view):
        return (paragraph(view, "attention.exception.left_out", system=view.system(problem.system)),)
    returning = view.departure.interrupted in RETURNING
    return (paragraph(view, "attention.exception.undo" if returning else "attention.exception"),)


def left_out_by_signing(view: View) -> Problem | None:
    """What keeps the departure from being planned, where it can go on without that system."""
    return view.departure.problem if can_be_left_out(view.departure) else None


def _in_the_others(view: View, problem: Problem) -> Iterator[Element]:
    """What is still missing here, how it stands in the other systems, and who acts next."""
    departure = view.departure
    missing = _missing(view, problem.system)
    if missing:
        yield paragraph(view, "attention.missing", system=view.system(problem.system), steps=missing)
    stopped = [each.system for each in departure.problems]
    going = departure.working_in
    # An undo leaves alone what it does not concern: only a run says what it is through with.
    run = departure.work is State.RUNNING
    through = [key for key in departure.accounts if run and departure.plan and key not in (*stopped, *going)]
    also = [key for key in stopped if key != problem.system]
    for key, systems in (("going", going), ("through", through), ("stopped", also)):
        if systems:
            yield paragraph(view, f"attention.others.{key}", systems=view.system_names(systems))
    yield paragraph(view, "attention.next", who=view.people(asked(departure, departure.state)))


def _missing(view: View, system: str) -> str:
    departure = view.departure
    if departure.plan is None or departure.work is not State.RUNNING:
        return ""
    ended = {result.step for result in departure.steps if result.system == system}
    steps = (step for step in departure.plan.system(system).steps if step not in CHECKPOINTS and step not in ended)
    return view.texts.listed(view.texts.t(f"step.{step}") for step in steps)
