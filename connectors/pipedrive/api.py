"""Pipedrive's two REST APIs: version 2 where it exists, version 1 for users, leads, goals, filters and webhooks.

Both want strict JSON and answer with `success`, `data` and `additional_data`:
https://pipedrive.readme.io/docs/core-api-concepts-pagination
"""

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Final, TypeVar

from connectors.base import ConnectorError, NotAuthorised, Rejected, Unavailable
from connectors.http import Answer, Call, Http
from connectors.pipedrive.budget import Budget
from connectors.pipedrive.errors import ODD_ANSWER, SYSTEM, WITHHELD

V1: Final = "/api/v1"
V2: Final = "/api/v2"
PAGE: Final = 500  # rows: the most that either version gives
BY_IDS: Final = 100  # ids that a list of version 2 takes
Row = Mapping[str, Any]
Params = Mapping[str, str | int]
T = TypeVar("T")


class Api:
    """Every method raises the errors of `connectors.base`."""

    def __init__(self, http: Http, budget: Budget) -> None:
        self._http = http
        self._budget = budget

    @property
    def tokens_left(self) -> int | None:
        """What is left of the company's tokens for today; None where it is not known."""
        return self._budget.left

    async def fetch(self, path: str, **params: str | int) -> Answer:
        return await self._http.send(Call("GET", path, params=params))

    async def one(self, path: str, **params: str | int) -> Row:
        """The object that the path names."""
        return _object(await self.fetch(path, **params))

    async def page(self, path: str, params: Params, *, after: str | None = None) -> tuple[list[Row], str | None]:
        """One page of a list, and what asks for the next; None behind the last.

        An answer that has no list is a fault, never zero records; only version 1 writes null for an empty one.
        """
        first_version = path.startswith(V1)
        position = {} if after is None else {"start" if first_version else "cursor": after}
        answer = await self._http.send(Call("GET", path, params={**params, **position}))
        rows, extra = answer.payload.get("data"), answer.payload.get("additional_data") or {}
        following = _next_start(extra) if first_version else extra.get("next_cursor")
        if rows is None and first_version and following is None:
            rows = []
        odd = not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows)
        if odd or (following is not None and str(following) == after):
            raise _odd()
        return rows, None if following is None else str(following)

    async def pages(self, path: str, params: Params) -> AsyncIterator[list[Row]]:
        """All pages of a list."""
        after: str | None = None
        while True:
            rows, after = await self.page(path, {"limit": PAGE, **params}, after=after)
            yield rows
            if after is None:
                return

    async def write(self, method: str, path: str, body: Any, *, repeatable: bool = True) -> Any:
        """The `data` of the answer. `repeatable` as in `Call`."""
        return (await self._http.send(Call(method, path, body=body, repeatable=repeatable))).payload.get("data")

    async def write_row(self, path: str, body: Row) -> Answer:
        """Set fields of one record; a refusal that concerns it alone is an answer, not an error."""
        return await self._http.send(Call("PATCH", path, body=body, repeatable=True, by_rows=True))

    async def aclose(self) -> None:
        await self._http.aclose()


async def if_offered(call: Awaitable[T]) -> T | None:
    """What the call gives; None where the company's plan or the token's rights keep it from us."""
    try:
        return await call
    except (Rejected, NotAuthorised) as error:
        if is_withheld(error):
            return None
        raise


def is_withheld(error: ConnectorError) -> bool:
    """Whether an error says that this one thing is not for us; a refused token says that nothing is."""
    return error.code in WITHHELD if isinstance(error, Rejected) else error.code != "HTTP_401"


def _next_start(extra: Row) -> int | None:
    pagination = extra.get("pagination") or {}
    if not pagination.get("more_items_in_collection"):
        return None
    following = pagination.get("next_start")
    return int(pagination["start"]) + int(pagination["limit"]) if following is None else int(following)


def _object(answer: Answer) -> Row:
    found = answer.payload.get("data")
    if not isinstance(found, dict):
        raise _odd()
    return found


def _odd() -> Unavailable:
    return Unavailable("Pipedrive answered without the data asked for", system=SYSTEM, code=ODD_ANSWER)
