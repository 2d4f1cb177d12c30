"""Which modules a tenant has, whose owner is in which field, and what is known of each.

Names of fields and values are those of SugarCRM, whose relative Sangam CRM probably is. None of it is taken for
granted: a field counts where `fieldlist` has it, a value where its list has it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import Category, Module, NotCovered, Parent, Rejected
from connectors.sangam.api import Api, Row, text_of
from connectors.sangam.errors import ERROR, SYSTEM

_FRESH_FOR: Final = timedelta(hours=1)
OWNER: Final = "assigned_user_id"  # by this name an owner is asked for, whatever a module calls it
TAG: Final = "previous_owner_c"  # a text field that the tenant may have made
_OWNER_FIELDS: Final = (OWNER, "assigned_user_name")
_OWNER_LABEL: Final = "assigned to"
USER_MODULES: Final = ("User", "Users")


@dataclass(frozen=True)
class Standard:
    """`status` are the fields that may tell open from closed; `closed` the values that end a record, `open` those that
    alone keep one open."""

    category: Category
    labels: tuple[str, ...] = ("name",)
    status: tuple[str, ...] = ()
    closed: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    values: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()


_MASTER, _TRANSACTION, _ACTIVITY = Category.MASTER, Category.TRANSACTION, Category.ACTIVITY
_PERSON: Final = ("first_name", "last_name")
_ACCOUNT: Final = Parent("account_id", ("Account",))
_ANY: Final = Parent("parent_id", ("Opportunity", "Account", "Contact", "Lead", "Ticket"))
_CLOSED_TICKETS: Final = frozenset(
    {"Closed", "Closed_Closed", "Closed_Rejected", "Closed_Duplicate", "Rejected", "Duplicate"}
)
STANDARD: Final[Mapping[str, Standard]] = {
    "Account": Standard(_MASTER),
    "Contact": Standard(_MASTER, _PERSON, parents=(_ACCOUNT,)),
    "Lead": Standard(_TRANSACTION, _PERSON, ("status",), frozenset({"Converted", "Dead"})),
    "Opportunity": Standard(
        _TRANSACTION,
        status=("sales_stage",),
        closed=frozenset({"Closed Won", "Closed Lost"}),
        values=("amount",),
        parents=(_ACCOUNT,),
    ),
    "Ticket": Standard(_TRANSACTION, status=("status", "state"), closed=_CLOSED_TICKETS, parents=(_ACCOUNT,)),
    "Quote": Standard(_TRANSACTION, values=("total_amount",)),
    "Task": Standard(_ACTIVITY, status=("status",), closed=frozenset({"Completed"}), parents=(_ANY,)),
    "Call": Standard(_ACTIVITY, status=("status",), open=frozenset({"Planned"}), parents=(_ANY,)),
    "Meeting": Standard(_ACTIVITY, status=("status",), open=frozenset({"Planned"}), parents=(_ANY,)),
}
_OTHER: Final = Standard(_MASTER)


@dataclass(frozen=True)
class ModuleSpec:
    """A module whose records have an owner, in `owner`."""

    module: Module
    owner: str
    label_fields: tuple[str, ...]
    fields: frozenset[str]
    standard: Standard

    @property
    def name(self) -> str:
        return self.module.name

    @property
    def closed_unknown(self) -> bool:
        """The module has a status, but none of its values is known to mean closed: all its records would move."""
        return not (self.standard.closed or self.standard.open) and bool(self.standard.status)

    def label_of(self, row: Row) -> str:
        return " ".join(text for field in self.label_fields if (text := text_of(row.get(field)))) or str(row["id"])

    def is_open(self, row: Row) -> bool:
        """A record without a status counts as open: moving it is harmless, leaving it would make it a ghost."""
        told = {text for field in self.standard.status if (text := text_of(row.get(field)))}
        if self.standard.open:
            return not told or bool(told & self.standard.open)
        return not told & self.standard.closed

    def owner_of(self, row: Row) -> str | None:
        return text_of(row.get(self.owner))

    def value_of(self, row: Row, column: str) -> str | None:
        return self.owner_of(row) if column == OWNER else text_of(row.get(column))


@dataclass(frozen=True)
class Metadata:
    """The modules whose records have an owner, by name, and those that exist besides."""

    covered: Mapping[str, ModuleSpec]
    not_covered: tuple[NotCovered, ...]

    def spec(self, module: str) -> ModuleSpec:
        """Raises `Rejected` for a module that is not covered."""
        if module not in self.covered:
            raise Rejected(f"Sangam CRM has no module {module} that can be moved", system=SYSTEM, code="NO_MODULE")
        return self.covered[module]


class Catalogue:
    """The tenant's modules, read by probing and kept for an hour."""

    def __init__(self, api: Api, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._lock = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._read_at: datetime | None = None

    async def metadata(self) -> Metadata:
        async with self._lock:
            if self._metadata is None or self._read_at is None or self._clock() - self._read_at > _FRESH_FOR:
                self._metadata = await self._read()
                self._read_at = self._clock()
            return self._metadata

    async def _read(self) -> Metadata:
        modules = await self._api.modules()
        found = [await self._one(name, label) for name, label in modules.items() if name not in USER_MODULES]
        covered = {each.name: each for each in found if isinstance(each, ModuleSpec)}
        return Metadata(covered, tuple(each for each in found if isinstance(each, NotCovered)))

    async def _one(self, name: str, label: str) -> ModuleSpec | NotCovered:
        try:
            fields = await self._api.fields(name)
        except Rejected as error:
            if error.code != ERROR and not error.code.startswith("HTTP_4"):
                raise
            return NotCovered(name, label, "not_covered.no_api")
        owner = _owner_field(fields)
        if owner is None:
            return NotCovered(name, label, "not_covered.no_owner")
        standard = _adjusted(STANDARD.get(name, _OTHER), fields)
        return ModuleSpec(
            module=Module(
                name,
                label,
                standard.category,
                value_field=next((field for field in standard.values if field in fields), None),
                parents=tuple(parent for parent in standard.parents if parent.field in fields),
                fields=tuple(sorted({"id", *fields})),
            ),
            owner=owner,
            label_fields=tuple(field for field in standard.labels if field in fields),
            fields=frozenset({"id", *fields}),
            standard=standard,
        )


def _owner_field(fields: Mapping[str, Mapping[str, Any]]) -> str | None:
    """By its name, or else by what people call it."""
    named = next((name for name in _OWNER_FIELDS if name in fields), None)
    return named or next(
        (name for name, field in fields.items() if str(field.get("display_name")).strip().lower() == _OWNER_LABEL), None
    )


def _adjusted(standard: Standard, fields: Mapping[str, Mapping[str, Any]]) -> Standard:
    """With the fields that there are, and of the values those that their lists have, where lists are given."""
    status = tuple(field for field in standard.status if field in fields)
    known = frozenset(value for field in status for value in _options(fields[field]))
    closed, still_open = (values & known if known else values for values in (standard.closed, standard.open))
    return Standard(standard.category, standard.labels, status, closed, still_open, standard.values, standard.parents)


def _options(field: Mapping[str, Any]) -> frozenset[str]:
    """The values of a list, which may come as a mapping of values to labels or as a list of either."""
    options = field.get("options")
    if isinstance(options, dict):
        return frozenset(str(value) for value in options)
    if isinstance(options, list):
        return frozenset(
            str(each.get("value", each.get("key"))) if isinstance(each, dict) else str(each) for each in options
        )
    return frozenset()
