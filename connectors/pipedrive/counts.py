"""Counting what users own: by asking for the owner, and without asking, so that one proves the other.

The proof reads a module's whole list and compares owners here, because Pipedrive has no other count: a list that no
longer takes an inactive owner would look like zero. Open deals are summed up by a call of their own:
https://developers.pipedrive.com/docs/api/v1/Deals#getDealsSummary
"""

from collections import Counter
from collections.abc import Collection
from typing import Final

from connectors.base import Category, Ghosts, Part
from connectors.http import together
from connectors.pipedrive.api import V1, Api, if_offered
from connectors.pipedrive.lists import Lists
from connectors.pipedrive.modules import Listing, Spec
from connectors.pipedrive.users import Directory

SUMMARY: Final = f"{V1}/deals/summary"


def due(spec: Spec) -> Part:
    """The part that has to move when its owner leaves."""
    return Part.ALL if spec.module.category is Category.MASTER else Part.OPEN


def summed_up(spec: Spec, part: Part) -> bool:
    """Whether Pipedrive counts this part by itself; it knows nothing of what only the house calls closed."""
    return spec.name == "deals" and part is Part.OPEN and spec.house is None


def proving(spec: Spec, part: Part) -> tuple[Listing, ...]:
    """The lists that the second count reads: for projects, which are counted from the list of all, that of the open."""
    if part is Part.OPEN and spec.asks_owner is None:
        return (Listing(spec.path, {"status": "open"}),)
    return spec.listings(part)


async def count(lists: Lists, spec: Spec, owner: str, part: Part) -> int:
    return sum([1 async for _ in lists.owned(spec, owner, part)])


async def recount(api: Api, lists: Lists, spec: Spec, owner: str, part: Part) -> int:
    """By another path than `count`; neither lags behind a write."""
    if summed_up(spec, part):
        summary = await api.one(SUMMARY, user_id=owner, status="open")
        return int(summary.get("total_count") or 0)
    return (await lists.by_owner(spec, part, proving(spec, part)))[owner]


async def loads(lists: Lists, specs: Collection[Spec], users: Collection[str]) -> dict[str, int]:
    """For each of the users how much would have to move, over all modules."""
    if not users:
        return {}
    counted = await together(by_owner(lists, spec) for spec in specs)
    return {user: sum(each[user] for each in counted) for user in users}


async def by_owner(lists: Lists, spec: Spec) -> Counter[str]:
    """How many records that would have to move each owner has; none in a module that the company does not have."""
    counted = lists.by_owner(spec, due(spec))
    return (await if_offered(counted) or Counter()) if spec.feature else await counted


async def ghosts(lists: Lists, directory: Directory, specs: Collection[Spec]) -> tuple[Ghosts, ...]:
    """Those of the former users who still own what should have moved.

    One list after the other: nobody waits for this count, and the calls that somebody waits for come in between. Owners
    whom the list of users does not show are read one by one.
    """
    counted = [(spec.module, await by_owner(lists, spec)) for spec in specs]
    listed = {account.id: account for account in await directory.accounts(fresh=False)}
    owners = dict.fromkeys(owner for _, owners in counted for owner in owners)
    hidden = [await directory.owner(owner) for owner in owners if owner not in listed]
    former = [account for account in (*listed.values(), *hidden) if not account.active]
    found = (
        Ghosts(account, tuple((module, owners[account.id]) for module, owners in counted if owners[account.id]))
        for account in former
    )
    return tuple(each for each in found if each.counts)
