"""SuiteCRM's V8 JSON:API: documents, filters and pages, without what they are used for.

https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/, and its source,
https://github.com/salesagility/SuiteCRM/tree/v7.14.6/Api/V8
"""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final, NamedTuple, TypeVar

from connectors.base import NotAuthorised, Rejected, Unavailable
from connectors.http import Call, Http
from connectors.suitecrm.errors import ODD_ANSWER, SYSTEM, WITHHELD

Row = Mapping[str, Any]
T = TypeVar("T")
PARALLEL: Final = 4
PAGE: Final = 200  # rows: each is loaded on its own, so that more takes too long


class Where(NamedTuple):
    """One condition, such as `Where("id", "gt", "…")`. There is no `neq` here: it drops the rows without a value."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class Listing:
    """The rows of a page, each with its id among the attributes, and how many pages of that size there are."""

    rows: tuple[Row, ...]
    pages: int


class Api:
    """Every method raises the errors of `connectors.base`. All writes sent from here may be sent twice."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._slots = asyncio.Semaphore(PARALLEL)

    async def listed(
        self,
        module: str,
        where: Sequence[Where],
        *,
        fields: Collection[str],
        sort: str = "id",
        size: int = PAGE,
        number: int = 1,
    ) -> Listing:
        """One page. The number is always sent: without it, the answer's own link to the next page names the first."""
        params: dict[str, str | int] = {
            **_filters(where),
            f"fields[{module}]": ",".join(dict.fromkeys(("id", *fields))),
            "sort": sort,
            "page[size]": size,
            "page[number]": number,
        }
        return _listing(await self._get(f"/module/{module}", params))

    async def everything(self, module: str, where: Sequence[Where], *, fields: Collection[str]) -> list[Row]:
        """The rows of all pages, each page begun behind the last id of the one before, whatever moved meanwhile."""
        rows: list[Row] = []
        behind: tuple[Where, ...] = ()
        while True:
            page = await self.listed(module, (*where, *behind), fields=fields)
            rows += page.rows
            if page.pages <= 1:
                return rows
            behind = (Where("id", "gt", page.rows[-1]["id"]),)

    async def total(self, module: str, where: Sequence[Where]) -> int:
        """A count by the database: pages of one row each are counted, and one row is loaded."""
        return (await self.listed(module, where, fields=(), size=1)).pages

    async def one(self, module: str, record_id: str, *, fields: Collection[str]) -> Row | None:
        """One record; None where it is gone."""
        params = {f"fields[{module}]": ",".join(dict.fromkeys(("id", *fields)))}
        try:
            return _row((await self._get(f"/module/{module}/{record_id}", params))["data"])
        except Rejected as error:
            if error.code == "NOT_FOUND":
                return None
            raise

    async def related(self, module: str, record_id: str, link: str, where: Sequence[Where]) -> int:
        """How many records hang on one by a link. An answer without rows has no number either."""
        params: dict[str, str | int] = {**_filters(where), "page[size]": 1, "page[number]": 1}
        answer = await self._get(f"/module/{module}/{record_id}/relationships/{link}", params)
        if not answer.get("data"):
            return 0
        meta = answer.get("meta") or {}
        total = meta.get("total-records", meta.get("total-pages"))
        if total is None:
            raise _odd("the number of related records")
        return int(total)

    async def patch(self, module: str, record_id: str, attributes: Mapping[str, Any]) -> Row:
        """Set attributes of a record, which is in the answer. SuiteCRM takes any attribute, known or not, unchecked."""
        body = {"data": {"type": module, "id": record_id, "attributes": dict(attributes)}}
        return _row((await self._send(Call("PATCH", "/module", body=body, repeatable=True)))["data"])

    async def attributes(self, path: str) -> Row:
        """The attributes of a document that is not about a record."""
        return _row((await self._get(path, {}))["data"])

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _get(self, path: str, params: Mapping[str, str | int]) -> dict[str, Any]:
        return await self._send(Call("GET", path, params=params))

    async def _send(self, call: Call) -> dict[str, Any]:
        """A call takes its token when its turn has come: one that waited with it might find it dead again and again."""
        async with self._slots:
            payload: dict[str, Any] = (await self._http.send(call)).payload
        return payload


async def unless_withheld(call: Awaitable[T]) -> T | None:
    """What the call gives; None where SuiteCRM does not have it, or keeps it from us."""
    try:
        return await call
    except (Rejected, NotAuthorised) as error:
        if error.code in WITHHELD:
            return None
        raise


def db_time(moment: datetime) -> str:
    """A time as filters want it, in UTC; answers have them by ISO 8601 with their offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment_of(value: Any) -> datetime | None:
    """A time as answers have it; in the database's form, without offset, it is UTC. None for a date."""
    text = str(value or "")
    if len(text) <= len("2026-01-31"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def text_of(value: Any) -> str | None:
    """A value as text; texts come with the entities of HTML in them."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(int(value))
    return unescape(str(value)) or None


def _filters(where: Sequence[Where]) -> dict[str, str]:
    """Each operator counts once per field."""
    conditions = {f"filter[{field}][{operator}]": value for field, operator, value in where}
    return {"filter[operator]": "and", **conditions} if conditions else {}


def _listing(payload: Mapping[str, Any]) -> Listing:
    """An answer without rows has no number of pages. One with rows and without it is a fault, never a last page."""
    data = payload["data"]
    if not isinstance(data, list):
        raise _odd("the rows asked for")
    pages = (payload.get("meta") or {}).get("total-pages", None if data else 0)
    if pages is None:
        raise _odd("the number of pages")
    rows = {row["id"]: row for row in map(_row, data)}  # a filter by address gives a user with two of them twice
    return Listing(tuple(rows.values()), int(pages))


def _row(data: Any) -> Row:
    if not isinstance(data, dict):
        raise _odd("a record")
    attributes = data.get("attributes")
    return {**(attributes if isinstance(attributes, dict) else {}), "id": str(data.get("id") or "")}


def _odd(what: str) -> Unavailable:
    return Unavailable(f"SuiteCRM answered without {what}", system=SYSTEM, code=ODD_ANSWER)
