"""How far the work is: in one system as a whole card of numbers, in several with a line, a bar and a step for each."""

from collections.abc import Iterator, Sequence
from typing import Final

from handlers.cards.common import GUIDED, View, asked
from handlers.cards.grouped import Row, grouped_table
from handlers.cards.parts import paragraph, problem_text
from handlers.departure import RETURNING, State
from handlers.elements import Element, Paragraph, Progress, Strong, Words
from handlers.events import Problem
from handlers.places import is_field
from handlers.playbooks import CHECKPOINTS, StepKey
from handlers.progress import ModuleProgress, RunProgress, Whereabouts

MOVING: Final = frozenset({State.RUNNING, State.UNDOING, State.HANDING_ON})
_COUNTS: Final = {
    "planned": "column.planned",
    "moved": "column.moved",
    "others": "column.others",
    "gone": "column.gone",
    "failed": "column.failed",
    "returned": "column.returned",
    "given_on": "column.given_on",
}
_ALWAYS: Final = frozenset({"planned", "moved"})


def run(view: View, progress: RunProgress) -> tuple[Element, ...]:
    """How far the run is: the step, a bar, the modules, and what it waits for."""
    if view.departure.state not in {State.ATTENTION, *MOVING}:
        return ()
    if view.many:
        lines = (line for system in _systems(view) for line in _in_one(view, progress, system))
        return (*lines, *modules(view, progress))
    system = next(iter(view.departure.accounts))
    here, bar = progress.at.get(system, Whereabouts()), _bar(view, progress, system)
    return (
        *_step(view, system, here.step),
        *((Progress(*bar),) if bar else ()),
        *modules(view, progress),
        *_waiting(view, system, here),
    )


def modules(view: View, progress: RunProgress) -> tuple[Element, ...]:
    """One row for each module: what became of its records. What happened to none has no column."""
    counts = {count: key for count, key in _COUNTS.items() if count in _ALWAYS or progress.total(count)}
    rows = [
        Row(
            m.system,
            m.label,
            tuple(getattr(m, count) for count in counts),
            is_field=is_field(view.departure.plan, m.system, m.module),
        )
        for m in progress.modules
    ]
    return grouped_table(view, ("column.module", *counts.values()), rows)


def _systems(view: View) -> tuple[str, ...]:
    return tuple(each.system for each in view.departure.plan.systems) if view.departure.plan else ()


def _numbered(view: View, system: str, step: StepKey) -> tuple[int, int]:
    """Which of how many steps of the system's playbook it is."""
    plan = view.departure.plan
    steps = [key for key in plan.system(system).steps if key not in CHECKPOINTS] if plan else [step]
    return steps.index(step) + 1, len(steps)


def _step(view: View, system: str, step: StepKey | None) -> tuple[Element, ...]:
    if step is None or view.departure.plan is None:
        return ()
    number, total = _numbered(view, system, step)
    return (paragraph(view, "run.step", step=Strong(view.texts.t(f"step.{step}")), number=number, total=total),)


def _in_one(view: View, progress: RunProgress, system: str) -> Iterator[Element]:
    """One of several systems: where it is and how far; then what has stopped it or what it waits for."""
    departure, here = view.departure, progress.at.get(system, Whereabouts())
    problem = next((each for each in departure.problems if each.system == system), None)
    said, bar = _where(view, system, problem), _bar(view, progress, system)
    if bar:
        label, done, total = bar
        yield Progress(f"{said} · {label}", done, total)
    else:
        yield Paragraph((Strong(said),))
    if problem:
        people = view.people(asked(departure, departure.state))
        yield paragraph(view, "run.next", problem=problem_text(view, problem), who=people)
    elif system in departure.working_in:
        yield from _waiting(view, system, here)


def _where(view: View, system: str, problem: Problem | None) -> str:
    departure, name, t = view.departure, view.system(system), view.texts.t
    if problem:
        return t("run.system.by_hand" if problem.key.startswith(GUIDED) else "run.system.stopped", system=name)
    if departure.work in RETURNING:
        return t("run.system.returning" if system in departure.working_in else "run.system.through", system=name)
    step = departure.next_step(system)
    if step is None:
        return t("run.system.through", system=name)
    number, total = _numbered(view, system, step)
    return t("run.system.step", system=name, number=number, total=total, step=t(f"step.{step}"))


def _bar(view: View, progress: RunProgress, system: str) -> tuple[str, int, int] | None:
    """Label, how many are dealt with, and of how many; of the system alone."""
    here, mine = progress.at.get(system, Whereabouts()), [m for m in progress.modules if m.system == system]
    total = sum(module.planned for module in mine)
    if not total or view.departure.undoings:  # nothing is left to move; what went back stands in the table
        return None
    if here.step is StepKey.TAG:
        tagged = sum(module.tagged for module in mine)
        records = sum(m.planned for m in mine if "." not in m.module)  # no other place gets a tag
        return (view.texts.t("run.tagged", done=tagged, n=records), tagged, records) if records else None
    done = sum(module.settled for module in mine)
    return view.texts.t("run.moved", what=_settled(view, mine)), done, total


def _settled(view: View, modules: Sequence[ModuleProgress]) -> str:
    """ "508 of 510 records and 50 of 50 fields"."""
    counts: dict[str, tuple[int, int]] = {}
    for module in modules:
        key = "run.fields" if is_field(view.departure.plan, module.system, module.module) else "run.records"
        done, n = counts.get(key, (0, 0))
        counts[key] = (done + module.settled, n + module.planned)
    ordered = sorted(counts.items(), reverse=True)
    return view.texts.listed(view.texts.t(key, done=done, n=n) for key, (done, n) in ordered if n)


def _waiting(view: View, system: str, here: Whereabouts) -> tuple[Element, ...]:
    if here.waiting is None or view.departure.state not in {State.ATTENTION, *MOVING}:
        return ()
    if view.departure.state is State.ATTENTION and system not in view.departure.working_in:
        return ()
    words: Words = view.texts.words(here.waiting, system=view.system(system))
    if here.until:
        words = (*words, " ", *view.texts.words("waiting.until", at=view.texts.moment(here.until)))
    return (Paragraph(words),)
