"""What "open" and "idle" mean in a module of Zoho CRM, in each way it has to be said: as COQL, for search, about a row.

A record without a status counts as open: moving it is harmless, leaving it would make it a ghost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from connectors.base import Part
from connectors.zoho.coql import all_of, among, any_of, compare, empty, filled, not_among

_SEARCH_CRITERIA: Final = 8  # of ten, one of which names the owner; is_open() judges what they let through
_MADE: Final = "Created_Time"
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "(": "\\(", ")": "\\)", ",": "\\,"})


class Phase(Protocol):
    """`columns` are those that `is_open` needs to see."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def where(self, part: Part, now: datetime, /) -> str | None:
        """A COQL condition, empty for all records; None where the part has none."""

    def passed(self, since: datetime, now: datetime, /) -> str:
        """A COQL condition for what has closed since then by the clock alone; empty where nothing does."""

    def search(self, now: datetime, /) -> tuple[str, ...]:
        """Search criteria that let every open record through, and as few others as they can."""

    def is_open(self, row: Mapping[str, Any], now: datetime, /) -> bool: ...


@dataclass(frozen=True)
class Endless:
    """Always open: a master record has no end."""

    columns: tuple[str, ...] = ()

    def where(self, part: Part, _now: datetime) -> str | None:
        return None if part is Part.CLOSED else ""

    def passed(self, _since: datetime, _now: datetime) -> str:
        return ""

    def search(self, _now: datetime) -> tuple[str, ...]:
        return ()

    def is_open(self, _row: Mapping[str, Any], _now: datetime) -> bool:
        return True


@dataclass(frozen=True)
class UntilClosed:
    """Open until `field` has one of the `closed` values.

    Leads are history as well once one of the `converted` columns is filled. Search hides those, COQL shows them.
    """

    field: str
    closed: frozenset[str]
    converted: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.field, *self.converted)

    def where(self, part: Part, _now: datetime) -> str | None:
        if part is Part.ALL:
            return ""
        if part is Part.OPEN:
            unfinished = any_of(not_among(self.field, self.closed), empty(self.field)) if self.closed else ""
            return all_of(unfinished, self.unconverted)
        finished = among(self.field, self.closed)
        return any_of(finished, *(filled(column) for column in self.converted)) or None

    @property
    def unconverted(self) -> str:
        return all_of(*(empty(column) for column in self.converted))

    def passed(self, _since: datetime, _now: datetime) -> str:
        return ""

    def search(self, _now: datetime) -> tuple[str, ...]:
        return tuple(
            f"({self.field}:not_equal:{value.translate(_ESCAPED)})" for value in sorted(self.closed)[:_SEARCH_CRITERIA]
        )

    def is_open(self, row: Mapping[str, Any], _now: datetime) -> bool:
        return row.get(self.field) not in self.closed and not any(row.get(column) for column in self.converted)


@dataclass(frozen=True)
class WhileScheduled:
    """Open while `field` has the value `scheduled`: a call that was received or logged never was."""

    field: str
    scheduled: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.field,)

    def where(self, part: Part, _now: datetime) -> str | None:
        match part:
            case Part.ALL:
                return ""
            case Part.OPEN:
                return compare(self.field, "=", self.scheduled)
            case Part.CLOSED:
                return any_of(compare(self.field, "!=", self.scheduled), empty(self.field))

    def passed(self, _since: datetime, _now: datetime) -> str:
        return ""

    def search(self, _now: datetime) -> tuple[str, ...]:
        return (f"({self.field}:equals:{self.scheduled.translate(_ESCAPED)})",)

    def is_open(self, row: Mapping[str, Any], _now: datetime) -> bool:
        return bool(row.get(self.field) == self.scheduled)


@dataclass(frozen=True)
class UntilTime:
    """Open while the time in `field` is still to come."""

    field: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.field,)

    def where(self, part: Part, now: datetime) -> str | None:
        match part:
            case Part.ALL:
                return ""
            case Part.OPEN:
                return compare(self.field, ">", now)
            case Part.CLOSED:
                return any_of(compare(self.field, "<=", now), empty(self.field))

    def passed(self, since: datetime, now: datetime) -> str:
        return all_of(compare(self.field, ">=", since), compare(self.field, "<=", now))

    def search(self, now: datetime) -> tuple[str, ...]:
        return (f"({self.field}:greater_than:{now.astimezone(UTC).isoformat(timespec='seconds')})",)

    def is_open(self, row: Mapping[str, Any], now: datetime) -> bool:
        ends = row.get(self.field)
        return ends is not None and datetime.fromisoformat(ends) > now


def left(phase: Phase, owner: str, part: Part, *, since: datetime, now: datetime) -> str:
    """A COQL condition for what has become somebody else's, or has left the part, since then."""
    closed, passed = (phase.where(Part.CLOSED, now), phase.passed(since, now)) if part is Part.OPEN else ("", "")
    changed = all_of(any_of(not_among("Owner", (owner,)), closed or ""), compare("Modified_Time", ">=", since))
    return any_of(changed, passed)


@dataclass(frozen=True)
class Activity:
    """When somebody last worked on a record: `field`, and where that is empty, when the record was made."""

    field: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.field, _MADE)

    def idle(self, since: datetime) -> str:
        """A COQL condition."""
        never = all_of(empty(self.field), compare(_MADE, "<", since))
        return any_of(compare(self.field, "<", since), never)

    def is_idle(self, row: Mapping[str, Any], since: datetime) -> bool:
        last = row.get(self.field) or row.get(_MADE)
        return last is None or datetime.fromisoformat(last) < since
