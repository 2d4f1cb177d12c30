"""The card that asks for the approval: exactly the plan that the click signs. Numbers and warnings first."""

from datetime import datetime, timedelta
from itertools import chain
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
)
from handlers.cards.shares import load_facts, load_warnings, who_gets_what
from handlers.cards.successors import successor_words
from handlers.departure import Prompt
from handlers.elements import Element, Fact, Facts, Paragraph, Strong, Words
from handlers.forecast import Forecast
from handlers.plan import Plan
from handlers.playbooks import PLAYBOOKS, Undo

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
        *samples(view, chain.from_iterable(system.lines for system in plan.systems)),
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
    people = (fact(view, "fact.leaver", view.leaver), fact(view, "fact.successor", successor_words(view)))
    account = view.texts.t("approval.account.first" if view.departure.emergency else "approval.account")
    when = (fact(view, "fact.starts", _begins(view, view.departure.due)), fact(view, "fact.account", account))
    return (Facts((*people, *number_facts(view, plan), *when)),)


def _begins(view: View, due: datetime | None) -> Words:
    if due:
        return (view.texts.moment(due),)
    return (view.texts.t("approval.begins.emergency" if view.departure.emergency else "approval.begins"),)


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
        Fact(each.label, view.texts.words("approval.difference", planned=each.planned, now=each.now))
        for each in differences
    )
    return Paragraph((Strong(view.texts.t("approval.drift")),)), Facts(changed)


def _warnings(view: View, plan: Plan) -> tuple[Element, ...]:
    """What somebody should know before anything else."""
    urgent = (view.texts.t("approval.emergency", leaver=view.leaver),) if view.departure.emergency else ()
    broke = tuple(
        view.texts.t("approval.unaffordable", system=view.texts.t(f"system.{system}"), needed=each.credits, left=left)
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
        seconds = timedelta(seconds=sum(each.seconds for _, each in forecasts))
        facts.append(fact(view, "fact.duration", view.texts.duration(plan.made_at, plan.made_at + seconds)))
    told = [each for _, each in forecasts if each.credits_left is not None]
    facts += [fact(view, "fact.credits", _credits(view, each)) for each in told]
    return (Facts(tuple(facts)),) if facts else ()


def _credits(view: View, needed: Forecast) -> str:
    return view.texts.t("fact.credits.of", needed=needed.credits, left=needed.credits_left or 0)


def _reversible(view: View, plan: Plan) -> Element:
    """What can be taken back afterwards, until when, and what cannot."""
    steps = {step.key: step.undo for system in view.departure.accounts for step in PLAYBOOKS[system]}

    def named(undo: Undo) -> str:
        return view.texts.listed(view.texts.t(f"step.{key}") for key, kind in steps.items() if kind is undo)

    days = plan.terms.undo_days
    key = "approval.reversible" if days else "approval.reversible.open"
    values = {"possible": named(Undo.POSSIBLE), "by_hand": named(Undo.BY_HAND), "systems": view.systems}
    return note(view, key, n=days, **values)


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
