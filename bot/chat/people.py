"""Who is who: one person across the chat products, found by e-mail address."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bot.chat.surface import AnswerLost, ChatPerson, Surface, TryLater
from connectors.base import Unavailable
from handlers.people import Person


class ChatPeople:
    """Implements `handlers.ports.People` over the connected surfaces.

    Raises `Unavailable` while a chat product does not answer, as a run waits for that, and `Refused`.
    """

    def __init__(self, surfaces: Mapping[str, Surface]) -> None:
        self._surfaces = surfaces

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        with _waited_for(surface):
            found = await self._surfaces[surface].person(chat_id)
        if found is None or found.is_bot:
            return None
        others = await self._elsewhere(found.email, surface) if found.email else {}
        return _person(found, {surface: found.id} | others)

    async def by_email(self, email: str) -> Person | None:
        found = {name: await self._find(name, email) for name in self._surfaces}
        known = {name: person for name, person in found.items() if person and not person.is_bot}
        if not known:
            return None
        # A closed account cannot be written to; the person stays who they are.
        return _person(next(iter(known.values())), {name: p.id for name, p in known.items() if p.active})

    async def _elsewhere(self, email: str, surface: str) -> dict[str, str]:
        others = {name: await self._find(name, email) for name in self._surfaces if name != surface}
        return {name: person.id for name, person in others.items() if person and person.active}

    async def _find(self, surface: str, email: str) -> ChatPerson | None:
        with _waited_for(surface):
            return await self._surfaces[surface].person_by_email(email)


@contextmanager
def _waited_for(surface: str) -> Iterator[None]:
    """To a run a chat product that does not answer is a connected system like any other: it waits and goes on."""
    try:
        yield
    except (TryLater, AnswerLost) as error:
        pause = error.retry_after if isinstance(error, TryLater) else None
        raise Unavailable(str(error), system=surface, code=error.code, retry_after=pause) from error


def _person(found: ChatPerson, chat: dict[str, str]) -> Person:
    return Person(found.name, found.email, chat, found.language, found.time_zone)
