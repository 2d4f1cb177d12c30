"""Ghosts: open records that still belong to people who are gone. Counted in the background, read from memory."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from connectors.base import Account, Connector, ConnectorError, Ghosts
from handlers.departure import Departure
from handlers.people import Person

log = structlog.get_logger("offboard.ghosts")

# Seconds. After a start, work that was cut off goes first, and a service that dies again and again spends none of a
# vendor's calls and tokens on this count.
_FIRST: Final = 5.0
# People leave on some days, not every minute, and a count costs some twenty calls of the day's allowance.
_EVERY: Final = 3600.0
_AGAIN: Final = 300.0  # after a count that failed


@dataclass(frozen=True)
class Counted:
    """All ghosts as they were `at` a time, of all systems but those `missing`, which could not be asked. `managers` has
    the address of each system's account, by "system/account id": whom those who left reported to."""

    at: datetime
    ghosts: tuple[Ghosts, ...]
    managers: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def of_team(self, manager: Person) -> "Counted":
        """What the people of one manager left behind."""
        address = (manager.email or "").lower()
        mine = (each for each in self.ghosts if address and self._manager(each.account) == address)
        return replace(self, ghosts=tuple(mine))

    def _manager(self, account: Account) -> str | None:
        return self.managers.get(_managed_by(account))


def left_alone(counted: Counted, departures: Collection[Departure]) -> tuple[Ghosts, ...]:
    """Those of whom none of the departures takes care; whoever left most behind comes first."""
    cared_for = {(system, account.id) for each in departures for system, account in each.accounts.items()}
    alone = (each for each in counted.ghosts if (each.account.system, each.account.id) not in cared_for)
    return tuple(sorted(alone, key=lambda each: (-each.total, each.account.name)))


class GhostWatch:
    """Holds the last count. Nobody waits for the next one; when no system answers, the last one and its time stay."""

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connectors = connectors
        self._now = now
        self._sleep = sleep
        self._pause = _FIRST
        self._failing = False
        self.counted: Counted | None = None

    async def run(self) -> None:
        """One round: wait until a count is due, then count."""
        await self._sleep(self._pause)
        self._pause = _AGAIN  # also after an error that nobody foresaw
        if await self.count():
            self._pause = _EVERY

    async def count(self) -> bool:
        """Count in every system, side by side. Says whether all answered; those that did not are named with the count,
        so that nobody takes a part for the whole."""
        at = self._now()
        taken = await asyncio.gather(*map(_counted_in, self._connectors.values()))
        by_system = dict(zip(self._connectors, taken, strict=True))
        failed = {key: each for key, each in by_system.items() if isinstance(each, ConnectorError)}
        answered = [each for each in taken if not isinstance(each, ConnectorError)]
        if not self._failing:
            for system, error in failed.items():
                log.warning("ghosts.not_counted", system=system, code=error.code)
        if answered or not self._connectors:
            found = [each for ghosts, _ in answered for each in ghosts]
            addresses = {f"{a.system}/{a.id}": a.email.lower() for _, accounts in answered for a in accounts}
            managers = {key: addresses[key] for each in found if (key := _managed_by(each.account)) in addresses}
            self.counted = Counted(at, tuple(found), managers, tuple(failed))
            if self._failing and not failed:
                log.info("ghosts.counted_again", people=len(found))
        else:
            self.counted = replace(self.counted or Counted(at, ()), missing=tuple(failed))
        self._failing = bool(failed)
        return not failed


async def _counted_in(connector: Connector) -> tuple[Sequence[Ghosts], Sequence[Account]] | ConnectorError:
    try:
        return await connector.ghosts(), await connector.accounts()
    except ConnectorError as error:
        return error


def _managed_by(account: Account) -> str:
    return f"{account.system}/{account.manager_id}"
