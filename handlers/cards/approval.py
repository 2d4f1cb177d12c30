"""The card that asks for the approval: exactly the plan that the click signs. Numbers and warnings first."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from handlers.cards.common import View
from handlers.cards.explain import explained, hazards_told
from handlers.cards.parts import (
    cautions,
    fact,
    note,
    number_facts,
    paragraph,
    plan_table,
    private,
    samples,
    successor_facts,
)
from handlers.cards.shares import load_facts, load_warnings, who_gets_what
from handlers.departure import Prompt
from handlers.elements import Element, Fact, Facts, Note, Paragraph, Strong, Words
from handlers.forecast import Forecast
from handlers.plan import Plan, SystemPlan
from handlers.playbooks import PLAYBOOKS, StepKey, Undo
from handlers.texts import catalogue

_FINGERPRINT: Final = 12  # hexadecimal digits of the digest that people compare


def approval_question(view: View, prompt: Prompt) -> tuple[Element, ...]:
    plan = view.departure.plan
    if plan is None:
        return ()
    return (
        *_moved_up(view),
        *_changes(view),
        *approval_facts(view),
        *_warnings(view, plan),
        *plan_table(view, plan),
        *who_gets_what(view, plan),
        *_costs(view, plan),
        *explained(view, plan),
        *samples(view, plan),
        *cautions(view, told=hazards_told(plan)),
        _reversible(view, plan),
        *private(view),
        _signed(view, prompt),
    )


def approval_facts(view: View) -> tuple[Element, ...]:
    """Who leaves, who takes over, how much, and when."""
    plan = view.departure.plan
    if plan is None or view.departure.successor is None:
        return ()
    people = (fact(view, "fact.leaver", view.leaver), *successor_facts(view))
    when = (fact(view, "fact.starts", _begins(view, view.departure.due)), *_accounts(view, plan))
    return (Facts((*people, *number_facts(view, plan), *when)),)


def _begins(view: View, due: datetime | None) -> Words:
    if due:
        return (view.texts.moment(due),)
    plan = view.departure.plan
    if plan and not any(StepKey.MAILBOX in system.steps for system in plan.systems):
        return (view.texts.t("approval.begins.approved"),)
    return (view.texts.t("approval.begins.emergency" if view.departure.emergency else "approval.begins"),)


def _accounts(view: View, plan: Plan) -> list[Fact]:
    """When the leaver's account is locked; for each system, where that differs."""
    found = {system.system: view.texts.t(_account(view, system)) for system in plan.systems}
    if len(set(found.values())) == 1:
        return [fact(view, "fact.account", next(iter(found.values())))]
    return [Fact(view.texts.t("fact.account.in", system=view.system(key)), (said,)) for key, said in found.items()]


def _account(view: View, system: SystemPlan) -> str:
    if StepKey.DEACTIVATE in system.guided:
        return "approval.account.by_hand"
    first = view.departure.emergency or (system.steps.index(StepKey.DEACTIVATE) < system.steps.index(StepKey.TRANSFER))
    return "approval.account.first" if first else "approval.account"


def _moved_up(view: View) -> tuple[Element, ...]:
    """Another start than was approved, or than somebody was asked for."""
    moved = view.departure.start_moved
    if moved is None or moved.by is None:
        return ()
    was, due = _begins(view, moved.was), _begins(view, moved.due)
    return (paragraph(view, "approval.moved_up", who=view.person(moved.by), was=was, due=due),)


def _changes(view: View) -> tuple[Element, ...]:
    """After a drift: what is no longer as it was approved."""
    differences = view.departure.differences
    if not differences:
        return ()
    changed = tuple(
        Fact(
            view.within(each.system, each.label),
            view.texts.words("approval.difference", planned=each.planned, now=each.now),
        )
        for each in differences
    )
    return Paragraph((Strong(view.texts.t("approval.drift")),)), Facts(changed)


def _warnings(view: View, plan: Plan) -> tuple[Element, ...]:
    """What somebody should know before anything else."""
    urgent = (view.texts.t("approval.emergency", leaver=view.leaver),) if view.departure.emergency else ()
    broke = tuple(
        view.texts.t(
            "approval.unaffordable",
            system=view.system(system),
            needed=each.credits,
            left=left,
            unit=_unit(view, system),
        )
        for system, each in _forecasts(plan)
        if not each.affordable and (left := each.credits_left) is not None
    )
    return *(Paragraph((Strong(text),)) for text in (*urgent, *broke)), *load_warnings(view, plan)


def _forecasts(plan: Plan) -> tuple[tuple[str, Forecast], ...]:
    return tuple((system.system, system.forecast) for system in plan.systems if system.forecast)


def _costs(view: View, plan: Plan) -> tuple[Element, ...]:
    """How long it takes, what it costs, and how much each receiver has afterwards."""
    forecasts = _forecasts(plan)
    facts = [*load_facts(view, plan)]
    if forecasts:
        seconds = timedelta(seconds=max(each.seconds for _, each in forecasts))  # the systems go on side by side
        facts.append(fact(view, "fact.duration", _duration(view, plan, seconds)))
    facts += [each for key, needed in forecasts for each in _calls(view, key, needed)]
    return (Facts(tuple(facts)),) if facts else ()


def _duration(view: View, plan: Plan, forecast: timedelta) -> str:
    """Of what nobody has to do; how long people take for their steps is not forecast."""
    said = view.texts.duration(plan.made_at, plan.made_at + forecast)
    guided = [system.system for system in plan.systems if system.guided]
    if not guided:
        return said
    return view.texts.t("approval.duration.by_hand", duration=said, systems=view.system_names(guided))


def _calls(view: View, system: str, needed: Forecast) -> Iterator[Fact]:
    """How often a system is called; and what that takes of the day's allowance, where the vendor counts in a unit of
    its own or tells what is left."""
    texts, unit = view.texts, _unit(view, system)

    def label(key: str) -> str:
        return texts.t(f"{key}.in", system=view.system(system)) if view.many else texts.t(key)

    yield Fact(label("fact.calls"), (texts.number(needed.calls),))
    if needed.credits_left is not None:
        left = texts.t("fact.allowance.of", needed=needed.credits, left=needed.credits_left, unit=unit)
        yield Fact(label("fact.allowance"), (left,))
    elif needed.credits != needed.calls:
        yield Fact(label("fact.allowance"), (texts.t("fact.allowance.needed", needed=needed.credits, unit=unit),))


def _unit(view: View, system: str) -> str:
    """In what the vendor counts its daily allowance; where nothing else is known, in calls."""
    key = f"unit.{system}"
    return view.texts.t(key if key in catalogue() else "unit")


def _reversible(view: View, plan: Plan) -> Element:
    """What can be taken back afterwards, until when, and what cannot."""
    t, days = view.texts.t, plan.terms.undo_days
    possible, by_hand = _undone(view, plan, Undo.POSSIBLE), _undone(view, plan, Undo.BY_HAND)
    said = []
    if possible:
        said.append(t("approval.reversible" if days else "approval.reversible.open", n=days, possible=possible))
    if by_hand:
        said.append(t("approval.reversible.by_hand", by_hand=by_hand))
    said.append(t("approval.reversible.never", n=len(plan.systems), systems=view.systems))
    return Note((" ".join(said),))


def _undone(view: View, plan: Plan, kind: Undo) -> str:
    """The steps that are undone so; where that holds for some of the systems only, which."""
    steps = [(step.key, _undo(system, step.key, step.undo), system.system) for system in plan.systems
             for step in PLAYBOOKS[system.system] if step.undo is not Undo.NOT_NEEDED]  # fmt: skip
    named = []
    for key in dict.fromkeys(key for key, _, _ in steps):
        where = [system for step, undo, system in steps if step is key and undo is kind]
        everywhere = len(where) == sum(step is key for step, _, _ in steps)
        name = view.texts.t(f"step.{key}")
        named += [name if everywhere else f"{name} ({view.system_names(where)})"] if where else []
    return view.texts.listed(named)


def _undo(system: SystemPlan, step: StepKey, undo: Undo) -> Undo:
    return Undo.BY_HAND if step in system.guided else undo


def _signed(view: View, prompt: Prompt) -> Element:
    digest = (view.departure.digest or "")[:_FINGERPRINT]
    fingerprint = " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))
    return note(
        view,
        "approval.signed",
        who=view.person(view.departure.admin),
        at=view.texts.moment(prompt.asked_at),
        fingerprint=fingerprint,
    )
