"""Zoho CRM's REST API, version 8: paths, envelopes and the query call, without what they are used for."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connectors.base import Rejected
from connectors.http import Answer, Call, Http
from connectors.zoho import coql

_ROOT: Final = "/crm/v8"
_ABSENT: Final = frozenset({"INVALID_URL_PATTERN", "RESOURCE_NOT_FOUND"})
Row = Mapping[str, Any]


class Api:
    """Every method raises the errors of `connectors.base`. All writes sent from here may be sent twice."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, path: str, **params: str | int) -> Answer:
        return await self._http.send(Call("GET", _ROOT + path, params=params))

    async def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """The answer's object; empty for 204, which is how Zoho says "none"."""
        answer = await self.fetch(path, **params)
        return answer.payload if isinstance(answer.payload, dict) else {}

    async def get_if_offered(self, path: str, **params: str | int) -> dict[str, Any]:
        """The same, and empty where the organisation does not have this call."""
        try:
            return await self.get(path, **params)
        except Rejected as error:
            if error.code in _ABSENT:
                return {}
            raise

    async def write(self, method: str, path: str, body: Row, **params: str) -> Answer:
        return await self._http.send(Call(method, _ROOT + path, params=params, body=body, repeatable=True))

    async def write_rows(self, path: str, body: Row) -> Answer:
        """A bulk write, whose answer may list refused rows under an error status."""
        return await self._http.send(Call("POST", _ROOT + path, body=body, repeatable=True, by_rows=True))

    async def select(self, query: str) -> tuple[list[Row], bool]:
        """The rows of a COQL query, and whether there are more behind its limit."""
        answer = await self._http.send(Call("POST", f"{_ROOT}/coql", body={"select_query": query}, repeatable=True))
        payload = answer.payload if isinstance(answer.payload, dict) else {}
        return payload.get("data", []), bool(payload.get("info", {}).get("more_records"))

    async def total(self, module: str, where: str) -> int:
        rows, _ = await self.select(coql.select(("COUNT(id) as total",), module, where))
        return int(aggregate(rows[0], "total", "count")) if rows else 0

    async def aclose(self) -> None:
        await self._http.aclose()


def aggregate(row: Row, alias: str, function: str) -> Decimal:
    """The value of an aggregate column. Whether COQL answers with the alias or with `COUNT(id)` is not documented."""
    for key, value in row.items():
        if key == alias or key.lower().startswith(f"{function}("):
            return Decimal(str(value or 0))
    raise Rejected("COQL answered without the asked aggregate", system="zoho_crm", code="UNKNOWN_AGGREGATE")
