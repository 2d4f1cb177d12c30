"""How a leaver's departure has ended, by the CRM's own tables: nothing that the bot says counts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.people import Person
from sandbox.plays import PLAYS
from sandbox.zoho.crm import Crm
from sandbox.zoho.schema import BY_NAME
from sandbox.zoho.store import LOCK_FOR_GOOD

if TYPE_CHECKING:
    from sandbox.town import Town

_DRIFTING = "Contacts"


def give_away(crm: Crm, *, to: str, count: int) -> int:
    """Colleagues give somebody records of theirs; how many."""
    module = BY_NAME[_DRIFTING]
    rows = crm.store.query(
        f'SELECT * FROM "{_DRIFTING}" WHERE Owner != ? ORDER BY id LIMIT ?',  # noqa: S608 - a constant
        (int(to), count),
    )
    crm.changes.give(module, rows, to)
    return len(rows)


class Outcome:
    """Remembers how it was at the beginning."""

    def __init__(self, town: "Town", leaver: Person) -> None:
        self._crm = town.crm
        self._leaver = leaver
        self._play = PLAYS[leaver.key]
        self._before = self._owned()

    def _owned(self) -> dict[str, int]:
        return {module: n for module, n in self._crm.open_owned(self._leaver.crm_id or "").items() if n}

    def _locked(self) -> int:
        """Open records of the leaver that the CRM never lets go."""
        owner = int(self._leaver.crm_id or 0)
        return sum(
            self._crm.store.query(
                f'SELECT COUNT(*) AS n FROM "{module}" WHERE Owner = ? AND _lock = ?',  # noqa: S608 - of the schema
                (owner, LOCK_FOR_GOOD),
            )[0]["n"]
            for module in self._before
        )

    @property
    def _active(self) -> bool:
        return self._crm.people.get(self._leaver.crm_id or "").active

    def lines(self) -> Iterator[str]:
        left = self._owned()
        yield f"{self._leaver.name}'s account: {'active' if self._active else 'inactive'}"
        yield f"Ghost records, counted in the CRM's own tables: {sum(left.values())}{f' {left}' if left else ''}"

    def good(self, *, signed: bool) -> bool:
        left = self._owned()
        if self._play.afterwards == "undo":
            return self._active and left == self._before
        if signed:
            return not self._active and sum(left.values()) == self._locked() > 0
        return not self._active and not left

    def praise(self, *, signed: bool) -> str:
        if self._play.afterwards == "undo":
            return "all is undone, every record is back."
        if signed:
            return "the departure is closed; what is left is locked, and somebody has signed for it."
        return "the departure is closed and nothing is left behind."
