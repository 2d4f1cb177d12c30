"""Who takes over, in a few words."""

from handlers.cards.common import View
from handlers.departure import Departure
from handlers.elements import Words
from handlers.handing_on import interim


def successor_words(view: View) -> Words:
    """Who takes over, how many others do, and whether it is only for a time."""
    departure = view.departure
    if departure.successor is None:
        return ()
    words: Words = (view.person(departure.successor),)
    others = other_receivers(departure)
    if others:
        words = view.texts.words("fact.successor.others", who=words, n=len(others))
    return view.texts.words("fact.successor.interim", who=words) if interim(departure) else words


def other_receivers(departure: Departure) -> frozenset[str]:
    """The addresses of those who get records besides the successor."""
    systems = departure.plan.systems if departure.plan else ()
    return frozenset(account.email for system in systems for account in system.receivers[1:])
