"""Which records move, and why the others stay. Pure.

Masters all move: a customer must not wait for somebody who left. Transactions move only while they are in process:
closed ones keep the name of who closed them, for attribution. Activities already done stay with who did them;
those still to come need somebody who will do them.
"""

from dataclasses import dataclass
from typing import Final

from connectors.base import Account, Category, Holding, Part


@dataclass(frozen=True)
class Rule:
    """Which part of a module moves. `reason` is a key of the text catalogue: one sentence for the plan."""

    part: Part
    reason: str


RULES: Final[dict[Category, Rule]] = {
    Category.MASTER: Rule(Part.ALL, "rule.master"),
    Category.TRANSACTION: Rule(Part.OPEN, "rule.open"),
    Category.ACTIVITY: Rule(Part.OPEN, "rule.upcoming"),
}


def moving(holding: Holding) -> int:
    """How many records of a holding move by rule."""
    part = RULES[holding.module.category].part
    return holding.open + holding.closed if part is Part.ALL else holding.open


def staying(holding: Holding) -> int:
    return holding.open + holding.closed - moving(holding)


@dataclass(frozen=True)
class Suggestion:
    """Who could take the records over. `reason` is a key of the text catalogue."""

    account: Account
    reason: str


def suggest_successor(leaver: Account, accounts: tuple[Account, ...], leaving: frozenset[str]) -> Suggestion | None:
    """The leaver's manager, as long as they could take the records; nobody else is guessed.

    `leaving` holds the e-mail addresses of everybody with an open departure.
    """
    for account in accounts:
        if account.id == leaver.manager_id and successor_problem(leaver, account, leaving) is None:
            return Suggestion(account, "suggestion.manager")
    return None


def successor_problem(leaver: Account, candidate: Account, leaving: frozenset[str]) -> str | None:
    """Why an account cannot take the records over, as a key of the text catalogue; None when it can."""
    checks = (
        (candidate.id == leaver.id, "successor.is_leaver"),
        (not candidate.active, "successor.inactive"),
        (not candidate.confirmed, "successor.unconfirmed"),
        (candidate.email.lower() in leaving, "successor.leaving"),
    )
    return next((key for failed, key in checks if failed), None)
