"""How a leaver's departure has ended, by the CRMs' own tables: nothing that the bot says counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.people import Person
from sandbox.plays import PLAYS
from sandbox.vendor import Vendor, VendorUser
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


@dataclass(frozen=True)
class Standing:
    """How somebody stands in one system now: their account, and by module what would have to move."""

    vendor: Vendor
    user: VendorUser
    owned: dict[str, int]

    @property
    def active(self) -> bool:
        return self.user.active

    @property
    def left(self) -> int:
        return sum(self.owned.values())


def accounts_of(town: "Town", person: Person) -> dict[str, Standing]:
    """How somebody stands in every connected system in which they have an account, by the system's key."""
    return {
        system: Standing(vendor, user, {name: n for name, n in vendor.open_owned(user.id).items() if n})
        for system, vendor in town.systems.items()
        for user in vendor.users()
        if user.key == person.key
    }


class Outcome:
    """Remembers how it was at the beginning."""

    def __init__(self, town: "Town", leaver: Person) -> None:
        self._town = town
        self._leaver = leaver
        self._play = PLAYS[leaver.key]
        self._before = accounts_of(town, leaver)

    def _locked(self, standing: Standing) -> int:
        """Open records of the leaver that Zoho CRM never lets go; others have no such locks."""
        if standing.vendor is not self._town.zoho:
            return 0
        return sum(
            self._town.crm.store.query(
                f'SELECT COUNT(*) AS n FROM "{module}" WHERE Owner = ? AND _lock = ?',  # noqa: S608 - of the schema
                (int(standing.user.id), LOCK_FOR_GOOD),
            )[0]["n"]
            for module in self._before[standing.vendor.system].owned
        )

    def lines(self) -> Iterator[str]:
        for standing in accounts_of(self._town, self._leaver).values():
            where = "the CRM" if len(self._town.systems) == 1 else standing.vendor.label
            yield f"{self._leaver.name}'s account in {where}: {'active' if standing.active else 'inactive'}"
            left = f"{standing.left}{f' {standing.owned}' if standing.left else ''}"
            yield f"Ghost records, counted in the own tables of {where}: {left}"

    def good(self, *, signed: bool) -> bool:
        now = accounts_of(self._town, self._leaver)
        if self._play.afterwards == "undo":
            return all(each.active and each.owned == self._before[system].owned for system, each in now.items())
        locked = {system: self._locked(each) if signed else 0 for system, each in now.items()}
        gone = all(not each.active and each.left == locked[system] for system, each in now.items())
        return gone and (not signed or sum(locked.values()) > 0)

    def praise(self, *, signed: bool) -> str:
        if self._play.afterwards == "undo":
            return "all is undone, every record is back."
        if signed:
            return "the departure is closed; what is left is locked, and somebody has signed for it."
        return "the departure is closed and nothing is left behind."
