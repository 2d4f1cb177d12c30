"""Which modules an installation has, and what is known of each: SuiteCRM's metadata, and a table of the standard ones.

The metadata tells fields and their types, but neither the values of a list nor the module that a field points to:
https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/Service/MetaService.php
"""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import Category, Module, NotCovered, Parent, Rejected
from connectors.http import together
from connectors.suitecrm.api import Api, Row, text_of, unless_withheld
from connectors.suitecrm.errors import SYSTEM
from connectors.suitecrm.phases import Endless, Phase, UntilClosed, WhileEitherOpen, WhilePlanned

_FRESH_FOR: Final = timedelta(hours=1)
OWNER: Final = "assigned_user_id"
TAG: Final = "previous_owner_c"
CHANGED: Final = "date_modified"
_ENDLESS: Final = Endless()


@dataclass(frozen=True)
class Standard:
    """What the metadata does not say of a standard module. `values` are the columns that may hold its amount, the one
    in the organisation's currency first; `stage` is a column that might mean closed, if only anybody said how."""

    category: Category
    phase: Phase = _ENDLESS
    labels: tuple[str, ...] = ("name",)
    values: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    stage: str | None = None


_MASTER, _TRANSACTION, _ACTIVITY = Category.MASTER, Category.TRANSACTION, Category.ACTIVITY
_PERSON: Final = ("first_name", "last_name")
_AMOUNT: Final = ("amount_usdollar", "amount")
_TOTAL: Final = ("total_amount_usdollar", "total_amount")
_ACCOUNT: Final = Parent("account_id", ("Accounts",))
_ANY: Final = Parent("parent_id", ("Opportunities", "Accounts", "Contacts", "Leads", "Cases"))
_PROJECT: Final = Parent("project_id", ("Project",))
_BILLED: Final = (Parent("opportunity_id", ("Opportunities",)), Parent("billing_account_id", ("Accounts",)))
_PLANNED: Final = WhilePlanned("status", "Planned")
_COMPLETED: Final = UntilClosed("status", frozenset({"Completed"}))

# The values are those of the language files, include/language/en_us.lang.php: the keys in the database whatever the
# language.
STANDARD: Final[Mapping[str, Standard]] = {
    "Accounts": Standard(_MASTER),
    "Contacts": Standard(_MASTER, labels=_PERSON, parents=(_ACCOUNT,)),
    "Prospects": Standard(_MASTER, labels=_PERSON),
    "Campaigns": Standard(_MASTER),
    "Documents": Standard(_MASTER, labels=("document_name",)),
    "Notes": Standard(_MASTER, parents=(_ANY, Parent("contact_id", ("Contacts",)))),
    "Leads": Standard(
        _TRANSACTION, UntilClosed("status", frozenset({"Converted", "Dead"})), _PERSON, parents=(_ACCOUNT,)
    ),
    "Opportunities": Standard(
        _TRANSACTION,
        UntilClosed("sales_stage", frozenset({"Closed Won", "Closed Lost"})),
        values=_AMOUNT,
        parents=(_ACCOUNT,),
    ),
    "Cases": Standard(_TRANSACTION, WhileEitherOpen(), parents=(_ACCOUNT,)),
    "Bugs": Standard(_TRANSACTION, UntilClosed("status", frozenset({"Closed", "Rejected"}))),
    "Project": Standard(_TRANSACTION, _COMPLETED),
    "ProjectTask": Standard(_TRANSACTION, _COMPLETED, parents=(_PROJECT,)),
    "AOS_Quotes": Standard(_TRANSACTION, values=_TOTAL, parents=_BILLED, stage="stage"),
    "AOS_Invoices": Standard(_TRANSACTION, values=_TOTAL, parents=_BILLED[1:], stage="status"),
    "AOS_Contracts": Standard(
        _TRANSACTION,
        values=("total_contract_value",),
        parents=(Parent("contract_account_id", ("Accounts",)),),
        stage="status",
    ),
    "Tasks": Standard(_ACTIVITY, _COMPLETED, parents=(_ANY, Parent("contact_id", ("Contacts",)))),
    "Calls": Standard(_ACTIVITY, _PLANNED, parents=(_ANY,)),
    "Meetings": Standard(_ACTIVITY, _PLANNED, parents=(_ANY,)),
}
_CUSTOM: Final = Standard(_MASTER)
_PAGES: Final = frozenset({"Home", "Calendar", "Activities", "History", "iFrames", "Help", "ResourceCalendar"})
_PEOPLE: Final = frozenset({"Users", "Employees"})
_HISTORY: Final = frozenset({"Emails"})
# They have an owner too, but what they do concerns everybody, and a save writes their lines anew.
_SETTINGS: Final = frozenset({"AOW_WorkFlow", "AOR_Reports", "SecurityGroups", "OAuth2Tokens", "OAuth2Clients"})
# What Studio calls the id of a field that relates to a user: modules/DynamicFields/templates/Fields/
# TemplateRelatedTextField.php. A second such field of a module is user_id1_c.
_USER_FIELD: Final = re.compile(r"^user_id\d*_c$")


@dataclass(frozen=True)
class ModuleSpec:
    """A module whose records can be counted and moved. `user_fields` are those other than the owner that hold users."""

    module: Module
    phase: Phase
    label_fields: tuple[str, ...]
    fields: frozenset[str]
    user_fields: tuple[str, ...] = ()
    closed_unknown: bool = False

    @property
    def name(self) -> str:
        return self.module.name

    @property
    def value_field(self) -> str | None:
        return self.module.value_field

    @property
    def takes_tags(self) -> bool:
        return TAG in self.fields

    def label_of(self, row: Row) -> str:
        """What people call the record; its id where it has no name."""
        return " ".join(text for field in self.label_fields if (text := text_of(row.get(field)))) or str(row["id"])


# What SuiteCRM calls standard modules that it does not list (`moduleList` of its language file).
# https://github.com/salesagility/SuiteCRM/blob/v7.14.6/include/language/en_us.lang.php
_IN_NO_MENU: Final[Mapping[str, str]] = {"Prospects": "Targets", "ProjectTask": "Project Tasks"}


@dataclass(frozen=True)
class Metadata:
    covered: Mapping[str, ModuleSpec]
    not_covered: tuple[NotCovered, ...]

    def spec(self, module: str) -> ModuleSpec:
        """Raises `Rejected` for a module that is not covered."""
        if module not in self.covered:
            raise Rejected(f"SuiteCRM has no module {module} that can be moved", system=SYSTEM, code="NO_MODULE")
        return self.covered[module]


class Catalogue:
    """The installation's modules, read from its metadata and kept for an hour.

    `closed` names, per "Module.field", the values that mean closed; it wins over the table. Raises `Rejected` where it
    names what the installation does not have.
    """

    def __init__(self, api: Api, *, closed: Mapping[str, Collection[str]], clock: Callable[[], datetime]) -> None:
        self._api = api
        self._closed = {key.partition(".")[0]: (key.partition(".")[2], frozenset(closed[key])) for key in closed}
        self._clock = clock
        self._lock = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._read_at: datetime | None = None

    @property
    def known(self) -> Metadata | None:
        """What was read last, however old."""
        return self._metadata

    async def metadata(self) -> Metadata:
        async with self._lock:
            if self._metadata is None or self._read_at is None or self._clock() - self._read_at > _FRESH_FOR:
                self._metadata = await self._read()
                self._read_at = self._clock()
            return self._metadata

    async def _read(self) -> Metadata:
        """Modules that stand in nobody's menu are not listed, as those that belong to the tab of another; they hold
        records all the same."""
        listed = await self._api.attributes("/meta/modules")
        labels = {name: _label(name, each) for name, each in listed.items() if isinstance(each, Mapping)}
        asked = [name for name in labels if name not in _PAGES | _PEOPLE]
        found: list[ModuleSpec | NotCovered | None] = []
        found += await together(self._listed(name, labels[name]) for name in asked)
        found += await together(self._unlisted(name) for name in STANDARD if name not in labels)
        covered = {each.name: each for each in found if isinstance(each, ModuleSpec)}
        if unknown := self._closed.keys() - covered.keys():
            raise _misconfigured(", ".join(sorted(unknown)))
        return Metadata(covered, tuple(each for each in found if isinstance(each, NotCovered)))

    async def _listed(self, name: str, label: str) -> ModuleSpec | NotCovered:
        if name in _HISTORY:
            return NotCovered(name, label, "not_covered.history")
        if name in _SETTINGS:
            return NotCovered(name, label, "not_covered.settings")
        fields = await self._described(name)
        if fields is None:
            return NotCovered(name, label, "not_covered.no_api")
        return self._spec(name, label, fields) if OWNER in fields else NotCovered(name, label, "not_covered.no_owner")

    async def _unlisted(self, name: str) -> ModuleSpec | None:
        """A standard module that the installation may have all the same; None where it keeps it from us."""
        fields = await self._described(name) or await self._tried(name)
        return self._spec(name, _IN_NO_MENU.get(name, name), fields) if fields and OWNER in fields else None

    async def _described(self, name: str) -> frozenset[str] | None:
        """The fields with a value: not those that are links to other records. None where they are not told."""
        found = await unless_withheld(self._api.attributes(f"/meta/fields/{name}"))
        if found is None:
            return None
        fields = {each: value for each, value in found.items() if isinstance(value, Mapping)}
        if fields.get(OWNER, {}).get("source") == "non-db":
            del fields[OWNER]
        return frozenset(each for each, value in fields.items() if value.get("type") != "link")

    async def _tried(self, name: str) -> frozenset[str] | None:
        """The fields that a module which is not described answers with, among those that matter here."""
        standard = STANDARD[name]
        basic = (OWNER, CHANGED, *standard.labels, *standard.phase.columns)
        if await unless_withheld(self._api.listed(name, (), fields=basic, size=1)) is None:
            return None
        tags = await unless_withheld(self._api.listed(name, (), fields=(TAG,), size=1))
        return frozenset({"id", *basic, *((TAG,) if tags is not None else ())})

    def _spec(self, name: str, label: str, fields: frozenset[str]) -> ModuleSpec:
        standard = self._adjusted(name, fields)
        return ModuleSpec(
            module=Module(
                name,
                label,
                standard.category,
                value_field=next((column for column in standard.values if column in fields), None),
                parents=tuple(parent for parent in standard.parents if parent.field in fields),
                fields=tuple(sorted(fields)),
            ),
            phase=standard.phase if set(standard.phase.columns) <= fields else _ENDLESS,
            label_fields=tuple(column for column in standard.labels if column in fields),
            fields=fields,
            user_fields=tuple(sorted(each for each in fields if _USER_FIELD.match(each))),
            closed_unknown=standard.stage is not None,
        )

    def _adjusted(self, name: str, fields: Collection[str]) -> Standard:
        """The table's row for the module, with what the organisation configured."""
        standard = STANDARD.get(name, _CUSTOM)
        if name not in self._closed:
            return standard if standard.stage in fields else replace(standard, stage=None)
        field, values = self._closed[name]
        if field not in fields:
            raise _misconfigured(f"{name}.{field}")
        category = standard.category if name in STANDARD else Category.TRANSACTION
        return replace(standard, phase=UntilClosed(field, values), category=category, stage=None)


def _label(name: str, listed: Mapping[str, Any]) -> str:
    return text_of(listed.get("label")) or name


def _misconfigured(what: str) -> Rejected:
    """Going on would move records that the organisation calls closed."""
    text = f"The policy names closed values of {what}, which SuiteCRM does not have"
    return Rejected(text, system=SYSTEM, code="UNKNOWN_STATUS_FIELD")
