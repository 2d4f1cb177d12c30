"""The calls to Example CRM. What the connector makes of their answers is elsewhere."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from connectors.base import BatchResult, Rejected, RowFailure
from connectors.http import Call, Http, together
from connectors.skeleton.errors import ROW_REASONS

Row = dict[str, Any]


class Api:
    """Reads and writes of one company. A PATCH may be sent twice: it sets values and adds nothing."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def get(self, path: str, **params: str | int) -> Row:
        payload: Row = (await self._http.send(Call("GET", path, params=params))).payload
        return payload

    async def every(self, module: str, **params: str | int) -> AsyncIterator[Row]:
        """All rows of a list, over its pages."""
        answer = await self.get(f"/{module}", **params)
        while True:
            for row in answer["records"]:
                yield row
            if answer["next"] is None:
                return
            answer = await self.get(f"/{module}", **params, after=answer["next"])

    async def by_ids(self, module: str, ids: Sequence[str]) -> dict[str, Row]:
        """The records that there are, at most a page of them."""
        answer = await self.get(f"/{module}", ids=",".join(ids), limit=len(ids))
        return {str(row["id"]): row for row in answer["records"]}

    async def owners(self, module: str, **params: str | int) -> Mapping[str, int]:
        """From the vendor's own report: how many records of a module each user owns."""
        counts: Mapping[str, int] = (await self.get(f"/reports/{module}", **params))["owners"]
        return counts

    async def patch(self, path: str, body: Row) -> None:
        await self._http.send(Call("PATCH", path, body=body, repeatable=True))

    async def patch_rows(self, module: str, ids: Sequence[str], body: Row) -> BatchResult:
        """The same change to each record, side by side. What concerns only one record is a row of the result."""
        failures = await together(self._patch_row(module, each, body) for each in ids)
        failed = {failure.id: failure for failure in failures if failure}
        return BatchResult(tuple(each for each in ids if each not in failed), tuple(failed.values()))

    async def _patch_row(self, module: str, record_id: str, body: Row) -> RowFailure | None:
        try:
            await self.patch(f"/{module}/{record_id}", body)
        except Rejected as error:
            if error.code not in ROW_REASONS:
                raise
            return RowFailure(record_id, ROW_REASONS[error.code], error.code)
        return None

    async def aclose(self) -> None:
        await self._http.aclose()
