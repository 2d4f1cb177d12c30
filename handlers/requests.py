"""From a pressed button or a filled form to a command. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

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
from handlers.practice import Practice
from handlers.refusal import Refusal
from handlers.schedule import parse_when
from handlers.undoing import scope_from_text

_NOW: Final = frozenset({"", "now", "sofort"})
_DIGITS: Final = 9  # of a count; more are a slip of the hand
E = TypeVar("E", bound=StrEnum)


def command_of(token: Token, fields: Mapping[str, str], by: Person, practice: Practice) -> Command:
    """What a token asks for. Raises `Refusal` for a field that cannot be read, and for a token that asks nothing."""
    simple: dict[Action, Command] = {
        Action.RETRY: Retry(),
        Action.CANCEL: CancelDeparture(),
        Action.ANNOUNCE: Announce(),
        Action.ACCEPT: AnswerHandover(HandoverReply.ACCEPTED),
    }
    return simple.get(token.action) or _with_words(token, fields, by, practice)


def _with_words(token: Token, fields: Mapping[str, str], by: Person, practice: Practice) -> Command:
    note, reason = fields.get("note", ""), fields.get("reason", "")
    match token.action:
        case Action.APPROVE:
            return Approve(token.subject, practice.checklist)
        case Action.SEND_BACK:
            return SendBack(reason)
        case Action.MAILBOX_SAFE:
            return ConfirmMailbox(note, _answers(fields))
        case Action.WAIVE_MAILBOX:
            return WaiveMailbox(reason)
        case Action.BACKUP_DONE:
            return ConfirmBackup(note)
        case Action.SIGN_EXCEPTION:
            return SignException(reason)
        case Action.BY_HAND:
            left = fields.get("left", "").strip()
            return ConfirmByHand(note, int(left) if left.isdecimal() and len(left) <= _DIGITS else None)
        case _:
            return _beside_the_run(token, fields, by)


def _beside_the_run(token: Token, fields: Mapping[str, str], by: Person) -> Command:
    reason = fields.get("reason", "")
    match token.action:
        case Action.RESCHEDULE:
            return Reschedule(when_of(fields.get("when", ""), by))
        case Action.CHECKLIST:
            return SettleItem(fields.get("item", ""), chosen(ItemState, fields, "state"), fields.get("note", ""))
        case Action.ASK:
            return AnswerHandover(HandoverReply.ASKED, reason)
        case Action.PROPOSE:
            return AnswerHandover(HandoverReply.PROPOSED, reason)
        case Action.UNDO:
            return StartUndo(*scope_from_text(token.subject))
        case _:
            raise Refusal("departure.unknown")


def when_of(text: str, by: Person) -> datetime | None:
    """The time as somebody typed it, in their own time zone; None: as soon as people have decided."""
    return None if text.strip().lower() in _NOW else parse_when(text, by.time_zone)


def _answers(fields: Mapping[str, str]) -> MailboxAnswers:
    return MailboxAnswers(
        chosen(MailboxKind, fields, "kind"), chosen(Sharing, fields, "sharing"), chosen(Method, fields, "method")
    )


def chosen(kind: type[E], fields: Mapping[str, str], name: str) -> E:
    """What a choice field says. Raises `Refusal` beside the field for anything that was not offered."""
    try:
        return kind(fields.get(name, ""))
    except ValueError as error:
        raise Refusal("choice.missing", field=name) from error
