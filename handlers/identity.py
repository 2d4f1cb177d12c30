"""By what the people of departures are known: every address and account of theirs. Pure."""

from collections.abc import Iterable

from handlers.departure import Departure
from handlers.practice import Practice
from handlers.rules import identities


def own_of(departure: Departure, practice: Practice | None = None) -> frozenset[str]:
    """The leaver's `identities`, those of accounts included in which nothing is moved."""
    rules = practice or Practice()
    left_out = (each.account for each in departure.left_out if each.account)
    held = identities((*departure.accounts.values(), *departure.further, *left_out), rules)
    return held.union(*map(rules.addresses_of, departure.leaver.addresses))


def leaving_of(departures: Iterable[Departure], practice: Practice, *, but: str | None = None) -> frozenset[str]:
    """The `identities` of everybody with one of these departures; `but` is the id of the one that does not count."""
    return frozenset().union(*(own_of(each, practice) for each in departures if each.id != but))
