"""What the CRM pane, the pane of things done by hand, and the page of one record show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sandbox.page.place import Place
from sandbox.people import BY_KEY, Mailbox, Person
from sandbox.zoho.crm import Crm, OwnerRow
from sandbox.zoho.schema import BY_NAME, OWNED, Module

if TYPE_CHECKING:
    from sandbox.town import Town

_FEED: Final = 12
_FOCUS: Final = 5
MAILBOXES: Final = {
    Mailbox.IMAP_PUBLIC: "IMAP, mails shared with everyone",
    Mailbox.IMAP_PRIVATE: "IMAP, mails private",
    Mailbox.POP_PUBLIC: "POP, mails shared",
    Mailbox.ZOHO_HOSTED: "Zoho Mail",
    Mailbox.NONE: "none",
    Mailbox.UNKNOWN: "not known to the CRM",
}


@dataclass(frozen=True)
class ModuleCount:
    module: Module
    open: int
    closed: int


@dataclass(frozen=True)
class PersonRow:
    """One CRM user and what they own. `ghosts` are records that should have moved and did not."""

    person: Person
    row: OwnerRow
    ghosts: int

    @property
    def open(self) -> int:
        return sum(self.row.open.values())

    @property
    def closed(self) -> int:
        return sum(self.row.closed.values())

    @property
    def counts(self) -> list[ModuleCount]:
        """The modules in which this person owns anything."""
        pairs = ((module, self.row.open.get(name, 0), self.row.closed.get(name, 0)) for name, module in _OWNED.items())
        return [ModuleCount(module, opened, closed) for module, opened, closed in pairs if opened or closed]


_OWNED: Final = {module.api_name: module for module in OWNED}


def crm_pane(town: "Town", place: Place) -> dict[str, Any]:
    crm = town.crm
    rows = _people(crm)
    focus = _focus(town, place)
    module = place.module if place.module in _OWNED else "Deals"
    return {
        "ghosts": sorted((row for row in rows if row.ghosts), key=lambda row: -row.ghosts),
        "focus": [row for key in focus for row in rows if row.person.key == key],
        "others": [row for row in rows if row.person.key not in focus],
        "feed": _feed(crm, ZoneInfo(place.person.time_zone)),
        "modules": list(_OWNED.values()),
        "module": _OWNED[module],
        "owners": rows,
        "records": [_line(crm, _OWNED[module], record) for record in crm.records(module, owner=place.owner or None)],
    }


def hand_pane(town: "Town", place: Place) -> dict[str, Any]:
    rows = _people(town.crm)
    who = place.who or town.options.leaver
    chosen = next(row for row in rows if row.person.key == who)
    receivers = [row for row in rows if row.row.user.active and row.row.user.confirm and row is not chosen]
    return {
        "chosen": chosen,
        "rows": rows,
        "receivers": receivers,
        "movable": movable_by_hand(town.crm, chosen.row.user.id),
        "mailboxes": MAILBOXES,
        "slack_closed": town.workspace.users[chosen.person.slack_id].deleted if chosen.person.slack_id else True,
        "backed_up": chosen.row.user.id in town.crm.backed_up,
    }


def record_page(crm: Crm, tab: str, record_id: str) -> dict[str, Any] | None:
    """One record by the tab name and id that stand in its address; None where there is none."""
    module = next((one for one in OWNED if tab in (one.module_name, one.api_name)), None)
    record = module and crm.record(module.api_name, record_id)
    if not module or not record:
        return None
    hidden = {"id", "Owner", "Tag", module.label_field}
    shown = (name for name in module.fields if name not in hidden and record.get(name) not in (None, ""))
    return {
        "module": module,
        "id": record_id,
        "label": record.get(module.label_field) or record_id,
        "owner": _plain(record.get("Owner")),
        "owner_key": _owner_key(crm, record),
        "tags": [tag["name"] for tag in record.get("Tag") or ()],
        "fields": [(module.fields[name].label, _plain(record[name])) for name in shown],
    }


def record_path(crm: Crm, module: Module, record_id: str) -> str:
    return f"/crm/org{crm.zgid}/tab/{module.module_name}/{record_id}"


def movable_by_hand(crm: Crm, user_id: str) -> Module | None:
    """A module of which this user owns something and all of whose records are open: master records."""
    owned = crm.open_owned(user_id)
    return next((module for module in OWNED if not module.state and owned.get(module.api_name)), None)


def give_one_away(crm: Crm, who: str, to: str) -> str:
    """A colleague gives one record of `who` (a person's key) to `to` (a user id) by hand; says which.

    Raises LookupError for unknown people and when there is nothing to give.
    """
    owner = BY_KEY[who].crm_id or ""
    module = movable_by_hand(crm, owner)
    if module is None:
        raise LookupError(f"{BY_KEY[who].name} owns nothing to give away.")
    record = crm.records(module.api_name, owner=owner, limit=1)[0]
    crm.edit_owner(module.api_name, record["id"], to)
    return f"{module.singular_label} “{record.get(module.label_field)}” now belongs to {crm.people.get(to).full_name}."


def _people(crm: Crm) -> list[PersonRow]:
    ghosts: dict[str, int] = {}
    for (user_id, _), count in crm.ghosts().items():
        ghosts[user_id] = ghosts.get(user_id, 0) + count
    return [PersonRow(BY_KEY[row.user.key], row, ghosts.get(row.user.id, 0)) for row in crm.overview()]


def _focus(town: "Town", place: Place) -> Sequence[str]:
    """Keys of the people to show in full: the one asked for, the leaver, and who lately gave or got records."""
    keys = {user.id: user.key for user in town.crm.people.all()}
    sides = (side for change in reversed(town.crm.recent_changes) for side in (change.old_owner, change.new_owner))
    wanted = [place.who, town.options.leaver, *(keys[side] for side in sides)]
    return list(dict.fromkeys(key for key in wanted if key))[:_FOCUS]


def _feed(crm: Crm, zone: ZoneInfo) -> list[dict[str, Any]]:
    names = {user.id: user.full_name for user in crm.people.all()}
    latest = list(crm.recent_changes)[-_FEED:]
    return [
        {
            "at": change.at.astimezone(zone),
            "module": BY_NAME[change.module].singular_label,
            "label": change.label,
            "path": record_path(crm, BY_NAME[change.module], change.record_id),
            "old": names.get(change.old_owner, change.old_owner),
            "new": names.get(change.new_owner, change.new_owner),
            "key": f"{change.record_id}-{change.at.timestamp()}",
        }
        for change in reversed(latest)
    ]


def _line(crm: Crm, module: Module, record: dict[str, Any]) -> dict[str, Any]:
    state = next((record[name] for name in module.state if isinstance(record.get(name), str)), "")
    return {
        "id": record["id"],
        "label": record.get(module.label_field) or record["id"],
        "path": record_path(crm, module, record["id"]),
        "owner": _plain(record.get("Owner")),
        "state": state,
        "tags": [tag["name"] for tag in record.get("Tag") or ()],
    }


def _owner_key(crm: Crm, record: dict[str, Any]) -> str:
    owner = (record.get("Owner") or {}).get("id")
    return next((user.key for user in crm.people.all() if user.id == owner), "")


def _plain(value: Any) -> str:
    """A field's value as people read it: a lookup by its name."""
    return str(value.get("name", value)) if isinstance(value, dict) else str(value)
