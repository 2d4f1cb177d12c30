"""Tells the log channels who owns what now: one notice for a module, and one for each record where they are few.

Nobody but those who take part learns of a departure until a person has released it; then what has already changed hands
is told at once, and the rest as it happens. Every notice has a key of its own: told twice, it is posted once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from handlers import cards
from handlers.cards import Channel
from handlers.departure import Departure
from handlers.plan import Line, SystemPlan
from handlers.ports import LedgerOutcome, Place, Totals, Transaction
from handlers.progress import ModuleProgress


@dataclass(frozen=True)
class Announcement:
    """What is told about one system of a departure. `url_of` makes a record's address from module and id; up to
    `few` records of a module are announced one by one."""

    departure: Departure
    plan: SystemPlan
    url_of: Callable[[str, str], str]
    channels: tuple[Channel, ...]
    few: int


def announce(tx: Transaction, told: Announcement, line: Line) -> None:
    """Tell of one module, if all of its records are settled and the departure has been released."""
    place = Place(told.departure.id, told.plan.system, line.module)
    totals = tx.totals(told.departure.id).get(place)
    released = told.channels and told.departure.announced
    if released and totals and totals.count(LedgerOutcome.MOVED) and not tx.remaining(place):
        _tell(tx, told, line, totals)


def announce_all(tx: Transaction, told: Announcement) -> None:
    """What has changed hands before the release, module by module: record by record nobody would read it any more."""
    told = replace(told, few=0)
    for line in told.plan.lines:
        announce(tx, told, line)


def _tell(tx: Transaction, told: Announcement, line: Line, totals: Totals) -> None:
    place = Place(told.departure.id, told.plan.system, line.module)
    few = tx.labelled(place, outcome=LedgerOutcome.MOVED, limit=told.few + 1)
    handed_on = [each.to[told.plan.system] for each in told.departure.undoings if told.plan.system in each.to]
    names = {account.id: account.name for account in (*told.plan.receivers, *handed_on)}
    receivers = tx.receivers(place, [record.id for record in few])
    moved = totals.count(LedgerOutcome.MOVED)
    progress = ModuleProgress(place.system, line.module, line.label, planned=totals.rows, moved=moved)
    changes = [
        cards.Change(record, names.get(receivers[record.id], receivers[record.id]), told.url_of(line.module, record.id))
        for record in few
    ]
    everybody = [names.get(each, each) for each, _ in tx.given(place).most_common()]
    for channel in told.channels:
        for notice in _notices(told, progress, changes, channel, new=everybody):
            tx.put_once(told.departure.id, notice)


def _notices(
    told: Announcement, progress: ModuleProgress, few: list[cards.Change], channel: Channel, *, new: list[str]
) -> Iterator[cards.Posting]:
    key = f"{told.departure.id}:owner:{progress.system}:{progress.module}"
    notice = cards.owner_change_notice(channel, told.departure, told.plan, progress, new=new, url=few[0].url)
    yield cards.Posting(key, channel, notice)
    for change in few if progress.moved <= told.few else ():
        yield cards.Posting(
            f"{key}:{change.record.id}", channel, cards.record_notice(channel, told.plan, progress.label, change)
        )
