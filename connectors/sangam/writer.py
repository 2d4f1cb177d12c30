"""Writing records by `save-data`, which is documented to create them, or to update what it finds by phone or e-mail.

That the id of a record makes it an update of that record is not documented. So the first write is proved: the record
says what it should, and its owner has got that record and no other. Nothing else is written before. And records are
looked up before they are written, as a record that is gone might be made anew.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.base import BatchResult, Rejected, RowFailure, RowReason, Unavailable
from connectors.sangam.api import Api, Row, text_of
from connectors.sangam.errors import SYSTEM
from connectors.sangam.modules import TAG, ModuleSpec
from connectors.sangam.records import by_ids, owned_rows

NOT_PROVEN: Final = "NOT_PROVEN"


class Writer:
    """Sends named records only, one call each, one after the other."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = asyncio.Lock()
        self._proven: bool | None = None

    async def change_owner(self, spec: ModuleSpec, ids: Sequence[str], to: str, *, tag: str | None) -> BatchResult:
        """The tag goes into a text field that has room for one: what stands there from before is kept, and said.

        Raises `Rejected` with code "NOT_PROVEN" where an update by id did something else; from then on at once.
        """
        rows = await by_ids(self._api, spec, ids)
        marks = {each: _mark(spec, row, tag) for each, row in rows.items()}
        pending = {each: {spec.owner: to, **marks[each]} for each in rows if spec.owner_of(rows[each]) != to}
        result = await self._write(spec, ids, rows, pending)
        there = {each for each, row in rows.items() if text_of(row.get(TAG)) == tag}
        untagged = (each for each in result.done if not marks[each] and each not in there) if tag else ()
        return BatchResult(result.done, result.failed, tuple(untagged))

    async def update(self, spec: ModuleSpec, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        """Raises `Rejected` for a field that the module lacks, and as `change_owner` does."""
        if unknown := sorted(values.keys() - spec.fields):
            raise Rejected(f"{spec.name} has no field {', '.join(unknown)}", system=SYSTEM, code="NO_FIELD")
        rows = await by_ids(self._api, spec, ids)
        written = {name: value or "" for name, value in values.items()}
        return await self._write(spec, ids, rows, dict.fromkeys(rows, written))

    async def _prove(self, spec: ModuleSpec, row: Row, values: Mapping[str, str]) -> None:
        """Write one record, and look what has become of it, and of all that its owner has by then."""
        if self._proven is False:
            raise _not_proven("An update by id has not done what it should")
        record_id, owner = row["id"], values.get(spec.owner) or spec.owner_of(row) or ""
        before = {each["id"] for each in await owned_rows(self._api, spec, owner)}
        answered = await self._api.save(spec.name, record_id, values, repeatable=False)
        after = {each["id"]: each for each in await owned_rows(self._api, spec, owner)}
        found = after.get(record_id, {})
        updated = all((text_of(found.get(name)) or "") == value for name, value in values.items())
        self._proven = updated and after.keys() - before <= {record_id} and answered in (None, record_id)
        if not self._proven:
            raise _not_proven("An update by id has not done what it should, and may have made a record twice")

    async def _write(
        self,
        spec: ModuleSpec,
        ids: Sequence[str],
        rows: Mapping[str, Row],
        pending: Mapping[str, Mapping[str, str]],
    ) -> BatchResult:
        failed = {each: RowFailure(each, RowReason.GONE, "NOT_FOUND") for each in ids if each not in rows}
        left = dict(pending)
        async with self._lock:
            if left and not self._proven:
                first = next(iter(left))
                await self._prove(spec, rows[first], left.pop(first))
        down: Unavailable | None = None
        for each, values in left.items():
            try:
                answered = await self._api.save(spec.name, each, values, repeatable=True)
            except Unavailable as error:
                if down is not None:
                    raise  # two in a row: it is not about a record
                down, failed[each] = error, RowFailure(each, RowReason.BUSY, error.code)
                continue
            except Rejected as error:
                failed[each] = RowFailure(each, RowReason.INVALID, error.code)
                continue
            down = None
            if answered not in (None, each):
                failed[each] = RowFailure(each, RowReason.INVALID, "OTHER_RECORD")
        return BatchResult(tuple(each for each in ids if each not in failed), tuple(failed.values()))


def _mark(spec: ModuleSpec, row: Row, tag: str | None) -> dict[str, str]:
    return {TAG: tag} if tag and TAG in spec.fields and not text_of(row.get(TAG)) else {}


def _not_proven(text: str) -> Rejected:
    return Rejected(text, system=SYSTEM, code=NOT_PROVEN)
