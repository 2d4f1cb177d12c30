"""From a button or a form to a command."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from connectors.base import MailboxKind
from handlers.checklist import ItemState
from handlers.commands import (
    Announce,
    AnswerHandover,
    Approve,
    CancelDeparture,
    Command,
    ConfirmBackup,
    ConfirmByHand,
    ConfirmMailbox,
    Reschedule,
    Retry,
    SendBack,
    SettleItem,
    SignException,
    StartUndo,
    WaiveMailbox,
)
from handlers.events import HandoverReply
from handlers.intents import Action, Token
from handlers.mailbox import MailboxAnswers, Method, Sharing
from handlers.people import Person
from handlers.practice import ChecklistItem, Practice, Undo
from handlers.refusal import Refusal
from handlers.requests import command_of, when_of

ADA: Final = Person("Ada", "ada@x.example", time_zone="Europe/Berlin")
ITEM: Final = ChecklistItem(key="laptop", title={"en": "Laptop", "de": "Laptop"}, assignee="admin")
PRACTICE: Final = Practice(undo=Undo(days=9), checklist=(ITEM,))
FORM: Final = {
    "note": "seen", "reason": "why", "kind": "imap", "sharing": "custom", "method": "archive", "item": "laptop",
    "state": "skipped", "when": "2026-12-31 18:00",
}  # fmt: skip
SAFE: Final = MailboxAnswers(MailboxKind.IMAP, Sharing.CUSTOM, Method.ARCHIVE)


def _command(action: Action, fields: dict[str, str] = FORM, subject: str = "subject") -> Command:
    return command_of(Token(action, "dep-1", 3, subject), fields, ADA, PRACTICE)


@pytest.mark.parametrize(
    ("action", "command"),
    [
        (Action.APPROVE, Approve("subject", (ITEM,))),
        (Action.SEND_BACK, SendBack("why")),
        (Action.MAILBOX_SAFE, ConfirmMailbox("seen", SAFE)),
        (Action.WAIVE_MAILBOX, WaiveMailbox("why")),
        (Action.BACKUP_DONE, ConfirmBackup("seen")),
        (Action.RETRY, Retry()),
        (Action.SIGN_EXCEPTION, SignException("why")),
        (Action.CANCEL, CancelDeparture()),
        (Action.RESCHEDULE, Reschedule(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))),
        (Action.ANNOUNCE, Announce()),
        (Action.CHECKLIST, SettleItem("laptop", ItemState.SKIPPED, "seen")),
        (Action.ACCEPT, AnswerHandover(HandoverReply.ACCEPTED)),
        (Action.ASK, AnswerHandover(HandoverReply.ASKED, "why")),
        (Action.PROPOSE, AnswerHandover(HandoverReply.PROPOSED, "why")),
    ],
)
def test_what_each_button_asks(action: Action, command: Command) -> None:
    assert _command(action) == command


def test_an_undo_is_of_all_of_modules_or_of_records() -> None:
    assert _command(Action.UNDO, subject="") == StartUndo()
    assert _command(Action.UNDO, subject="zoho_crm/Deals,zoho_crm/Leads") == StartUndo(
        ("zoho_crm/Deals", "zoho_crm/Leads")
    )
    assert _command(Action.UNDO, subject="zoho_crm/Deals,501") == StartUndo(("zoho_crm/Deals",), ("501",))


@pytest.mark.parametrize(
    "action",
    [Action.CHOOSE_SUCCESSOR, Action.HAND_ON, Action.START, Action.SHOW, Action.DETAILS, Action.UNDO_PREVIEW],
)
def test_what_asks_nothing_of_a_departure_or_needs_the_systems_is_no_command(action: Action) -> None:
    with pytest.raises(Refusal, match=r"departure\.unknown"):
        _command(action)


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (Action.MAILBOX_SAFE, "kind"),
        (Action.MAILBOX_SAFE, "sharing"),
        (Action.MAILBOX_SAFE, "method"),
        (Action.CHECKLIST, "state"),
    ],
)
@pytest.mark.parametrize("value", ["", "nonsense", None])
def test_a_choice_that_is_missing_or_forged_is_refused_beside_its_field(
    action: Action, field: str, value: str | None
) -> None:
    fields = {name: text for name, text in FORM.items() if name != field}
    with pytest.raises(Refusal) as refused:
        _command(action, fields | ({field: value} if value is not None else {}))
    assert (refused.value.key, refused.value.field) == ("choice.missing", field)


@pytest.mark.parametrize("text", ["", " ", "now", "SOFORT"])
def test_no_time_means_as_soon_as_people_have_decided(text: str) -> None:
    assert when_of(text, ADA) is None


def test_a_time_is_of_the_zone_of_whoever_types_it() -> None:
    assert when_of("31.12.2026 18:00", replace(ADA, time_zone="America/New_York")) == datetime(
        2026, 12, 31, 23, 0, tzinfo=UTC
    )
    with pytest.raises(Refusal, match=r"schedule\.unreadable"):
        when_of("soon", ADA)


@pytest.mark.parametrize(
    ("typed", "left"),
    [("0", 0), (" 12 ", 12), ("9" * 5000, None), ("²", None), ("-1", None), ("1e3", None), ("", None)],
)
def test_a_count_is_a_number_or_nothing(typed: str, left: int | None) -> None:
    token = Token(Action.BY_HAND, "dep-1", 1)
    assert command_of(token, {"note": "seen", "left": typed}, ADA, PRACTICE) == ConfirmByHand("seen", left)
