"""Everything that a person can ask for, whatever the chat product, and the codec of the tokens that buttons carry.

    command text ──parse_command──▶ Intent            button value ──Token.decode──▶ Press | Submit

A token names the departure, the action and the departure's *turn* when the button was made. A turn passes each time the
departure changes its state, so a button from an earlier turn is known as stale. Departure ids are random (96 bits): a
token cannot be guessed, and it grants nothing, because every press is checked against the rights of the person.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

TOKEN_VERSION: Final = "o1"


class Action(StrEnum):
    CHOOSE_SUCCESSOR = "successor"  # opens the form
    APPROVE = "approve"
    SEND_BACK = "sendback"  # opens the form for the reason
    DETAILS = "details"
    MAILBOX_SAFE = "mailbox"  # opens the form
    BACKUP_DONE = "backup"  # opens the form
    RETRY = "retry"
    SIGN_EXCEPTION = "exception"  # opens the form for the reason
    CANCEL = "cancel"
    START = "start"  # start for the account named in `subject`
    SHOW = "show"  # show the current state and its buttons to whoever presses


class InvalidToken(ValueError):
    """The text is no token of ours, or of a version that is no longer understood."""


@dataclass(frozen=True)
class Token:
    """What a button carries. `subject` is free: the plan's digest for an approval, an account for a start."""

    action: Action
    departure: str = "-"
    turn: int = 0
    subject: str = ""

    def encode(self) -> str:
        return f"{TOKEN_VERSION}:{self.action}:{self.departure}:{self.turn}:{self.subject}"

    @classmethod
    def decode(cls, text: str) -> "Token":
        """Raises `InvalidToken`."""
        parts = text.split(":", 4)
        if len(parts) != 5 or parts[0] != TOKEN_VERSION or not parts[3].isdecimal():
            raise InvalidToken(text[:40])
        try:
            return cls(Action(parts[1]), parts[2], int(parts[3]), parts[4])
        except ValueError as error:
            raise InvalidToken(text[:40]) from error


class SubjectKind(StrEnum):
    CHAT_ID = "chat_id"  # a mention: the chat product's id of the person
    EMAIL = "email"
    ACCOUNT_ID = "account_id"  # an id of a connected system
    NAME = "name"


@dataclass(frozen=True)
class Subject:
    """Whom a command is about, as it was typed."""

    kind: SubjectKind
    value: str


@dataclass(frozen=True)
class Start:
    subject: Subject


@dataclass(frozen=True)
class Help:
    pass


@dataclass(frozen=True)
class ListOpen:
    pass


@dataclass(frozen=True)
class Status:
    subject: Subject


@dataclass(frozen=True)
class Cancel:
    subject: Subject


@dataclass(frozen=True)
class Misunderstood:
    """A command that fits no grammar, or a button of ours that can no longer be read."""

    text: str


@dataclass(frozen=True)
class Press:
    token: Token


@dataclass(frozen=True)
class Submit:
    """A filled form: field name to value."""

    token: Token
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenHome:
    pass


Intent = Start | Help | ListOpen | Status | Cancel | Misunderstood | Press | Submit | OpenHome


@dataclass(frozen=True)
class Actor:
    """Who did it, as the chat product vouches for them."""

    surface: str  # "slack"
    id: str


@dataclass(frozen=True)
class ReplyTo:
    """Where an answer for this person alone can go. `response_url` and `trigger_id` live for minutes and seconds."""

    channel: str | None = None
    response_url: str | None = None
    trigger_id: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One verified message from a chat product. `id` is the vendor's and equal on every redelivery."""

    id: str
    actor: Actor
    intent: Intent
    reply: ReplyTo = field(default_factory=ReplyTo)


_EMAIL: Final = re.compile(r"[^@\s<>|]+@[^@\s<>|]+\.[^@\s<>|]+")
_ACCOUNT_ID: Final = re.compile(r"\d{12,20}")
_NAME: Final = re.compile(r"[^\W\d_][\w .'’-]*")
_BARE: Final[dict[str, Help | ListOpen]] = {
    "help": Help(),
    "?": Help(),
    "hilfe": Help(),
    "list": ListOpen(),
    "liste": ListOpen(),
}
_WITH_SUBJECT: Final[dict[str, type[Status] | type[Cancel]]] = {"status": Status, "cancel": Cancel, "abbrechen": Cancel}


def parse_subject(text: str, *, mention: Subject | None = None) -> Subject | None:
    """Read whom a text is about; `mention` is what the edge recognised in the chat product's own spelling."""
    if mention is not None:
        return mention
    text = text.strip()
    if _EMAIL.fullmatch(text):
        return Subject(SubjectKind.EMAIL, text.lower())
    if _ACCOUNT_ID.fullmatch(text):
        return Subject(SubjectKind.ACCOUNT_ID, text)
    if _NAME.fullmatch(text.removeprefix("@")):
        return Subject(SubjectKind.NAME, text.removeprefix("@"))
    return None


def parse_command(text: str, *, mention: Subject | None = None) -> Intent:
    """Read what stands behind `/offboard`. An empty text asks for help; `status` alone lists.

    `mention` is the person mentioned in `text`, if the edge found one.
    """
    text = text.strip()
    if not text:
        return Help()
    verb, _, rest = text.partition(" ")
    verb = verb.lower()
    if not rest and (verb in _BARE or verb in _WITH_SUBJECT):
        return _BARE.get(verb, ListOpen() if verb == "status" else Help())
    make = _WITH_SUBJECT.get(verb)
    subject = parse_subject(rest if make else text, mention=mention)
    if subject is None:
        return Misunderstood(text)
    return make(subject) if make else Start(subject)
