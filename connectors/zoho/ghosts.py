"""Counting what users own that has to move: a call for each module and fifty users, however many records there are."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from connectors.base import Account, Category, Ghosts, Part, Rejected
from connectors.http import together
from connectors.zoho.api import Api, Row, aggregate
from connectors.zoho.coql import IN_MAXIMUM, all_of, among_each, select
from connectors.zoho.modules import ModuleSpec


async def ghosts(
    api: Api, specs: Collection[ModuleSpec], former: Collection[Account], *, now: datetime
) -> tuple[Ghosts, ...]:
    """Those of the former users who still own what should have moved, in the order given.

    One call after the other: nobody waits for this count, and the calls that somebody waits for come in between.
    """
    users = [account.id for account in former]
    owned = [(spec.module, await _by_owner(api, spec, users, now=now)) for spec in specs]
    found = (
        Ghosts(account, tuple((module, counted[account.id]) for module, counted in owned if counted[account.id]))
        for account in former
    )
    return tuple(each for each in found if each.counts)


async def loads(api: Api, specs: Collection[ModuleSpec], users: Collection[str], *, now: datetime) -> dict[str, int]:
    """For each of the users how much it is, over all modules."""
    counted = await together(_by_owner(api, spec, users, now=now) for spec in specs)
    return {user: sum(each[user] for each in counted) for user in users}


async def _by_owner(api: Api, spec: ModuleSpec, users: Collection[str], *, now: datetime) -> Counter[str]:
    part = Part.ALL if spec.module.category is Category.MASTER else Part.OPEN
    due = spec.phase.where(part, now) or ""
    counted: Counter[str] = Counter()
    for owners in among_each("Owner", users):
        where = all_of(owners, due)
        query = select(("Owner", "COUNT(id) as total"), spec.name, where, group="Owner", limit=IN_MAXIMUM)
        rows, _ = await api.select(query)
        for row in rows:
            counted[_owner(row, users)] += int(aggregate(row, "total", "count"))
    return counted


def _owner(row: Row, users: Collection[str]) -> str:
    """Whose group it is. Whether COQL groups a lookup as an object or as its id is not documented."""
    owner: Any = row.get("Owner")
    found = str(owner.get("id") if isinstance(owner, Mapping) else owner)
    if found not in users:  # counted for nobody, it would look like zero
        raise Rejected("COQL answered with a group of nobody asked for", system="zoho_crm", code="UNKNOWN_GROUP")
    return found
