"""Who takes part in a departure. A person is one person in every product, known by their e-mail address."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """`chat` maps a chat product to the person's id there; `language` is "en" or "de", `time_zone` an IANA name."""

    name: str
    email: str | None = None
    chat: dict[str, str] = field(default_factory=dict)
    language: str = "en"
    time_zone: str = "UTC"

    def same_as(self, other: "Person | None") -> bool:
        """One human: the same address, or the same id in one chat product."""
        if other is None:
            return False
        if self.email and other.email:
            return self.email.lower() == other.email.lower()
        return any(other.chat.get(surface) == chat_id for surface, chat_id in self.chat.items())


@dataclass(frozen=True)
class Party:
    """A person who acts, and whether they are one of the admins."""

    person: Person
    admin: bool
