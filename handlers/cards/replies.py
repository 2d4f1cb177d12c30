"""Answers for the asker alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.base import Account
from handlers.cards.case import case_text, facts, stage
from handlers.cards.common import View
from handlers.cards.controls import actions, show_button, start_button
from handlers.cards.outcome import timeline
from handlers.cards.parts import cautions, decided, left_aside, plan_table
from handlers.cards.prompts import question
from handlers.cards.running import run
from handlers.cards.verdict import concluded
from handlers.departure import Departure, State
from handlers.elements import Actions, Button, Card, Element, Heading, Note, Paragraph, Strong
from handlers.intents import Start
from handlers.people import Party
from handlers.progress import RunProgress
from handlers.refusal import Refusal
from handlers.texts import Texts, catalogue

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
            *(_background(view, now) if departure.state not in _TOLD_IN_FULL else ()),
            *timeline(view),
            *actions(view, party, details=False),
        ),
    )


def _background(view: View, now: datetime) -> tuple[Element, ...]:
    """What was decided and planned so far."""
    plan = view.departure.plan
    return (*facts(view, now), *(plan_table(view, plan) if plan else ()), *cautions(view))


def choose_leaver_card(
    texts: Texts, named: str, groups: Sequence[Sequence[Account]], asked: Start | None = None, *,
    without: Sequence[str] = (),
) -> Card:  # fmt: skip
    """Each group is one person, with their accounts in one or several systems; `without` are those not asked."""
    text = texts.t("choose.text", name=named, n=len(groups))
    rows: list[Element] = []
    for accounts in groups[:_CANDIDATES]:
        button = start_button(texts, accounts, asked=asked, without=without)
        rows += [_person(texts, accounts), Actions((button,))]
    more = len(groups) - _CANDIDATES
    rest = (Note((texts.t("choose.more", n=more),)),) if more > 0 else ()
    return Card(text, (Paragraph((text,)), *_not_asked(texts, without), *rows, *rest))


def _not_asked(texts: Texts, systems: Sequence[str]) -> tuple[Element, ...]:
    """Which systems did not tell who has an account there: whoever begins now goes on without them."""
    if not systems:
        return ()
    named = texts.listed(texts.t(f"system.{system}") for system in systems)
    return (Paragraph((Strong(texts.t("without.not_asked", systems=named)),)),)


def ask_without_card(
    texts: Texts, found: Sequence[Account], refused: Sequence[str], away: Sequence[str], asked: Start | None = None
) -> Card:
    """Somebody was found, and some systems did not tell whether they have an account there. `refused` need an operator,
    `away` may answer soon."""
    names = {key: texts.t(f"system.{key}") for key in (*refused, *away)}
    text = texts.t("without.text", name=found[0].name, systems=texts.listed(names.values()))
    why = [
        Paragraph((texts.t(key, systems=texts.listed(names[each] for each in systems)),))
        for key, systems in (("without.refused", refused), ("without.away", away))
        if systems
    ]
    label = texts.t("button.start.without", systems=texts.listed(names.values()))
    button = start_button(texts, found, label, asked, without=(*refused, *away))
    return Card(
        text,
        (
            Paragraph((Strong(text),)),
            _person(texts, found),
            *why,
            Paragraph((texts.t("without.next"),)),
            Actions((button,)),
        ),
    )


def _person(texts: Texts, accounts: Sequence[Account]) -> Paragraph:
    """ "Sara Lindqvist · sara@… · Zoho CRM and Pipedrive (inactive)"."""
    who = Strong(accounts[0].name)
    addresses = dict.fromkeys(account.email.lower() or account.id for account in accounts)
    inactive = texts.t("choose.inactive")
    if len(accounts) == 1:
        state = "" if accounts[0].active else f" · {inactive}"
        return Paragraph((who, f" · {accounts[0].email or accounts[0].id} · {_system(texts, accounts[0])}{state}"))
    where = (_system(texts, each) + ("" if each.active else f" ({inactive})") for each in accounts)
    return Paragraph((who, f" · {texts.listed(addresses)} · {texts.listed(where)}"))


def _system(texts: Texts, account: Account) -> str:
    return texts.t(f"system.{account.system}")


def ask_same_card(
    texts: Texts, named: str, found: Sequence[Account], maybe: Sequence[Account], asked: Start | None = None, *,
    without: Sequence[str] = (),
) -> Card:  # fmt: skip
    """Found by what was typed in some systems, and by the name alone in others: is that the same person?"""
    where = texts.listed(_system(texts, account) for account in found)
    elsewhere = texts.listed(dict.fromkeys(_system(texts, account) for account in maybe))
    text = texts.t("same.text", name=named, systems=where, others=elsewhere)
    alone = start_button(texts, found, texts.t("button.start.without", systems=elsewhere), asked, without=without)
    together = [
        element
        for each in _alternatives(maybe)
        for element in (_person(texts, each), Actions((_together(texts, found, each, asked, without=without),)))
    ]
    return Card(
        text,
        (
            Paragraph((Strong(text),)),
            *_not_asked(texts, without),
            _person(texts, found),
            *together,
            Paragraph((texts.t("same.not", systems=elsewhere),)),
            Actions((alone,)),
        ),
    )


def _alternatives(maybe: Sequence[Account]) -> list[Sequence[Account]]:
    """Everybody together where there is one for each system; else each of them alone."""
    one_each = len({account.system for account in maybe}) == len(maybe)
    return [maybe] if one_each else [[account] for account in maybe]


def _together(
    texts: Texts, found: Sequence[Account], maybe: Sequence[Account], asked: Start | None, *, without: Sequence[str]
) -> Button:
    label = texts.t("button.start.together", systems=texts.listed(_system(texts, each) for each in maybe))
    return start_button(texts, [*found, *maybe], label, asked, without=without)


def nobody_found_card(texts: Texts, named: str) -> Card:
    text = texts.t("nobody.text", name=named[:80])
    return Card(text, (Paragraph((text,)), Note((texts.t("nobody.hint"),))))


def already_open_card(texts: Texts, departure: Departure) -> Card:
    view = View(departure, texts)
    text = texts.t("already.text", leaver=view.leaver, admin=departure.admin.name)
    return Card(text, (Paragraph((text,)), *stage(view), Actions((show_button(view),))))


def started_card(texts: Texts, departure: Departure) -> Card:
    text = texts.t("started.text", leaver=departure.leaver.name)
    systems = texts.listed(texts.t(f"system.{system}") for system in departure.accounts)
    where = (Paragraph((texts.t("started.systems", systems=systems),)),) if len(departure.accounts) > 1 else ()
    due = (Paragraph(texts.words("started.due", at=texts.moment(departure.due))),) if departure.due else ()
    gaps = left_aside(View(departure, texts))
    return Card(text, (Paragraph((Strong(text),)), *where, *gaps, *due, Paragraph((texts.t("started.next"),))))


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


def refusal_text(texts: Texts, refusal: Refusal) -> str:
    """The sentence, with a system's key as people call it."""
    system = f"system.{refusal.values.get('system')}"
    named = {"system": texts.t(system)} if system in catalogue() else {}
    return texts.t(refusal.key, **{**refusal.values, **named})


def refusal_card(texts: Texts, refusal: Refusal, departure: Departure | None) -> Card:
    """Why not; and to whom came second, what was decided, by whom and when."""
    text = refusal_text(texts, refusal)
    said = Paragraph((text,))
    if departure is None or refusal.key not in _OVERTAKEN:
        return Card(text, (said,))
    view = View(departure, texts)
    last = (Paragraph(decided(view, departure.last)),) if departure.last else ()
    return Card(text, (said, *last, *stage(view), Actions((show_button(view),))))


def error_card(texts: Texts, reference: str) -> Card:
    """Something went wrong on our side: nothing is lost, and the reference finds it in the log."""
    return _said(texts.t("error.text", reference=reference), texts.t("error.next", reference=reference))


def vendor_error_card(texts: Texts, reference: str, *, system: str, away: bool) -> Card:
    """A connected system has refused us, or has not answered for long: which one, and who can do something."""
    named = texts.t(f"system.{system}") if f"system.{system}" in catalogue() else system
    said = texts.t("vendor_error.away" if away else "vendor_error.refused", system=named)
    then = "vendor_error.away.next" if away else "vendor_error.refused.next"
    return _said(said, texts.t(then, system=named, reference=reference))


def please_wait_card(texts: Texts) -> Card:
    """A system does not answer at the moment; the request is stored and tried again."""
    return _said(texts.t("please_wait.text"), texts.t("please_wait.next"))


def form_too_late_card(texts: Texts) -> Card:
    """The chat product opens a window only within seconds of the press, and the answer took longer."""
    return _said(texts.t("form_too_late.text"), texts.t("form_too_late.next"))


def _said(text: str, then: str) -> Card:
    return Card(text, (Paragraph((Strong(text),)), Paragraph((then,))))
