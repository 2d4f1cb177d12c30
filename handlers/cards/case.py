"""The case card, in which an admin sees where a departure stands, and the run card with the numbers of a run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handlers.cards.common import GUIDED, HANDED_OVER, View, asked, distinct
from handlers.cards.controls import actions, announce_actions, party_of
from handlers.cards.handover import receivers
from handlers.cards.kept import kept
from handlers.cards.lockout import lockout_facts
from handlers.cards.parts import decided_by, fact, left_aside, note, paragraph, plan_facts, private
from handlers.cards.rechecks import recheck_facts
from handlers.cards.running import MOVING, modules, run
from handlers.cards.successors import other_receivers, successor_in
from handlers.cards.undo import return_title, undo_results
from handlers.cards.verdict import concluded
from handlers.departure import BEFORE_RUN, FINAL_STATES, TRANSITIONS, State
from handlers.elements import Card, Element, Fact, Facts, Heading, Paragraph, Strong
from handlers.events import ItemSettled, Problem
from handlers.progress import RunProgress

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
            *left_aside(view),
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
    departure = view.departure
    if departure.state is State.ATTENTION and departure.problem:
        return _stopped(view, departure.problems)
    due = view.texts.moment(departure.due).fallback if departure.due else ""
    checking = departure.state is State.RUNNING and departure.backup is not None
    key = "state.checking" if checking else f"state.{departure.state}"
    return view.texts.t(key, systems=view.systems, successor=_successors(view), due=due)


def _successors(view: View) -> str:
    departure = view.departure
    if departure.plan is None:
        return departure.successor.name if departure.successor else ""
    main = [successor_in(departure, plan) for plan in departure.plan.systems]
    people = distinct((*main, *other_receivers(departure)))
    return view.texts.listed(person.name for person in people)


def _stopped(view: View, problems: Sequence[Problem]) -> str:
    """In which systems somebody has to act; and of several systems, how it stands in the others."""
    by_hand = all(problem.key.startswith(GUIDED) for problem in problems)
    where = [problem.system for problem in problems]
    if not view.many:
        return view.texts.t("state.by_hand" if by_hand else "state.attention", systems=view.system_names(where))
    key = "state.by_hand" if by_hand else "state.attention.in"
    said = [view.texts.t(key, systems=view.system_names(where))]
    going = view.departure.working_in
    said += [view.texts.t("state.attention.going", systems=view.system_names(going))] if going else []
    return " ".join(said)


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


def facts(view: View, now: datetime | None = None) -> tuple[Element, ...]:
    """What stands so far; with `now`, on what is read at once, also how long something still has."""
    known, departure = plan_facts(view), view.departure
    mailbox = "fact.waived" if departure.waived else "fact.mailbox"
    more = [
        fact(view, key, decided_by(view, decision))
        for key, decision in ((mailbox, departure.mailbox), ("fact.backup", departure.backup))
        if decision
    ]
    after = (*_mails(view), *lockout_facts(view, now), *_checklist(view), *recheck_facts(view))
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


def run_card(view: View, progress: RunProgress | None, *, now: datetime | None) -> Card:
    """How a run goes, as a message of its own: it stands below the click that began it, where people look.

    `now` is None for a run that is over while another one goes on.
    """
    if now is None and view.departure.undoings:
        return _moved_card(view, progress)
    running = now is not None and (view.departure.state in MOVING or bool(view.departure.working_in))
    title = return_title(view) if view.departure.undoings else view.texts.t("run.title", leaver=view.leaver)
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


def _moved_card(view: View, progress: RunProgress | None) -> Card:
    """What was handed over, from the moment on in which somebody has it given back or handed on."""
    text = view.texts.t("run.over", leaver=view.leaver)
    rows = modules(view, progress) if progress else ()
    return Card(text, (Heading(view.texts.t("run.title", leaver=view.leaver)), Paragraph((text,)), *rows))


def earlier_run_card(view: View) -> Card:
    text = view.texts.t("run.superseded", leaver=view.leaver)
    return Card(text, (Heading(view.texts.t("run.title", leaver=view.leaver)), Paragraph((text,))))


def _opened(view: View) -> Element:
    departure = view.departure
    return note(
        view,
        "case.opened",
        number=departure.number,
        who=view.person(departure.admin),
        at=view.texts.moment(departure.opened_at),
    )
