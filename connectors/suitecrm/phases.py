"""What "open" means in a module of SuiteCRM, in the two ways it has to be said: about a row, and as counts to ask for.

A record without a status counts as open: moving it is harmless, leaving it would make it a ghost. Counts are asked for
by what is there, never by what is not: a filter by `neq` drops the rows without a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.suitecrm.api import Where, text_of

Counts = tuple[tuple[int, tuple[Where, ...]], ...]


class Phase(Protocol):
    """`columns` are those that `is_open` needs to see."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def counts(self) -> Counts:
        """What to add to all of an owner's records to get the open ones: how often, and the records that match."""

    def is_open(self, row: Mapping[str, Any], /) -> bool: ...


@dataclass(frozen=True)
class Endless:
    """Always open: a master record has no end."""

    columns: tuple[str, ...] = ()
    counts: Counts = ()

    def is_open(self, _row: Mapping[str, Any]) -> bool:
        return True


@dataclass(frozen=True)
class UntilClosed:
    """Open until `field` has one of the `closed` values."""

    field: str
    closed: frozenset[str]

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.field,)

    @property
    def counts(self) -> Counts:
        return tuple((-1, (Where(self.field, "eq", value),)) for value in sorted(self.closed))

    def is_open(self, row: Mapping[str, Any]) -> bool:
        return _told(row, self.field) not in self.closed


@dataclass(frozen=True)
class WhilePlanned:
    """Open while `field` has the value `planned`, or none: a call or meeting still to be held."""

    field: str
    planned: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.field,)

    @property
    def counts(self) -> Counts:
        return ((-1, (Where(self.field, "gt", ""),)), (1, (Where(self.field, "eq", self.planned),)))

    def is_open(self, row: Mapping[str, Any]) -> bool:
        return _told(row, self.field) in ("", self.planned)


@dataclass(frozen=True)
class WhileEitherOpen:
    """Open while the `state` says so, or the `status`, whose values begin with the state; or neither says anything.

    The two go together on SuiteCRM's own pages, but not wherever a program has written them.
    """

    state: str = "state"
    status: str = "status"
    word: str = "Open"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.state, self.status)

    @property
    def counts(self) -> Counts:
        by_state, by_status = Where(self.state, "eq", self.word), Where(self.status, "like", f"{self.word}_%")
        has_state, has_status = Where(self.state, "gt", ""), Where(self.status, "gt", "")
        return (
            (1, (by_state,)), (1, (by_status,)), (-1, (by_state, by_status)),
            (-1, (has_state,)), (-1, (has_status,)), (1, (has_state, has_status)),
        )  # fmt: skip

    def is_open(self, row: Mapping[str, Any]) -> bool:
        state, status = _told(row, self.state), _told(row, self.status)
        return state == self.word or status.startswith(f"{self.word}_") or not (state or status)


def _told(row: Mapping[str, Any], field: str) -> str:
    return text_of(row.get(field)) or ""
