"""What people do by hand in the CRMs: what the pane for it shows, and what its buttons do."""

from typing import TYPE_CHECKING, Any, Final

from sandbox.page.crm_screen import Ledger, shown_system
from sandbox.page.place import Place
from sandbox.people import BY_KEY, Mailbox
from sandbox.vendor import Vendor, VendorModule, VendorUser

if TYPE_CHECKING:
    from sandbox.town import Town

MAILBOXES: Final = {
    Mailbox.IMAP_PUBLIC: "IMAP, mails shared with everyone",
    Mailbox.IMAP_PRIVATE: "IMAP, mails private",
    Mailbox.POP_PUBLIC: "POP, mails shared",
    Mailbox.ZOHO_HOSTED: "Zoho Mail",
    Mailbox.NONE: "none",
    Mailbox.UNKNOWN: "not known to the CRM",
}


def hand_pane(town: "Town", place: Place, ledger: Ledger) -> dict[str, Any]:
    vendor = shown_system(town, place)
    rows = ledger.rows(vendor)
    chosen = next((row for row in rows if row.person.key == (place.who or town.options.leaver)), rows[0])
    takers = [row for row in rows if row.user.active and not row.marks and row is not chosen]
    shown = {
        "system": vendor.system,
        "system_label": vendor.label,
        "chosen": chosen,
        "rows": rows,
        "receivers": takers,
        "movable": movable_by_hand(vendor, chosen.user.id),
        "slack_closed": town.workspace.users[chosen.person.slack_id].deleted if chosen.person.slack_id else True,
    }
    return shown | (_mails(town, chosen.user.id) if vendor is town.zoho else {})


def _mails(town: "Town", user_id: str) -> dict[str, Any]:
    """What only Zoho CRM has: a mailbox whose mails stand on the records, and a backup of them."""
    mailbox = town.crm.people.get(user_id).mailbox
    return {"mailboxes": MAILBOXES, "mailbox": mailbox, "backed_up": user_id in town.crm.backed_up}


def movable_by_hand(vendor: Vendor, user_id: str) -> VendorModule | None:
    """A module of which this user owns something that a leaver would not keep."""
    owned = vendor.open_owned(user_id)
    return next((module for module in vendor.modules() if owned.get(module.name)), None)


def user_of(vendor: Vendor, key: str) -> VendorUser:
    """Somebody's user, by their key in the roster. Raises LookupError where they have none."""
    user = next((user for user in vendor.users() if user.key == key), None)
    if user is None:
        raise LookupError(f"{BY_KEY[key].name} has no user in {vendor.label}.")
    return user


def give_one_away(vendor: Vendor, who: str, to: str) -> str:
    """A colleague gives one record of `who` (a person's key) to `to` (a user id) by hand; says which.

    Raises LookupError for unknown people and when there is nothing to give.
    """
    owner = user_of(vendor, who)
    module = movable_by_hand(vendor, owner.id)
    if module is None:
        raise LookupError(f"{owner.name} owns nothing to give away.")
    vendor.give(module.name, vendor.open_ids(owner.id, module.name)[0], to)
    receiver = next(user.name for user in vendor.users() if user.id == to)
    return f"One of {owner.name}’s {module.label.lower()} now belongs to {receiver}."


def give_all_away(vendor: Vendor, who: str, to: str) -> int:
    """An administrator selects all that a leaver would not keep and makes `to` (a user id) its owner; how many.

    Raises LookupError for unknown people.
    """
    owner, given = user_of(vendor, who), 0
    for module in vendor.modules():
        for record_id in vendor.open_ids(owner.id, module.name):
            vendor.give(module.name, record_id, to)
            given += 1
    return given
