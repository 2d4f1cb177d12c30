"""Counting what an account owns in as few calls as COQL allows: one for the numbers of a module, one for samples."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from connectors.base import Holding, MailboxKind, Part, Rejected, Sample
from connectors.http import together
from connectors.zoho.api import Api, Row, aggregate
from connectors.zoho.coql import all_of, compare, select
from connectors.zoho.modules import ModuleSpec
from connectors.zoho.phases import UntilClosed, UntilTime, WhileScheduled

_SAMPLES: Final = 3  # records of a module
_SAMPLED: Final = 3  # modules: the ones with the most open records
_GROUPS: Final = 200  # groups in one answer: COQL's cheapest limit
MAIL_MODULE: Final = "Contacts"
_HAZARDS: Final = {
    "subordinates": "hazard.subordinates",
    "assignment": "hazard.assignment_rules",
    "criteria": "hazard.views",
}
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

    async def holdings(self, specs: Collection[ModuleSpec]) -> tuple[Holding, ...]:
        """One for each module, in their order; samples of the modules with the most open records, and of contacts."""
        tallies = dict(zip(specs, await together(self._tally(spec) for spec in specs), strict=True))
        by_size = sorted((spec for spec in specs if tallies[spec].open), key=lambda spec: -tallies[spec].open)
        sampled = [*by_size[:_SAMPLED], *(spec for spec in by_size[_SAMPLED:] if spec.name == MAIL_MODULE)]
        samples = dict(zip(sampled, await together(self._samples(spec) for spec in sampled), strict=True))
        return tuple(
            Holding(spec.module, tally.open, tally.closed, tally.open_value, samples.get(spec, ()))
            for spec, tally in tallies.items()
        )

    async def hazards(self) -> set[str]:
        """Where the CRM's configuration names the owner.

        https://www.zoho.com/crm/developer/docs/api/v8/validate-before-transfer.html; not every organisation has it.
        """
        try:
            answer = await self._api.get_if_offered(f"/users/{self._owner}/actions/validate_before_transfer")
        except Rejected as error:
            if error.code != "NOT_ALLOWED":  # it does not look at super admins
                raise
            return set()
        found = answer.get("validate_before_transfer", [])
        return {hazard for row in found for key, hazard in _HAZARDS.items() if row.get(key)}

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

    async def _tally(self, spec: ModuleSpec) -> Tally:
        match spec.phase:
            case UntilClosed(converted=converted) as phase if converted:
                total = await self._api.total(spec.name, self._mine)
                counted = await self._grouped(spec, phase, phase.unconverted) if total else Tally()
                return Tally(counted.open, total - counted.open, counted.open_value)
            case UntilClosed() | WhileScheduled() as phase:
                return await self._grouped(spec, phase, "")
            case UntilTime() as phase:
                total = await self._api.total(spec.name, self._mine)
                ahead = all_of(self._mine, phase.where(Part.OPEN, self._now) or "")
                still_open = await self._api.total(spec.name, ahead) if total else 0
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
        where = all_of(self._mine, spec.phase.where(Part.OPEN, self._now) or "")
        rows, _ = await self._api.select(
            select(columns, spec.name, where, order=f"{value or 'id'} desc", limit=_SAMPLES)
        )
        return tuple(
            Sample(
                id=row["id"],
                label=spec.label_of(row),
                url=self._url_of(spec.name, row["id"]),
                value=Decimal(str(row[value])) if value and row.get(value) is not None else None,
            )
            for row in rows
        )
