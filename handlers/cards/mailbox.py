"""What a person has to do about the leaver's e-mails, click by click: before the hand-over, and after the deactivation.

The menus: https://help.zoho.com/portal/en/kb/crm/connect-with-customers/email/articles/set-email-sharing and
https://help.zoho.com/portal/en/kb/crm/integrations/zoho/zoho-mail/articles/manage-zoho-mail-add-on
"""

from collections.abc import Sequence
from typing import Final

from connectors.base import MailboxKind
from handlers.cards.common import View
from handlers.cards.parts import mailboxes, note, paragraph
from handlers.elements import Element, Inline, Paragraph, Strong, Words
from handlers.mailbox import Method
from handlers.mails import mailbox_kinds
from handlers.playbooks import MAILBOXES

_SIGN_IN: Final = "mailbox.step.sign_in"
_SHARED: Final = ("mailbox.step.sharing", "mailbox.step.domains", "mailbox.step.lock")
_SYNC: Final = "mailbox.step.sync"
# What makes a mailbox of each kind safe, in order.
_STEPS: Final[dict[MailboxKind, tuple[str, ...]]] = {
    MailboxKind.IMAP: (_SIGN_IN, "mailbox.step.imap", *_SHARED, _SYNC),
    MailboxKind.POP: (_SIGN_IN, "mailbox.step.pop", "mailbox.step.server", *_SHARED, _SYNC),
    MailboxKind.ZOHO: (*_SHARED, "mailbox.step.zoho"),
    MailboxKind.NONE: (_SIGN_IN, "mailbox.step.none"),
    MailboxKind.UNKNOWN: (_SIGN_IN, "mailbox.step.find_out", *_SHARED, _SYNC),
}
# The other way for a mailbox that is not copied: some editions retain POP mailboxes only.
_BY_POP: Final = ("mailbox.step.quota", "mailbox.step.connect", "mailbox.step.server")
_COSTS: Final = {
    MailboxKind.IMAP: ("mailbox.cost.imap", "mailbox.cost.pop"),
    MailboxKind.POP: ("mailbox.cost.pop",),
    MailboxKind.UNKNOWN: ("mailbox.cost.imap", "mailbox.cost.pop"),
}
_AT_RISK: Final = {
    MailboxKind.IMAP: "mailbox.emergency.imap",
    MailboxKind.POP: "mailbox.emergency.pop",
    MailboxKind.ZOHO: "mailbox.emergency.imap",
    MailboxKind.UNKNOWN: "mailbox.emergency.unknown",
}
_RETENTION: Final = ("backup.step.open", "backup.step.press", "backup.step.look")
_IN_ARCHIVE: Final = ("backup.step.archive", "backup.step.archive_user")


def mailbox_todo(view: View) -> tuple[Element, ...]:
    """First what to do, for the kinds of mailbox at hand; then the other ways, what they cost, and why all this."""
    kinds = mailboxes(view)
    connected = any(kind is not MailboxKind.NONE for kind in kinds)
    copied = MailboxKind.POP in kinds or MailboxKind.ZOHO in kinds
    return (
        *(_at_risk(view, kinds) if view.departure.emergency else ()),
        *(_listed(view, f"mailbox.todo.{kind}", _STEPS[kind]) for kind in kinds),
        *((_listed(view, "mailbox.by_pop", _BY_POP),) if connected and not copied else ()),
        *((note(view, "mailbox.plan_b"),) if connected else ()),
        *(note(view, key) for key in dict.fromkeys(key for kind in kinds for key in _COSTS.get(kind, ()))),
        *((note(view, "mailbox.why", leaver=view.leaver), note(view, "mailbox.later")) if connected else ()),
    )


def _at_risk(view: View, kinds: Sequence[MailboxKind]) -> tuple[Element, ...]:
    """What locking out now would lose."""
    keys = dict.fromkeys(_AT_RISK[kind] for kind in kinds if kind in _AT_RISK)
    if not keys:
        return ()
    said = (Paragraph((Strong(view.texts.t(key, leaver=view.leaver)),)) for key in keys)
    return (*said, paragraph(view, "mailbox.emergency.at_least"))


def _listed(view: View, heading: str, steps: Sequence[str]) -> Paragraph:
    """A numbered list below its first line."""
    values: dict[str, Inline] = {"leaver": view.leaver, "domains": _domains(view), "address": _address(view)}
    lines: list[Inline] = [*view.texts.words(heading, **values)]
    for number, key in enumerate(steps, 1):
        lines += ["\n", f"{number}. ", *view.texts.words(key, **values)]
    return Paragraph(tuple(lines))


def _domains(view: View) -> str:
    """The house's own domains; where it names none, that of the leaver's address."""
    plan = view.departure.plan
    return view.texts.listed(plan.terms.own_domains if plan and plan.terms.own_domains else [_domain(_address(view))])


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _address(view: View) -> str:
    accounts = view.departure.accounts
    return next((account.email for system, account in accounts.items() if system in MAILBOXES), "")


def retention_todo(view: View) -> tuple[Element, ...]:
    """How the e-mails are retained for good, and until when."""
    departure, kinds = view.departure, mailbox_kinds(view.departure)
    if kinds == (MailboxKind.NONE,):
        return (paragraph(view, "backup.nothing", leaver=view.leaver),)
    answers = departure.mailbox_answers
    archived = answers is not None and answers.method is Method.ARCHIVE
    sample = sum(len(mails) for mails in departure.mails_before.values())
    return (
        _listed(view, "backup.todo", _IN_ARCHIVE if archived else _RETENTION),
        *(() if archived else (*_deadline(view), *_no_button(view, kinds))),
        *((paragraph(view, "backup.then", n=sample),) if sample else ()),
        *_waived(view),
        note(view, "backup.later"),
    )


def _deadline(view: View) -> tuple[Element, ...]:
    until = view.departure.retention_until
    if until is None:
        return (paragraph(view, "backup.when"),)
    return (paragraph(view, "backup.until", until=Strong(view.texts.date(until))),)


def _no_button(view: View, kinds: Sequence[MailboxKind]) -> tuple[Element, ...]:
    """What to do where Zoho does not offer it; it does so for POP in each edition."""
    return () if kinds == (MailboxKind.POP,) else (paragraph(view, "backup.no_button", leaver=view.leaver),)


def _waived(view: View) -> tuple[Element, ...]:
    """If the mailbox was left as it was: who answers for that."""
    departure = view.departure
    if not departure.waived or departure.mailbox is None:
        return ()
    who: Words = (view.person(departure.mailbox.by),)
    return (paragraph(view, "backup.waived", who=who, reason=departure.waived),)
