"""What a look at records has told that the write right after it needs: their labels, and whose tasks they are.

A PATCH replaces all labels of a record and all assignees of a task, so that the others have to be sent along. Old looks
are forgotten, because somebody may have set a label since.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.pipedrive.api import Row
from connectors.pipedrive.modules import Spec
from connectors.pipedrive.rows import ASSIGNEES, owners_of

_HOLDS_FOR: Final = timedelta(minutes=1)
_MOST: Final = 2000  # looks that are kept: the old ones of a run that was broken off go first


@dataclass(frozen=True)
class Seen:
    """`labels` as the vendor has them: numbers, or for leads texts."""

    labels: tuple[Any, ...]
    assignees: tuple[str, ...]
    at: datetime


class Memory:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], Seen] = {}
        self._holders: dict[str, str] = {}

    def note(self, spec: Spec, rows: Iterable[Row], *, holder: str | None = None) -> None:
        """Remember these records; of tasks also whose they are in the eyes of whoever looks."""
        for row in rows:
            key = spec.name, str(row["id"])
            self._seen.pop(key, None)
            assignees = owners_of(row) if ASSIGNEES in row else ()
            self._seen[key] = Seen(tuple(row.get("label_ids") or ()), assignees, self._clock())
            if holder is not None and holder in assignees:
                self._holders[key[1]] = holder
        for key in list(self._seen)[: max(0, len(self._seen) - _MOST)]:
            del self._seen[key]

    def of(self, spec: Spec, record_id: str) -> Seen | None:
        """What the last look told, or our own last write, as long as it holds."""
        seen = self._seen.get((spec.name, record_id))
        return seen if seen and self._clock() - seen.at <= _HOLDS_FOR else None

    def holder(self, task_id: str) -> str | None:
        """Whose task it is by the last look that found it somebody's."""
        return self._holders.get(task_id)
