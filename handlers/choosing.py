"""From the successor form to what it means in each system: who gets what, checked against the systems as they are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.base import Ability, Account, Connector, Inventory, Way
from handlers import practice as house
from handlers.commands import ConfirmSuccessor
from handlers.departure import Departure
from handlers.forecast import systems_of
from handlers.identity import own_of
from handlers.people import Person
from handlers.plan import Handover, Method, idle_since, modules_of
from handlers.ports import People
from handlers.practice import Practice, StaleAction
from handlers.refusal import Refusal
from handlers.requests import chosen
from handlers.routes import Route, routes_by_system, too_much
from handlers.rules import moving, receiver_problem

YES = "yes"


@dataclass(frozen=True)
class _Barred:
    """`identities` of those who can take nothing over: of everybody else who leaves, and of the leaver."""

    leaving: frozenset[str]
    own: frozenset[str]


class Chooser:
    """Reads accounts, absences and loads; raises `Refusal` beside the field that is wrong, and `ConnectorError`."""

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        people: People,
        practice: Practice,
        now: Callable[[], datetime],
    ) -> None:
        self._connectors = connectors
        self._people = people
        self._practice = practice
        self._now = now

    async def command(
        self, departure: Departure, fields: Mapping[str, str], leaving: frozenset[str]
    ) -> ConfirmSuccessor:
        """`fields` are `successor` (an account id of the first system), `successor.<system>` (one of another system;
        empty for the same person), `others` (routes as text), `stale`, `quiet` and `interim`."""
        inventories = departure.inventories or {}
        known = {key: await self._connectors[key].accounts(fresh=True) for key in departure.accounts}
        typed = routes_by_system(fields.get("others", ""), {key: modules_of(each) for key, each in inventories.items()})
        self._check_receivers(typed, known)
        barred = _Barred(leaving, own_of(departure, self._practice))
        handovers: dict[str, Handover] = {}
        first: Account | None = None
        for system in departure.accounts:
            successor = self.successor(system, known[system], fields, first)
            first = first or successor
            handover = self._handover(
                system, successor, typed[system], accounts=known[system], fields=fields, inventory=inventories[system]
            )
            handovers[system] = await self._checked(system, departure, handover, barred)
        method = Method(self._practice, systems_of(self._connectors), emergency=departure.emergency)
        return ConfirmSuccessor(handovers, await self._receivers(handovers), leaving, method)

    def successor(
        self, system: str, accounts: tuple[Account, ...], fields: Mapping[str, str], first: Account | None
    ) -> Account:
        """Who is named for a system; with nobody named there, whoever is the same person as the first one.

        Raises `Refusal` beside the field.
        """
        field_name = f"successor.{system}" if first else "successor"
        own = fields.get(field_name, "")
        if first is None or own:
            return successor_among(accounts, own, field_name)
        return same_among(accounts, first, self._practice, field_name)

    def _check_receivers(
        self, typed: Mapping[str, Sequence[house.Route]], known: Mapping[str, Sequence[Account]]
    ) -> None:
        """Raises `Refusal` for somebody who lacks an account in a system that a route is about: what was typed for them
        would go to the successor there, without a word."""
        for system, route in ((system, route) for system, routes in typed.items() for route in routes):
            if self._has_account(route.to, known[system]):
                continue
            elsewhere = next((key for key, accounts in known.items() if self._has_account(route.to, accounts)), None)
            if elsewhere is None:
                raise Refusal("routes.nobody", field="others", name=route.to[:80])
            example = f"{elsewhere}/{', '.join(route.modules[:1])}"
            raise Refusal("routes.not_here", field="others", name=route.to[:80], system=system, example=example)

    def _has_account(self, address: str, accounts: Sequence[Account]) -> bool:
        return any(self._practice.same_person(account.email, address) for account in accounts)

    def _handover(
        self,
        system: str,
        successor: Account,
        typed: Sequence[house.Route],
        *,
        accounts: tuple[Account, ...],
        fields: Mapping[str, str],
        inventory: Inventory,
    ) -> Handover:
        rules, leaver = self._practice.of(system), inventory.account
        by_email = {
            rules.person_of(account.email): account
            for account in sorted(accounts, key=lambda account: account.active)  # of two of one person the active one
            if account.email
        }
        routes = (*self._routes(typed, by_email), *self._routes(rules.successors.routes, by_email, but=leaver))
        if too_much(routes):
            raise Refusal("routes.too_much", field="others")
        manager = next((a for a in accounts if a.id == leaver.manager_id and a.active), None)
        stale = chosen(StaleAction, {"stale": rules.stale.action, **fields}, "stale")
        to = [rules.person_of(each) for each in rules.stale.allocate_to] if stale is StaleAction.ALLOCATE else []
        idle = [by_email[address] for address in to if address in by_email]
        return Handover(
            successor=successor,
            routes=routes,
            stale=chosen(StaleAction, fields, "stale") if fields.get("stale") else rules.stale.action,
            idle_since=idle_since(rules, self._now()),
            allocate_to=tuple(each for each in idle if each.active and each.id != leaver.id),
            quiet=fields.get("quiet") == YES and self._can_be_quiet(system),
            interim=fields.get("interim") == YES,
            manager=manager or (successor if successor.manager_id != leaver.id else None),
        )

    def _can_be_quiet(self, system: str) -> bool:
        return self._connectors[system].capabilities[Ability.QUIET].way is Way.API

    def _routes(
        self, routes: Iterable[house.Route], by_email: Mapping[str, Account], *, but: Account | None = None
    ) -> tuple[Route, ...]:
        """As far as the people have an account in the system; those of the house do not lead to the leaver."""
        named = ((route, by_email.get(self._practice.person_of(route.to))) for route in routes)
        return tuple(_route(route, to) for route, to in named if to and not (but and to.id == but.id))

    async def _checked(self, system: str, departure: Departure, handover: Handover, barred: "_Barred") -> Handover:
        """Everybody who gets records can take them once the run begins; and how many records they own so far."""
        leaver, start = departure.accounts[system], departure.due or self._now()
        connector = self._connectors[system]
        practice = self._practice.of(system)
        inventory = (departure.inventories or {})[system]
        modules = frozenset(h.module.name for h in inventory.holdings if moving(h, practice))
        others = (*(route.to for route in handover.routes), *handover.allocate_to)
        receivers = {each.id: each for each in (handover.successor, *others)}
        for account in receivers.values():
            fitness = await connector.fitness(account.id)
            problem = receiver_problem(
                leaver, account, fitness, modules=modules, now=start, leaving=barred.leaving, own=barred.own
            )
            if problem:
                own = "successor" if system == next(iter(departure.accounts)) else f"successor.{system}"
                field = own if account is handover.successor else "others"
                raise Refusal(problem, field=field, name=account.name)
        loads = await connector.loads(tuple(receivers))
        return replace(handover, loads=dict(loads))

    async def _receivers(self, handovers: Mapping[str, Handover]) -> dict[str, Person]:
        found: dict[str, Person] = {}
        for system, handover in handovers.items():
            others = (*(route.to for route in handover.routes), *handover.allocate_to)
            for account in (handover.successor, *others):
                person = await self._people.by_email(account.email)
                found[f"{system}/{account.id}"] = person or Person(account.name, account.email)
        return found


def successor_among(accounts: Iterable[Account], account_id: str, field_name: str = "successor") -> Account:
    """The account that was chosen in a field. Raises `Refusal`."""
    found = next((account for account in accounts if account.id == account_id), None)
    if found is None:
        raise Refusal("successor.unknown", field=field_name)
    return found


def same_among(accounts: Iterable[Account], elsewhere: Account, practice: Practice, field_name: str) -> Account:
    """The account of the same person, an active one if there is one. Raises `Refusal` where they have none, or nothing
    tells which it is: somebody must be chosen."""
    theirs = [account for account in accounts if practice.same_person(account.email, elsewhere.email)]
    found = next((account for account in theirs if account.active), next(iter(theirs), None))
    if found is None:
        raise Refusal("successor.not_here", field=field_name, name=elsewhere.name)
    return found


def _route(route: house.Route, to: Account) -> Route:
    return Route(to, tuple(route.modules), route.field, tuple(route.values), route.above, route.share)
