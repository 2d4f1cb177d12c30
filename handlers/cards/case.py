"""The case card, in which an admin sees where a departure stands, and the run card with the numbers of a run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handlers.cards.common import HANDED_OVER, View, asked, distinct
from handlers.cards.controls import actions, announce_actions, party_of
from handlers.cards.handover import receivers
from handlers.cards.kept import kept
from handlers.cards.parts import decided_by, fact, note, paragraph, plan_facts, private
from handlers.cards.rechecks import recheck_facts
from handlers.cards.undo import return_title, undo_results
from handlers.cards.verdict import concluded
from handlers.departure import BEFORE_RUN, FINAL_STATES, TRANSITIONS, State
from handlers.elements import Card, Element, Fact, Facts, Heading, Paragraph, Progress, Strong, Table
from handlers.events import ItemSettled
from handlers.places import is_field
from handlers.playbooks import CHECKPOINTS, StepKey
from handlers.progress import ModuleProgress, RunProgress

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
_MOVING: Final = frozenset({State.RUNNING, State.UNDOING, State.HANDING_ON})
_LEAD_ACTS: Final = frozenset({State.APPROVAL, State.ATTENTION})


def case_card(view: View, progress: RunProgress | None) -> Card:
    departure = view.departure
    return Card(
        case_text(view),
        (
            Heading(view.texts.t("case.title", leaver=view.leaver)),
            *stage(view),
            *concluded(view, progress),
            *(_unreachable(view)),
            *facts(view),
            *undo_results(view),
            _opened(view),
            *private(view),
            *actions(view, party_of(departure, departure.admin), decide=False),
        ),
    )


def case_text(view: View) -> str:
    """One sentence about where it stands, for notifications and lists."""
    waiting = view.names(asked(view.departure, view.departure.state))
    said = view.texts.t("case.text", leaver=view.leaver, stage=state_text(view))
    return f"{said} {view.texts.t('case.text.waiting', who=waiting)}" if waiting else said


def state_text(view: View) -> str:
    departure, successor = view.departure, view.departure.successor
    due = view.texts.moment(departure.due).fallback if departure.due else ""
    checking = departure.state is State.RUNNING and departure.backup is not None
    key = "state.checking" if checking else f"state.{departure.state}"
    return view.texts.t(key, systems=view.systems, successor=successor.name if successor else "", due=due)


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
    if departure.state is State.SCHEDULED:
        return said, paragraph(view, "case.scheduled")
    return said, paragraph(view, "case.working", since=since)


def _unreachable(view: View) -> tuple[Element, ...]:
    """Whom no message can reach, and who can act in their place."""
    departure, key = view.departure, f"case.unreachable.{view.departure.state}"
    silent = [(key, departure.lead)] if departure.lead and departure.state in _LEAD_ACTS else []
    if departure.state in HANDED_OVER:
        silent += [("case.unreachable.successor", person) for person in receivers(departure)]
    if ItemSettled in TRANSITIONS[departure.state]:
        assignees = distinct([item.assignee for item in departure.open_items])
        silent += [("case.unreachable.assignee", person) for person in assignees]
    return tuple(
        paragraph(view, key, who=Strong(person.name), leaver=view.leaver) for key, person in silent if not person.chat
    )


def facts(view: View) -> tuple[Element, ...]:
    """What stands so far."""
    known, departure = plan_facts(view), view.departure
    mailbox = "fact.waived" if departure.waived else "fact.mailbox"
    more = [
        fact(view, key, decided_by(view, decision))
        for key, decision in ((mailbox, departure.mailbox), ("fact.backup", departure.backup))
        if decision
    ]
    after = (*_mails(view), *_checklist(view), *recheck_facts(view))
    together = (*(known.facts if known else ()), *_date(view), *more, *after)
    return (Facts(together),) if together else ()


def _date(view: View) -> tuple[Fact, ...]:
    due = view.departure.due
    return (fact(view, "fact.starts", (view.texts.moment(due),)),) if due and view.departure.state in BEFORE_RUN else ()


def _mails(view: View) -> tuple[Fact, ...]:
    """Until when the e-mails can be retained, then what became of them."""
    until, found = view.departure.retention_until, kept(view)
    if found:
        return (fact(view, "fact.mails", found),)
    due = until is not None and view.departure.state is State.BACKUP
    return (fact(view, "fact.retention", view.texts.date(until)),) if until and due else ()


def _checklist(view: View) -> tuple[Fact, ...]:
    every = view.departure.checklist
    done = len(every) - len(view.departure.open_items)
    return (fact(view, "fact.checklist", view.texts.t("checklist.progress", done=done, n=len(every))),) if every else ()


def run(view: View, progress: RunProgress) -> tuple[Element, ...]:
    """How far the run is: the step, a bar, the modules, and what it waits for."""
    if view.departure.state not in {State.ATTENTION, *_MOVING}:
        return ()
    return (
        *_step(view, progress.step),
        *_bar(view, progress),
        *modules(view, progress),
        *_waiting(view, progress),
    )


def run_card(view: View, progress: RunProgress | None, *, now: datetime | None) -> Card:
    """How a run goes, as a message of its own: it stands below the click that began it, where people look.

    `now` is None for a run that is over while another one goes on.
    """
    running = view.departure.state in _MOVING and now is not None
    returning = view.departure.undoings and now is not None
    title = return_title(view) if returning else view.texts.t("run.title", leaver=view.leaver)
    return Card(
        case_text(view),
        (
            Heading(title),
            *stage(view),
            *((run(view, progress) or modules(view, progress)) if progress else ()),
            *((note(view, "case.as_of", at=view.texts.moment(now)),) if running and now else ()),
            *announce_actions(view, party_of(view.departure, view.departure.admin)),
        ),
    )


def earlier_run_card(view: View) -> Card:
    text = view.texts.t("run.superseded", leaver=view.leaver)
    return Card(text, (Heading(view.texts.t("run.title", leaver=view.leaver)), Paragraph((text,))))


def _step(view: View, step: StepKey | None) -> tuple[Element, ...]:
    plan = view.departure.plan
    if step is None or plan is None:
        return ()
    steps = [key for key in plan.systems[0].steps if key not in CHECKPOINTS]
    name = Strong(view.texts.t(f"step.{step}"))
    return (paragraph(view, "run.step", step=name, number=steps.index(step) + 1, total=len(steps)),)


def _bar(view: View, progress: RunProgress) -> tuple[Element, ...]:
    total = progress.total("planned")
    if not total or view.departure.undoings:  # nothing is left to move; what went back stands in the table
        return ()
    if progress.step is StepKey.TAG:
        tagged = progress.total("tagged")
        records = sum(m.planned for m in progress.modules if "." not in m.module)  # no other place gets a tag
        return (Progress(view.texts.t("run.tagged", done=tagged, n=records), tagged, records),) if records else ()
    done = sum(module.settled for module in progress.modules)
    return (Progress(view.texts.t("run.moved", what=_settled(view, progress.modules)), done, total),)


def _settled(view: View, modules: Sequence[ModuleProgress]) -> str:
    """ "508 of 510 records and 50 of 50 fields"."""
    counts: dict[str, tuple[int, int]] = {}
    for module in modules:
        key = "run.fields" if is_field(view.departure.plan, module.system, module.module) else "run.records"
        done, n = counts.get(key, (0, 0))
        counts[key] = (done + module.settled, n + module.planned)
    ordered = sorted(counts.items(), reverse=True)
    return view.texts.listed(view.texts.t(key, done=done, n=n) for key, (done, n) in ordered if n)


def modules(view: View, progress: RunProgress) -> tuple[Element, ...]:
    """One row for each module: what became of its records. What happened to none has no column."""
    counts = {count: key for count, key in _COUNTS.items() if count in _ALWAYS or progress.total(count)}
    header = [view.texts.t(key) for key in ("column.module", *counts.values())]
    rows = tuple((m.label, *(view.texts.number(getattr(m, count)) for count in counts)) for m in progress.modules)
    return (Table(tuple(header), rows, numeric=tuple(range(1, len(header)))),) if rows else ()


def _waiting(view: View, progress: RunProgress) -> tuple[Element, ...]:
    if progress.waiting is None or view.departure.state not in _MOVING:
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
