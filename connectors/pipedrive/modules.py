"""The record types that have an owner: where they are listed, and what "open" means in each.

Objects and lists: https://developers.pipedrive.com/docs/api/v1. Archived records count as closed: no list but their own
shows them, and they cannot be edited (https://support.pipedrive.com/en/article/archive-deals-leads).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from connectors.base import Category, Module, Parent, Part, Rejected
from connectors.pipedrive.api import V1, V2, Params, Row
from connectors.pipedrive.errors import SYSTEM
from connectors.pipedrive.rows import is_archived, is_custom, text_of, value_of

_MASTER, _TRANSACTION, _ACTIVITY = Category.MASTER, Category.TRANSACTION, Category.ACTIVITY


@dataclass(frozen=True)
class Listing:
    """A list that has some of a module's records, without a word about whose."""

    path: str
    params: Params = field(default_factory=dict)
    archived: bool = False


@dataclass(frozen=True)
class Spec:
    """A module. `word` stands in links; `asks_owner` is the list's parameter for the owner, if it has one.

    `state` is the column that ends a record by one of the `closed` values; `opened` and `finished` ask the list for
    either. `by_ids` says that the list takes ids, `asks_custom` that it takes the keys of custom fields; `fields` is
    where these are described. `feature` is what a company may not have, `app` what a user may not have. `house` is a
    column with values that this company calls closed, on top.
    """

    module: Module
    path: str
    word: str
    title: str
    columns: tuple[str, ...]
    asks_owner: str | None = "owner_id"
    state: str | None = None
    closed: frozenset[str] = frozenset()
    opened: Params = field(default_factory=dict)
    finished: Params = field(default_factory=dict)
    archive: str | None = None
    by_ids: bool = True
    asks_custom: bool = True
    fields: str | None = None
    labelled: bool = True
    feature: bool = False
    app: str = "sales"
    house: tuple[str, frozenset[str]] | None = None

    @property
    def name(self) -> str:
        return self.module.name

    def item(self, record_id: str) -> str:
        return f"{self.path}/{record_id}"

    def label_of(self, row: Row) -> str:
        """What people call the record; its id where it has no name."""
        return text_of(row.get(self.title)) or str(row["id"])

    def is_open(self, row: Row) -> bool:
        """A record without a state counts as open: moving it is harmless, leaving it would make it a ghost."""
        if is_archived(row):
            return False
        if self.state and text_of(row.get(self.state)) in self.closed:
            return False
        return not (self.house and text_of(value_of(row, self.house[0])) in self.house[1])

    def is_in(self, part: Part, row: Row, *, archived: bool = False) -> bool:
        return part is Part.ALL or (not archived and self.is_open(row)) is (part is Part.OPEN)

    def listings(self, part: Part) -> tuple[Listing, ...]:
        """The lists that together have every record of the part, and others perhaps."""
        archives = (Listing(self.archive, archived=True),) if self.archive else ()
        match part:
            case Part.OPEN:
                return (Listing(self.path, self.opened),)
            case Part.ALL:
                return (Listing(self.path), *archives)
            case Part.CLOSED if self.house:
                return (Listing(self.path), *archives)
            case Part.CLOSED:
                return (*((Listing(self.path, self.finished),) if self.state else ()), *archives)

    def amount(self, row: Row) -> tuple[Decimal, str] | None:
        """What the record is worth, and in which currency."""
        held: Any = row.get("value") if self.module.value_field else None
        priced: Row = held if isinstance(held, Mapping) else {"amount": held, "currency": row.get("currency")}
        amount = priced.get("amount")
        return None if amount is None else (Decimal(str(amount)), str(priced.get("currency") or ""))


def _module(name: str, label: str, category: Category, parents: Mapping[str, str], *, valued: bool = False) -> Module:
    """`parents` has the modules that the columns point to, the closest first."""
    found = tuple(Parent(column, (module,)) for column, module in parents.items())
    return Module(name, label, category, value_field="value" if valued else None, parents=found)


_FAMILY: Final = {"org_id": "organizations", "person_id": "persons"}
_TIMES: Final = ("add_time", "update_time")

SPECS: Final = (
    Spec(
        _module("persons", "People", _MASTER, {"org_id": "organizations"}),
        f"{V2}/persons",
        "person",
        "name",
        ("name", "first_name", "last_name", "owner_id", "org_id", "visible_to", "job_title", "label_ids", *_TIMES),
        fields=f"{V2}/personFields",
    ),
    Spec(
        _module("organizations", "Organizations", _MASTER, {}),
        f"{V2}/organizations",
        "organization",
        "name",
        ("name", "owner_id", "visible_to", "label_ids", *_TIMES),
        fields=f"{V2}/organizationFields",
    ),
    Spec(
        _module("products", "Products", _MASTER, {}),
        f"{V2}/products",
        "product",
        "name",
        ("name", "owner_id", "visible_to", "code", "unit", "tax", "category", *_TIMES),
        fields=f"{V2}/productFields",
        labelled=False,
        feature=True,
    ),
    Spec(
        _module("deals", "Deals", _TRANSACTION, _FAMILY, valued=True),
        f"{V2}/deals",
        "deal",
        "title",
        (
            *("title", "creator_user_id", "owner_id", "value", "currency", "person_id", "org_id", "stage_id"),
            *("pipeline_id", "status", "probability", "lost_reason", "visible_to", "expected_close_date", "origin"),
            *("channel", "label_ids", *_TIMES),
        ),
        state="status",
        closed=frozenset({"won", "lost", "deleted"}),
        opened={"status": "open"},
        finished={"status": "won,lost"},
        archive=f"{V2}/deals/archived",
        fields=f"{V2}/dealFields",
    ),
    Spec(
        _module(
            "leads", "Leads", _TRANSACTION, {"organization_id": "organizations", "person_id": "persons"}, valued=True
        ),
        f"{V1}/leads",
        "leads/inbox",
        "title",
        (
            *("title", "owner_id", "creator_id", "person_id", "organization_id", "source_name", "origin", "channel"),
            *("value", "expected_close_date", "visible_to", "was_seen", "label_ids", *_TIMES),
        ),
        archive=f"{V1}/leads/archived",
        by_ids=False,
        asks_custom=False,
        feature=True,
    ),
    Spec(
        _module("projects", "Projects", _TRANSACTION, {"deal_ids": "deals"}),
        f"{V2}/projects",
        "project",
        "title",
        (
            *("title", "status", "board_id", "phase_id", "owner_id", "start_date", "end_date", "deal_ids"),
            *("person_ids", "org_ids", "label_ids", "health_status", *_TIMES),
        ),
        asks_owner=None,
        state="status",
        closed=frozenset({"completed", "canceled", "deleted"}),
        archive=f"{V2}/projects/archived",
        by_ids=False,
        asks_custom=False,
        fields=f"{V2}/projectFields",
        feature=True,
        app="projects",
    ),
    Spec(
        _module(
            "activities",
            "Activities",
            _ACTIVITY,
            {"deal_id": "deals", "lead_id": "leads", "project_id": "projects", **_FAMILY},
        ),
        f"{V2}/activities",
        "activity",
        "subject",
        (
            *("subject", "type", "owner_id", "creator_user_id", "deal_id", "lead_id", "project_id", "person_id"),
            *("org_id", "due_date", "due_time", "done", "priority", *_TIMES),
        ),
        state="done",
        closed=frozenset({"true"}),
        opened={"done": "false"},
        finished={"done": "true"},
        asks_custom=False,
        labelled=False,
    ),
    Spec(
        _module("tasks", "Project tasks", _ACTIVITY, {"project_id": "projects"}),
        f"{V2}/tasks",
        "task",
        "title",
        ("title", "project_id", "is_done", "due_date", "start_date", "parent_task_id", "priority", *_TIMES),
        asks_owner="assignee_id",
        state="is_done",
        closed=frozenset({"true"}),
        opened={"is_done": "false"},
        finished={"is_done": "true"},
        by_ids=False,
        asks_custom=False,
        labelled=False,
        feature=True,
        app="projects",
    ),
)


def specs(closed: Mapping[str, Collection[str]]) -> dict[str, Spec]:
    """By name. `closed` names, per "module.field", more values that mean closed in this company.

    Raises `Rejected` where it names what Pipedrive does not have: going on would move what the company calls closed.
    """
    found = {spec.name: spec for spec in SPECS}
    for place, values in closed.items():
        name, _, column = place.partition(".")
        if name not in found or not (is_custom(column) or column in found[name].columns):
            text = f"The settings name closed values of {place}, which Pipedrive does not have"
            raise Rejected(text, system=SYSTEM, code="UNKNOWN_STATUS_FIELD")
        spec, category = found[name], found[name].module.category
        module = replace(spec.module, category=_TRANSACTION if category is _MASTER else category)
        found[name] = replace(spec, module=module, house=(column, frozenset(values)))
    return found
