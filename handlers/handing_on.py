"""Who has a leaver's records by now, and whether they can go on to somebody else. Pure."""

from collections.abc import Mapping

from handlers.departure import TRANSITIONS, Departure
from handlers.events import HandOnStarted, HandoverReply
from handlers.people import Person


def accounts_of(departure: Departure) -> Mapping[str, Person]:
    """Everybody who got records, those included who got them from somebody who held them: by "system/account id"."""
    if departure.receivers or departure.successor is None or departure.plan is None:
        return departure.receivers
    return {f"{each.system}/{each.successor.id}": departure.successor for each in departure.plan.systems}


def key_of(departure: Departure, person: Person) -> str:
    """An account of somebody who got records, as a button carries it; empty for anybody else."""
    return next((key for key, each in accounts_of(departure).items() if each.same_as(person)), "")


def holder_of(departure: Departure, key: str = "") -> Person | None:
    """The person behind an account that got records; without one, the successor."""
    return accounts_of(departure).get(key) if key else departure.successor


def held_by(departure: Departure, person: Person) -> dict[str, str]:
    """The accounts in which somebody has records of this departure: system to account id. What was handed on is the
    next one's."""
    gone: set[str] = set()
    for undoing in departure.undoings:
        if undoing.to and undoing.result and undoing.result.records:
            through = undoing.to.keys() - set(undoing.left_in)
            gone |= {f"{system}/{account}" for system, account in undoing.holders.items() if system in through}
            gone -= {f"{system}/{account.id}" for system, account in undoing.to.items() if system in through}
    mine = (key for key, each in accounts_of(departure).items() if each.same_as(person) and key not in gone)
    return dict(key.split("/", 1) for key in mine)


def interim(departure: Departure) -> bool:
    """Whether the successor has the records only until the real one is there."""
    systems = departure.plan.systems if departure.plan else ()
    return any(each.chosen.interim and not _went_on(departure, each.system, each.successor.id) for each in systems)


def _went_on(departure: Departure, system: str, account: str) -> bool:
    through = [
        each
        for each in departure.undoings
        if system in each.to and system not in each.left_in and each.result and each.result.records
    ]
    return any(each.holders.get(system, account) == account for each in through)


def can_hand_on(departure: Departure, key: str = "") -> bool:
    """Whether what one person has can go on now: they have it for somebody else, or have proposed another."""
    holder = holder_of(departure, key)
    if holder is None or HandOnStarted not in TRANSITIONS[departure.state] or not held_by(departure, holder):
        return False
    return (holder.same_as(departure.successor) and interim(departure)) or _has_proposed(departure, holder)


def _has_proposed(departure: Departure, holder: Person) -> bool:
    """Since the last time that records of theirs went on."""
    mine = held_by(departure, holder).items()
    since = max((each.at for each in departure.undoings if mine & each.holders.items()), default=departure.opened_at)
    return any(
        answer.reply is HandoverReply.PROPOSED and answer.by.same_as(holder) and answer.at > since
        for answer in departure.answers
    )
