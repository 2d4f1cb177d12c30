"""A small language for the shape of JSON: each function makes a check that raises `Misfit` at the first flaw.

What Cliq calls a flaw depends on the endpoint, so a `Misfit` says only of which kind it is and at which key.
"""

import enum
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any


class Flaw(enum.Enum):
    EXTRA = "a key that does not belong here"
    MISSING = "a key that must be there"
    VALUE = "a value that is none of those allowed"
    TYPE = "another JSON type, or an object of another form"
    SIZE = "too long, or too many"


class Misfit(Exception):
    def __init__(self, flaw: Flaw, key: str) -> None:
        super().__init__(f"{key}: {flaw.value}")
        self.flaw = flaw
        self.key = key


# A check sees a value and the key it stands under.
Check = Callable[[Any, str], None]


def string(most: int, *, pattern: str = "") -> Check:
    """A string of 1 to `most` characters that begins as `pattern` says."""
    wanted = re.compile(pattern)

    def check(value: Any, key: str) -> None:
        if not isinstance(value, str):
            raise Misfit(Flaw.TYPE, key)
        if not value:
            raise Misfit(Flaw.MISSING, key)
        if len(value) > most:
            raise Misfit(Flaw.SIZE, key)
        if not wanted.match(value):
            raise Misfit(Flaw.VALUE, key)

    return check


def choice(*values: str) -> Check:
    def check(value: Any, key: str) -> None:
        if not isinstance(value, str):
            raise Misfit(Flaw.TYPE, key)
        if value not in values:
            raise Misfit(Flaw.VALUE, key)

    return check


def flag(value: Any, key: str) -> None:
    """A boolean."""
    if not isinstance(value, bool):
        raise Misfit(Flaw.TYPE, key)


def number(value: Any, key: str) -> None:
    """A number; JSON's booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Misfit(Flaw.TYPE, key)


def whole(least: int, most: int) -> Check:
    def check(value: Any, key: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Misfit(Flaw.TYPE, key)
        if not least <= value <= most:
            raise Misfit(Flaw.SIZE, key)

    return check


def scalar(value: Any, key: str) -> None:
    """What can stand in a cell: a string, empty ones too, or a number."""
    if not isinstance(value, str):
        number(value, key)


def some_object(value: Any, key: str) -> None:
    """An object that may hold whatever the sender likes."""
    if not isinstance(value, dict):
        raise Misfit(Flaw.TYPE, key)


def items(of: Check, most: int, *, least: int = 1) -> Check:
    """An array of `least` to `most` items, each of which passes `of`."""

    def check(value: Any, key: str) -> None:
        if not isinstance(value, list):
            raise Misfit(Flaw.TYPE, key)
        if not least <= len(value) <= most:
            raise Misfit(Flaw.SIZE, key)
        for item in value:
            of(item, key)

    return check


def mapping(of: Check, most: int) -> Check:
    """An object with at most `most` keys of the sender's own choice, whose values pass `of`."""

    def check(value: Any, key: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(Flaw.TYPE, key)
        if len(value) > most:
            raise Misfit(Flaw.SIZE, key)
        for name, item in value.items():
            of(item, name)

    return check


def record(fields: Mapping[str, Check], *, required: Collection[str] = (), any_of: Collection[str] = ()) -> Check:
    """An object with these fields and no others; all of `required`, at least one of `any_of`."""

    def check(value: Any, key: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(Flaw.TYPE, key)
        for name in value:
            if name not in fields:
                raise Misfit(Flaw.EXTRA, name)
        for name in required:
            if name not in value:
                raise Misfit(Flaw.MISSING, name)
        if any_of and not any(name in value for name in any_of):
            raise Misfit(Flaw.MISSING, next(iter(any_of)))
        for name, item in value.items():
            fields[name](item, name)

    return check


def variant(table: Mapping[str, Check]) -> Check:
    """An object whose `type` picks the check."""
    known = choice(*table)

    def check(value: Any, key: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(Flaw.TYPE, key)
        if "type" not in value:
            raise Misfit(Flaw.MISSING, "type")
        known(value["type"], "type")
        table[value["type"]](value, key)

    return check


def every(*checks: Check) -> Check:
    """All of them, in this order."""

    def check(value: Any, key: str) -> None:
        for each in checks:
            each(value, key)

    return check
