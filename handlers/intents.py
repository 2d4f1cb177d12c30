"""Everything that a person can ask for, whatever the chat product, and the codec of the tokens that buttons carry.

    command text ──parse_command──▶ Intent            button value ──Token.decode──▶ Press | Submit

A token names the departure, the action and the departure's *turn* when the button was made. A turn passes each time the
departure changes its state, so a button from an earlier turn is known as stale. Departure ids are random (96 bits): a
token cannot be guessed, and it grants nothing, because every press is checked against the rights of the person.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

TOKEN_VERSION: Final = "o1"
_WITHOUT: Final = "-"


class Action(StrEnum):
    CHOOSE_SUCCESSOR = "successor"  # opens the form
    APPROVE = "approve"
    SEND_BACK = "sendback"  # opens the form for the reason
    DETAILS = "details"
    MAILBOX_SAFE = "mailbox"  # opens the form
    BACKUP_DONE = "backup"  # opens the form
    RETRY = "retry"
    SIGN_EXCEPTION = "exception"  # opens the form for the reason
    BY_HAND = "byhand"  # opens the form: what was done, or counted, in the system's own page
    CANCEL = "cancel"
    WAIVE_MAILBOX = "waive"  # opens the form for the reason
    RESCHEDULE = "reschedule"  # opens the form for the time
    ANNOUNCE = "announce"
    CHECKLIST = "checklist"  # opens the form; `subject` names the item that is offered first
    ACCEPT = "accept"  # the successor takes the records
    ASK = "ask"  # opens the form: the successor has a question
    PROPOSE = "propose"  # opens the form: the successor proposes somebody else
    UNDO_PREVIEW = "undopreview"  # `subject` is the scope as it would be typed, empty for all
    UNDO = "undo"  # `subject` is empty for all, or "system/module"
    HAND_ON = "handon"  # opens the form: the real successor has joined
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
    """`when` is the time as it was typed, empty for as soon as people have decided; `emergency` locks out first."""

    subject: Subject
    when: str = ""
    emergency: bool = False


@dataclass(frozen=True)
class StartOf:
    """What the button of a start is about: the accounts of one person, as "system/account id", and what was typed
    besides."""

    accounts: tuple[str, ...]
    when: str = ""
    emergency: bool = False
    without: tuple[str, ...] = ()  # systems that could not be asked

    def encode(self) -> str:
        urgent = "!" if self.emergency else ""
        asked = f"|{urgent}{self.when}" if self.emergency or self.when else ""
        return "+".join((*self.accounts, *(f"{_WITHOUT}{system}" for system in self.without))) + asked

    @classmethod
    def decode(cls, text: str) -> "StartOf":
        accounts, _, asked = text.partition("|")
        named = tuple(dict.fromkeys(accounts.split("+")))
        without = tuple(each.removeprefix(_WITHOUT) for each in named if each.startswith(_WITHOUT))
        of = tuple(each for each in named if not each.startswith(_WITHOUT))
        return cls(of, asked.removeprefix("!"), asked.startswith("!"), without)


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
class ShowGhosts:
    """What people who are gone have left behind, counted now."""


@dataclass(frozen=True)
class Undo:
    """`scope` is empty for everything, or what was typed behind the person: modules, record ids."""

    subject: Subject
    scope: str = ""


@dataclass(frozen=True)
class PutOff:
    """Another time for the run; `when` as it was typed, empty for now."""

    subject: Subject
    when: str


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


Intent = (
    Start | Help | ListOpen | Status | Cancel | ShowGhosts | Undo | PutOff | Misunderstood | Press | Submit | OpenHome
)


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
# "… on 2026-12-31 18:00" and "… now", in both languages. Names may contain the words: a date begins with a digit.
_TIME: Final = re.compile(r"(?:^|\s)(?:(?:on|am)\s(?P<date>\d.*)|now|sofort)$", re.IGNORECASE)
# What a word means that stands alone.
_ALONE: Final[dict[str, Help | ListOpen | ShowGhosts]] = {
    **dict.fromkeys(("", "?", "help", "hilfe", "cancel", "abbrechen"), Help()),
    **dict.fromkeys(("undo", "rückgängig", "reschedule", "verschieben"), Help()),
    **dict.fromkeys(("list", "liste", "status"), ListOpen()),
    **dict.fromkeys(("ghosts", "geister"), ShowGhosts()),
}


def parse_subject(text: str) -> Subject | None:
    """Read whom a text is about."""
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

    `mention` is the person whom the edge found mentioned; `text` is then what else was typed, before and behind them.
    """
    text = " ".join(text.split())
    first, _, rest = text.partition(" ")
    verb = first.lower()
    if mention is None and not rest and verb in _ALONE:
        return _ALONE[verb]
    read = _WITH_SUBJECT.get(verb)
    intent = read(rest, mention) if read else _start(text, mention)
    return intent or Misunderstood(text)


def _status(rest: str, mention: Subject | None) -> Status | None:
    subject = _alone(rest, mention)
    return Status(subject) if subject else None


def _cancel(rest: str, mention: Subject | None) -> Cancel | None:
    subject = _alone(rest, mention)
    return Cancel(subject) if subject else None


def _start(text: str, mention: Subject | None) -> Start | None:
    subject, time = _with_time(text, mention)
    if subject is None:
        return None
    date = time["date"] if time else None
    return Start(subject, when=date or "", emergency=bool(time) and date is None)


def _put_off(rest: str, mention: Subject | None) -> PutOff | None:
    subject, time = _with_time(rest, mention)
    return PutOff(subject, time["date"] or "") if subject and time else None


def _undo(rest: str, mention: Subject | None) -> Undo | None:
    """A name may have several words, so that what follows a name cannot be told from it."""
    if mention:
        return Undo(mention, rest)
    first, _, scope = rest.partition(" ")
    subject = parse_subject(first)
    if subject is None or subject.kind is SubjectKind.NAME:
        subject, scope = parse_subject(rest), ""
    return Undo(subject, scope) if subject else None


_WITH_SUBJECT: Final[dict[str, Callable[[str, Subject | None], Intent | None]]] = {
    "status": _status,
    "cancel": _cancel,
    "abbrechen": _cancel,
    "undo": _undo,
    "rückgängig": _undo,
    "reschedule": _put_off,
    "verschieben": _put_off,
}


def _alone(rest: str, mention: Subject | None) -> Subject | None:
    """Whom a command is about, where nothing else may stand: other words are never guessed at."""
    if mention:
        return None if rest else mention
    return parse_subject(rest)


def _with_time(rest: str, mention: Subject | None) -> tuple[Subject | None, re.Match[str] | None]:
    """Whom a command is about, and the time behind them."""
    time = _TIME.search(rest)
    return _alone(rest[: time.start()] if time else rest, mention), time
