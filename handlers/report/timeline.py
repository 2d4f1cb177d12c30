"""What happened, in the words of the reader: one sentence for each event, and what there is to say beyond it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connectors.base import MailboxKind
from handlers.cards.common import GUIDED, View
from handlers.cards.parts import amount, problem_text, step_name
from handlers.cards.shares import rules_text
from handlers.elements import Strong, Words
from handlers.events import (
    Approved,
    BaselineTaken,
    Cancelled,
    ChecklistMade,
    DoneByHand,
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
    SystemLeftOut,
    SystemReturned,
    Undone,
    UndoStarted,
    Voided,
)
from handlers.ports import Entry
from handlers.report.case import Case
from handlers.texts import Texts, catalogue

_TROUBLE: Final = frozenset({
    "interrupted", "voided", "exception_signed", "mailbox_waived", "given_up", "system_left_out",
})  # fmt: skip


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
    if isinstance(entry.event, MailboxConfirmed | MailboxWaived) and entry.event.first:
        return "report.mailbox_kept"
    unasked = isinstance(entry.event, MailboxConfirmed) and entry.actor is None
    return "report.mailbox_none" if unasked else f"event.{entry.type}"


def _words_of(texts: Texts, event: Event) -> Iterator[str]:
    """What a person wrote."""
    for name in ("reason", "note"):
        if written := getattr(event, name, ""):
            yield texts.t("decided.reason", reason=written)


def evidence_text(texts: Texts, result: StepResult) -> str:
    """ "Moved: 312 · Gone: 2"; a signed exception says its reason elsewhere."""
    parts = [
        f"{_evidence_name(texts, name, value)}: {texts.number(value) if isinstance(value, int) else value}"
        for name, value in result.evidence.items()
        if name != "reason" and value != ""
    ]
    return " · ".join(parts)


def _evidence_name(texts: Texts, name: str, value: int | str) -> str:
    """A step may find something that has no word yet: it is shown all the same. Counted is what is left to people;
    in words, what they did."""
    key = "report.by_hand" if name == "by_hand" and isinstance(value, str) else f"report.evidence.{name}"
    return texts.t(key) if key in catalogue() else name


def found_text(view: View, result: StepResult) -> str:
    """The same, and where a person did the step in the system's own page, who told so."""
    return " · ".join(part for part in (evidence_text(view.texts, result), _by_hand(view, result)) if part)


def _by_hand(view: View, result: StepResult) -> str:
    plans = view.departure.plan.systems if view.departure.plan else ()
    guided = any(plan.system == result.system and result.step in plan.guided for plan in plans)
    if not guided or "by_hand" in result.evidence:
        return ""
    told = [
        prompt.answer.by.name
        for prompt in view.departure.prompts
        if prompt.problem and (prompt.problem.system, prompt.problem.key) == (result.system, f"{GUIDED}{result.step}")
        if prompt.answer and prompt.answer.key == "retried" and prompt.answer.at <= result.at
    ]
    return view.texts.t("report.guided", who=told[-1]) if told else view.texts.t("report.by_hand")


def step_line(view: View, result: StepResult) -> str:
    return " · ".join(part for part in (_ended(view, result), found_text(view, result)) if part)


def _ended(view: View, result: StepResult) -> str:
    step = step_name(view, result.step, result.system)
    return view.texts.t("timeline.step", step=step, outcome=_outcome(view, result))


def _somewhere(view: View, system: str, said: str) -> str:
    """What happened in one system, with its name where there are several."""
    return f"{view.system(system)}: {said}" if view.many else said


def _outcome(view: View, result: StepResult) -> str:
    return view.texts.t(f"outcome.{result.outcome}")


def _told(view: View, event: Event) -> Iterator[str]:
    """What an event says besides who did it."""
    texts = view.texts
    match event:
        case Opened():
            yield from _opened(view, event)
        case Planned(inventories=inventories):
            holdings = [holding for inventory in inventories.values() for holding in inventory.holdings]
            yield texts.t("report.detail.counted", n=sum(each.open + each.closed for each in holdings))
        case SuccessorConfirmed(digest=digest):
            yield texts.t("report.detail.receivers", names=texts.listed(_receivers(view, event)))
            yield from (rules_text(view, system) for system in event.plan.systems if system.chosen.routes)
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
                yield f"{view.within(each.system, each.label)}: {said}"
        case StepEnded(result=result) | ExceptionSigned(result=result):
            yield step_line(view, result)
        case Interrupted(problem=problem):
            yield _somewhere(view, problem.system, problem_text(view, problem))
            yield texts.t("report.detail.reference", reference=problem.reference, code=problem.code or "–")
        case _:
            yield from _told_of_later(view, event)


def _receivers(view: View, event: SuccessorConfirmed) -> list[str]:
    """By name; of several systems, with those in which they take over."""
    where: dict[str, list[str]] = {}
    for account, person in sorted(event.receivers.items(), key=lambda each: each[1].name):
        where.setdefault(person.name, []).append(account.partition("/")[0])
    if not where or not view.many:
        return list(where) or [event.successor.name]
    ordered = [plan.system for plan in event.plan.systems]
    return [
        f"{name} ({view.system_names(system for system in ordered if system in systems)})"
        for name, systems in where.items()
    ]


def _opened(view: View, event: Opened) -> Iterator[str]:
    if event.emergency:
        yield view.texts.t("report.detail.emergency")
    if event.without:
        yield view.texts.t("report.detail.without", systems=view.system_names(event.without))


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
        case DoneByHand(result=result):
            yield _ended(view, result)
        case BaselineTaken(system=system, mails=mails):
            yield _somewhere(view, system, texts.t("report.detail.mails", n=sum(each.count for each in mails)))
        case MailsCounted(system=system, counts=counts):
            yield _somewhere(view, system, texts.t("report.detail.mails", n=sum(counts.values())))
        case SystemReturned(system=system) | SystemLeftOut(system=system):
            yield view.system(system)
        case ItemSettled(key=key, state=state):
            titles = {item.key: item.named(texts.language) for item in view.departure.checklist}
            yield f"{titles.get(key, key)}: {texts.t(f'report.item.{state}')}"
        case Escalated(to=people):
            yield texts.listed(person.name for person in people)
        case HandoverAnswered(reply=reply):
            yield texts.t(f"report.reply.{reply}")
        case Rechecked(moved=moved, left=left):
            yield texts.t("report.detail.recheck", moved=moved, left=left)
        case UndoStarted(modules=modules, records=records) if modules or records:
            yield texts.listed((*modules, *records))
        case HandOnStarted(everybody=people):
            yield texts.listed(person.name for person in people)
        case Returned() | Undone():
            counts = {"records": event.records, "others": event.others, "failed": event.failed}
            said = {name: amount(texts, n, event.fields.get(name, 0)) for name, n in counts.items()}
            yield texts.t("report.detail.returned", **said)
        case _:
            return
