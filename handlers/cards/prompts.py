"""The questions: one card for each prompt, with the buttons while it is open and the decision once it is answered."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from handlers.cards.approval import approval_facts, approval_question
from handlers.cards.attention import attention_question, attention_text, attention_title
from handlers.cards.case import state_text
from handlers.cards.checklist import checklist_question, items
from handlers.cards.common import View, distinct, in_charge, last_of
from handlers.cards.controls import actions, party_of
from handlers.cards.mailbox import mailbox_todo, retention_todo
from handlers.cards.outcome import verdict
from handlers.cards.parts import (
    cautions,
    decided,
    expired,
    expired_text,
    fact,
    inventory_table,
    mailbox_kind,
    owned,
    paragraph,
    problem_text,
)
from handlers.departure import ASKING, Decision, Departure, Prompt, State
from handlers.elements import Card, Element, Facts, Heading, Paragraph, Strong
from handlers.people import Person


def addressees(departure: Departure, prompt: Prompt, *, before: datetime | None = None) -> tuple[Person, ...]:
    """Who was asked, first or later, whatever they have done since; with `before`, only who was asked by then."""
    later = before is None or (prompt.besides_at is not None and prompt.besides_at < before)
    return distinct((*_first(departure, prompt), *(prompt.besides if later else ())))


def _first(departure: Departure, prompt: Prompt) -> tuple[Person, ...]:
    """The lead is known, and may be asked, from the first question about the successor on."""
    if prompt.kind is State.CHECKLIST:
        then_open = [i for i in departure.checklist if not i.settled or (i.at and i.at >= prompt.asked_at)]
        return (*(item.assignee for item in then_open), departure.admin)
    people = in_charge(departure, prompt.kind)
    planned = any(p.kind is State.SUCCESSOR and p.turn < prompt.turn for p in departure.prompts)
    if prompt.kind is not State.ATTENTION or planned:
        return people
    return tuple(person for person in people if person.same_as(departure.admin))


def prompt_card(prompt: Prompt, view: View, reader: Person) -> Card:
    stopped = prompt.kind is State.ATTENTION
    title = view.texts.t(f"{prompt.kind}.title", leaver=view.leaver)
    heading = Heading(attention_title(view, prompt.problem) if stopped else title)
    if prompt.answer is not None:
        return _answered(view, prompt, prompt.answer, heading)
    asks = view.texts.t(f"{prompt.kind}.text", leaver=view.leaver, admin=view.departure.admin.name, problem="")
    text = attention_text(view, prompt.problem) if stopped else asks
    question = _QUESTIONS[prompt.kind](view, prompt)
    return Card(text, (heading, *question, *actions(view, party_of(view.departure, reader))))


def question(view: View) -> tuple[Element, ...]:
    """What is asked now, without the buttons; nothing where nobody is asked."""
    state, prompts = view.departure.state, view.departure.prompts
    return _QUESTIONS[state](view, prompts[-1]) if state in ASKING else ()


def _answered(view: View, prompt: Prompt, answer: Decision, heading: Heading) -> Card:
    """Who decided what, and when. The latest approval keeps its numbers and says how it went on."""
    if expired(answer):
        text = expired_text(view, prompt)
        return Card(text, (heading, Paragraph((text,))))
    elements: list[Element] = [heading, Paragraph(decided(view, answer))]
    if prompt.problem:
        elements.append(Paragraph((problem_text(view, prompt.problem),)))
    if prompt.reason:
        elements.append(paragraph(view, "decided.reason", reason=prompt.reason))
    if prompt.kind is State.CHECKLIST:
        elements += items(view, view.departure.checklist)
    if answer.key == "approved" and prompt is last_of(view.departure.prompts, State.APPROVAL):
        elements += approval_facts(view)
        elements.append(paragraph(view, "approval.since", stage=Strong(state_text(view))))
    elif answer.key == "approved":
        elements.append(paragraph(view, "approval.void"))
    t = view.texts
    said = t.t(f"decided.{answer.key}", who=answer.by.name)
    text = t.t("decided.text", leaver=view.leaver, decision=said, at=t.moment(answer.at).fallback)
    return Card(text, tuple(elements))


def _successor(view: View, _: Prompt) -> tuple[Element, ...]:
    total, would_move = owned(view)
    return (
        *_sent_back(view),
        paragraph(
            view,
            "successor.owns" if total else "successor.owns.nothing",
            leaver=view.leaver,
            systems=view.systems,
            n=total,
            move=would_move,
        ),
        *inventory_table(view),
        *((Facts((fact(view, "fact.mailbox_kind", mailbox_kind(view)),)),) if mailbox_kind(view) else ()),
        *cautions(view),
        _suggested(view),
    )


def _sent_back(view: View) -> tuple[Element, ...]:
    """If the plan came back: who sent it, and why."""
    last = last_of(view.departure.prompts, State.APPROVAL)
    if last is None or last.answer is None or last.answer.key != "sent_back":
        return ()
    return Paragraph(decided(view, last.answer)), paragraph(view, "decided.reason", reason=last.reason)


def _suggested(view: View) -> Paragraph:
    suggestion = view.departure.suggestion
    if suggestion is None:
        return Paragraph(view.texts.words("successor.no_suggestion"))
    why = view.texts.t(suggestion.reason, leaver=view.leaver, name=suggestion.account.name)
    return paragraph(view, "successor.suggestion", name=Strong(suggestion.account.name), reason=why)


def _mailbox(view: View, _: Prompt) -> tuple[Element, ...]:
    """What must be true before anything else happens, by the kind of mailbox."""
    return mailbox_todo(view)


def _backup(view: View, _: Prompt) -> tuple[Element, ...]:
    return (*verdict(view), *retention_todo(view))


def _checklist(view: View, _: Prompt) -> tuple[Element, ...]:
    return checklist_question(view)


_QUESTIONS: Final[dict[State, Callable[[View, Prompt], tuple[Element, ...]]]] = {
    State.SUCCESSOR: _successor,
    State.APPROVAL: approval_question,
    State.MAILBOX: _mailbox,
    State.ATTENTION: attention_question,
    State.BACKUP: _backup,
    State.CHECKLIST: _checklist,
}
