"""Reading records: pages of what somebody owns, records by their ids, and what a module has altogether."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connectors.base import Page, Part, Record, Rejected
from connectors.http import together
from connectors.pipedrive.api import BY_IDS, PAGE, Api, Params, Row
from connectors.pipedrive.errors import NOT_FOUND
from connectors.pipedrive.modules import Listing, Spec
from connectors.pipedrive.rows import is_custom, moment, owners_of, text_of, value_of

_KEYS: Final = 15  # of custom fields that a list takes
_CHANGED: Final = "update_time"


@dataclass(frozen=True)
class View:
    """How many records a page has, and what it tells of each besides id and label."""

    limit: int
    columns: Sequence[str] = ()
    idle_since: datetime | None = None


class Lists:
    """`is_former` tells of an owner that the user is known to be inactive."""

    def __init__(self, api: Api, *, is_former: Callable[[str], bool]) -> None:
        self._api = api
        self._is_former = is_former
        self._lengths: dict[tuple[str, str], int] = {}
        # Whether a list still takes an inactive owner is not documented; None until one has, or has not.
        self._takes_former: bool | None = None

    async def page(
        self, spec: Spec, owner: str, part: Part, *, view: View, after: str | None
    ) -> tuple[Page, list[Row]]:
        """One call: the page, and its rows as they came. `after` names the list, of those that make up the part, and
        the place in it. Where the list has no parameter for the owner, few of a page's rows may be the owner's."""
        listings = spec.listings(part)
        number, _, place = (after or "0:").partition(":")
        if int(number) >= len(listings):
            return Page((), None), []
        listing = listings[int(number)]
        params: Params = {"limit": view.limit, **_keys(spec, view.columns)}
        rows, following = await self._page_of(spec, owner, listing, params, after=place or None)
        mine = [row for row in rows if _is_mine(spec, owner, part, row, listing)]
        if following is not None:
            return Page(_records(spec, mine, view, owner), f"{number}:{following}"), mine
        last = int(number) + 1 == len(listings)
        return Page(_records(spec, mine, view, owner), None if last else f"{int(number) + 1}:"), mine

    async def owned(
        self, spec: Spec, owner: str, part: Part, *, doubting: bool = False
    ) -> AsyncIterator[tuple[Row, bool]]:
        """All the owner's records of the part, each with whether it is archived. With `doubting`, an inactive owner's
        empty list is believed only once such a list has had something in it."""
        for listing in spec.listings(part):
            found = False
            async for row in self.listed(spec, owner, listing):
                if spec.is_in(part, row, archived=listing.archived):
                    found = True
                    yield row, listing.archived
            if found or not (doubting and self._asks(spec, owner)) or self._takes_former:
                continue
            async for row in self._everybodys(listing):
                if _is_mine(spec, owner, part, row, listing):
                    self._takes_former = False
                    yield row, listing.archived

    async def listed(self, spec: Spec, owner: str, listing: Listing) -> AsyncIterator[Row]:
        """All the owner's records of one list."""
        pages, after = 0, None
        while True:
            rows, after = await self._page_of(spec, owner, listing, {"limit": PAGE}, after=after)
            pages += 1
            for row in rows:
                if owner in owners_of(row):
                    yield row
            if after is None:
                break
        if not self._asks(spec, owner):
            self._lengths[_key(listing)] = pages

    async def naming(self, spec: Spec, owner: str, column: str, *, limit: int, after: str | None) -> Page:
        """One page of the module's records, with those in which the column names the user, whoever owns them."""
        params = {"limit": limit, **_keys(spec, (column,))}
        rows, following = await self._api.page(spec.path, params, after=after)
        named = [row for row in rows if text_of(value_of(row, column)) == owner]
        return Page(_records(spec, named, View(limit)), following)

    async def everybodys(self, spec: Spec, columns: Collection[str]) -> AsyncIterator[Row]:
        """All records that can be edited, whoever owns them, with these custom fields."""
        async for rows in self._api.pages(spec.path, _keys(spec, columns)):
            for row in rows:
                yield row

    async def by_owner(self, spec: Spec, part: Part, listings: Sequence[Listing] = ()) -> Counter[str]:
        """How many records of the part each owner has, read without asking for an owner: in these lists, or the usual
        ones."""
        counted: Counter[str] = Counter()
        for listing in listings or spec.listings(part):
            async for row in self._everybodys(listing):
                if spec.is_in(part, row, archived=listing.archived):
                    counted.update(owners_of(row))
        return counted

    async def by_ids(self, spec: Spec, ids: Sequence[str], *, archived: bool = False) -> dict[str, Row]:
        """These records by id; those that are gone are left out, and archived ones unless these are asked for."""
        if not spec.by_ids:
            found = await together(self.single(spec, each) for each in ids)
            return {each: row for each, row in zip(ids, found, strict=True) if row is not None}
        path = spec.archive if archived and spec.archive else spec.path
        blocks = [ids[start : start + BY_IDS] for start in range(0, len(ids), BY_IDS)]
        asked: list[Params] = [{"limit": BY_IDS, "ids": ",".join(block)} for block in blocks]
        pages = await together(self._api.page(path, params) for params in asked)
        return {str(row["id"]): row for rows, _ in pages for row in rows}

    async def single(self, spec: Spec, record_id: str) -> Row | None:
        """One record, archived or not; None where it is gone."""
        try:
            row = await self._api.one(spec.item(record_id))
        except Rejected as error:
            if error.code != NOT_FOUND:
                raise
            return None
        return None if row.get("is_deleted") else row

    def pages_of(self, listing: Listing, *, at_least: int = 0) -> int:
        """How many calls it takes to read a whole list, by its last reading, that has at least so many records."""
        return max(self._lengths.get(_key(listing), 1), -(-at_least // PAGE))

    def _asks(self, spec: Spec, owner: str) -> bool:
        """Whether to ask the list for the owner's records alone."""
        return spec.asks_owner is not None and not (self._takes_former is False and self._is_former(owner))

    async def _page_of(
        self, spec: Spec, owner: str, listing: Listing, params: Params, *, after: str | None
    ) -> tuple[list[Row], str | None]:
        """One page with the owner's records; with everybody's where the list cannot be asked for an owner."""
        params = {**listing.params, **params}
        if not self._asks(spec, owner):
            return await self._api.page(listing.path, params, after=after)
        try:
            found = await self._api.page(listing.path, {**params, str(spec.asks_owner): owner}, after=after)
        except Rejected as error:
            if error.code == NOT_FOUND or not self._is_former(owner):
                raise
            self._takes_former = False
            return await self._api.page(listing.path, params, after=after)
        if found[0] and self._is_former(owner):
            self._takes_former = True
        return found

    async def _everybodys(self, listing: Listing) -> AsyncIterator[Row]:
        pages = 0
        async for rows in self._api.pages(listing.path, listing.params):
            pages += 1
            for row in rows:
                yield row
        self._lengths[_key(listing)] = pages


def _key(listing: Listing) -> tuple[str, str]:
    return listing.path, str(sorted(listing.params.items()))


def _keys(spec: Spec, columns: Collection[str]) -> Params:
    """The parameter that keeps an answer to the custom fields wanted; with too many of them all come."""
    custom = [column for column in (*columns, *((spec.house[0],) if spec.house else ())) if is_custom(column)]
    return {"custom_fields": ",".join(dict.fromkeys(custom))} if spec.asks_custom and 0 < len(custom) <= _KEYS else {}


def _is_mine(spec: Spec, owner: str, part: Part, row: Row, listing: Listing) -> bool:
    return owner in owners_of(row) and spec.is_in(part, row, archived=listing.archived)


def _records(spec: Spec, rows: Sequence[Row], view: View, owner: str = "") -> tuple[Record, ...]:
    """With an owner, those who have a task beside them are named."""
    return tuple(
        Record(
            id=str(row["id"]),
            label=spec.label_of(row),
            fields={column: text_of(value_of(row, column)) for column in view.columns},
            idle=view.idle_since is not None and is_idle(row, view.idle_since),
            shared_with=tuple(each for each in owners_of(row) if each != owner) if owner else (),
        )
        for row in rows
    )


def is_idle(row: Row, since: datetime) -> bool:
    """Whether nothing has changed in the record since then: when somebody last worked on it, no list tells."""
    changed = moment(row.get(_CHANGED))
    return changed is None or changed < since
