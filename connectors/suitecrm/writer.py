"""Writing records: one PATCH each, for V8 has no bulk call. Side by side, and each answered for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from connectors.base import BatchResult, ConnectorError, QuotaExhausted, Rejected, RowFailure, RowReason, Unavailable
from connectors.suitecrm.api import Api, Where, text_of
from connectors.suitecrm.errors import ROW_REASONS
from connectors.suitecrm.modules import OWNER, TAG, ModuleSpec
from connectors.suitecrm.records import by_ids

_Outcome = RowFailure | ConnectorError | None


class Writer:
    """Sends named records only, never a criterion. What is written runs SuiteCRM's logic hooks and workflows."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def change_owner(self, spec: ModuleSpec, ids: Sequence[str], to: str, *, tag: str | None) -> BatchResult:
        """The tag goes into a text field that has room for one: what stands there from before is kept, and said."""
        tagged = await self._tagged(spec, ids, tag)

        async def give(record_id: str) -> RowFailure | None:
            mark = {TAG: tag} if tagged.get(record_id) == "" else {}
            row = await self._api.patch(spec.name, record_id, {OWNER: to, **mark})
            if row.get(OWNER, to) != to:  # a logic hook has set it otherwise
                return RowFailure(record_id, RowReason.FORBIDDEN, "OWNER_KEPT")
            return None

        result = await _side_by_side(ids, give)
        untagged = (each for each in result.done if tagged.get(each) not in ("", tag)) if tag else ()
        return BatchResult(result.done, result.failed, tuple(untagged))

    async def update(self, spec: ModuleSpec, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        """Raises `Rejected` for a field that the module lacks: SuiteCRM would take it without a word, and lose it."""
        if unknown := sorted(values.keys() - spec.fields):
            raise Rejected(f"{spec.name} has no field {', '.join(unknown)}", system="suitecrm", code="NO_FIELD")
        attributes = {name: value or "" for name, value in values.items()}

        async def write(record_id: str) -> None:
            await self._api.patch(spec.name, record_id, attributes)

        return await _side_by_side(ids, write)

    async def _tagged(self, spec: ModuleSpec, ids: Sequence[str], tag: str | None) -> dict[str, str]:
        """What stands in the tag field of each; none where nothing can be put there. Few records have a tag already."""
        if not tag or not spec.takes_tags:
            return {}
        rows = await by_ids(self._api, spec.name, ids, fields=(TAG,), also=(Where(TAG, "gt", ""),))
        return dict.fromkeys(ids, "") | {each: text_of(row.get(TAG)) or "" for each, row in rows.items()}


async def _side_by_side(ids: Sequence[str], write: Callable[[str], Awaitable[Any]]) -> BatchResult:
    """Every record's own outcome. Raises what concerns all of them: a dead grant, or a vendor that answers none."""

    async def outcome(record_id: str) -> _Outcome:
        try:
            failure: RowFailure | None = await write(record_id)
        except ConnectorError as error:
            return _row_failure(record_id, error) or error
        return failure

    outcomes = dict(zip(ids, await asyncio.gather(*map(outcome, ids)), strict=True))
    errors = [each for each in outcomes.values() if isinstance(each, ConnectorError)]
    fatal = [each for each in errors if isinstance(each, QuotaExhausted) or not isinstance(each, Unavailable)]
    if fatal or (errors and len(errors) == len(ids)):
        raise (fatal or errors)[0]
    failed = [
        RowFailure(each, RowReason.BUSY, found.code) if isinstance(found, ConnectorError) else found
        for each, found in outcomes.items()
        if found is not None
    ]
    return BatchResult(tuple(each for each in ids if outcomes[each] is None), tuple(failed))


def _row_failure(record_id: str, error: ConnectorError) -> RowFailure | None:
    """What SuiteCRM says of one record; None for what it says of the call or of us."""
    if error.code in ROW_REASONS:
        return RowFailure(record_id, ROW_REASONS[error.code], error.code)
    if isinstance(error, Rejected):
        return RowFailure(record_id, RowReason.INVALID, error.code)
    return None
