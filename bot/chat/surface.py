"""What every chat product can do for us, and what it hands to us. One implementation per vendor stands beside it."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handlers.conversation import Answer
from handlers.elements import Card, Choice, Form
from handlers.intents import Actor, Delivery, ReplyTo, Token


class SurfaceError(Exception):
    """A call to the chat product failed. `code` is the vendor's, safe to log."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class TryLater(SurfaceError):
    """Nothing was done: outage or throttle. `retry_after` is in seconds where the vendor named one."""

    def __init__(self, message: str, *, code: str, retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class AnswerLost(SurfaceError):
    """The call was sent and no answer came: it may or may not have been done."""


class Refused(SurfaceError):
    """The chat product will not do this, now or later: unknown channel, not a member, closed account, dead token."""


@dataclass(frozen=True)
class MessageRef:
    """Where a message stands: the vendor's channel id and message id."""

    channel: str
    message_id: str


@dataclass(frozen=True)
class ChatPerson:
    """A person as the chat product knows them. `language` is "en" or "de" (anything else is read as "en")."""

    id: str
    name: str
    email: str | None
    language: str
    time_zone: str
    active: bool
    is_bot: bool


@dataclass(frozen=True)
class Attachment:
    """A file to add to a message. Its name also tells it from others of the same message."""

    name: str
    content: bytes


class TakesFiles(Protocol):
    """A chat product that shows files. Raises the three errors above."""

    async def attach(self, message: MessageRef, files: Sequence[Attachment]) -> None:
        """Add files to a message that we posted, all of them together; does nothing where they stand there already."""


class Surface(Protocol):
    """A chat product. Every call may raise the three errors above; none is repeated inside.

    `edit_every` is how many seconds must lie between two edits of one message; the vendor's limits set it.
    """

    name: str
    edit_every: float

    async def place(self, recipient: str) -> str | None:
        """Where the first message to somebody will stand, so that it is known before that is posted.

        None where the product can be asked for it at any time.
        """

    async def post(self, recipient: str, card: Card, *, key: str) -> MessageRef:
        """Post a card to a person's direct messages or to a channel; `key` travels with it, for `find`."""

    async def edit(self, message: MessageRef, card: Card, *, key: str) -> None:
        """Replace the card of a message that we posted under `key`."""

    async def find(self, recipient: str, *, key: str, since: datetime, channel: str | None = None) -> MessageRef | None:
        """Look whether a card with this key was posted to the recipient since then.

        `channel` is where earlier messages to them stand, if there are any.
        """

    async def reply(self, actor_id: str, to: ReplyTo, card: Card) -> None:
        """Answer one person, seen by nobody else."""

    async def open_form(self, to: ReplyTo, form: Form) -> None:
        """Open a dialogue window. Raises `Refused` with code "expired" when the moment for it has passed."""

    async def publish_home(self, actor_id: str, card: Card) -> None:
        """Show a card as the person's home page of the bot."""

    async def person(self, chat_id: str) -> ChatPerson | None:
        """Look a person up by the product's own id; served from memory for some minutes."""

    async def person_by_email(self, email: str) -> ChatPerson | None:
        """Look a person up by address; closed accounts are found too."""

    async def aclose(self) -> None:
        """Release connections."""


@dataclass(frozen=True)
class FieldErrors:
    """Why a form cannot be accepted as it is: field name to sentence."""

    errors: dict[str, str]


@dataclass(frozen=True)
class Standing:
    """The message whose button or form was used, as it should stand by now."""

    card: Card
    key: str


@dataclass(frozen=True)
class Repeated:
    """The delivery came before: whatever it led to has been shown, or will be."""


@dataclass(frozen=True)
class Late:
    """The answer is not there yet; it goes out through `Surface.reply` once it is."""


Shown = Answer | Standing | Repeated | Late


class Door(Protocol):
    """What a surface's edge calls. Implemented by the service; both calls return quickly."""

    def receive(self, delivery: Delivery) -> Awaitable[None]:
        """Store the delivery for good; the work starts afterwards. A redelivery is stored once."""

    def submit(self, delivery: Delivery) -> Awaitable[FieldErrors | None]:
        """Store a filled form and wait for the decision (two seconds at most): errors stand beside the fields."""

    def ask(self, delivery: Delivery, *, within: float) -> Awaitable[Shown]:
        """Store the delivery and wait, at most `within` seconds, for what its sender is to see.

        For products where an answer is shown only as the answer. None says: done, and nothing to show. Raises
        `StoreUnavailable` where it could not be stored in time.
        """

    def suggest(self, actor: Actor, token: Token, field: str, query: str) -> Awaitable[tuple[Choice, ...]]:
        """Matches for a `PersonField` while the person types; at most 20."""
