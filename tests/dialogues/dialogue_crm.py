"""What people do in the CRM itself, and what it says there. No service has a part in it."""

from typing import Any, Final

from sandbox.people import BY_KEY, Mailbox
from sandbox.town import Town
from sandbox.zoho.users import User

_KINDS: Final = {
    Mailbox.IMAP_PUBLIC: ("imap", "retain"),
    Mailbox.IMAP_PRIVATE: ("imap", "retain"),
    Mailbox.POP_PUBLIC: ("pop", "pop"),
    Mailbox.ZOHO_HOSTED: ("zoho", "retain"),
    Mailbox.NONE: ("none", "nothing"),
    Mailbox.UNKNOWN: ("pop", "pop"),
}


def safe(leaver: str, note: str = "Ada looked at a contact.") -> dict[str, str]:
    """How the form about this leaver's mailbox is filled in once all is as it should be."""
    kind, method = _KINDS[BY_KEY[leaver].mailbox]
    return {"kind": kind, "sharing": "public", "method": method, "note": note}


class CrmDesk:
    """People's hands and eyes in the CRM. People are named by their key."""

    def __init__(self, town: Town) -> None:
        self._crm = town.crm

    def prepares(self, who: str) -> None:
        """Somebody does what the cards about the e-mails ask for: now, or as soon as the person is inactive."""
        unsafe = {Mailbox.IMAP_PRIVATE: Mailbox.IMAP_PUBLIC, Mailbox.UNKNOWN: Mailbox.POP_PUBLIC}
        user = self.user(who)
        self.shares(who, unsafe.get(user.mailbox, user.mailbox))
        if not user.active:
            self.retains(who)

    def shares(self, who: str, mailbox: Mailbox = Mailbox.IMAP_PUBLIC) -> None:
        """Somebody connects the person's mailbox in this way."""
        self._crm.set_mailbox(self.user(who).id, mailbox)

    def retains(self, who: str) -> bool:
        """An administrator presses “Backup” for somebody who is inactive; whether it worked."""
        return self._crm.press_backup(self.user(who).id)

    def set_status(self, who: str, status: str) -> None:
        """An administrator of the CRM activates ("active") or deactivates ("disabled") a user."""
        self._crm.people.set_status(self.user(who), status)

    def give(self, module: str, count: int, *, owner: str, to: str) -> list[str]:
        """A colleague changes the owner of some records that are open; which."""
        found = [each["id"] for each in self._crm.records(module, owner=self.user(owner).id, limit=count)]
        for record in found:
            self._crm.edit_owner(module, record, self.user(to).id)
        return found

    def user(self, who: str) -> User:
        return self._crm.people.get(BY_KEY[who].crm_id or "")

    def status(self, who: str) -> str:
        """The state of the person's user."""
        return self.user(who).status

    def ghosts(self, who: str) -> dict[str, int]:
        """What the CRM's own tables say is left with a person and should not be."""
        return {module: n for module, n in self._crm.open_owned(self.user(who).id).items() if n}

    def owner(self, module: str, record_id: str) -> str:
        """Who owns a record, by key."""
        record: dict[str, Any] | None = self._crm.record(module, record_id)
        assert record
        return next(key for key, person in BY_KEY.items() if person.crm_id == record["Owner"]["id"])
