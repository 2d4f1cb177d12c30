"""What people do in the CRMs themselves while the script plays: before they press a button, or while the bot waits."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from sandbox.faults import Fault, part_of
from sandbox.outcome import accounts_of, give_away
from sandbox.page.hand_screen import give_all_away, user_of
from sandbox.people import BY_KEY, Mailbox, Person
from sandbox.plays import PLAYS
from sandbox.seats import Filling
from sandbox.vendor import Vendor

if TYPE_CHECKING:
    from sandbox.town import Town

# Where the bot may not write, as the town has set it up: people move the records.
_MOVED_BY_PEOPLE: Final = frozenset({"sangam"})


class Deeds:
    """The people of one departure at the CRMs' own pages; each deed is told by `say`."""

    def __init__(self, town: "Town", leaver: Person, say: Callable[[str], None]) -> None:
        self._town = town
        self._leaver = leaver
        self._play = PLAYS[leaver.key]
        self._say = say
        self._drift = self._play.drift if town.zoho.system in town.systems else 0
        self._counted = 0  # records that somebody's count by hand has found

    def successor_in(self, vendor: Vendor) -> Person:
        """Who takes over in a system: the play's own choice, or a colleague where they have no user."""
        there = {user.key for user in vendor.users() if user.active}
        wished = self._play.elsewhere.get(vendor.system, self._play.successor)
        return BY_KEY[next(key for key in (wished, "sofia", "hanna", "ada") if key in there)]

    def filling(self, action: str, given: Mapping[str, str], note: str) -> Filling:
        """How they fill in a form: who takes over in the first system, and in the others where it is somebody else."""
        first, *further = [standing.vendor for standing in accounts_of(self._town, self._leaver).values()]
        successor = BY_KEY["ben"] if action == "handon" else self.successor_in(first)
        whom = {vendor.system: self.successor_in(vendor) for vendor in further}
        given = {"left": str(self._counted), **given}
        return Filling(note, successor, given, {key: each for key, each in whom.items() if each is not successor})

    def give_more(self) -> None:
        """Colleagues give the leaver records between plan and approval, where the play wants that."""
        if self._drift:
            given, self._drift = give_away(self._town.crm, to=self._leaver.crm_id or "", count=self._drift), 0
            self._say(f"meanwhile colleagues give {self._leaver.name} {given} more records")

    def make_mailbox(self) -> None:
        if self._play.mailbox:
            self._town.crm.set_mailbox(self._leaver.crm_id or "", self._play.mailbox)
            self._say(f"in the CRM, the mailbox is made: {self._play.mailbox}")

    def back_up(self) -> None:
        user = self._town.crm.people.get(self._leaver.crm_id or "")
        if user.mailbox is not Mailbox.NONE and not user.active:
            worked = self._town.crm.press_backup(user.id)
            self._say(f"in the CRM, an administrator presses “Backup”: {'done' if worked else 'it does not work'}")

    def move(self, heading: str) -> bool:
        """Move the records by hand in the system that a card is about, or take the log-in away once none is left; False
        unless the bot may not write there."""
        vendor = self.named_in(heading)
        if vendor is None or vendor.system not in _MOVED_BY_PEOPLE:
            return False
        user, successor = user_of(vendor, self._leaver.key), self.successor_in(vendor)
        if user.active and not vendor.open_owned(user.id):
            vendor.deactivate_by_hand(user.id)
            self._say(f"in {vendor.label}, an administrator deactivates {user.name}")
            return True
        given = give_all_away(vendor, self._leaver.key, user_of(vendor, successor.key).id)
        self._say(f"in {vendor.label}, an administrator gives {given} records to {successor.name}")
        return given > 0

    def do_what_is_asked(self, heading: str) -> str:
        """Deactivate the leaver by hand in the system that a card is about, or count there; what to write down."""
        vendor = self.named_in(heading)
        if vendor is None:
            return ""
        user = user_of(vendor, self._leaver.key)
        if user.active:
            vendor.deactivate_by_hand(user.id)
            self._say(f"in {vendor.label}, an administrator deactivates {user.name}")
            return f"{user.name} is inactive in {vendor.label}."
        self._counted = sum(vendor.open_owned(user.id).values())
        self._say(f"in {vendor.label}, an administrator counts: {self._counted} left")
        return f"Counted in {vendor.label}: {self._counted} left with {user.name}."

    def mend(self, systems: set[str]) -> None:
        """Give the bot its grants back."""
        for system in sorted(systems):
            self._town.faults[part_of(system)].switch(Fault.REVOKED, on=False)
            self._say(f"in {self._town.systems[system].label}, an administrator gives the bot its grant back")
        systems.clear()

    def others_are_through(self, hindered: set[str]) -> bool:
        """Whether the leaver is gone from all systems but these, by the systems' own tables."""
        accounts = accounts_of(self._town, self._leaver)
        return all(not (each.active or each.left) for system, each in accounts.items() if system not in hindered)

    def named_in(self, text: str) -> Vendor | None:
        """The system that a text is about."""
        return next((vendor for vendor in self._town.systems.values() if vendor.label in text), None)
