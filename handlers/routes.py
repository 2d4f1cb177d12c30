"""Who gets which record, where there is more than one successor. Pure.

    "Deals above 50000: mina@…"   a route by amount          "40 %: noor@…"       a share of everything
    "Contacts where City is Rome: ben@…"   by a field        "Quotes: sofia@…"    a whole module

A record follows, in this order: a route that names its module; the record that it belongs with, so that an account
keeps its contacts, deals and open activities; a route for everything; the successor.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from fractions import Fraction
from typing import Final

from pydantic import ValidationError

from connectors.base import Account, Holding, Module, Record
from handlers import practice
from handlers.refusal import Refusal


@dataclass(frozen=True)
class Route:
    """Records that go to `to` instead of the successor: of these modules (none named: of all), with one of these
    values in a field, above an amount, or a share in percent."""

    to: Account
    modules: tuple[str, ...] = ()
    field: str | None = None
    values: tuple[str, ...] = ()
    above: Decimal | None = None
    share: int | None = None

    def covers(self, module: str) -> bool:
        return not self.modules or module in self.modules

    def takes(self, record: Record, value_field: str | None) -> bool:
        """Whether the record's own fields lead here; a share is a matter of counting and takes none by itself."""
        if self.field is not None:
            return (record.fields.get(self.field) or "") in self.values
        if self.above is not None:
            return amount(record, value_field) > self.above
        return self.share is None


def amount(record: Record, value_field: str | None) -> Decimal:
    try:
        return Decimal((value_field and record.fields.get(value_field)) or "0")
    except InvalidOperation:
        return Decimal(0)


@dataclass(frozen=True)
class Router:
    """The routes of one system. `together` keeps records with those that they belong with."""

    main: str
    routes: tuple[Route, ...] = ()
    together: bool = True

    @property
    def receivers(self) -> tuple[str, ...]:
        """Account ids, the successor's first, each once."""
        return tuple(dict.fromkeys((self.main, *(route.to.id for route in self.routes))))

    def follows(self, module: Module) -> bool:
        """Whether a record of this module may go where the record goes that it belongs with."""
        above = {name for parent in module.parents for name in parent.modules}
        return self.together and any(route.covers(name) for route in self.routes for name in above)

    def columns(self, module: Module) -> tuple[str, ...]:
        """The fields that decide where a record of this module goes."""
        if not self.routes:
            return ()
        relevant = [route for route in self.routes if route.covers(module.name)]
        fields = [route.field for route in relevant if route.field]
        fields += [module.value_field] if module.value_field and any(route.above for route in relevant) else []
        fields += [parent.field for parent in module.parents] if self.together else []
        return tuple(dict.fromkeys(fields))

    def receiver(self, module: Module, record: Record, *, parent: str | None, given: Counter[str]) -> str:
        """The account id that gets a record. `parent` is who gets the record that it belongs with; `given` counts
        whom the records of this module went to so far, the record is counted in."""
        to = self._by_routes(module, record, named=True, given=given)
        to = to or (parent if self.together else None)
        to = to or self._by_routes(module, record, named=False, given=given) or self.main
        given[to] += 1
        return to

    def _by_routes(self, module: Module, record: Record, *, named: bool, given: Counter[str]) -> str | None:
        routes = [route for route in self.routes if route.covers(module.name) and bool(route.modules) is named]
        found = next((route.to.id for route in routes if route.takes(record, module.value_field)), None)
        return found or self._by_share([route for route in routes if route.share], given)

    def _by_share(self, routes: Sequence[Route], given: Counter[str]) -> str | None:
        """None: there are no shares here."""
        percent = self.percent(routes)
        return _furthest_behind(percent, given) if percent else None

    def percent(self, routes: Sequence[Route]) -> Counter[str]:
        """What each account gets by these routes; the successor has what they leave. Empty where none is a share."""
        percent: Counter[str] = Counter()
        for route in routes:
            percent[route.to.id] += route.share or 0
        if percent := +percent:
            percent[self.main] += 100 - percent.total()
        return percent


def _furthest_behind(percent: Counter[str], given: Counter[str]) -> str:
    """Who gets the next record, so that nobody ever is a whole record away from their share.

    Balinski and Young's quota method: among those below their share of all records, this one included, whoever has
    least for it. Whoever is furthest behind in records would do for two accounts, but not for many.
    """
    total = sum(given[each] for each in percent) + 1
    below = [each for each in percent if 100 * given[each] < percent[each] * total]
    return max(below, key=lambda each: Fraction(percent[each], given[each] + 1))


@dataclass(frozen=True)
class Share:
    """What one account gets of a module; `count` is None where only the records themselves can tell."""

    account: Account
    count: int | None


def shares(holding: Holding, moves: int, router: Router, main: Account) -> tuple[Share, ...]:
    """How a module is going to be divided, as far as the inventory can tell; empty where all goes to one person."""
    relevant = [route for route in router.routes if route.covers(holding.module.name)]
    division = _Division(holding, router, counts_open=moves == holding.open, left=moves)
    if moves:
        division.apply([route for route in relevant if route.modules])
        division.follow()
        division.apply([route for route in relevant if not route.modules])
        division.give(router.main, division.left)
    accounts = {account.id: account for account in (main, *(route.to for route in router.routes))}
    found = [Share(account, division.counts[each]) for each, account in accounts.items() if each in division.counts]
    return tuple(found) if len(found) > 1 else ()


@dataclass
class _Division:
    """What each account gets, route after route. `left` is what no route has taken yet; it and the counts are None once
    only the records themselves can tell. The groups of a holding are of its open records: `counts_open` says whether
    these are what is divided."""

    holding: Holding
    router: Router
    counts_open: bool
    left: int | None
    counts: dict[str, int | None] = field(default_factory=dict)
    values: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # taken, by field

    def apply(self, routes: Sequence[Route]) -> None:
        for route in routes:
            if route.share is None:
                self.give(route.to.id, self._taken_by(route))
        percent, left = self.router.percent(routes), self.left
        counts = _apportioned(left, percent) if left is not None else {}
        for account in percent:
            self.give(account, counts.get(account))

    def follow(self) -> None:
        if self.left and self.router.follows(self.holding.module):
            for account in self.router.receivers:
                self.give(account, None)

    def give(self, account: str, count: int | None) -> None:
        before = self.counts.get(account, 0)
        self.counts[account] = None if count is None or before is None else before + count
        self.left = None if count is None or self.left is None else self.left - count

    def _taken_by(self, route: Route) -> int | None:
        if not self.left or route.field is None:
            return None if route.above is not None and self.left else self.left
        groups, taken = self.holding.groups.get(route.field), self.values[route.field]
        if groups is None or not self.counts_open or len(self.values) > 1:  # a record may have the values of two fields
            return None
        fresh = set(route.values) - taken
        taken |= fresh
        return sum(groups.get(value, 0) for value in fresh)


def too_much(routes: Iterable[Route]) -> bool:
    """Whether shares add up to more than there is."""
    percent: Counter[str] = Counter()
    for route in routes:
        for module in route.modules or ("",):
            percent[module] += route.share or 0
    return any(total > 100 for total in percent.values())


def _apportioned(records: int, percent: Counter[str]) -> Counter[str]:
    """How many of so many records each account gets: of a hundred its percentage, of the rest as they come."""
    hundreds, rest = divmod(records, 100)
    given: Counter[str] = Counter()
    for _ in range(rest if percent else 0):
        given[_furthest_behind(percent, given)] += 1
    return Counter({each: percent[each] * hundreds + given[each] for each in percent})


_LINE: Final = re.compile(
    r"""(?P<modules>[^:%]*?)\s*
    (?:\b(?:where|wo)\s+(?P<field>[\w.]+)(?:\s+(?:is|ist)\b|\s*=)\s*(?P<values>[^:]+?)
      |(?:\b(?:above|over|more\ than|über|mehr\ als)\s+|>\s*)(?P<above>[\d.,]+)
      |(?P<share>\d{1,3})\s*%)?
    \s*:\s*(?P<to>\S+@\S+)""",
    re.VERBOSE | re.IGNORECASE,
)


def parse_routes(text: str, known: Mapping[str, Module]) -> tuple[practice.Route, ...]:
    """Read what an admin typed: one route per line. `known` has the modules by API name.

    Raises `Refusal` with the line that cannot be read, or the module or field that does not exist.
    """
    return tuple(_parsed(line, known) for line in _lines(text))


def routes_by_system(text: str, known: Mapping[str, Mapping[str, Module]]) -> dict[str, tuple[practice.Route, ...]]:
    """The same for several systems. A line holds in each system that has one of its modules, for those that it has; and
    "pipedrive/Deals", or "pipedrive/" for everything, names the system.

    Raises `Refusal` for a line that holds in none: that of a system that has the module, where there is one.
    """
    found: dict[str, list[practice.Route]] = {system: [] for system in known}
    for line in _lines(text):
        refusals: list[Refusal] = []
        for system, modules in known.items():
            try:
                found[system].append(_parsed(line, modules, system=system, everywhere=known))
            except Refusal as refusal:
                refusals.append(refusal)
        if len(refusals) == len(known):
            raise min(refusals, key=lambda refusal: refusal.key == "routes.module")
    return {system: tuple(routes) for system, routes in found.items()}


def _lines(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in re.split(r"[\n;]", text))  # a run of spaces costs the pattern time
    return [line for line in lines if line]


def _parsed(
    line: str,
    known: Mapping[str, Module],
    *,
    system: str = "",
    everywhere: Mapping[str, Mapping[str, Module]] | None = None,
) -> practice.Route:
    match = _LINE.fullmatch(line)
    if match is None:
        raise Refusal("routes.unreadable", field="others", line=line[:80])
    share = int(match["share"]) if match["share"] else None
    if share is not None and not 0 < share < 100:
        raise Refusal("routes.share", field="others", line=line[:80])
    modules = _modules(match["modules"], known, system, everywhere or {})
    if match["field"]:
        _check_field(match["field"], [known[name] for name in modules], known)
    try:
        return practice.Route(
            modules=modules,
            field=match["field"],
            values=tuple(value.strip() for value in (match["values"] or "").split(",") if value.strip()),
            above=_number(match["above"]) if match["above"] else None,
            share=share,
            to=match["to"].strip("<>").lower(),
        )
    except (ValidationError, InvalidOperation) as error:
        raise Refusal("routes.unreadable", field="others", line=line[:80]) from error


def _number(text: str) -> Decimal:
    """As it is written in either language: "50,000.5" or "50.000,5"."""
    return Decimal(re.sub(r"[.,](?=\d{3}\b)", "", text).replace(",", "."))


def _modules(
    typed: str, known: Mapping[str, Module], system: str, everywhere: Mapping[str, Mapping[str, Module]]
) -> tuple[str, ...]:
    """Those of the modules that the system has. Raises `Refusal` if there is none, or for one that no system has."""
    names = [name.strip() for name in typed.split(",") if name.strip()]
    found = {name: _module(name, known, system) for name in names}
    missing = [name for name, module in found.items() if module is None]
    nowhere = [name for name in missing if all(_module(name, each, key) is None for key, each in everywhere.items())]
    if nowhere or (missing and len(missing) == len(found)):
        raise Refusal("routes.module", field="others", name=(nowhere or missing)[0][:80])
    return tuple(module for module in found.values() if module)


def _module(name: str, known: Mapping[str, Module], system: str) -> str | None:
    """The API name of what was typed; empty for all of the system, None for what it does not have."""
    for module in known.values():
        if name.casefold() in (module.name.casefold(), module.label.casefold()):
            return module.name
    where, slash, rest = name.partition("/")
    if not slash or where.strip().casefold().replace(" ", "_").removesuffix("_crm") != system.removesuffix("_crm"):
        return None
    return _module(rest.strip(), known, "") if rest.strip() else ""


def _check_field(name: str, modules: Sequence[Module], known: Mapping[str, Module]) -> None:
    """Each of the named modules must have the field; where none is named, one of all."""
    everywhere = [] if any(module.has(name) for module in known.values()) else [*known.values()]
    lacking = [module for module in modules if not module.has(name)] if modules else everywhere
    if lacking:
        key = "routes.field" if modules else "routes.field.nowhere"
        values = {"name": name[:80], "module": lacking[0].label, "close": ", ".join(_closest(name, lacking))}
        raise Refusal(key, field="others", **values)


def _closest(name: str, modules: Iterable[Module]) -> list[str]:
    spelled = {field.casefold(): field for module in modules for field in module.fields}
    wanted = name.partition(".")[0].casefold()[:80]
    return [spelled[each] for each in get_close_matches(wanted, spelled, n=3, cutoff=0)]
