"""Bulk writes of Zoho CRM: owner changes, other fields and tags, and their answers row by row."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.base import BatchResult, Rejected, RowFailure, RowReason
from connectors.http import Answer
from connectors.zoho.api import Api
from connectors.zoho.errors import row_id, row_reason, rows_of

# An empty list of triggers starts none; cadences and the rest of these run even so unless they are named.
# https://www.zoho.com/crm/developer/docs/api/v8/update-records.html
_SILENT: Final[Mapping[str, Any]] = {
    "trigger": [],
    "skip_feature_execution": [{"name": name} for name in ("assignment_rules", "cadences", "connected_workflows")],
}


class BulkWriter:
    """Sends named records only, never a criterion."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._tags: set[tuple[str, str]] = set()  # modules and the tags known to exist there

    async def change_owner(self, module: str, ids: Sequence[str], to: str) -> BatchResult:
        """https://www.zoho.com/crm/developer/docs/api/v8/change-owner.html"""
        body = {"ids": list(ids), "owner": {"id": to}, "notify": False}
        return batch_result(ids, await self._api.write_rows("POST", f"/{module}/actions/change_owner", body))

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, Any]) -> BatchResult:
        """Set fields of records, without automation. Raises `Rejected` where a user cannot be given any.

        https://www.zoho.com/crm/developer/docs/api/v8/update-records.html
        """
        body = {"data": [{"id": each, **values} for each in ids], **_SILENT}
        answer = await self._api.write_rows("PUT", f"/{module}", body)
        for row in rows_of(answer):
            if status := row["details"].get("owner_status"):
                raise Rejected(f"The receiver is {status}", system="zoho_crm", code=str(row["code"]))
        return batch_result(ids, answer)

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        """https://www.zoho.com/crm/developer/docs/api/v8/add-tags.html; `over_write` would drop the other tags."""
        await self._ensure(module, tag)
        body = {"ids": list(ids), "tags": [{"name": tag}], "over_write": False}
        return batch_result(ids, await self._api.write_rows("POST", f"/{module}/actions/add_tags", body))

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
    rows = {row_id(row, ids): row for row in rows_of(answer)}
    done = tuple(each for each in ids if each in rows and rows[each]["code"] == "SUCCESS")
    succeeded = set(done)
    failed = (_failure(each, rows.get(each)) for each in ids if each not in succeeded)
    return BatchResult(done, tuple(failed))


def _failure(record_id: str, row: Mapping[str, Any] | None) -> RowFailure:
    if row is None:
        return RowFailure(record_id, RowReason.BUSY, "NO_ANSWER")
    return RowFailure(record_id, row_reason(row), str(row["code"]))
