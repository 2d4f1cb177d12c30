"""The sections of a policy file. Each default stands in `policy.toml` as well, with what it means."""

import re
from collections import Counter
from datetime import time
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from connectors.base import Category
from handlers.practice.kinds import (
    Address,
    Clock,
    Days,
    Domain,
    FieldAction,
    FieldName,
    Hours,
    Move,
    Name,
    PartOfDays,
    Release,
    StaleAction,
    Weekday,
    When,
    address,
)

_ROLES: Final = ("admin", "lead", "successor")
_LANGUAGES: Final = frozenset({"en", "de"})


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModuleRule(Section):
    """What differs for one module. `dead` is the status value that closes a stale record."""

    category: Category | None = None
    move: Move | None = None
    status: Name | None = None
    closed: frozenset[Name] = frozenset()
    dead: Name | None = None

    @field_validator("move")
    @classmethod
    def _no_open_masters(cls, value: Move | None, info: ValidationInfo) -> Move | None:
        if info.data.get("category") is Category.MASTER:
            refuse_open(value)
        return value

    @field_validator("closed", "dead")
    @classmethod
    def _of_a_field(cls, value: Any, info: ValidationInfo) -> Any:
        if value and "status" in info.data and not info.data["status"]:
            raise ValueError("needs `status`, the field that has this value")
        return value

    @field_validator("dead")
    @classmethod
    def _dead_is_closed(cls, value: str | None, info: ValidationInfo) -> str | None:
        closed = info.data.get("closed")
        if value and closed and value not in closed:
            raise ValueError("must be one of the values in `closed`: the record would be open still")
        return value

    @model_validator(mode="after")
    def _status_says_something(self) -> "ModuleRule":
        if self.status and not (self.closed or self.dead):
            raise ValueError("`status` needs `closed` or `dead`: which of its values mean that a record is closed")
        return self


class Stale(Section):
    """Open records that nobody has worked on for so long. 0 days: they are records as all others."""

    after_days: Days = 365
    action: StaleAction = StaleAction.MOVE
    allocate_to: tuple[Address, ...] = Field((), validate_default=True)

    @field_validator("allocate_to")
    @classmethod
    def _somebody(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("action") is StaleAction.ALLOCATE and not value:
            raise ValueError('must name at least one person, because `action` is "allocate"')
        return value


class Route(Section):
    """Records that go to somebody else than the successor: of these modules (none named: of all), with one of these
    values in a field, or worth more than `above`, or a share of them in percent."""

    modules: tuple[Name, ...] = ()
    field: Name | None = None
    values: tuple[str, ...] = Field((), validate_default=True)
    above: Decimal | None = Field(None, gt=0, allow_inf_nan=False)
    share: int | None = Field(None, ge=1, le=100)
    to: Address

    @field_validator("values")
    @classmethod
    def _of_a_field(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "field" in info.data and bool(value) is not bool(info.data["field"]):
            raise ValueError("needs `field`" if value else "must say which values of `field` are meant")
        return value

    @model_validator(mode="after")
    def _one_condition(self) -> "Route":
        given = [name for name in ("field", "above", "share") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"may have one of `field`, `above` and `share`, not {len(given)} of them")
        return self


class Successors(Section):
    keep_together: bool = True
    warn_above: int = Field(5000, ge=1)
    routes: tuple[Route, ...] = ()

    @field_validator("routes")
    @classmethod
    def _hundred_percent(cls, value: tuple[Route, ...]) -> tuple[Route, ...]:
        shares: Counter[str] = Counter()
        for route in value:
            shares.update(dict.fromkeys(route.modules or ("all modules",), route.share or 0))
        for module, total in shares.items():
            if total > 100:
                raise ValueError(f"the shares of {module} add up to {total} percent; 100 is the most")
        return value


class Tagging(Section):
    enabled: bool = True


class UserFields(Section):
    """Fields other than the owner that name the leaver, by "Module.Field"."""

    default: FieldAction = FieldAction.MOVE
    fields: dict[FieldName, FieldAction] = Field(default_factory=dict)


class WorkingTime(Section):
    days: tuple[Weekday, ...] = (1, 2, 3, 4, 5)
    begin: Clock = time(9)
    end: Clock = Field(time(17), validate_default=True)

    @field_validator("days")
    @classmethod
    def _some(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value:
            raise ValueError("must name one day at least")
        return value

    @field_validator("end")
    @classmethod
    def _after_begin(cls, value: time, info: ValidationInfo) -> time:
        if "begin" in info.data and value <= info.data["begin"]:
            raise ValueError(f"must be later than `begin`, which is {info.data['begin']}")
        return value


class Reminders(Section):
    after_hours: Hours = 24
    escalate_after_hours: Hours = 48
    expire_after_days: PartOfDays = Field(30, validate_default=True)
    working: WorkingTime = WorkingTime()

    @field_validator("expire_after_days")
    @classmethod
    def _not_before_anybody_was_asked(cls, value: float, info: ValidationInfo) -> float:
        if value * 24 <= info.data.get("escalate_after_hours", 0):
            raise ValueError("must be longer than `escalate_after_hours`")
        return value


class Recheck(Section):
    after_hours: tuple[Hours, ...] = (1, 24, 168)


class Retention(Section):
    """Until when the e-mails must be retained, counted from the deactivation."""

    days: Days = Field(180, ge=1)
    remind_days_before: tuple[Days, ...] = Field((14, 7, 1), validate_default=True)

    @field_validator("remind_days_before")
    @classmethod
    def _within(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if "days" in info.data and any(before >= info.data["days"] for before in value):
            raise ValueError(f"must be less than `days`, which is {info.data['days']}")
        return value


class Mail(Section):
    sample: int = Field(10, ge=0, le=200)
    own_domains: tuple[Domain, ...] = ()


class Undo(Section):
    days: Days = 30


class Sweep(Section):
    weekday: Weekday = 1
    at: Clock = time(9)


class Announcement(Section):
    release: Release = Release.BY_HAND


class Configuration(Section):
    """Whether rules, views and direct reports are given to somebody else by the API."""

    hand_over: bool = True


class ChecklistItem(Section):
    """What a person does outside the connected systems. `assignee` is a role or an e-mail address."""

    key: str
    title: dict[str, Name]
    assignee: str
    when: When = When.AFTER
    due_days: Days = 7
    evidence: bool = True

    @field_validator("key")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not re.fullmatch("[a-z0-9_-]+", value):
            raise ValueError("may have small letters, digits, _ and - only")
        return value

    @field_validator("title")
    @classmethod
    def _each_language(cls, value: dict[str, str]) -> dict[str, str]:
        if value.keys() != _LANGUAGES:
            raise ValueError("must be there in English and in German: `title.en` and `title.de`, and nothing else")
        return value

    @field_validator("assignee")
    @classmethod
    def _role_or_address(cls, value: str) -> str:
        if value in _ROLES:
            return value
        try:
            return address(value)
        except ValueError:
            raise ValueError(f"must be {', '.join(_ROLES)} or an e-mail address") from None


def refuse_open(masters: Move | None) -> None:
    if masters is Move.OPEN:
        raise ValueError("must be 'all' or 'none', not 'open': master records have no end")
