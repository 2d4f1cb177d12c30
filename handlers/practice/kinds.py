"""The words and values that a policy file may have, and how each is checked."""

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Move(StrEnum):
    ALL = "all"
    OPEN = "open"
    NONE = "none"


class StaleAction(StrEnum):
    MOVE = "move"
    CLOSE = "close"
    ALLOCATE = "allocate"


class FieldAction(StrEnum):
    MOVE = "move"
    LIST = "list"


class Release(StrEnum):
    BY_HAND = "by_hand"
    AT_ONCE = "at_once"


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


def address(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise ValueError("must be an e-mail address, with an @")
    return value.lower()


def _domain(value: str) -> str:
    if not re.fullmatch(r"[^@\s.]+(\.[^@\s.]+)+", value):
        raise ValueError("must be a domain, such as example.com, without an @")
    return value.lower()


def _weekday(value: object) -> object:
    """ISO 1 to 7 in code, a name in the file."""
    if not isinstance(value, str):
        return value
    if value.lower() not in _DAYS:
        raise ValueError(f"must be one of {', '.join(_DAYS)}")
    return _DAYS.index(value.lower()) + 1


def _user_field(value: str) -> str:
    if not re.fullmatch(r"\w+\.\w+", value):
        raise ValueError('must be a module and a field in quotation marks, such as "Deals.Service_Engineer"')
    return value


Address = Annotated[str, AfterValidator(address)]
FieldName = Annotated[str, AfterValidator(_user_field)]
Domain = Annotated[str, AfterValidator(_domain)]
Weekday = Annotated[int, Field(ge=1, le=7), BeforeValidator(_weekday)]
# Not strict, a number would be seconds after midnight: `begin = 9`.
Clock = Annotated[time, Field(strict=True)]
# From minutes to ten years: what is beyond lies outside of the calendar, or comes without end.
_YEARS: Final = 3650  # days
Hours = Annotated[float, Field(ge=0.1, le=_YEARS * 24, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=0, le=_YEARS)]
PartOfDays = Annotated[float, Field(gt=0, le=_YEARS, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1)]
