"""Giving records away and setting fields: one PATCH for each record, because Pipedrive has no call for many.

https://developers.pipedrive.com/docs/api/v1/Deals#updateDeal and its counterparts
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.base import BatchResult, NotAuthorised, RowFailure, RowReason
from connectors.http import Answer, together
from connectors.pipedrive.api import Api
from connectors.pipedrive.errors import SYSTEM, row_code, row_reason
from connectors.pipedrive.labels import LABEL_COLUMN, Label, Labels
from connectors.pipedrive.lists import Lists
from connectors.pipedrive.modules import Spec
from connectors.pipedrive.rows import ASSIGNEES, OWNER, is_archived, is_custom, owners_of
from connectors.pipedrive.seen import Memory, Seen
from connectors.pipedrive.users import Directory

# Types of fields that hold ids or numbers: https://developers.pipedrive.com/docs/api/v1/DealFields
_WHOLE_TYPES: Final = frozenset({"int", "enum", "user", "org", "people", "project", "deal", "stage"})


@dataclass(frozen=True)
class _Outcome:
    """What became of one record: done, and whether it has the tag, or why not."""

    record_id: str
    tagged: bool = False
    failure: RowFailure | None = None


class Writer:
    """Sends named records only. Every PATCH sets values, and may be sent twice."""

    def __init__(self, api: Api, lists: Lists, *, directory: Directory, memory: Memory, labels: Labels) -> None:
        self._api = api
        self._lists = lists
        self._directory = directory
        self._memory = memory
        self._labels = labels

    async def change_owner(
        self, spec: Spec, ids: Sequence[str], to: str, *, tag: str | None, instead_of: str | None = None
    ) -> BatchResult:
        """Raises `Rejected` where the receiver cannot have such records, `NotAuthorised` where no owner may be changed
        at all."""
        await self._directory.must_receive(to, spec.app)
        label = await self._labels.ensure(spec, tag) if tag else None
        seen = await self._seen(spec, ids) if label is not None or spec.asks_owner == "assignee_id" else {}
        if instead_of is None:
            await self._know_users(seen)
        moves = [self._move(spec, each, to, seen.get(each), label=label, instead_of=instead_of) for each in ids]
        outcomes = await together(moves)
        if tag and label is not None and any(not each.tagged and not each.failure for each in outcomes):
            self._labels.forget(spec, tag)
        failures = [each.failure for each in outcomes if each.failure]
        if len(failures) == len(outcomes) and any(each.reason is RowReason.FORBIDDEN for each in failures):
            await self._must_be_allowed()
        return _result(outcomes, tagging=tag is not None)

    async def update(
        self, spec: Spec, ids: Sequence[str], values: Mapping[str, str | None], *, kinds: Mapping[str, str]
    ) -> BatchResult:
        """Set these fields; a user by account id. `kinds` has the types of those that the company added."""
        body: dict[str, Any] = {}
        for name, value in values.items():
            if name == OWNER and spec.asks_owner == "assignee_id":
                body[ASSIGNEES] = [int(value)] if value else []
            elif is_custom(name):
                body.setdefault("custom_fields", {})[name] = _typed(name, value, kinds.get(name))
            else:
                body[name] = _typed(name, value, None)
        return _result(await together(self._patch(spec, each, body) for each in ids), tagging=False)

    async def _seen(self, spec: Spec, ids: Sequence[str]) -> dict[str, Seen]:
        """What the look before has told of these records; of the others what they say now. Nothing of what is gone."""
        seen = {each: self._memory.of(spec, each) for each in ids}
        unseen = [each for each, found in seen.items() if found is None]
        if unseen:
            self._memory.note(spec, (await self._lists.by_ids(spec, unseen)).values())
            seen |= {each: self._memory.of(spec, each) for each in unseen}
        return {each: found for each, found in seen.items() if found}

    async def _must_be_allowed(self) -> None:
        """No record of a batch could be given away. To an administrator these are special; for anybody else the
        company may have switched off that others than the owner change it.

        https://developers.pipedrive.com/changelog (April 2023)
        """
        if not await self._directory.is_admin("sales"):
            text = "Pipedrive forbids to change owners: make the token's user an administrator of the sales app"
            raise NotAuthorised(text, system=SYSTEM, code="OWNER_CHANGE_FORBIDDEN")

    async def _know_users(self, seen: Mapping[str, Seen]) -> None:
        """Read who is inactive, where a task of several people does not tell by itself whose place is to be taken."""
        if any(len(each.assignees) > 1 and self._memory.holder(task) is None for task, each in seen.items()):
            await self._directory.accounts(fresh=False)

    async def _move(
        self,
        spec: Spec,
        record_id: str,
        to: str,
        seen: Seen | None,
        *,
        label: Label | None,
        instead_of: str | None,
    ) -> _Outcome:
        if spec.asks_owner == "assignee_id":
            assignees = seen.assignees if seen else ()
            if instead_of is not None:
                replaced = _in_place_of(assignees, instead_of, to)
            else:
                replaced = _replaced(assignees, self._memory.holder(record_id), to, self._directory.is_former)
            body: dict[str, Any] = {ASSIGNEES: [int(each) for each in replaced]}
        else:
            body = {OWNER: int(to)}
        if label is None or seen is None:
            return await self._patch(spec, record_id, body, to=to)
        labels = [*seen.labels, *(() if label in seen.labels else (label,))]
        outcome = await self._patch(spec, record_id, {**body, LABEL_COLUMN: labels}, to=to)
        if outcome.failure is None:
            return _Outcome(record_id, tagged=True)
        if outcome.failure.reason is not RowReason.INVALID:
            return outcome
        return await self._patch(spec, record_id, body, to=to)  # a label that was deleted keeps no record from moving

    async def _patch(self, spec: Spec, record_id: str, body: Mapping[str, Any], *, to: str | None = None) -> _Outcome:
        answer = await self._api.write_row(spec.item(record_id), body)
        if answer.status >= 400:
            return _Outcome(record_id, failure=await self._failure(spec, record_id, answer))
        row = answer.payload.get("data")
        if isinstance(row, dict) and "id" in row:
            self._memory.note(spec, (row,))
            if to is not None and to not in owners_of(row):
                return _Outcome(record_id, failure=RowFailure(record_id, RowReason.BUSY, "OWNER_UNCHANGED"))
        return _Outcome(record_id)

    async def _failure(self, spec: Spec, record_id: str, answer: Answer) -> RowFailure:
        """Why one record was refused. What Pipedrive answers for an archived one is not documented: it is looked at."""
        reason = row_reason(answer.status)
        if spec.archive and reason is not RowReason.GONE:
            row = (await self._lists.single(spec, record_id)) or {}
            if is_archived(row):
                return RowFailure(record_id, RowReason.GONE, "ARCHIVED")
        return RowFailure(record_id, reason, row_code(answer))


def _replaced(
    assignees: tuple[str, ...], holder: str | None, to: str, former: Callable[[str], bool]
) -> tuple[str, ...]:
    """The assignees with the receiver in the place of whoever holds the task: as last seen, else somebody inactive,
    else the first."""
    if holder not in assignees:
        if to in assignees or not assignees:
            return assignees or (to,)
        holder = next((each for each in assignees if former(each)), assignees[0])
    return _in_place_of(assignees, holder, to)


def _in_place_of(assignees: tuple[str, ...], holder: str | None, to: str) -> tuple[str, ...]:
    """The receiver in this place; beside all of them where nobody here has it."""
    places = assignees if holder in assignees else (*assignees, to)
    return tuple(dict.fromkeys(to if each == holder else each for each in places))


def _result(outcomes: Sequence[_Outcome], *, tagging: bool) -> BatchResult:
    failed = tuple(each.failure for each in outcomes if each.failure)
    done = [each for each in outcomes if not each.failure]
    untagged = tuple(each.record_id for each in done if tagging and not each.tagged)
    return BatchResult(tuple(each.record_id for each in done), failed, untagged)


def _typed(name: str, value: str | None, kind: str | None) -> Any:
    """The value as version 2 takes it: numbers and flags are no texts there."""
    if value is None:
        return None
    match kind:
        case "set":
            return [int(each) for each in value.split("; ")]
        case "double" | "monetary":
            return float(value)
        case "boolean":
            return value == "true"
        case None if name.endswith("_id") and value.isdecimal():
            return int(value)
        case None if value in ("true", "false"):
            return value == "true"
        case _:
            return int(value) if kind in _WHOLE_TYPES and value.isdecimal() else value
