"""Bulk writes of Zoho CRM: owner changes and tags, and their answers row by row."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import BatchResult, Rejected, RowFailure, RowReason
from connectors.http import Answer
from connectors.zoho.api import Api
from connectors.zoho.errors import row_reason, rows_of


class BulkWriter:
    """Sends named records only, never a criterion."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._tags: set[tuple[str, str]] = set()  # modules and the tags known to exist there

    async def change_owner(self, module: str, ids: Sequence[str], to: str) -> BatchResult:
        """https://www.zoho.com/crm/developer/docs/api/v8/change-owner.html"""
        body = {"ids": list(ids), "owner": {"id": to}, "notify": False}
        return batch_result(ids, await self._api.write_rows(f"/{module}/actions/change_owner", body))

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        """https://www.zoho.com/crm/developer/docs/api/v8/add-tags.html; `over_write` would drop the other tags."""
        await self._ensure(module, tag)
        body = {"ids": list(ids), "tags": [{"name": tag}], "over_write": False}
        return batch_result(ids, await self._api.write_rows(f"/{module}/actions/add_tags", body))

    async def _ensure(self, module: str, tag: str) -> None:
        """Create the tag: that add_tags does so by itself is not documented. Trying is cheaper than looking first."""
        if (module, tag) in self._tags:
            return
        try:
            await self._api.write("POST", "/settings/tags", {"tags": [{"name": tag}]}, module=module)
        except Rejected as error:
            if error.code != "DUPLICATE_DATA":  # it is there
                raise
        self._tags.add((module, tag))


def batch_result(ids: Sequence[str], answer: Answer) -> BatchResult:
    """Sort the ids by their rows. An id without a row may or may not be done; writing it again does no harm."""
    rows = {_row_id(row, ids): row for row in rows_of(answer)}
    done = tuple(each for each in ids if each in rows and rows[each]["code"] == "SUCCESS")
    succeeded = set(done)
    failed = (_failure(each, rows.get(each)) for each in ids if each not in succeeded)
    return BatchResult(done, tuple(failed))


def _row_id(row: Mapping[str, Any], ids: Sequence[str]) -> str:
    details = row["details"]
    return str(details["id"]) if "id" in details else ids[int(details["index"])]


def _failure(record_id: str, row: Mapping[str, Any] | None) -> RowFailure:
    if row is None:
        return RowFailure(record_id, RowReason.BUSY, "NO_ANSWER")
    return RowFailure(record_id, row_reason(row), str(row["code"]))
