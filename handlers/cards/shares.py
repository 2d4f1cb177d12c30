"""Who gets what where there are several successors, and how much each of them then has."""

from connectors.base import Account
from handlers.cards.common import View
from handlers.cards.parts import note
from handlers.elements import Element, Fact, Note, Paragraph, Strong
from handlers.plan import Line, Plan, SystemPlan
from handlers.practice import StaleAction
from handlers.routes import Route


def who_gets_what(view: View, plan: Plan) -> tuple[Element, ...]:
    """What is divided, and who gets the rest. Nothing where one person gets all."""
    shared = [system for system in plan.systems if any(line.shares for line in system.lines)]
    lines = tuple(_line(view, system, line) for system in shared for line in system.lines if line.shares)
    if not lines:
        return ()
    routes = tuple(Note((rules_text(view, system),)) for system in shared if system.chosen.routes)
    title = Strong(view.texts.t("share.title"))
    return Paragraph((title, "".join(f"\n• {line}" for line in lines))), *_rest(view, plan), *routes


def _rest(view: View, plan: Plan) -> tuple[Element, ...]:
    """Who gets what no rule divides, in the systems too in which none does."""
    getting: dict[str, list[str]] = {}
    for system in plan.systems:
        if _has_rest(system):
            getting.setdefault(system.successor.name, []).append(system.system)
    if len(getting) == 1:
        return (note(view, "share.rest", name=Strong(next(iter(getting)))),)
    return tuple(
        note(view, "share.rest.in", name=Strong(name), systems=view.system_names(systems))
        for name, systems in getting.items()
    )


def _has_rest(system: SystemPlan) -> bool:
    return any(line.move and not line.shares for line in system.lines)


def _line(view: View, system: SystemPlan, line: Line) -> str:
    """ "Deals: Sara Lindqvist 1,004, Noor Haddad 230": a second table on a card would be broken on a telephone."""
    by_rule = any(line.module in route.modules for route in system.chosen.routes)
    untold = view.texts.t("share.by_rule" if by_rule else "share.with_account")
    label = view.within(system.system, line.label)
    if all(share.count is None for share in line.shares):
        either = view.texts.listed((share.account.name for share in line.shares), either=True)
        return f"{label}: {either} ({untold})"
    each = (
        f"{share.account.name} {f'({untold})' if share.count is None else view.texts.number(share.count)}"
        for share in line.shares
        if share.count != 0
    )
    return f"{label}: {', '.join(each)}"


def rules_text(view: View, system: SystemPlan) -> str:
    """Who gets what in one system, by all of its rules."""
    rules = "; ".join(_rule(view, system, route) for route in system.chosen.routes)
    return view.texts.t("route.rules", rules=view.within(system.system, rules))


def _rule(view: View, system: SystemPlan, route: Route) -> str:
    """A route as it could have been typed."""
    t, labels = view.texts.t, {line.module: line.label for line in system.lines}
    what = view.texts.listed(labels.get(name, name) for name in route.modules) or t("route.everything")
    if route.above is not None:
        return t("route.above", what=what, amount=view.texts.money(route.above, system.currency), name=route.to.name)
    if route.field is not None:
        values = view.texts.listed((value or t("route.empty") for value in route.values), either=True)
        return t("route.field", what=what, field=route.field, values=values, name=route.to.name)
    if route.share is not None:
        return t("route.share", what=what, share=route.share, name=route.to.name)
    return t("route.all", what=what, name=route.to.name)


def load_facts(view: View, plan: Plan) -> tuple[Fact, ...]:
    """How many records each receiver owns now, and will own."""
    return tuple(
        Fact(view.within(account.system, account.name), view.texts.words(key, before=before, after=after))
        for account, before, after, key in _loads(plan)
    )


def load_warnings(view: View, plan: Plan) -> tuple[Element, ...]:
    limit = plan.terms.warn_above
    too_many = ((view.within(account.system, account.name), n) for account, _, n, _ in _loads(plan) if n > limit)
    return tuple(
        Paragraph((Strong(view.texts.t("approval.load.high", name=name, n=n, limit=limit)),)) for name, n in too_many
    )


def _loads(plan: Plan) -> tuple[tuple[Account, int, int, str], ...]:
    """(account, records now, records then, how that is said), as far as the system told."""
    found = []
    for system in plan.systems:
        for account in system.receivers:
            before = system.chosen.loads.get(account.id)
            if before is not None:
                gets = [_gets(system, line, account) for line in system.lines]
                exact = all(known for _, known in gets)
                after = before + sum(count for count, _ in gets)
                found.append((account, before, after, "approval.load" if exact else "approval.load.most"))
    return tuple(found)


def _gets(system: SystemPlan, line: Line, account: Account) -> tuple[int, bool]:
    """How many records of a module an account gets, at most where only the records themselves can tell."""
    main, to = account.id == system.successor.id, system.chosen.allocate_to
    idle = line.idle if system.chosen.stale is StaleAction.ALLOCATE and to else 0
    allocated = -(-idle // len(to)) if account.id in {each.id for each in to} else 0
    if line.shares:
        count = next((share.count for share in line.shares if share.account.id == account.id), 0)
        return (line.move, False) if count is None else (count + allocated, not idle)
    return (line.move - idle if main else 0) + allocated, True
