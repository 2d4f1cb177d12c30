"""Answers for the asker alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.base import Account
from handlers.cards.case import case_text, facts, run, stage
from handlers.cards.common import View
from handlers.cards.controls import actions, show_button, start_button
from handlers.cards.outcome import timeline
from handlers.cards.parts import cautions, decided, plan_table
from handlers.cards.prompts import question
from handlers.cards.verdict import concluded
from handlers.departure import Departure, State
from handlers.elements import Actions, Card, Element, Heading, Note, Paragraph, Strong
from handlers.people import Party
from handlers.progress import RunProgress
from handlers.refusal import Refusal
from handlers.texts import Texts

_CANDIDATES: Final = 10
# In the order of the help; each has its texts `help.….typed` and `help.….does`.
_COMMANDS: Final = ("start", "later", "now", "status", "list", "reschedule", "cancel", "undo", "ghosts")
# Here the question itself shows all that is known.
_TOLD_IN_FULL: Final = frozenset({State.SUCCESSOR, State.APPROVAL})
# Refusals that come from somebody else having been faster: whoever gets one may see the departure.
_OVERTAKEN: Final = frozenset({"stale", "stale.own", "approve.changed", "cancel.too_late"})


def help_card(texts: Texts) -> Card:
    return Card(texts.t("help.text"), (Heading(texts.t("help.title")), *_commands(texts)))


def _commands(texts: Texts) -> tuple[Element, ...]:
    return tuple(
        Paragraph((Strong(texts.t(f"help.{command}.typed")), "\n", texts.t(f"help.{command}.does")))
        for command in _COMMANDS
    )


def misunderstood_card(texts: Texts, text: str) -> Card:
    said = texts.t("misunderstood", text=text[:80])
    return Card(said, (Paragraph((said,)), *_commands(texts)))


def status_card(texts: Texts, departure: Departure, party: Party, progress: RunProgress | None, now: datetime) -> Card:
    """Everything about one departure, with the buttons that this person may press now."""
    view = View.of(departure, party.person, texts)
    return Card(
        case_text(view),
        (
            Heading(texts.t("case.title", leaver=view.leaver)),
            *stage(view, now),
            *concluded(view, progress),
            *(run(view, progress) if progress else ()),
            *question(view),
            *(_background(view) if departure.state not in _TOLD_IN_FULL else ()),
            *timeline(view),
            *actions(view, party, details=False),
        ),
    )


def _background(view: View) -> tuple[Element, ...]:
    """What was decided and planned so far."""
    plan = view.departure.plan
    return (*facts(view), *(plan_table(view, plan) if plan else ()), *cautions(view))


def choose_leaver_card(texts: Texts, named: str, candidates: Sequence[Account]) -> Card:
    text = texts.t("choose.text", name=named, n=len(candidates))
    rows = [element for account in candidates[:_CANDIDATES] for element in _candidate(texts, account)]
    more = len(candidates) - _CANDIDATES
    rest = (Note((texts.t("choose.more", n=more),)),) if more > 0 else ()
    return Card(text, (Paragraph((text,)), *rows, *rest))


def _candidate(texts: Texts, account: Account) -> tuple[Element, ...]:
    state = "" if account.active else f" · {texts.t('choose.inactive')}"
    system = texts.t(f"system.{account.system}")
    said = Paragraph((Strong(account.name), f" · {account.email} · {system}{state}"))
    return said, Actions((start_button(texts, account),))


def nobody_found_card(texts: Texts, named: str) -> Card:
    text = texts.t("nobody.text", name=named[:80])
    return Card(text, (Paragraph((text,)), Note((texts.t("nobody.hint"),))))


def already_open_card(texts: Texts, departure: Departure) -> Card:
    view = View(departure, texts)
    text = texts.t("already.text", leaver=view.leaver, admin=departure.admin.name)
    return Card(text, (Paragraph((text,)), *stage(view), Actions((show_button(view),))))


def started_card(texts: Texts, departure: Departure) -> Card:
    text = texts.t("started.text", leaver=departure.leaver.name)
    due = (Paragraph(texts.words("started.due", at=texts.moment(departure.due))),) if departure.due else ()
    return Card(text, (Paragraph((Strong(text),)), *due, Paragraph((texts.t("started.next"),))))


def rescheduled_card(texts: Texts, departure: Departure) -> Card:
    """When the run begins from now on."""
    if departure.due is None:
        then = "rescheduled.approve" if departure.start_moved else "rescheduled.next"
        return _said(texts.t("rescheduled.now", leaver=departure.leaver.name), texts.t(then))
    words = texts.words("rescheduled.text", leaver=departure.leaver.name, at=texts.moment(departure.due))
    text = texts.t("rescheduled.text", leaver=departure.leaver.name, at=texts.moment(departure.due).fallback)
    then = "rescheduled.approve" if departure.start_moved else "rescheduled.next"
    return Card(text, (Paragraph(words), Paragraph((texts.t(then),))))


def cancelled_card(texts: Texts, departure: Departure) -> Card:
    return _said(texts.t("cancelled.text", leaver=departure.leaver.name), texts.t("cancelled.next"))


def refusal_card(texts: Texts, refusal: Refusal, departure: Departure | None) -> Card:
    """Why not; and to whom came second, what was decided, by whom and when."""
    text = texts.t(refusal.key, **refusal.values)
    said = Paragraph((text,))
    if departure is None or refusal.key not in _OVERTAKEN:
        return Card(text, (said,))
    view = View(departure, texts)
    last = (Paragraph(decided(view, departure.last)),) if departure.last else ()
    return Card(text, (said, *last, *stage(view), Actions((show_button(view),))))


def error_card(texts: Texts, reference: str) -> Card:
    """Something went wrong on our side: nothing is lost, and the reference finds it in the log."""
    return _said(texts.t("error.text", reference=reference), texts.t("error.next", reference=reference))


def please_wait_card(texts: Texts) -> Card:
    """A system does not answer at the moment; the request is stored and tried again."""
    return _said(texts.t("please_wait.text"), texts.t("please_wait.next"))


def form_too_late_card(texts: Texts) -> Card:
    """The chat product opens a window only within seconds of the press, and the answer took longer."""
    return _said(texts.t("form_too_late.text"), texts.t("form_too_late.next"))


def _said(text: str, then: str) -> Card:
    return Card(text, (Paragraph((Strong(text),)), Paragraph((then,))))
