"""Example CRM's record types and how its JSON becomes ours: pure.

Decide for each record type: its category, because that decides which records move; and what tells open from closed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from connectors.base import Account, Category, Module, Parent, Part, Record

SYSTEM: Final = "skeleton"
OWNER: Final = "owner"

# A vendor with record types of its customers' own is asked for them: see `connectors/zoho/modules.py`. Parents keep a
# task with the deal that it belongs to.
MODULES: Final[dict[str, Module]] = {
    "contacts": Module("contacts", "Contacts", Category.MASTER),
    "deals": Module("deals", "Deals", Category.TRANSACTION, "value", (Parent("contact", ("contacts",)),)),
    "tasks": Module("tasks", "Tasks", Category.ACTIVITY, parents=(Parent("deal", ("deals",)),)),
}
# What the API has as status: all of a part, or the word for it. Where it cannot be asked for, classify on our side.
STATUS: Final[dict[Part, dict[str, str]]] = {
    Part.ALL: {},
    Part.OPEN: {"status": "open"},
    Part.CLOSED: {"status": "closed"},
}


def account(row: Mapping[str, Any]) -> Account:
    """A user. Decide whom the vendor protects from deactivation, and say it by a key that `handlers/texts.toml` has."""
    protected = "super_admin" if row["owner_of_company"] else "own_grant" if row["is_you"] else None
    return Account(SYSTEM, str(row["id"]), row["name"], row["email"], active=row["active"], protected=protected)


def record(row: Mapping[str, Any], columns: Sequence[str], idle_since: datetime | None) -> Record:
    """A record with the columns that were asked for, as text; a column that does not exist is None."""
    fields = {column: text(row.get(column)) for column in columns}
    idle = idle_since is not None and datetime.fromisoformat(row["worked_on_at"]) < idle_since
    return Record(str(row["id"]), row["name"], fields, idle)


def text(value: Any) -> str | None:
    return None if value is None else str(value)


def amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def belongs(row: Mapping[str, Any], part: Part) -> bool:
    """Whether a record is in the part."""
    return part is Part.ALL or (row["status"] == "open") == (part is Part.OPEN)
