"""From the successor form to what it means in each system: who gets what, checked against the systems as they are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from connectors.base import Account, Connector, Inventory
from handlers import practice as house
from handlers.commands import ConfirmSuccessor
from handlers.departure import Departure
from handlers.forecast import prices
from handlers.people import Person
from handlers.plan import Handover, Method, idle_since, modules_of
from handlers.ports import People
from handlers.practice import Practice, StaleAction
from handlers.refusal import Refusal
from handlers.requests import chosen
from handlers.routes import Route, parse_routes, too_much
from handlers.rules import moving, receiver_problem

YES = "yes"


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
        """`fields` are `successor` (an account id), `others` (routes as text), `stale`, `quiet` and `interim`."""
        handovers: dict[str, Handover] = {}
        chosen: Account | None = None
        for system, leaver in departure.accounts.items():
            inventory = (departure.inventories or {})[system]
            accounts = await self._connectors[system].accounts(fresh=True)
            chosen = successor_among(accounts, fields.get("successor", ""), chosen)
            handover = self._handover(chosen, leaver, accounts, fields, inventory)
            handovers[system] = await self._checked(system, departure, handover, inventory)
        method = Method(self._practice, prices(self._connectors), emergency=departure.emergency)
        return ConfirmSuccessor(handovers, await self._receivers(handovers), leaving, method)

    def _handover(
        self,
        successor: Account,
        leaver: Account,
        accounts: tuple[Account, ...],
        fields: Mapping[str, str],
        inventory: Inventory,
    ) -> Handover:
        rules = self._practice
        typed = parse_routes(fields.get("others", ""), modules_of(inventory))
        by_email = {account.email.lower(): account for account in accounts}
        routes = (*_routes(typed, by_email), *_standing(rules.successors.routes, by_email, leaver))
        if too_much(routes):
            raise Refusal("routes.too_much", field="others")
        manager = next((a for a in accounts if a.id == leaver.manager_id and a.active), None)
        stale = chosen(StaleAction, {"stale": rules.stale.action, **fields}, "stale")
        idle = _named(rules.stale.allocate_to, by_email) if stale is StaleAction.ALLOCATE else []
        return Handover(
            successor=successor,
            routes=routes,
            stale=chosen(StaleAction, fields, "stale") if fields.get("stale") else rules.stale.action,
            idle_since=idle_since(rules, self._now()),
            allocate_to=tuple(each for each in idle if each.active and each.id != leaver.id),
            quiet=fields.get("quiet") == YES,
            interim=fields.get("interim") == YES,
            manager=manager or (successor if successor.manager_id != leaver.id else None),
        )

    async def _checked(self, system: str, departure: Departure, handover: Handover, inventory: Inventory) -> Handover:
        """Everybody who gets records can take them once the run begins; and how many records they own so far."""
        leaver, start = departure.accounts[system], departure.due or self._now()
        connector = self._connectors[system]
        modules = frozenset(h.module.name for h in inventory.holdings if moving(h, self._practice))
        others = (*(route.to for route in handover.routes), *handover.allocate_to)
        receivers = {each.id: each for each in (handover.successor, *others)}
        for account in receivers.values():
            fitness = await connector.fitness(account.id)
            problem = receiver_problem(leaver, account, fitness, modules=modules, now=start)
            if problem:
                field = "successor" if account is handover.successor else "others"
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


def successor_among(accounts: Iterable[Account], account_id: str, elsewhere: Account | None) -> Account:
    """The chosen account; in further systems the one of the same person."""
    for account in accounts:
        same = elsewhere is not None and account.email.lower() == elsewhere.email.lower()
        if same or (elsewhere is None and account.id == account_id):
            return account
    raise Refusal("successor.unknown", field="successor")


def _routes(typed: Iterable[house.Route], by_email: Mapping[str, Account]) -> tuple[Route, ...]:
    found = []
    for route in typed:
        if route.to not in by_email:
            raise Refusal("routes.nobody", field="others", name=route.to[:80])
        found.append(_route(route, by_email[route.to]))
    return tuple(found)


def _standing(routes: Iterable[house.Route], by_email: Mapping[str, Account], leaver: Account) -> tuple[Route, ...]:
    """The routes of the house, but for those that lead to the leaver."""
    return _routes((route for route in routes if route.to != leaver.email.lower()), by_email)


def _route(route: house.Route, to: Account) -> Route:
    return Route(to, tuple(route.modules), route.field, tuple(route.values), route.above, route.share)


def _named(addresses: Iterable[str], by_email: Mapping[str, Account]) -> list[Account]:
    return [by_email[address] for address in addresses if address in by_email]
