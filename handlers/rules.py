"""Which records move, and why the others stay. Pure.

Masters all move: a customer must not wait for somebody who left. Transactions move only while they are in process:
closed ones keep the name of who closed them, for attribution. Activities already done stay with who did them;
those still to come need somebody who will do them. A house can say otherwise, module by module, in its policy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connectors.base import Account, Category, Fitness, Holding, Module, Part
from handlers.practice import Move, Practice


@dataclass(frozen=True)
class Rule:
    """Which part of a module moves; None: none of it. `reason` is a key of the text catalogue: one sentence."""

    part: Part | None
    reason: str


_PARTS: Final = {Move.ALL: Part.ALL, Move.OPEN: Part.OPEN, Move.NONE: None}
_DEFAULTS: Final = {
    (Category.MASTER, Move.ALL): "rule.master",
    (Category.TRANSACTION, Move.OPEN): "rule.open",
    (Category.ACTIVITY, Move.OPEN): "rule.upcoming",
}


def rule_for(module: Module, practice: Practice) -> Rule:
    move = practice.move(module)
    return Rule(_PARTS[move], _DEFAULTS.get((module.category, move), f"rule.house.{move}"))


def moving(holding: Holding, practice: Practice) -> int:
    """How many records of a holding leave the leaver by rule."""
    match rule_for(holding.module, practice).part:
        case Part.ALL:
            return holding.open + holding.closed
        case None:
            return 0
        case _:
            return holding.open


@dataclass(frozen=True)
class Suggestion:
    """Who could take the records over. `reason` is a key of the text catalogue."""

    account: Account
    reason: str


def identities(accounts: Iterable[Account], practice: Practice) -> frozenset[str]:
    """By what somebody is known to be the holder of one of these accounts: all addresses of theirs, and the accounts
    themselves as "system/account id". An empty address is nobody's."""
    held = tuple(accounts)
    addresses = (address for account in held for address in practice.addresses_of(account.email))
    return frozenset((*addresses, *(f"{account.system}/{account.id}" for account in held)))


def is_among(account: Account, known: frozenset[str]) -> bool:
    """Whether an account is of one of the people known by `identities`."""
    return f"{account.system}/{account.id}" in known or (bool(account.email) and account.email.lower() in known)


def suggest_successor(
    leaver: Account, accounts: tuple[Account, ...], leaving: frozenset[str], own: frozenset[str] = frozenset()
) -> Suggestion | None:
    """The leaver's manager, as long as they could take the records; nobody else is guessed. `leaving` and `own` as for
    `successor_problem`."""
    for account in accounts:
        if account.id == leaver.manager_id and successor_problem(leaver, account, leaving, own) is None:
            return Suggestion(account, "suggestion.manager")
    return None


def successor_problem(
    leaver: Account, candidate: Account, leaving: frozenset[str], own: frozenset[str] = frozenset()
) -> str | None:
    """Why an account cannot take the records over, as a key of the text catalogue; None when it can.

    `leaving` are the `identities` of everybody else with an open departure, `own` those of the leaver.
    """
    same = bool(leaver.email) and candidate.email.lower() == leaver.email.lower()
    checks = (
        (candidate.id == leaver.id or same or is_among(candidate, own), "successor.is_leaver"),
        (not candidate.active, "successor.inactive"),
        (not candidate.confirmed, "successor.unconfirmed"),
        (is_among(candidate, leaving), "successor.leaving"),
    )
    return next((key for failed, key in checks if failed), None)


def receiver_problem(
    leaver: Account,
    candidate: Account,
    fitness: Fitness,
    *,
    modules: frozenset[str],
    now: datetime,
    leaving: frozenset[str] = frozenset(),
    own: frozenset[str] = frozenset(),
) -> str | None:
    """The same with what only the system can tell: absent, or barred from one of the modules that move."""
    if fitness.absent_until and fitness.absent_until > now:
        return "successor.absent"
    if modules & set(fitness.forbidden):
        return "successor.forbidden"
    return successor_problem(leaver, candidate, leaving, own)
