"""Whom a card is for, and how people are named on it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from handlers.departure import AFTER_RUN, Departure, Prompt, State
from handlers.elements import Card, Inline, Mention, Strong, Words
from handlers.people import Person
from handlers.texts import Texts

NOTHING: Final = "–"
GUIDED: Final = "guided."  # how the keys of problems begin that are steps for a person to do
HANDED_OVER: Final = frozenset(AFTER_RUN)


@dataclass(frozen=True)
class Channel:
    """A place where many read. `id` is the chat product's; `language` and `time_zone` as for a person."""

    id: str
    surface: str
    language: str
    time_zone: str


@dataclass(frozen=True)
class Posting:
    """A message that should exist. The same key with another card is an edit of the message that is there."""

    key: str
    recipient: Person | Channel
    card: Card


def systems_of(departure: Departure) -> tuple[str, ...]:
    """In their order; of a departure whose people are forgotten, those in which something was done."""
    return tuple(departure.accounts or dict.fromkeys(result.system for result in departure.steps))


# What a message is, for whom, and how each of them sees it.
Message = tuple[str, tuple[Person, ...], Callable[["View", Person], Card]]


@dataclass(frozen=True)
class View:
    """One departure, as one reader sees it. Without a `surface` people are named, not mentioned."""

    departure: Departure
    texts: Texts
    surface: str | None = None
    reader: Person | None = None

    @classmethod
    def of(cls, departure: Departure, reader: Person, texts: Texts | None = None) -> "View":
        """Somebody in two chat products sees plain names: an id of one would be noise in the other."""
        surface = next(iter(reader.chat)) if len(reader.chat) == 1 else None
        return cls(departure, texts or Texts(reader.language, reader.time_zone), surface, reader)

    @property
    def leaver(self) -> str:
        """Always the plain name: a mention could notify."""
        return self.departure.leaver.name

    @property
    def many(self) -> bool:
        """Whether several systems are in it, so that each has to be named."""
        return len(systems_of(self.departure)) > 1

    @property
    def systems(self) -> str:
        return self.system_names(systems_of(self.departure))

    def system(self, key: str) -> str:
        return self.texts.t(f"system.{key}")

    def system_names(self, systems: Iterable[str]) -> str:
        return self.texts.listed(map(self.system, systems))

    def within(self, system: str, what: str) -> str:
        """ "Deals", or "Deals (Pipedrive)" where several systems are in it."""
        return f"{what} ({self.system(system)})" if self.many else what

    def person(self, person: Person) -> Inline:
        if person.same_as(self.departure.leaver) or self.surface is None:
            return Strong(person.name)
        return Mention(person.name, person.chat.get(self.surface))

    def people(self, persons: Sequence[Person]) -> Words:
        """ "A, B or you"."""
        words: list[Inline] = []
        for index, person in enumerate(persons):
            if index:
                words.append(self.texts.t("join.or") if index == len(persons) - 1 else ", ")
            words.append(self.texts.t("you") if person.same_as(self.reader) else self.person(person))
        return tuple(words)

    def names(self, persons: Sequence[Person]) -> str:
        """The same as text."""
        you = self.texts.t("you")
        return self.texts.listed((you if p.same_as(self.reader) else p.name for p in persons), either=True)


def asked(departure: Departure, state: State) -> tuple[Person, ...]:
    """Who is asked in a state; in the present one also who was asked besides, since the others were silent."""
    besides = departure.asked_besides if state is departure.state else ()
    return distinct((*in_charge(departure, state), *besides))


def in_charge(departure: Departure, state: State) -> tuple[Person, ...]:
    """Who is asked first. Admin and lead are jointly responsible where the work has stopped."""
    match state:
        case State.SUCCESSOR | State.MAILBOX | State.BACKUP:
            people: tuple[Person, ...] = (departure.admin,)
        case State.APPROVAL:
            people = departure.approvers
        case State.ATTENTION:
            people = (departure.admin, *([departure.lead] if departure.lead else []))
        case State.CHECKLIST:
            people = (*(item.assignee for item in departure.open_items), departure.admin)
        case _:
            people = ()
    return distinct([person for person in people if not person.same_as(departure.leaver)])


def distinct(people: Sequence[Person]) -> tuple[Person, ...]:
    found: list[Person] = []
    for person in people:
        if not any(person.same_as(other) for other in found):
            found.append(person)
    return tuple(found)


def last_of(prompts: Sequence[Prompt], kind: State, key: str | None = None) -> Prompt | None:
    """The latest prompt of a kind; with `key`, the latest that was answered so."""
    return next(
        (p for p in reversed(prompts) if p.kind is kind and (key is None or (p.answer and p.answer.key == key))), None
    )


def was_asked(prompt: Prompt) -> bool:
    """Some questions are answered as they are put: a mailbox that was settled before a plan is approved anew, a
    checklist of which nothing is open."""
    return prompt.answer is None or prompt.answer.at > prompt.asked_at
