"""All rules of the house, and the file that they are read from."""

import tomllib
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from connectors.base import Category, Module
from handlers.practice.faults import faults
from handlers.practice.kinds import Move, StaleAction
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

OWN_ITEMS: Final = ("configuration-", "fields-")  # how the keys begin that `handlers.left_to_people` gives


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
