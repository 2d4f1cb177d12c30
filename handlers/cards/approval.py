"""The card that asks for the approval: exactly the plan that the click signs."""

from itertools import chain
from typing import Final

from handlers.cards.common import View
from handlers.cards.parts import cautions, fact, note, number_facts, plan_table, reasons, samples
from handlers.departure import Prompt
from handlers.elements import Element, Fact, Facts, Paragraph, Strong
from handlers.playbooks import PLAYBOOKS, Undo

_FINGERPRINT: Final = 12  # hexadecimal digits of the digest that people compare


def approval_question(view: View, prompt: Prompt) -> tuple[Element, ...]:
    plan = view.departure.plan
    if plan is None:
        return ()
    return (
        *_changes(view),
        *approval_facts(view),
        *plan_table(view, plan),
        *reasons(view, plan),
        *samples(view, chain.from_iterable(system.lines for system in plan.systems)),
        *cautions(view),
        *_reversible(view),
        _signed(view, prompt),
    )


def approval_facts(view: View) -> tuple[Element, ...]:
    """Who leaves, who takes over, and how much."""
    plan, successor = view.departure.plan, view.departure.successor
    if plan is None or successor is None:
        return ()
    people = (fact(view, "fact.leaver", view.leaver), fact(view, "fact.successor", (view.person(successor),)))
    return (Facts((*people, *number_facts(view, plan))),)


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


def _reversible(view: View) -> tuple[Element, ...]:
    """What can be taken back afterwards, and what cannot."""
    steps = {step.key: step.undo for system in view.departure.accounts for step in PLAYBOOKS[system]}

    def named(undo: Undo) -> str:
        return view.texts.listed(view.texts.t(f"step.{key}") for key, kind in steps.items() if kind is undo)

    values = {"possible": named(Undo.POSSIBLE), "lasting": named(Undo.BY_HAND), "systems": view.systems}
    return (note(view, "approval.reversible", **values),)


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
