"""What would lose mails, for every answer that can be given."""

from itertools import product

import pytest

from connectors.base import MailboxKind
from handlers.mailbox import METHODS, MailboxAnswers, Method, Sharing, loses_by_lock_out, mailbox_problem


@pytest.mark.parametrize(
    ("kind", "sharing", "method", "problem"),
    [
        (MailboxKind.ZOHO, Sharing.PUBLIC, Method.RETAIN, None),
        (MailboxKind.ZOHO, Sharing.CUSTOM, Method.ARCHIVE, None),
        (MailboxKind.ZOHO, Sharing.PUBLIC, Method.POP, ("method", "mailbox.problem.method")),
        (MailboxKind.ZOHO, Sharing.PRIVATE, Method.RETAIN, ("sharing", "mailbox.problem.private")),
        (MailboxKind.IMAP, Sharing.PUBLIC, Method.POP, None),
        (MailboxKind.IMAP, Sharing.PUBLIC, Method.NOTHING, ("method", "mailbox.problem.method")),
        (MailboxKind.IMAP, Sharing.PRIVATE, Method.ARCHIVE, ("sharing", "mailbox.problem.private")),
        (MailboxKind.POP, Sharing.PUBLIC, Method.POP, None),
        (MailboxKind.POP, Sharing.PUBLIC, Method.RETAIN, ("method", "mailbox.problem.method")),
        (MailboxKind.UNKNOWN, Sharing.PUBLIC, Method.RETAIN, ("kind", "mailbox.problem.unknown")),
        (MailboxKind.UNKNOWN, Sharing.PRIVATE, Method.NOTHING, ("kind", "mailbox.problem.unknown")),
        (MailboxKind.NONE, Sharing.PRIVATE, Method.RETAIN, None),
        (MailboxKind.NONE, Sharing.PUBLIC, Method.NOTHING, None),
    ],
)
def test_the_first_thing_that_would_lose_mails_is_named(
    kind: MailboxKind, sharing: Sharing, method: Method, problem: tuple[str, str] | None
) -> None:
    assert mailbox_problem(MailboxAnswers(kind, sharing, method)) == problem


def test_nothing_passes_that_is_private_or_kept_in_no_way_for_its_kind() -> None:
    for kind, sharing, method in product(MailboxKind, Sharing, Method):
        if mailbox_problem(MailboxAnswers(kind, sharing, method)) is None and kind is not MailboxKind.NONE:
            assert sharing is not Sharing.PRIVATE
            assert method in METHODS[kind]


def test_only_where_there_is_no_mailbox_the_log_in_can_go_first() -> None:
    assert [kind for kind in MailboxKind if not loses_by_lock_out(kind)] == [MailboxKind.NONE]
