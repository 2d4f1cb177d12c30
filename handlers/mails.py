"""What became of the e-mails on the sample of records: counted before the hand-over and after it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import MailboxKind
from handlers.departure import Departure
from handlers.playbooks import MAILBOXES


@dataclass(frozen=True)
class Mails:
    """Mails on one record of the sample: before the hand-over and after it. `after` None: not counted again yet.

    `url` is empty where it is not known, `system` in what was made without one.
    """

    label: str
    before: int
    after: int | None
    url: str = ""
    system: str = ""

    @property
    def lost(self) -> int:
        return max(self.before - self.after, 0) if self.after is not None else 0


def mails(departure: Departure) -> tuple[Mails, ...]:
    urls = _urls(departure)
    return tuple(
        Mails(
            each.label,
            each.count,
            departure.mails_after.get(system, {}).get(each.record_id, 0) if system in departure.mails_after else None,
            urls.get(each.record_id, ""),
            system,
        )
        for system, sample in departure.mails_before.items()
        for each in sample
    )


def lost(sample: Sequence[Mails]) -> int:
    return sum(each.lost for each in sample)


def mailbox_kinds(departure: Departure) -> tuple[MailboxKind, ...]:
    """The kinds of mailbox that the leaver has, each once: as a person found it, or else as the systems say."""
    if departure.mailbox_answers:
        return (departure.mailbox_answers.kind,)
    inventories = (departure.inventories or {}).items()
    return tuple(sorted({inventory.mailbox for system, inventory in inventories if system in MAILBOXES}))


def _urls(departure: Departure) -> dict[str, str]:
    """Where records are seen whose address is known from the inventory or the work-list."""
    inventories = (departure.inventories or {}).values()
    samples = {s.id: s.url for i in inventories for holding in i.holdings for s in holding.samples}
    return samples | {item.record_id: item.url for items in departure.agenda.values() for item in items}
