"""Counting what an account owns in as few calls as COQL allows.

One call for the numbers of a module (two for leads and meetings), one for each other field that can hold a user, one
for the samples of some modules. What a survey asks for comes on top, for modules with open records alone: one call for
the idle ones, and one for each field to group by.
"""

from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from connectors.base import Holding, MailboxKind, NotCovered, Part, Rejected, Sample, Survey, UserField
from connectors.http import together
from connectors.zoho.api import Api, Row, aggregate
from connectors.zoho.coql import all_of, compare, select
from connectors.zoho.modules import ModuleSpec, UserColumn
from connectors.zoho.pages import text_of
from connectors.zoho.phases import UntilClosed, UntilTime, WhileScheduled

K = TypeVar("K")
V = TypeVar("V")
_SAMPLES: Final = 3  # records of a module
_SAMPLED: Final = 3  # modules: the ones with the most open records
_GROUPS: Final = 200  # groups in one answer: COQL's cheapest limit
MAIL_MODULE: Final = "Contacts"
_UNASKABLE: Final = frozenset({"INVALID_QUERY", "SYNTAX_ERROR"})  # COQL does not compare such a field
_MAILBOXES: Final = {"imap": MailboxKind.IMAP, "pop": MailboxKind.POP}  # "api" does not say whose server it is


@dataclass(frozen=True)
class Tally:
    """`open_value` is None where the module has no value."""

    open: int = 0
    closed: int = 0
    open_value: Decimal | None = None


class Surveyor:
    """Counts for one owner at one time. `url_of` makes a record's address from module and id."""

    def __init__(self, api: Api, *, owner: str, now: datetime, url_of: Callable[[str, str], str]) -> None:
        self._api = api
        self._owner = owner
        self._mine = compare("Owner", "=", owner)
        self._now = now
        self._url_of = url_of

    async def holdings(self, specs: Collection[ModuleSpec], survey: Survey) -> tuple[Holding, ...]:
        """One for each module, in their order; samples of the modules with the most open records, and of contacts."""
        tallies = await _each(specs, self._tally)
        by_size = sorted((spec for spec in specs if tallies[spec].open), key=lambda spec: -tallies[spec].open)
        sampled = [*by_size[:_SAMPLED], *(spec for spec in by_size[_SAMPLED:] if spec.name == MAIL_MODULE)]
        samples = await _each(sampled, self._samples)
        idle = await _each(by_size, lambda spec: self._idle(spec, survey.idle_since))
        groups = await _each(by_size, lambda spec: self._groups(spec, tallies[spec], survey))
        return tuple(
            Holding(
                module=spec.module,
                open=tally.open,
                closed=tally.closed,
                open_value=tally.open_value,
                samples=samples.get(spec, ()),
                idle=idle.get(spec, 0),
                groups=groups.get(spec, {}),
            )
            for spec, tally in tallies.items()
        )

    async def user_fields(self, specs: Collection[ModuleSpec]) -> tuple[tuple[UserField, ...], tuple[NotCovered, ...]]:
        """Where other fields name the owner, in records of anybody; and the fields that COQL cannot be asked about."""
        found = await together(self._named(spec, column) for spec in specs for column in spec.user_fields)
        named = tuple(each for each in found if isinstance(each, UserField) and each.count)
        return named, tuple(each for each in found if isinstance(each, NotCovered))

    async def mailbox(self, holdings: Collection[Holding]) -> MailboxKind:
        """How the owner's mail reaches a contact of theirs; without any, Zoho does not say."""
        contacts = [sample for each in holdings if each.module.name == MAIL_MODULE for sample in each.samples]
        return await self._mailbox(contacts[0].id) if contacts else MailboxKind.UNKNOWN

    async def _mailbox(self, contact_id: str) -> MailboxKind:
        """The one place where the API tells IMAP from POP.

        https://www.zoho.com/crm/developer/docs/api/v8/get-emails-sharing-details.html; two shapes are in use.
        """
        answer = await self._api.get_if_offered(f"/Contacts/{contact_id}/__emails_sharing_details")
        details: Any = answer.get("__emails_sharing_details") or {}
        shared = details[0] if isinstance(details, list) else details
        for user in shared.get("shared_from_users") or shared.get("share_from_users") or ():
            if user.get("id") == self._owner:
                return _MAILBOXES.get(str(user.get("_type") or user.get("type")).lower(), MailboxKind.UNKNOWN)
        return MailboxKind.UNKNOWN

    async def _named(self, spec: ModuleSpec, column: UserColumn) -> UserField | NotCovered:
        try:
            count = await self._api.total(spec.name, compare(column.name, "=", self._owner))
        except Rejected as error:
            if error.code not in _UNASKABLE:
                raise
            label = f"{spec.module.label}: {column.label}"
            return NotCovered(f"{spec.name}.{column.name}", label, "not_covered.user_field")
        return UserField(spec.name, spec.module.label, column.name, column.label, count)

    def _open(self, spec: ModuleSpec) -> str:
        """The condition for the owner's open records."""
        return all_of(self._mine, spec.phase.where(Part.OPEN, self._now) or "")

    async def _idle(self, spec: ModuleSpec, since: datetime | None) -> int:
        return await self._api.total(spec.name, all_of(self._open(spec), spec.activity.idle(since))) if since else 0

    async def _groups(self, spec: ModuleSpec, tally: Tally, survey: Survey) -> Mapping[str, Mapping[str, int]]:
        fields = survey.group_by.get(spec.name, ())
        return await _each(fields, lambda field: self._grouped_by(spec, field, tally))

    async def _grouped_by(self, spec: ModuleSpec, field: str, tally: Tally) -> Mapping[str, int]:
        if not spec.has(field):
            return {"": tally.open}
        groups: Counter[str] = Counter()
        for row in await self._all_groups((field, "COUNT(id) as total"), spec.name, self._open(spec)):
            groups[text_of(row.get(field)) or ""] += int(aggregate(row, "total", "count"))
        return dict(groups)

    async def _tally(self, spec: ModuleSpec) -> Tally:
        match spec.phase:
            case UntilClosed(converted=converted) as phase if converted:
                total = await self._api.total(spec.name, self._mine)
                counted = await self._grouped(spec, phase, phase.unconverted) if total else Tally()
                return Tally(counted.open, total - counted.open, counted.open_value)
            case UntilClosed() | WhileScheduled() as phase:
                return await self._grouped(spec, phase, "")
            case UntilTime():
                total = await self._api.total(spec.name, self._mine)
                still_open = await self._api.total(spec.name, self._open(spec)) if total else 0
                return Tally(still_open, total - still_open)
            case _:
                return Tally(await self._api.total(spec.name, self._mine))

    async def _grouped(self, spec: ModuleSpec, phase: UntilClosed | WhileScheduled, condition: str) -> Tally:
        """Open, closed and value of one module by the values of its status: one call."""
        sums = (f"SUM({spec.value_field}) as amount",) if spec.value_field else ()
        columns = (phase.field, "COUNT(id) as total", *sums)
        groups = await self._all_groups(columns, spec.name, all_of(self._mine, condition))
        unfinished = [row for row in groups if phase.is_open(row, self._now)]
        opened = int(sum(aggregate(row, "total", "count") for row in unfinished))
        total = int(sum(aggregate(row, "total", "count") for row in groups))
        value = sum((aggregate(row, "amount", "sum") for row in unfinished), Decimal(0)) if sums else None
        return Tally(opened, total - opened, value)

    async def _all_groups(self, columns: tuple[str, ...], module: str, where: str) -> list[Row]:
        groups: list[Row] = []
        more = True
        while more:
            query = select(columns, module, where, group=columns[0], limit=_GROUPS, offset=len(groups))
            rows, more = await self._api.select(query)
            groups += rows
        return groups

    async def _samples(self, spec: ModuleSpec) -> tuple[Sample, ...]:
        """The open records with the greatest value, or the newest where the module has no value."""
        value = spec.value_field
        columns = ("id", *spec.label_fields, *((value,) if value else ()))
        query = select(columns, spec.name, self._open(spec), order=f"{value or 'id'} desc", limit=_SAMPLES)
        rows, _ = await self._api.select(query)
        return tuple(
            Sample(
                id=row["id"],
                label=spec.label_of(row),
                url=self._url_of(spec.name, row["id"]),
                value=Decimal(str(row[value])) if value and row.get(value) is not None else None,
            )
            for row in rows
        )


async def _each(keys: Collection[K], ask: Callable[[K], Coroutine[Any, Any, V]]) -> dict[K, V]:
    """What is answered about each, asked side by side."""
    return dict(zip(keys, await together(ask(key) for key in keys), strict=True))
