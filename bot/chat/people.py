"""Who is who: one person across the chat products, found by e-mail address."""

from collections.abc import Mapping

from bot.chat.surface import ChatPerson, Surface
from handlers.people import Person


class ChatPeople:
    """Implements `handlers.ports.People` over the connected surfaces. May raise `SurfaceError`."""

    def __init__(self, surfaces: Mapping[str, Surface]) -> None:
        self._surfaces = surfaces

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        found = await self._surfaces[surface].person(chat_id)
        if found is None or found.is_bot:
            return None
        others = await self._elsewhere(found.email, surface) if found.email else {}
        return _person(found, {surface: found.id} | others)

    async def by_email(self, email: str) -> Person | None:
        found = {name: await surface.person_by_email(email) for name, surface in self._surfaces.items()}
        known = {name: person for name, person in found.items() if person and not person.is_bot}
        if not known:
            return None
        # A closed account cannot be written to; the person stays who they are.
        return _person(next(iter(known.values())), {name: p.id for name, p in known.items() if p.active})

    async def _elsewhere(self, email: str, surface: str) -> dict[str, str]:
        others = {n: await s.person_by_email(email) for n, s in self._surfaces.items() if n != surface}
        return {name: person.id for name, person in others.items() if person and person.active}


def _person(found: ChatPerson, chat: dict[str, str]) -> Person:
    return Person(found.name, found.email, chat, found.language, found.time_zone)
