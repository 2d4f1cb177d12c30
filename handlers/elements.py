"""What a card or a form is made of: surface-neutral values that each chat product renders in its own terms.

Text that comes from outside (names, records) is never markup: a renderer escapes every `str`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from handlers.intents import Token


@dataclass(frozen=True)
class Strong:
    text: str


@dataclass(frozen=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True)
class Moment:
    """A point in time, shown in the reader's zone where the surface can. `fallback` is ready text."""

    at: datetime
    fallback: str


@dataclass(frozen=True)
class Mention:
    """A person. `chat_id` is None where the surface does not know them, or must not notify them."""

    name: str
    chat_id: str | None = None


Inline = str | Strong | Link | Moment | Mention
Words = tuple[Inline, ...]


class Style(StrEnum):
    NORMAL = "normal"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True)
class Confirm:
    title: str
    text: str
    yes: str
    no: str


@dataclass(frozen=True)
class Button:
    text: str
    token: Token
    style: Style = Style.NORMAL
    confirm: Confirm | None = None


@dataclass(frozen=True)
class LinkButton:
    text: str
    url: str


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    words: Words


@dataclass(frozen=True)
class Note:
    """Small print: who, when, what happens next. Stored cards tell it from a paragraph by its `kind`."""

    words: Words
    kind: Literal["note"] = "note"


@dataclass(frozen=True)
class Fact:
    label: str
    words: Words


@dataclass(frozen=True)
class Facts:
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Table:
    """The first row is the header. `numeric` names the columns that are aligned to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far something is. `label` says it in words as well, so that no bar is the only carrier of meaning."""

    label: str
    done: int
    total: int


@dataclass(frozen=True)
class Divider:
    pass


@dataclass(frozen=True)
class Actions:
    """At most two buttons in sight; the rest stands in a menu."""

    buttons: tuple[Button | LinkButton, ...]
    menu: tuple[Button, ...] = ()


Element = Heading | Paragraph | Note | Facts | Table | Progress | Divider | Actions


@dataclass(frozen=True)
class Card:
    """A message. `text` is what a notification and a screen reader say: one sentence that stands alone."""

    text: str
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True)
class Choice:
    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class PersonField:
    """Pick one account by typing; the surface asks `suggest` for matches. `initial` is the suggestion."""

    name: str
    label: str
    hint: str = ""
    initial: Choice | None = None
    optional: bool = False


@dataclass(frozen=True)
class TextField:
    name: str
    label: str
    hint: str = ""
    optional: bool = False
    max_length: int = 500


@dataclass(frozen=True)
class ChoiceField:
    name: str
    label: str
    choices: tuple[Choice, ...]
    hint: str = ""
    initial: str | None = None


Field = PersonField | TextField | ChoiceField


@dataclass(frozen=True)
class Form:
    """A dialogue window. `token` comes back with the filled fields."""

    token: Token
    title: str
    submit: str
    close: str
    elements: tuple[Element, ...] = ()
    fields: tuple[Field, ...] = field(default=())
