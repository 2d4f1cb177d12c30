"""All rules of the house, and the file that they are read from."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final, TypeVar

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from connectors.base import Category, Module
from handlers.practice.faults import faults
from handlers.practice.kinds import Address, Move, StaleAction
from handlers.practice.sections import (
    Announcement,
    ChecklistItem,
    Configuration,
    Mail,
    ModuleRule,
    Recheck,
    Reminders,
    Retention,
    Section,
    Stale,
    Successors,
    Sweep,
    Tagging,
    Undo,
    UserFields,
    refuse_open,
)

T = TypeVar("T")
_PLAIN: Final = "zoho_crm"  # whose modules are named without their system
# How the keys begin that `handlers.left_to_people` gives.
OWN_ITEMS: Final = ("configuration-", "fields-", "inbox-", "seat-")


class InvalidPractice(Exception):
    """The file cannot be followed; the text has one line for each fault: where, what is wrong, what is allowed."""


class Practice(Section):
    """The rules of the house, all of them."""

    masters: Move = Move.ALL
    transactions: Move = Move.OPEN
    activities: Move = Move.OPEN
    modules: dict[str, ModuleRule] = Field(default_factory=dict)
    stale: Stale = Stale()
    successors: Successors = Successors()
    tagging: Tagging = Tagging()
    user_fields: UserFields = UserFields()
    reminders: Reminders = Reminders()
    recheck: Recheck = Recheck()
    retention: Retention = Retention()
    mail: Mail = Mail()
    undo: Undo = Undo()
    sweep: Sweep = Sweep()
    announcement: Announcement = Announcement()
    configuration: Configuration = Configuration()
    aliases: dict[Address, tuple[Address, ...]] = Field(default_factory=dict)
    checklist: tuple[ChecklistItem, ...] = ()

    @field_validator("masters")
    @classmethod
    def _no_open_masters(cls, value: Move) -> Move:
        refuse_open(value)
        return value

    @field_validator("stale")
    @classmethod
    def _closable(cls, value: Stale, info: ValidationInfo) -> Stale:
        modules: dict[str, ModuleRule] | None = info.data.get("modules")
        if value.action is StaleAction.CLOSE and modules is not None and not any(m.dead for m in modules.values()):
            raise ValueError('`action = "close"` needs `dead`, the status of a dead record, for one module at least')
        return value

    @field_validator("checklist")
    @classmethod
    def _not_ours(cls, value: tuple[ChecklistItem, ...]) -> tuple[ChecklistItem, ...]:
        if taken := [item.key for item in value if item.key.startswith(OWN_ITEMS)]:
            raise ValueError(f"keys that Offboard gives to items of its own: {', '.join(taken)}")
        return value

    @field_validator("checklist")
    @classmethod
    def _once_each(cls, value: tuple[ChecklistItem, ...]) -> tuple[ChecklistItem, ...]:
        times = Counter(item.key for item in value)
        if twice := [key for key, n in times.items() if n > 1]:
            raise ValueError(f"each key once only; there again: {', '.join(twice)}")
        return value

    @field_validator("aliases")
    @classmethod
    def _one_person_each(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        times = Counter(address for main, others in value.items() for address in {main, *others})
        if twice := [address for address, n in times.items() if n > 1]:
            raise ValueError(f"an address belongs to one person; there again: {', '.join(twice)}")
        return value

    def person_of(self, address: str) -> str:
        """The address that stands for a person whom systems know under several."""
        wanted = address.lower()
        return next((main for main, others in self.aliases.items() if wanted in others), wanted)

    def addresses_of(self, address: str | None) -> frozenset[str]:
        """All addresses of the person who has this one, in lower case; an empty one is nobody's."""
        if not address:
            return frozenset()
        main = self.person_of(address)
        return frozenset({main, *self.aliases.get(main, ())})

    def same_person(self, one: str | None, other: str | None) -> bool:
        """Whether two addresses are one person's."""
        return bool(one and other) and self.person_of(str(one)) == self.person_of(str(other))

    def of(self, system: str) -> "Practice":
        """The rules as they hold in one system. What names a module is of Zoho CRM, unless the name begins with another
        system, as in "suitecrm/Leads"."""

        def here(names: Mapping[str, T]) -> dict[str, T]:
            split = {name: name.rpartition("/") for name in names}
            return {name: names[full] for full, (where, _, name) in split.items() if (where or _PLAIN) == system}

        fields = self.user_fields.model_copy(update={"fields": here(self.user_fields.fields)})
        return self.model_copy(update={"modules": here(self.modules), "user_fields": fields})

    def move(self, module: Module) -> Move:
        """What moves of a module: by its own rule, else by its category."""
        rule = self.modules.get(module.name, ModuleRule())
        by_category = {
            Category.MASTER: self.masters,
            Category.TRANSACTION: self.transactions,
            Category.ACTIVITY: self.activities,
        }
        return rule.move or by_category[rule.category or module.category]

    @property
    def closed(self) -> dict[str, frozenset[str]]:
        """Status values that mean closed, by "Module.Field"."""
        return {f"{name}.{rule.status}": rule.closed for name, rule in self.modules.items() if rule.closed}


def default_text() -> str:
    """The file that is used where none is given."""
    return resources.files("handlers").joinpath("policy.toml").read_text(encoding="utf-8")


def practice_text(path: Path | None) -> str:
    """The file that is used. Raises `InvalidPractice` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8") if path else default_text()
    except OSError as error:
        raise InvalidPractice(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidPractice("cannot be read: it is not in UTF-8") from None


def load_practice(path: Path | None) -> Practice:
    """Read the rules of the house. Raises `InvalidPractice` with all faults at once."""
    try:
        own = tomllib.loads(practice_text(path))
        return Practice.model_validate(tomllib.loads(default_text()) | own)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPractice(f"is not TOML: {error}") from None
    except ValidationError as error:
        raise InvalidPractice("\n".join(faults(error, Practice))) from None
