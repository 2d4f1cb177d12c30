"""What the panes of the CRMs show: who owns what, what has changed hands, the records; and the page of one record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sandbox.page.place import Place
from sandbox.page.record_screen import record_path
from sandbox.people import BY_KEY, Person
from sandbox.vendor import Vendor, VendorModule, VendorUser

if TYPE_CHECKING:
    from sandbox.town import Town

_FEED: Final = 12
_FOCUS: Final = 5


@dataclass(frozen=True)
class ModuleCount:
    module: VendorModule
    open: int
    closed: int


@dataclass(frozen=True)
class PersonRow:
    """One user of a CRM and what they own. `marks` say what is out of the ordinary with the account."""

    person: Person
    user: VendorUser
    counts: tuple[ModuleCount, ...]
    marks: tuple[str, ...]

    @property
    def open(self) -> int:
        return sum(count.open for count in self.counts)

    @property
    def closed(self) -> int:
        return sum(count.closed for count in self.counts)

    @property
    def ghosts(self) -> int:
        """Records that should have moved and did not."""
        return 0 if self.user.active else self.open


class Ledger:
    """Who owns what in the CRMs of a town; counted again only when something has changed there, or an hour of meetings
    may have passed."""

    def __init__(self, town: "Town") -> None:
        self._town = town
        self._kept: dict[str, tuple[tuple[int, int], list[PersonRow]]] = {}

    def rows(self, vendor: Vendor) -> list[PersonRow]:
        state = vendor.version, int(self._town.clock.time() // 60)
        kept = self._kept.get(vendor.system)
        if kept is None or kept[0] != state:
            kept = state, [self._row(vendor, user) for user in vendor.users() if user.key]
            self._kept[vendor.system] = kept
        return kept[1]

    def _row(self, vendor: Vendor, user: VendorUser) -> PersonRow:
        opened, closed = vendor.open_owned(user.id), vendor.closed_owned(user.id)
        counts = (ModuleCount(each, opened.get(each.name, 0), closed.get(each.name, 0)) for each in vendor.modules())
        owned = tuple(count for count in counts if count.open or count.closed)
        return PersonRow(BY_KEY[user.key], user, owned, marks(self._town, vendor, user))


def marks(town: "Town", vendor: Vendor, user: VendorUser) -> tuple[str, ...]:
    """In Zoho's own words where it is Zoho."""
    if vendor is not town.zoho:
        return () if user.active else ("inactive",)
    found = town.crm.people.get(user.id)
    return (*(() if found.active else (found.status,)), *(() if found.confirm else ("not confirmed",)))


def shown_system(town: "Town", place: Place) -> Vendor:
    """The CRM that the panes show."""
    return town.systems[place.system or town.options.systems[0]]


def systems_row(town: "Town", ledger: Ledger) -> list[dict[str, Any]]:
    """The connected CRMs, each with its ghosts and with what this town's leaver still has there."""
    shown = []
    for system, vendor in town.systems.items():
        rows = ledger.rows(vendor)
        leaver = next((row for row in rows if row.person.key == town.options.leaver), None)
        ghosts = sum(row.ghosts for row in rows)
        shown.append({"name": system, "label": vendor.label, "ghosts": ghosts, "leaver": leaver})
    return shown


def crm_pane(town: "Town", place: Place, ledger: Ledger) -> dict[str, Any]:
    vendor = shown_system(town, place)
    rows = ledger.rows(vendor)
    focus = _focus(town, vendor, place)
    modules = list(vendor.modules())
    default = next((each for each in modules if each.label == "Deals"), modules[0])
    module = next((each for each in modules if each.name == place.module), default)
    names = {user.id: user.name for user in vendor.users()}
    owner = place.owner if place.owner in names else ""
    return {
        "system": vendor.system,
        "ghosts": sorted((row for row in rows if row.ghosts), key=lambda row: -row.ghosts),
        "focus": [row for key in focus for row in rows if row.person.key == key],
        "others": [row for row in rows if row.person.key not in focus],
        "feed": _feed(vendor, names, ZoneInfo(place.person.time_zone)),
        "modules": modules,
        "module": module,
        "owner": owner,
        "owners": rows,
        "records": [
            {"record": each, "owner": names.get(each.owner, each.owner)}
            for each in vendor.records(module.name, owner=owner or None)
        ],
    }


def _focus(town: "Town", vendor: Vendor, place: Place) -> Sequence[str]:
    """Keys of the people to show in full: the one asked for, the leaver, and who lately gave or got records."""
    keys = {user.id: user.key for user in vendor.users()}
    sides = (side for change in reversed(vendor.recent_changes) for side in (change.old_owner, change.new_owner))
    wanted = [place.who, town.options.leaver, *(keys.get(side, "") for side in sides)]
    return list(dict.fromkeys(key for key in wanted if key))[:_FOCUS]


def _feed(vendor: Vendor, names: dict[str, str], zone: ZoneInfo) -> list[dict[str, Any]]:
    labels = {module.name: module.label for module in vendor.modules()}
    latest = list(vendor.recent_changes)[-_FEED:]
    return [
        {
            "at": change.at.astimezone(zone),
            "module": labels.get(change.module, change.module),
            "label": change.label,
            "path": record_path(vendor, change.module, change.record_id),
            "old": names.get(change.old_owner, change.old_owner),
            "new": names.get(change.new_owner, change.new_owner),
            "key": f"{change.record_id}-{change.at.timestamp()}",
        }
        for change in reversed(latest)
    ]
