"""The modules of the simulated CRM: their fields, their words for done, and the rule that tells open from closed.

Module names: https://www.zoho.com/crm/developer/docs/api/v8/modules-api.html
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from sandbox.zoho.pipelines import CLOSED_STAGES, STAGES


def parse_id(given: object) -> int | None:
    """An id as the store keeps it, None for anything that cannot be one."""
    text = str(given)
    plain = text.isascii() and text.isdecimal() and len(text) <= 19
    return int(text) if plain and int(text) < 2**63 else None


class Kind(StrEnum):
    """The `data_type` of a field as GET /settings/fields names it."""

    ID = "bigint"
    TEXT = "text"
    TEXTAREA = "textarea"
    EMAIL = "email"
    PHONE = "phone"
    PICKLIST = "picklist"
    OWNER = "ownerlookup"
    USER = "userlookup"
    USERS = "multiuserlookup"
    LOOKUP = "lookup"
    CURRENCY = "currency"
    DATE = "date"
    DATETIME = "datetime"
    TAGS = "tags"

    @property
    def is_reference(self) -> bool:
        return self in (Kind.OWNER, Kind.USER, Kind.LOOKUP)

    @property
    def is_text(self) -> bool:
        return self in (Kind.TEXT, Kind.TEXTAREA, Kind.EMAIL, Kind.PHONE, Kind.PICKLIST)

    @property
    def column_type(self) -> str:
        """Ids and times are kept as whole numbers: they sort, and an index over them is small."""
        whole = self in (Kind.ID, Kind.DATETIME) or self.is_reference
        return "INTEGER" if whole else "REAL" if self is Kind.CURRENCY else "TEXT"


@dataclass(frozen=True)
class Field:
    api_name: str
    kind: Kind = Kind.TEXT
    target: str | None = None  # the module that a lookup points to
    values: tuple[str, ...] = ()  # of a picklist, the actual values

    @property
    def label(self) -> str:
        return self.api_name.replace("_", " ")


_HEAD: Final = (Field("id", Kind.ID),)
_TAIL: Final = (
    Field("Owner", Kind.OWNER),
    Field("Created_Time", Kind.DATETIME),
    Field("Modified_Time", Kind.DATETIME),
    Field("Tag", Kind.TAGS),
)


@dataclass(frozen=True)
class Module:
    """`open_sql` is true for a record that has to move with its owner; `:now` is the time in seconds since the epoch.

    `tab` is Zoho's internal name, which record links use; `state` lists the columns that the owner index carries, so
    that counting a person's open records never touches the table.
    """

    api_name: str
    number: int
    own: tuple[Field, ...] = ()
    tab: str = ""
    singular: str = ""
    plural: str = ""
    open_sql: str = "1"
    state: tuple[str, ...] = ()
    scope: str = "custom"
    generated_type: str = "default"
    api_supported: bool = True
    has_owner: bool = True
    movable: bool = True  # change_owner, COQL and search serve it

    @cached_property
    def fields(self) -> dict[str, Field]:
        tail = _TAIL if self.has_owner else _TAIL[1:]
        return {each.api_name: each for each in (*_HEAD, *self.own, *tail)}

    @property
    def label_field(self) -> str:
        return "Full_Name" if "Full_Name" in self.fields else self.own[0].api_name

    @property
    def singular_label(self) -> str:
        return self.singular or self.api_name.replace("_", " ").removesuffix("s")

    @property
    def plural_label(self) -> str:
        return self.plural or self.api_name.replace("_", " ")

    @property
    def module_name(self) -> str:
        return self.tab or self.api_name

    @property
    def is_owned(self) -> bool:
        """Whether the API can find and move its records by their owner."""
        return self.api_supported and self.has_owner and self.movable

    @property
    def converts(self) -> bool:
        return "Converted_Account" in self.fields


def _picklist(name: str, *values: str) -> Field:
    return Field(name, Kind.PICKLIST, values=values)


def _lookup(name: str, target: str) -> Field:
    return Field(name, Kind.LOOKUP, target=target)


def _none_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} NOT IN ({', '.join(repr(value) for value in values)})"


DEAD_LEADS: Final = ("Junk Lead", "Lost Lead", "Not Qualified")
_PERSON: Final = (
    Field("First_Name"),
    Field("Last_Name"),
    Field("Full_Name"),
    Field("Email", Kind.EMAIL),
    Field("Phone", Kind.PHONE),
)
_FOLLOWED: Final = Field("Last_Activity_Time", Kind.DATETIME)
_ACCOUNT: Final = _lookup("Account_Name", "Accounts")
_CONTACT: Final = _lookup("Contact_Name", "Contacts")
_DEAL: Final = _lookup("Deal_Name", "Deals")
_TOTAL: Final = Field("Grand_Total", Kind.CURRENCY)

MODULES: Final[tuple[Module, ...]] = (
    Module(
        "Leads",
        1,
        (
            *_PERSON,
            Field("Company"),
            _picklist(
                "Lead_Status", "Not Contacted", "Attempted to Contact", "Contacted", "Pre-Qualified", *DEAD_LEADS
            ),
            _picklist("Lead_Source", "Web Form", "Trade Show", "Partner", "Cold Call", "Referral"),
            _lookup("Converted_Account", "Accounts"),
            _lookup("Converted_Contact", "Contacts"),
            _lookup("Converted_Deal", "Deals"),
            _FOLLOWED,
        ),
        open_sql=f"Converted_Account IS NULL AND {_none_of('Lead_Status', DEAD_LEADS)}",
        state=("Lead_Status", "Converted_Account", "Converted_Contact", "Converted_Deal"),
        scope="leads",
    ),
    Module(
        "Accounts",
        2,
        (
            Field("Account_Name"),
            Field("Website"),
            Field("Phone", Kind.PHONE),
            Field("Billing_City"),
            _picklist("Industry", "Machinery", "Logistics", "Retail", "Energy", "Health", "Public Sector"),
            Field("Key_Account_Manager", Kind.USER),
            _FOLLOWED,
        ),
        scope="accounts",
    ),
    Module("Contacts", 3, (*_PERSON, _ACCOUNT, _FOLLOWED), scope="contacts"),
    Module(
        "Deals",
        4,
        (
            Field("Deal_Name"),
            _picklist("Stage", *STAGES),
            _picklist("Pipeline", "Standard", "Projektgeschäft"),
            Field("Amount", Kind.CURRENCY),
            Field("Closing_Date", Kind.DATE),
            _ACCOUNT,
            _CONTACT,
            Field("Presales_Engineer", Kind.USER),
            _FOLLOWED,
        ),
        tab="Potentials",
        open_sql=_none_of("Stage", CLOSED_STAGES),
        state=("Stage", "Amount"),
        scope="deals",
    ),
    Module(
        "Cases",
        5,
        (
            Field("Subject"),
            _picklist("Status", "New", "On Hold", "Escalated", "Closed"),
            _picklist("Priority", "High", "Medium", "Low"),
            _ACCOUNT,
        ),
        open_sql="Status != 'Closed'",
        state=("Status",),
        scope="cases",
    ),
    Module(
        "Campaigns",
        6,
        (Field("Campaign_Name"), _picklist("Status", "Planning", "Active", "Inactive", "Complete")),
        open_sql="Status IN ('Planning', 'Active')",
        state=("Status",),
        scope="campaigns",
    ),
    Module(
        "Quotes",
        7,
        (
            Field("Subject"),
            _picklist("Quote_Stage", "Draft", "Negotiation", "Delivered", "On Hold", "Closed Won", "Closed Lost"),
            _TOTAL,
            _DEAL,
            _ACCOUNT,
        ),
        open_sql=_none_of("Quote_Stage", ("Closed Won", "Closed Lost")),
        state=("Quote_Stage", "Grand_Total"),
        scope="quotes",
    ),
    Module(
        "Sales_Orders",
        8,
        (Field("Subject"), _picklist("Status", "Created", "Approved", "Delivered", "Cancelled"), _TOTAL, _ACCOUNT),
        tab="SalesOrders",
        open_sql=_none_of("Status", ("Delivered", "Cancelled")),
        state=("Status", "Grand_Total"),
        scope="salesorders",
    ),
    Module(
        "Invoices",
        9,
        (Field("Subject"), _picklist("Status", "Created", "Approved", "Delivered", "Cancelled"), _TOTAL, _ACCOUNT),
        open_sql=_none_of("Status", ("Delivered", "Cancelled")),
        state=("Status", "Grand_Total"),
        scope="invoices",
    ),
    Module("Products", 10, (Field("Product_Name"), Field("Unit_Price", Kind.CURRENCY)), scope="products"),
    Module("Vendors", 11, (Field("Vendor_Name"), Field("Email", Kind.EMAIL)), scope="vendors"),
    Module(
        "Tasks",
        12,
        (
            Field("Subject"),
            _picklist("Status", "Not Started", "In Progress", "Waiting for input", "Deferred", "Completed"),
            Field("Due_Date", Kind.DATE),
            _lookup("What_Id", "Deals"),
            _lookup("Who_Id", "Contacts"),
            Field("Description", Kind.TEXTAREA),
        ),
        open_sql="Status != 'Completed'",
        state=("Status",),
        scope="tasks",
    ),
    Module(
        "Events",
        13,
        (
            Field("Event_Title"),
            Field("Start_DateTime", Kind.DATETIME),
            Field("End_DateTime", Kind.DATETIME),
            _lookup("What_Id", "Deals"),
            _lookup("Who_Id", "Contacts"),
        ),
        singular="Meeting",
        plural="Meetings",
        open_sql="End_DateTime > :now",
        state=("End_DateTime",),
        scope="events",
    ),
    Module(
        "Calls",
        14,
        (
            Field("Subject"),
            _picklist("Call_Type", "Outbound", "Inbound", "Missed"),
            _picklist("Outgoing_Call_Status", "Scheduled", "Completed", "Cancelled"),
            Field("Call_Start_Time", Kind.DATETIME),
            _lookup("What_Id", "Deals"),
            _lookup("Who_Id", "Contacts"),
        ),
        open_sql="Outgoing_Call_Status = 'Scheduled'",
        state=("Outgoing_Call_Status",),
        scope="calls",
    ),
    Module(
        "Site_Visits",
        15,
        (Field("Name"), Field("Visit_Date", Kind.DATE), _ACCOUNT, Field("Accompanied_By", Kind.USERS)),
        tab="CustomModule4",
        generated_type="custom",
    ),
    # No owner, no API, or no owner change: what the connector has to leave out, and to say so.
    Module(
        "Service_Regions",
        16,
        (Field("Name"),),
        tab="CustomModule7",
        generated_type="custom",
        has_owner=False,
    ),
    Module("Notes", 17, (Field("Note_Title"), Field("Note_Content", Kind.TEXTAREA)), scope="notes", movable=False),
    Module("Social", 18, api_supported=False),
)

BY_NAME: Final = {module.api_name: module for module in MODULES}
OWNED: Final = tuple(module for module in MODULES if module.is_owned)
