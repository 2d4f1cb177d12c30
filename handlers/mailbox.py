"""What has to hold about a leaver's mailbox before anything is changed. Pure.

Zoho shows a mailbox's mails on records only while mailbox and user are active, unless they were copied (POP) or are
retained afterwards; what is shared as private can be retained for nobody.
https://help.zoho.com/portal/en/kb/crm/integrations/zoho/zoho-mail/articles/manage-zoho-mail-add-on
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connectors.base import MailboxKind


class Sharing(StrEnum):
    """Who sees the mails on records, in the words of Zoho CRM's set-up page."""

    PUBLIC = "public"
    CUSTOM = "custom"  # the owner decides for each record
    PRIVATE = "private"


class Method(StrEnum):
    """How the mails are kept."""

    RETAIN = "retain"  # "Retain Emails" in the Zoho Mail Add-on, once the user is inactive
    POP = "pop"  # copied by POP, and backed up once the user is inactive
    ARCHIVE = "archive"  # "plan B": moved to a central archive mailbox with a CRM user of its own
    NOTHING = "nothing"  # there is no mailbox


@dataclass(frozen=True)
class MailboxAnswers:
    """What the person who confirms has found."""

    kind: MailboxKind
    sharing: Sharing
    method: Method


# What can be kept in which way. IMAP mails are shown live; to be copied by POP, the mailbox is connected anew.
METHODS: Final[dict[MailboxKind, tuple[Method, ...]]] = {
    MailboxKind.ZOHO: (Method.RETAIN, Method.ARCHIVE),
    MailboxKind.IMAP: (Method.RETAIN, Method.POP, Method.ARCHIVE),
    MailboxKind.POP: (Method.POP, Method.ARCHIVE),
    MailboxKind.NONE: (Method.NOTHING,),
    MailboxKind.UNKNOWN: (Method.RETAIN, Method.POP, Method.ARCHIVE),
}


def mailbox_problem(answers: MailboxAnswers) -> tuple[str, str] | None:
    """Why going on would lose mails, as (field of the form, key of the text catalogue); None where it would not."""
    if answers.kind is MailboxKind.NONE:
        return None
    if answers.kind is MailboxKind.UNKNOWN:
        return "kind", "mailbox.problem.unknown"
    if answers.sharing is Sharing.PRIVATE:
        return "sharing", "mailbox.problem.private"
    if answers.method not in METHODS[answers.kind]:
        return "method", "mailbox.problem.method"
    return None


def loses_by_lock_out(kind: MailboxKind) -> bool:
    """Whether taking the log-in away before the mailbox was looked at could lose mails."""
    return kind is not MailboxKind.NONE
