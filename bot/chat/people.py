"""Who is who: one person across the chat products, found by e-mail address."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from bot.chat.surface import AnswerLost, ChatPerson, Refused, Surface, TryLater
from connectors.base import Unavailable
from handlers.people import Person

_log = structlog.get_logger(__name__)


class ChatPeople:
    """Implements `handlers.ports.People` over the connected surfaces.

    Raises `Unavailable` while a chat product does not answer, as a run waits for that, and `Refused`. Where another one
    answers, nobody waits for it, and nobody is refused: the person is then known there alone.
    """

    def __init__(self, surfaces: Mapping[str, Surface]) -> None:
        self._surfaces = surfaces

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        with _waited_for(surface):
            found = await self._surfaces[surface].person(chat_id)
        if found is None or found.is_bot:
            return None
        known = await self._known(found.email, [s for s in self._surfaces if s != surface]) if found.email else {}
        return _person(found, {surface: found.id} | {name: p.id for name, p in known.items() if p.active})

    async def by_email(self, email: str) -> Person | None:
        known = await self._known(email, list(self._surfaces), needed=1) if email else {}  # some systems tell none
        if not known:
            return None
        # A closed account cannot be written to, and knows less of the person; they stay who they are.
        best = next((person for person in known.values() if person.active), next(iter(known.values())))
        return _person(best, {name: p.id for name, p in known.items() if p.active})

    async def _known(self, email: str, surfaces: Sequence[str], *, needed: int = 0) -> dict[str, ChatPerson]:
        """The person in each of these surfaces. Raises what kept one from answering if fewer than `needed` did."""
        found, answered, fault = {}, 0, None
        for name in surfaces:
            try:
                with _waited_for(name):
                    person = await self._surfaces[name].person_by_email(email)
            except (Unavailable, Refused) as error:
                _log.warning("person.unknown", surface=name, code=error.code)
                fault = error
                continue
            answered += 1
            if person and not person.is_bot:
                found[name] = person
        if fault and answered < needed:
            raise fault
        return found


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
