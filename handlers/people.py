"""Who takes part in a departure. A person is one person in every product, known by their e-mail address."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Person:
    """`chat` maps a chat product to the person's id there; `language` is "en" or "de", `time_zone` an IANA name. `also`
    are further addresses of the same person, in lower case: of their accounts, and aliases of the house."""

    name: str
    email: str | None = None
    chat: dict[str, str] = field(default_factory=dict)
    language: str = "en"
    time_zone: str = "UTC"
    also: tuple[str, ...] = ()

    @property
    def addresses(self) -> frozenset[str]:
        """All of them in lower case; an empty one is nobody's."""
        return frozenset(address.lower() for address in (self.email, *self.also) if address)

    def known_as(self, addresses: Iterable[str]) -> "Person":
        """The same person under further addresses."""
        own = (self.email or "").lower()
        further = {address.lower() for address in (*self.also, *addresses) if address and address.lower() != own}
        return replace(self, also=tuple(sorted(further)))

    def same_as(self, other: "Person | None") -> bool:
        """One human: an address of theirs, or the same id in one chat product."""
        if other is None:
            return False
        if self.addresses and other.addresses:
            return bool(self.addresses & other.addresses)
        return any(other.chat.get(surface) == chat_id for surface, chat_id in self.chat.items())


@dataclass(frozen=True)
class Party:
    """A person who acts, and whether they are one of the admins."""

    person: Person
    admin: bool
