"""Who has an account where: all systems are asked side by side, and one that refuses keeps nobody from the others."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from connectors.base import Account, Connector, ConnectorError, Unavailable
from handlers.practice import Practice

log = structlog.get_logger("offboard.finding")


@dataclass(frozen=True)
class Asked:
    """Everybody's accounts in the systems that answered, and why the others did not."""

    accounts: tuple[Account, ...]
    errors: Mapping[str, ConnectorError]

    @property
    def silent(self) -> tuple[str, ...]:
        return tuple(self.errors)

    @property
    def away(self) -> tuple[str, ...]:
        """Those that do not answer at the moment, and may do so soon."""
        return tuple(system for system, error in self.errors.items() if isinstance(error, Unavailable))

    @property
    def refused(self) -> tuple[str, ...]:
        """Those that an operator has to see to."""
        return tuple(system for system in self.errors if system not in self.away)

    def raise_if_silent(self) -> None:
        """For an answer that needs every system. Raises the `ConnectorError` of one that did not answer; of one that
        refuses rather than of one that is away, since waiting does not help there."""
        if self.errors:
            raise self.errors[(*self.refused, *self.away)[0]]

    def besides(self, known: Collection[Account]) -> "Asked":
        """With what is known of systems that did not answer."""
        return replace(self, accounts=(*self.accounts, *(a for a in known if a.system in self.errors)))

    def maybe_the_same(self, found: Sequence[Account]) -> tuple[Account, ...]:
        """Accounts of the same name, under another address, in systems where nobody was found by it."""
        where = {account.system for account in found}
        names = {account.name.casefold() for account in found}
        return tuple(a for a in self.accounts if a.system not in where and a.name.casefold() in names)


async def ask_all(connectors: Mapping[str, Connector]) -> Asked:
    """Every account of every system."""
    answers = await asyncio.gather(*(each.accounts() for each in connectors.values()), return_exceptions=True)
    accounts: list[Account] = []
    errors: dict[str, ConnectorError] = {}
    for system, answer in zip(connectors, answers, strict=True):
        if isinstance(answer, ConnectorError):
            log.warning("accounts.not_told", system=system, code=answer.code)
            errors[system] = answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            accounts += answer
    return Asked(tuple(accounts), errors)


def one_group_each(candidates: Sequence[Account], practice: Practice) -> list[tuple[Account, ...]]:
    """The accounts of one person each, in the order of the systems; of two in one system the active one."""
    groups: dict[str, dict[str, Account]] = {}
    for account in candidates:
        person = practice.person_of(account.email) if account.email else f"{account.system}/{account.id}"
        group = groups.setdefault(person, {})
        known = group.get(account.system)
        if known is None or (account.active and not known.active):
            group[account.system] = account
    return [tuple(group.values()) for group in groups.values()]


def is_one_person(accounts: Sequence[Account], practice: Practice) -> bool:
    """Whether accounts can be of one person: one in each system, and each has an address or the name of another."""
    if len({account.system for account in accounts}) != len(accounts):
        return False
    known, rest = list(accounts[:1]), list(accounts[1:])
    while more := [each for each in rest if any(_may_be_same(each, other, practice) for other in known)]:
        known += more
        rest = [each for each in rest if each not in more]
    return bool(known) and not rest


def _may_be_same(one: Account, other: Account, practice: Practice) -> bool:
    return practice.same_person(one.email, other.email) or one.name.casefold() == other.name.casefold()
