"""The case card, in which an admin sees where a departure stands, and the run card with the numbers of a run."""

from datetime import datetime
from typing import Final

from handlers.cards.common import HANDED_OVER, View, asked
from handlers.cards.controls import actions, party_of
from handlers.cards.parts import decided_by, fact, note, paragraph, plan_facts
from handlers.departure import FINAL_STATES, State
from handlers.elements import Card, Element, Facts, Heading, Paragraph, Progress, Strong, Table
from handlers.playbooks import StepKey, automatic
from handlers.progress import RunProgress

_COUNTS: Final = {
    "planned": "column.planned",
    "moved": "column.moved",
    "others": "column.others",
    "gone": "column.gone",
    "failed": "column.failed",
}
_ALWAYS: Final = frozenset({"planned", "moved"})
_LEAD_ACTS: Final = frozenset({State.APPROVAL, State.ATTENTION})


def case_card(view: View) -> Card:
    departure = view.departure
    return Card(
        case_text(view),
        (
            Heading(view.texts.t("case.title", leaver=view.leaver)),
            *stage(view),
            *(_unreachable(view)),
            *facts(view),
            _opened(view),
            *actions(view, party_of(departure, departure.admin), decide=False),
        ),
    )


def case_text(view: View) -> str:
    """One sentence about where it stands, for notifications and lists."""
    waiting = view.names(asked(view.departure, view.departure.state))
    said = view.texts.t("case.text", leaver=view.leaver, stage=state_text(view))
    return f"{said} {view.texts.t('case.text.waiting', who=waiting)}" if waiting else said


def state_text(view: View) -> str:
    successor = view.departure.successor
    return view.texts.t(
        f"state.{view.departure.state}", systems=view.systems, successor=successor.name if successor else ""
    )


def stage(view: View, now: datetime | None = None) -> tuple[Element, ...]:
    """The stage in words, who is waited for, and since when; with `now`, on what is read at once, for how long too."""
    departure = view.departure
    since = view.texts.moment(departure.since)
    said = Paragraph((Strong(state_text(view)),))
    people = asked(departure, departure.state)
    if people and now:
        duration = view.texts.duration(departure.since, now)
        return said, paragraph(view, "list.waiting", who=view.people(people), since=since, duration=duration)
    if people:
        return said, paragraph(view, "case.waiting", who=view.people(people), since=since)
    if departure.state in FINAL_STATES:
        return said, paragraph(view, "case.ended", at=since)
    return said, paragraph(view, "case.working", since=since)


def _unreachable(view: View) -> tuple[Element, ...]:
    """Whom no message can reach, and who can act in their place."""
    departure, key = view.departure, f"case.unreachable.{view.departure.state}"
    silent = [(key, departure.lead)] if departure.lead and departure.state in _LEAD_ACTS else []
    if departure.successor and departure.state in HANDED_OVER:
        silent.append(("case.unreachable.successor", departure.successor))
    return tuple(
        paragraph(view, key, who=Strong(person.name), leaver=view.leaver) for key, person in silent if not person.chat
    )


def facts(view: View) -> tuple[Element, ...]:
    """What stands so far."""
    known, departure = plan_facts(view), view.departure
    more = [
        fact(view, key, decided_by(view, decision))
        for key, decision in (("fact.mailbox", departure.mailbox), ("fact.backup", departure.backup))
        if decision
    ]
    together = (*(known.facts if known else ()), *more)
    return (Facts(together),) if together else ()


def run(view: View, progress: RunProgress) -> tuple[Element, ...]:
    """How far the run is: the step, a bar, the modules, and what it waits for."""
    if view.departure.state not in (State.RUNNING, State.ATTENTION):
        return ()
    return (
        *_step(view, progress.step),
        *_bar(view, progress),
        *modules(view, progress),
        *_waiting(view, progress),
    )


def run_card(view: View, progress: RunProgress | None, *, now: datetime) -> Card:
    """How a run goes, as a message of its own: it stands below the click that began it, where people look."""
    running = view.departure.state is State.RUNNING
    return Card(
        case_text(view),
        (
            Heading(view.texts.t("run.title", leaver=view.leaver)),
            *stage(view),
            *((run(view, progress) or modules(view, progress)) if progress else ()),
            *((note(view, "case.as_of", at=view.texts.moment(now)),) if running else ()),
        ),
    )


def earlier_run_card(view: View) -> Card:
    text = view.texts.t("run.superseded", leaver=view.leaver)
    return Card(text, (Heading(view.texts.t("run.title", leaver=view.leaver)), Paragraph((text,))))


def _step(view: View, step: StepKey | None) -> tuple[Element, ...]:
    plan = view.departure.plan
    if step is None or plan is None:
        return ()
    steps = automatic(plan.systems[0].system)
    name = Strong(view.texts.t(f"step.{step}"))
    return (paragraph(view, "run.step", step=name, number=steps.index(step) + 1, total=len(steps)),)


def _bar(view: View, progress: RunProgress) -> tuple[Element, ...]:
    done, total = sum(module.settled for module in progress.modules), progress.total("planned")
    if not total:
        return ()
    tagging = progress.step is StepKey.TAG
    done = progress.total("tagged") if tagging else done
    key = "run.tagged" if tagging else "run.moved"
    return (Progress(view.texts.t(key, done=done, n=total), done, total),)


def modules(view: View, progress: RunProgress) -> tuple[Element, ...]:
    """One row for each module: what became of its records. What happened to none has no column."""
    counts = {count: key for count, key in _COUNTS.items() if count in _ALWAYS or progress.total(count)}
    header = [view.texts.t(key) for key in ("column.module", *counts.values())]
    rows = tuple((m.label, *(view.texts.number(getattr(m, count)) for count in counts)) for m in progress.modules)
    return (Table(tuple(header), rows, numeric=tuple(range(1, len(header)))),) if rows else ()


def _waiting(view: View, progress: RunProgress) -> tuple[Element, ...]:
    if progress.waiting is None or view.departure.state is not State.RUNNING:
        return ()
    words = view.texts.words(progress.waiting, system=view.systems)
    if progress.until:
        words = (*words, " ", *view.texts.words("waiting.until", at=view.texts.moment(progress.until)))
    return (Paragraph(words),)


def _opened(view: View) -> Element:
    departure = view.departure
    return note(
        view,
        "case.opened",
        number=departure.number,
        who=view.person(departure.admin),
        at=view.texts.moment(departure.opened_at),
    )
