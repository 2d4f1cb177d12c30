"""What happened, in the words of the reader: one sentence for each event, and what there is to say beyond it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connectors.base import MailboxKind
from handlers.cards.common import View
from handlers.cards.parts import amount, problem_text, step_name
from handlers.elements import Strong, Words
from handlers.events import (
    Approved,
    BaselineTaken,
    Cancelled,
    ChecklistMade,
    Escalated,
    Event,
    ExceptionSigned,
    HandOnStarted,
    HandoverAnswered,
    Interrupted,
    ItemSettled,
    MailboxConfirmed,
    MailboxWaived,
    MailsCounted,
    Opened,
    Planned,
    Rechecked,
    Rescheduled,
    Returned,
    StartMoved,
    StepEnded,
    StepResult,
    SuccessorConfirmed,
    Undone,
    UndoStarted,
    Voided,
)
from handlers.ports import Entry
from handlers.report.case import Case
from handlers.texts import Texts, catalogue

_TROUBLE: Final = frozenset({"interrupted", "voided", "exception_signed", "mailbox_waived", "given_up"})


@dataclass(frozen=True)
class Happening:
    """One event. `by_person`: somebody decided it; `trouble`: a reader who looks for it should find it at once."""

    at: str
    said: Words
    details: tuple[str, ...]
    by_person: bool
    trouble: bool


def timeline(case: Case, view: View) -> tuple[Happening, ...]:
    return tuple(_happening(entry, view) for entry in case.trail)


def who(entry: Entry, texts: Texts) -> str:
    """The name of whoever did it."""
    if entry.actor is None:
        return texts.t("report.service")
    if entry.event is None:
        return texts.t("report.somebody")
    return entry.event.by.name if entry.event.by else entry.actor


def _happening(entry: Entry, view: View) -> Happening:
    texts, event = view.texts, entry.event
    return Happening(
        texts.moment(entry.at).fallback,
        texts.words(_key(entry), who=Strong(who(entry, texts))),
        (*_told(view, event), *_words_of(texts, event)) if event else (),
        by_person=entry.actor is not None,
        trouble=entry.type in _TROUBLE,
    )


def _key(entry: Entry) -> str:
    taken_over = isinstance(entry.event, MailboxConfirmed | MailboxWaived) and entry.event.first
    return "report.mailbox_kept" if taken_over else f"event.{entry.type}"


def _words_of(texts: Texts, event: Event) -> Iterator[str]:
    """What a person wrote."""
    for name in ("reason", "note"):
        if written := getattr(event, name, ""):
            yield texts.t("decided.reason", reason=written)


def evidence_text(texts: Texts, result: StepResult) -> str:
    """ "Moved: 312 · Gone: 2"; a signed exception says its reason elsewhere."""
    parts = [
        f"{_evidence_name(texts, name)}: {texts.number(value) if isinstance(value, int) else value}"
        for name, value in result.evidence.items()
        if name != "reason" and value != ""
    ]
    return " · ".join(parts)


def _evidence_name(texts: Texts, name: str) -> str:
    """A step may find something that has no word yet: it is shown all the same."""
    key = f"report.evidence.{name}"
    return texts.t(key) if key in catalogue() else name


def step_line(view: View, result: StepResult) -> str:
    outcome = view.texts.t("timeline.step", step=step_name(view, result.step), outcome=_outcome(view, result))
    return " · ".join(part for part in (outcome, evidence_text(view.texts, result)) if part)


def _outcome(view: View, result: StepResult) -> str:
    return view.texts.t(f"outcome.{result.outcome}")


def _told(view: View, event: Event) -> Iterator[str]:
    """What an event says besides who did it."""
    texts = view.texts
    match event:
        case Opened(emergency=True):
            yield texts.t("report.detail.emergency")
        case Planned(inventories=inventories):
            holdings = [holding for inventory in inventories.values() for holding in inventory.holdings]
            yield texts.t("report.detail.counted", n=sum(each.open + each.closed for each in holdings))
        case SuccessorConfirmed(successor=successor, receivers=receivers, digest=digest):
            names = sorted({person.name for person in receivers.values()}) or [successor.name]
            yield texts.t("report.detail.receivers", names=texts.listed(names))
            yield texts.t("report.detail.digest", digest=digest)
        case Approved(digest=digest):
            yield texts.t("report.detail.digest", digest=digest)
        case ChecklistMade(items=items):
            yield texts.t("report.detail.items", n=len(items))
        case MailboxConfirmed() | MailboxWaived():
            yield from _mailbox(texts, event)
        case Rescheduled(due=due) | StartMoved(due=due):
            if due is None:
                yield texts.t("report.detail.at_once")
            else:
                yield texts.t("report.detail.due", at=texts.moment(due).fallback)
        case Cancelled(expired=True):
            yield texts.t("report.detail.expired")
        case Voided(differences=differences):
            for each in differences:
                said = texts.t("approval.difference", planned=each.planned, now=each.now)
                yield f"{each.label}: {said}"
        case StepEnded(result=result) | ExceptionSigned(result=result):
            yield step_line(view, result)
        case Interrupted(problem=problem):
            yield problem_text(view, problem)
            yield texts.t("report.detail.reference", reference=problem.reference, code=problem.code or "–")
        case _:
            yield from _told_of_later(view, event)


def _mailbox(texts: Texts, event: MailboxConfirmed | MailboxWaived) -> Iterator[str]:
    """When somebody settled it, and what they found; of a mailbox that is not there, only that."""
    if event.first:
        yield texts.t("report.detail.first", at=texts.moment(event.first).fallback)
    answers = event.answers if isinstance(event, MailboxConfirmed) else None
    if answers is None:
        return
    said = {"kind": answers.kind, "sharing": answers.sharing, "method": answers.method}
    for name in ("kind",) if answers.kind is MailboxKind.NONE else said:
        yield f"{texts.t(f'form.{name}.field')} {texts.t(f'form.{name}.{said[name]}')}"


def _told_of_later(view: View, event: Event) -> Iterator[str]:
    """The same for what comes with a run, and after it."""
    texts = view.texts
    match event:
        case BaselineTaken(mails=mails):
            yield texts.t("report.detail.mails", n=sum(each.count for each in mails))
        case MailsCounted(counts=counts):
            yield texts.t("report.detail.mails", n=sum(counts.values()))
        case ItemSettled(key=key, state=state):
            titles = {item.key: item.named(texts.language) for item in view.departure.checklist}
            yield f"{titles.get(key, key)}: {texts.t(f'report.item.{state}')}"
        case Escalated(to=people):
            yield texts.listed(person.name for person in people)
        case HandoverAnswered(reply=reply):
            yield texts.t(f"report.reply.{reply}")
        case Rechecked(moved=moved, left=left):
            yield texts.t("report.detail.recheck", moved=moved, left=left)
        case UndoStarted(modules=modules) if modules:
            yield texts.listed(modules)
        case HandOnStarted(person=person):
            yield person.name
        case Returned() | Undone():
            counts = {"records": event.records, "others": event.others, "failed": event.failed}
            said = {name: amount(texts, n, event.fields.get(name, 0)) for name, n in counts.items()}
            yield texts.t("report.detail.returned", **said)
        case _:
            return
