"""Which modules an organisation has, and what is known of each: Zoho's metadata, and a table of the standard ones.

https://www.zoho.com/crm/developer/docs/api/v8/modules-api.html
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import Category, Module, NotCovered, Parent, Rejected
from connectors.http import together
from connectors.zoho.api import Api, Row
from connectors.zoho.phases import Activity, Endless, Phase, UntilClosed, UntilTime, WhileScheduled

_FRESH_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Standard:
    """What Zoho's metadata does not say of a standard module.

    `labels` are the columns that together name a record, `status` is its picklist or time column, if it has one.

    The values are Zoho's defaults and hold only as far as the organisation still has them.
    """

    category: Category
    labels: tuple[str, ...]
    status: str | None = None
    closed: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    scheduled: str | None = None
    value: str | None = None
    tab: str | None = None


_MASTER, _TRANSACTION, _ACTIVITY = Category.MASTER, Category.TRANSACTION, Category.ACTIVITY
_PERSON: Final = ("First_Name", "Last_Name")
_CLOSED_DEALS: Final = frozenset({"Closed Won", "Closed Lost", "Closed-Lost to Competition"})
_DONE_ORDERS: Final = frozenset({"Delivered", "Cancelled"})

STANDARD: Final[dict[str, Standard]] = {
    "Accounts": Standard(_MASTER, ("Account_Name",)),
    "Contacts": Standard(_MASTER, _PERSON),
    "Products": Standard(_MASTER, ("Product_Name",)),
    "Vendors": Standard(_MASTER, ("Vendor_Name",)),
    "Price_Books": Standard(_MASTER, ("Price_Book_Name",), tab="PriceBooks"),
    "Solutions": Standard(_MASTER, ("Solution_Title",)),
    "Leads": Standard(
        _TRANSACTION,
        _PERSON,
        "Lead_Status",
        frozenset({"Junk Lead", "Lost Lead", "Not Qualified"}),
    ),
    # The closed stages come from the pipelines; the table's are for organisations without any.
    "Deals": Standard(_TRANSACTION, ("Deal_Name",), "Stage", _CLOSED_DEALS, value="Amount", tab="Potentials"),
    "Cases": Standard(_TRANSACTION, ("Subject",), "Status", frozenset({"Closed"})),
    "Campaigns": Standard(_TRANSACTION, ("Campaign_Name",), "Status", open=frozenset({"Planning", "Active"})),
    "Quotes": Standard(_TRANSACTION, ("Subject",), "Quote_Stage", _CLOSED_DEALS, value="Grand_Total"),
    "Sales_Orders": Standard(
        _TRANSACTION, ("Subject",), "Status", _DONE_ORDERS, value="Grand_Total", tab="SalesOrders"
    ),
    "Purchase_Orders": Standard(
        _TRANSACTION, ("Subject",), "Status", _DONE_ORDERS, value="Grand_Total", tab="PurchaseOrders"
    ),
    "Invoices": Standard(_TRANSACTION, ("Subject",), "Status", _DONE_ORDERS, value="Grand_Total"),
    "Tasks": Standard(_ACTIVITY, ("Subject",), "Status", frozenset({"Completed"})),
    "Events": Standard(_ACTIVITY, ("Event_Title",), "End_DateTime"),
    "Calls": Standard(_ACTIVITY, ("Subject",), "Outgoing_Call_Status", scheduled="Scheduled"),
}
_CUSTOM: Final = Standard(_MASTER, ("Name",))

_FAMILY: Final = ("Deals", "Accounts", "Contacts")  # what other records belong with, the closest first
_CONVERTED: Final = ("Converted_Contact", "Converted_Account", "Converted_Deal")
_PAGES: Final = frozenset(
    {"Home", "Feeds", "Dashboards", "Reports", "Analytics", "Forecasts", "SalesInbox", "Approvals"}
)
_HISTORY: Final = frozenset({"Notes", "Attachments", "Emails"})  # change_owner does not take them
_FOLLOWED: Final = "Last_Activity_Time"
_USER_TYPES: Final = frozenset({"userlookup", "multiuserlookup"})
_AUTHORS: Final = frozenset({"Created_By", "Modified_By"})  # history, whatever type an organisation shows for them


@dataclass(frozen=True)
class UserColumn:
    """A field other than the owner that holds users. `label` is what people call it."""

    name: str
    label: str


@dataclass(frozen=True)
class ModuleSpec:
    """A module whose records can be counted and moved. `tab` is its name in links into Zoho's pages."""

    module: Module
    tab: str
    phase: Phase
    label_fields: tuple[str, ...]
    fields: frozenset[str]
    user_fields: tuple[UserColumn, ...] = ()

    @property
    def name(self) -> str:
        return self.module.name

    @property
    def value_field(self) -> str | None:
        return self.module.value_field

    def label_of(self, row: Row) -> str:
        """What people call the record; its id where it has no name."""
        return " ".join(str(row[field]) for field in self.label_fields if row.get(field)) or str(row["id"])

    def has(self, column: str) -> bool:
        """Whether COQL finds the column."""
        return self.module.has(column)

    @property
    def tells_activity(self) -> bool:
        """Whether Zoho notes when somebody last worked on a record, or only when anything changed in it."""
        return _FOLLOWED in self.fields

    @property
    def activity(self) -> Activity:
        return Activity(_FOLLOWED if self.tells_activity else "Modified_Time")

    @property
    def closed_unknown(self) -> bool:
        """The module has a status, but none of its values is known to mean closed: all its records would move."""
        return isinstance(self.phase, UntilClosed) and not self.phase.closed


@dataclass(frozen=True)
class Metadata:
    covered: Mapping[str, ModuleSpec]
    not_covered: tuple[NotCovered, ...]

    def spec(self, module: str) -> ModuleSpec:
        """Raises `Rejected` for a module that is not covered."""
        if module not in self.covered:
            raise Rejected(f"Zoho CRM has no module {module} that can be moved", system="zoho_crm", code="NO_MODULE")
        return self.covered[module]


Fields = Mapping[str, Mapping[str, Any]]


class Catalogue:
    """The organisation's modules, read from its metadata and kept for ten minutes.

    `closed` names, per "Module.Field", the picklist values that mean closed; it wins over the table and the pipelines.
    Raises `Rejected` where it names what the organisation does not have.
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
        modules = (await self._api.get("/settings/modules")).get("modules", [])
        found = await together(self._one(module) for module in modules if _holds_records(module))
        covered = {each.name: each for each in found if isinstance(each, ModuleSpec)}
        if unknown := self._closed.keys() - covered.keys():
            raise _misconfigured(", ".join(sorted(unknown)))
        return Metadata(covered, tuple(each for each in found if isinstance(each, NotCovered)))

    async def _one(self, module: Mapping[str, Any]) -> ModuleSpec | NotCovered:
        name, label = module["api_name"], module.get("plural_label") or module["api_name"]
        if name in _HISTORY:
            return NotCovered(name, label, "not_covered.history")
        if not module.get("api_supported"):
            return NotCovered(name, label, "not_covered.no_api")
        fields = await self._fields(name)
        if not any(each.get("data_type") == "ownerlookup" for each in fields.values()):
            return NotCovered(name, label, "not_covered.no_owner")
        if name not in STANDARD and module.get("generated_type") != "custom":
            return NotCovered(name, label, "not_covered.no_owner_change")
        standard = await self._adjusted(name, fields)
        return ModuleSpec(
            module=Module(
                name,
                label,
                standard.category,
                value_field=standard.value if standard.value in fields else None,
                parents=_parents(name, fields),
                fields=tuple(sorted(fields)),
            ),
            tab=module.get("module_name") or standard.tab or name,
            phase=_phase(standard, fields),
            label_fields=tuple(label for label in standard.labels if label in fields),
            fields=frozenset(fields),
            user_fields=_user_columns(fields),
        )

    async def _adjusted(self, name: str, fields: Fields) -> Standard:
        """The table's row for the module, with what the organisation configured."""
        standard = STANDARD.get(name, _CUSTOM)
        if name in self._closed:
            field, values = self._closed[name]
            if field not in fields:
                raise _misconfigured(f"{name}.{field}")
            known = {value["actual_value"] for value in fields[field].get("pick_list_values") or ()}
            if known and (unknown := values - known):
                raise _misconfigured(f"{name}.{field}: {', '.join(sorted(unknown))}")
            category = standard.category if name in STANDARD else Category.TRANSACTION
            return replace(standard, status=field, closed=values, open=frozenset(), scheduled=None, category=category)
        if name == "Deals" and "Stage" in fields:
            return replace(standard, closed=await self._closed_stages() or standard.closed)
        return standard

    async def _fields(self, module: str) -> Fields:
        answer = await self._api.get("/settings/fields", module=module)
        return {field["api_name"]: field for field in answer.get("fields", [])}

    async def _closed_stages(self) -> frozenset[str]:
        """The stages that end a deal in any pipeline. Only `forecast_type` tells: lost ones are forecast as "Omitted".

        https://www.zoho.com/crm/developer/docs/api/v8/get-pipelines.html
        """
        layouts = (await self._api.get("/settings/layouts", module="Deals")).get("layouts", [])
        answers = await together(self._api.get("/settings/pipeline", layout_id=layout["id"]) for layout in layouts)
        stages = [stage for answer in answers for line in answer.get("pipeline", []) for stage in line.get("maps", [])]
        return frozenset(
            stage["actual_value"] for stage in stages if str(stage.get("forecast_type", "")).startswith("Closed")
        )


def _parents(module: str, fields: Fields) -> tuple[Parent, ...]:
    """The lookups to what a record belongs with. An activity's What_Id may point to either of two modules.

    https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html
    """
    found = []
    for name, field in fields.items():
        if field.get("data_type") != "lookup" or name in _CONVERTED:
            continue
        target = ((field.get("lookup") or {}).get("module") or {}).get("api_name")
        targets = _FAMILY[:2] if name == "What_Id" else tuple(each for each in _FAMILY if each == target)
        if targets and module not in targets:
            found.append(Parent(name, targets))
    return tuple(sorted(found, key=lambda parent: _FAMILY.index(parent.modules[0])))


def _misconfigured(what: str) -> Rejected:
    """Going on would move records that the organisation calls closed."""
    text = f"The policy names closed values of {what}, which Zoho CRM does not have"
    return Rejected(text, system="zoho_crm", code="UNKNOWN_STATUS_FIELD")


def _holds_records(module: Mapping[str, Any]) -> bool:
    """Whether the module could hold records of its own: not a page, a part of another module or on its way out."""
    return (
        module.get("generated_type", "default") in ("default", "custom")
        and module.get("status") != "scheduled_for_deletion"
        and module["api_name"] not in _PAGES
    )


def _phase(standard: Standard, fields: Fields) -> Phase:
    status = standard.status
    if status is None or status not in fields:
        return Endless()
    if fields[status].get("data_type") == "datetime":
        return UntilTime(status)
    values = frozenset(value["actual_value"] for value in fields[status].get("pick_list_values") or ())
    if standard.scheduled:
        return WhileScheduled(status, standard.scheduled)
    closed = values - standard.open if standard.open else standard.closed & values if values else standard.closed
    return UntilClosed(status, closed, _converted_columns(fields))


def _converted_columns(fields: Fields) -> tuple[str, ...]:
    """The lookups that a converted lead has filled; one is always there, which one is the user's choice."""
    return tuple(name for name in _CONVERTED if name in fields)


def _user_columns(fields: Fields) -> tuple[UserColumn, ...]:
    return tuple(
        UserColumn(name, field.get("field_label") or name)
        for name, field in fields.items()
        if field.get("data_type") in _USER_TYPES and name not in _AUTHORS
    )
