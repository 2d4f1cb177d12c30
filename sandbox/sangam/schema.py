"""The modules of the simulated Sangam CRM: singular names, tables in lower-case plural.

https://documenter.getpostman.com/view/25213259/2s93RNxuis; what no public text says is marked as unconfirmed.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

TAG_FIELD: Final = "previous_owner_c"
OWNER: Final = "assigned_user_id"  # the column; its name on the wire is a quirk of the installation

_LEAD: Final = ("New", "Assigned", "In Process", "Converted", "Recycled", "Dead")
_STAGES: Final = ("Prospecting", "Qualification", "Proposal/Price Quote", "Closed Won", "Closed Lost")
_TICKET: Final = (
    "Open_New", "Open_Assigned", "Open_Pending Input", "Closed_Closed", "Closed_Rejected", "Closed_Duplicate",
)  # fmt: skip
_TASK: Final = ("Not Started", "In Progress", "Completed", "Pending Input", "Deferred")
_PLANNED: Final = ("Planned", "Held", "Not Held")


@dataclass(frozen=True)
class Field:
    """`options` are the values of a choice."""

    name: str
    display: str
    options: tuple[str, ...] = ()


_HEAD: Final = (Field("id", "ID"),)
_PERSON: Final = (
    Field("first_name", "First Name"), Field("last_name", "Last Name"), Field("email1", "Email Address"),
    Field("phone_mobile", "Mobile"),
)  # fmt: skip
_TAIL: Final = (
    Field(OWNER, "Assigned To"), Field("date_entered", "Date Created"), Field("date_modified", "Date Modified"),
    Field("deleted", "Deleted"),
)  # fmt: skip
_NAME: Final = (Field("name", "Subject"),)
_START: Final = (Field("date_start", "Start Date"),)


@dataclass(frozen=True)
class Module:
    """`open_sql` is true for a record that has to move with its owner; `done` ends one."""

    name: str
    own: tuple[Field, ...]
    open_sql: str = "1"
    state: str = ""
    done: str = ""
    tagged: bool = True
    plural: str = ""

    @property
    def table(self) -> str:
        return self.label.lower()

    @property
    def label(self) -> str:
        return self.plural or f"{self.name}s"

    @property
    def is_person(self) -> bool:
        return self.own[:1] == _PERSON[:1]

    @cached_property
    def fields(self) -> dict[str, Field]:
        tag = (Field(TAG_FIELD, "Previous Owner"),) if self.tagged else ()
        return {field.name: field for field in (*_HEAD, *self.own, *_TAIL, *tag)}


def _open(field: str, *closed: str) -> str:
    return f"({field} IS NULL OR {field} NOT IN ({', '.join(repr(value) for value in closed)}))"


def _planned(name: str) -> Module:
    own = (*_NAME, Field("status", "Status", _PLANNED), *_START)
    return Module(name, own, "status = 'Planned'", "status", "Held", tagged=False)


MODULES: Final = (
    Module(
        "Lead",
        (*_PERSON, Field("status", "Status", _LEAD), Field("account_name", "Company")),
        _open("status", "Converted", "Dead"),
        "status",
        "Converted",
    ),
    Module("Contact", (*_PERSON, Field("account_name", "Company"))),
    Module("Account", (Field("name", "Name"), Field("email1", "Email Address"), Field("phone_mobile", "Phone"))),
    Module(
        "Opportunity",
        (*_NAME, Field("sales_stage", "Sales Stage", _STAGES), Field("amount", "Amount")),
        _open("sales_stage", "Closed Won", "Closed Lost"),
        "sales_stage",
        "Closed Won",
        plural="Opportunities",
    ),
    Module(
        "Ticket",
        (*_NAME, Field("status", "Status", _TICKET)),
        "status LIKE 'Open\\_%' ESCAPE '\\'",
        "status",
        "Closed_Closed",
    ),
    Module(
        "Task",
        (*_NAME, Field("status", "Status", _TASK), Field("date_due", "Due Date")),
        _open("status", "Completed"),
        "status",
        "Completed",
        tagged=False,
    ),
    _planned("Call"),
    _planned("Meeting"),
)
BY_NAME: Final = {module.name: module for module in MODULES}
USERS: Final = Module(
    "User",
    (Field("first_name", "First Name"), Field("last_name", "Last Name"), Field("email1", "Email Address"),
     Field("phone_mobile", "Mobile"), Field("user_name", "User Name"),
     Field("status", "Status", ("Active", "Inactive")), Field("designation", "Designation"),
     Field("department", "Department"), Field("reports_to_id", "Reports To")),
    tagged=False,
)  # fmt: skip
