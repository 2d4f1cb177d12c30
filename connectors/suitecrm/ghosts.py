"""Counting what users own that has to move.

A filter names one owner, so that the calls grow with the people as well as with the modules: one for each of both,
and a few more where there is something.
"""

from collections.abc import Collection

from connectors.base import Account, Ghosts, Part
from connectors.http import together
from connectors.suitecrm.api import Api
from connectors.suitecrm.modules import ModuleSpec
from connectors.suitecrm.records import count, mine


async def ghosts(api: Api, specs: Collection[ModuleSpec], former: Collection[Account]) -> tuple[Ghosts, ...]:
    """Those of the former users who still own what should have moved, in the order given.

    One user after the other: nobody waits for this count, and the calls that somebody waits for come in between.
    """
    found = []
    for account in former:
        counted = [(spec.module, await _due(api, spec, account.id)) for spec in specs]
        found.append(Ghosts(account, tuple((module, number) for module, number in counted if number)))
    return tuple(each for each in found if each.counts)


async def loads(api: Api, specs: Collection[ModuleSpec], users: Collection[str]) -> dict[str, int]:
    """For each of the users how much it is, over all modules."""

    async def load(user: str) -> int:
        return sum(await together(_due(api, spec, user) for spec in specs))

    return dict(zip(users, await together(load(user) for user in users), strict=True))


async def _due(api: Api, spec: ModuleSpec, user: str) -> int:
    """How many have to move; of most modules most people own nothing, and that takes one call to see."""
    if not spec.phase.counts:
        return await count(api, spec, user, Part.ALL)
    return await count(api, spec, user, Part.OPEN) if await api.total(spec.name, (mine(user),)) else 0
