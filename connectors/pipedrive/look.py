"""A look before a block of writes: which of some records have become somebody else's, or have left the part.

It tells what is so now, and remembers what the writes need: labels and assignees, so that these take no call more.
"""

from collections.abc import Mapping, Sequence

from connectors.base import Part
from connectors.pipedrive.api import Row
from connectors.pipedrive.lists import Lists
from connectors.pipedrive.modules import Spec
from connectors.pipedrive.rows import owners_of
from connectors.pipedrive.seen import Memory


async def moved_away(
    lists: Lists, memory: Memory, spec: Spec, owner: str, *, part: Part, ids: Sequence[str]
) -> Mapping[str, str]:
    """Record id to whose it is now. One call by ids; where a list takes none, the owner's list, and those that are no
    longer in it one by one."""
    rows = await lists.by_ids(spec, ids) if spec.by_ids else await _still_there(lists, spec, owner, part, ids)
    missing = [each for each in ids if each not in rows]
    archived: Mapping[str, Row] = {}
    if missing and spec.by_ids and spec.archive:
        archived = await lists.by_ids(spec, missing, archived=True)
    elif missing and not spec.by_ids:
        rows |= await lists.by_ids(spec, missing)
    memory.note(spec, rows.values(), holder=owner)
    gone_to = {each: _whose(spec, row, owner, part, archived=False) for each, row in rows.items()}
    gone_to |= {each: _whose(spec, row, owner, part, archived=True) for each, row in archived.items()}
    return {each: to for each, to in gone_to.items() if to is not None}


async def _still_there(lists: Lists, spec: Spec, owner: str, part: Part, ids: Sequence[str]) -> dict[str, Row]:
    asked, found = frozenset(ids), dict[str, Row]()
    listed = lists.listed(spec, owner, spec.listings(part)[0])
    async for row in listed:
        if str(row["id"]) in asked:
            found[str(row["id"])] = row
    return found


def _whose(spec: Spec, row: Row, owner: str, part: Part, *, archived: bool) -> str | None:
    """Whose the record is; None where it still is this owner's, and in the part."""
    owners = owners_of(row)
    if owner in owners:
        return None if spec.is_in(part, row, archived=archived) else owner
    return next(iter(owners), "")
