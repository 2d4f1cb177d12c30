"""Zoho CRM's REST API, version 8: paths, envelopes and the query call, without what they are used for."""

from collections.abc import Awaitable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from connectors.base import NotAuthorised, Rejected, Unavailable
from connectors.http import Answer, Call, Http
from connectors.zoho import coql
from connectors.zoho.errors import ABSENT, ODD_ANSWER

_ROOT: Final = "/crm/v8"
_CREDITS_HEADER: Final = "x-api-credits-remaining"
Row = Mapping[str, Any]
T = TypeVar("T")
NO_ROWS: Final[tuple[list[Row], bool]] = ([], False)


class Api:
    """Every method raises the errors of `connectors.base`. All writes sent from here may be sent twice."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._credits_left: int | None = None

    @property
    def credits_left(self) -> int | None:
        """What the last answer said is left of the day's credits; None while more than half of them are.

        https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html
        """
        return self._credits_left

    async def fetch(self, path: str, **params: str | int) -> Answer:
        return await self._send(Call("GET", _ROOT + path, params=params))

    async def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """The answer's object; empty for 204, which is how Zoho says "none"."""
        answer = await self.fetch(path, **params)
        return answer.payload if isinstance(answer.payload, dict) else {}

    async def get_if_offered(self, path: str, **params: str | int) -> dict[str, Any]:
        """The same, and empty where the organisation does not have this call."""
        return await unless(ABSENT, self.get(path, **params)) or {}

    async def write(self, method: str, path: str, body: Row, **params: str) -> Answer:
        return await self._send(Call(method, _ROOT + path, params=params, body=body, repeatable=True))

    async def write_rows(self, method: str, path: str, body: Row) -> Answer:
        """A bulk write, whose answer may list refused rows under an error status."""
        return await self._send(Call(method, _ROOT + path, body=body, repeatable=True, by_rows=True))

    async def select(self, query: str) -> tuple[list[Row], bool]:
        """The rows of a COQL query, and whether there are more behind its limit."""
        answer = await self._send(Call("POST", f"{_ROOT}/coql", body={"select_query": query}, repeatable=True))
        return rows_of_page(answer, "data")

    async def page(self, path: str, key: str, **params: str | int) -> tuple[list[Row], bool]:
        """The rows under `key` of one page of a list, and whether there are more pages."""
        return rows_of_page(await self.fetch(path, **params), key)

    async def total(self, module: str, where: str) -> int:
        """A count; Zoho answers 200 with a row or, where nothing matches, perhaps 204 (which one is undocumented)."""
        rows, _ = await self.select(coql.select(("COUNT(id) as total",), module, where))
        return int(aggregate(rows[0], "total", "count")) if rows else 0

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _send(self, call: Call) -> Answer:
        answer = await self._http.send(call)
        left = answer.headers.get(_CREDITS_HEADER, "")
        self._credits_left = int(left) if left.isdecimal() else None
        return answer


async def unless(codes: Collection[str], call: Awaitable[T]) -> T | None:
    """What the call gives; None where Zoho refuses it for one of these reasons."""
    try:
        return await call
    except (Rejected, NotAuthorised) as error:
        if error.code in codes:
            return None
        raise


def rows_of_page(answer: Answer, key: str) -> tuple[list[Row], bool]:
    """The rows of a page: none for 204 or an empty list. An answer that has no list is a fault, never zero records."""
    if answer.status == 204:
        return [], False
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    rows, info = payload.get(key), payload.get("info") or {}
    more = isinstance(info, dict) and bool(info.get("more_records"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or (more and not rows):
        raise Unavailable("Zoho CRM answered without the rows asked for", system="zoho_crm", code=ODD_ANSWER)
    return rows, more


def aggregate(row: Row, alias: str, function: str) -> Decimal:
    """The value of an aggregate column. Whether COQL answers with the alias or with `COUNT(id)` is not documented."""
    for key, value in row.items():
        if key == alias or key.lower().startswith(f"{function}("):
            try:
                return Decimal(str(value or 0))
            except InvalidOperation:
                break
    raise Rejected("COQL answered without the asked aggregate", system="zoho_crm", code="UNKNOWN_AGGREGATE")
