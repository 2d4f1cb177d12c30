"""Who takes over, in a few words."""

from connectors.base import Account
from handlers.cards.common import View, distinct
from handlers.departure import Departure
from handlers.elements import Words
from handlers.handing_on import interim
from handlers.people import Person
from handlers.plan import SystemPlan


def successors(view: View) -> tuple[tuple[str, Words], ...]:
    """Who takes over, as (system, who): one line with "" for the system where it is the same person in all of them."""
    departure = view.departure
    if departure.successor is None:
        return ()
    plans = departure.plan.systems if departure.plan else ()
    people = {plan.system: successor_in(departure, plan) for plan in plans}
    if len(distinct(tuple(people.values()))) <= 1:
        return (("", successor_words(view)),)
    return tuple((plan.system, _in_one(view, plan, people[plan.system])) for plan in plans)


def successor_in(departure: Departure, plan: SystemPlan) -> Person:
    """Who has what the successor got in one system: they, or the one whom it was handed on to."""
    account = _holder(departure, plan)
    return departure.receivers.get(f"{plan.system}/{account.id}") or Person(account.name, account.email)


def _holder(departure: Departure, plan: SystemPlan) -> Account:
    account = plan.successor
    for undoing in departure.undoings:
        went_on = undoing.result and (undoing.result.records or undoing.result.fields.get("records"))
        if went_on and undoing.holders.get(plan.system, plan.successor.id) == account.id:
            account = undoing.to.get(plan.system, account)
    return account


def _in_one(view: View, plan: SystemPlan, successor: Person) -> Words:
    others = {account.email for account in plan.receivers[1:]}
    who: Words = (view.person(successor),)
    if others:
        who = view.texts.words("fact.successor.others", who=who, n=len(others))
    held = plan.chosen.interim and _holder(view.departure, plan) is plan.successor
    return view.texts.words("fact.successor.interim", who=who) if held else who


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


def other_receivers(departure: Departure) -> tuple[Person, ...]:
    """Those who get records besides the successor of the first system."""
    systems = departure.plan.systems if departure.plan else ()
    everybody = [
        departure.receivers.get(f"{system.system}/{account.id}") or Person(account.name, account.email)
        for system in systems
        for account in system.receivers
    ]
    return tuple(person for person in distinct(everybody) if not person.same_as(everybody[0]))
