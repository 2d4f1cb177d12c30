"""The record types of the simulated Pipedrive: their columns, what a PATCH may set, and what a list may ask for.

https://developers.pipedrive.com/docs/api/v1
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final


class Kind(StrEnum):
    """What a column holds. Times are seconds since the epoch, days are ISO 8601, lists and objects are JSON."""

    WHOLE = "integer"
    NUMBER = "number"
    TEXT = "string"
    FLAG = "boolean"
    TIME = "date-time"
    DAY = "date"
    WHOLES = "array of integers"
    TEXTS = "array of strings"
    OBJECT = "object"
    OBJECTS = "array of objects"

    @property
    def column_type(self) -> str:
        if self in (Kind.WHOLE, Kind.FLAG, Kind.TIME):
            return "INTEGER"
        return "REAL" if self is Kind.NUMBER else "TEXT"

    @property
    def is_json(self) -> bool:
        return self in _JSON


_JSON: Final = frozenset({Kind.WHOLES, Kind.TEXTS, Kind.OBJECT, Kind.OBJECTS})
_LETTERS: Final = {
    "i": Kind.WHOLE, "n": Kind.NUMBER, "s": Kind.TEXT, "b": Kind.FLAG, "t": Kind.TIME, "d": Kind.DAY, "I": Kind.WHOLES,
    "S": Kind.TEXTS, "o": Kind.OBJECT, "O": Kind.OBJECTS,
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind
    writable: bool


def _columns(spec: str) -> tuple[Column, ...]:
    """`name:letter`, with `*` behind what a PATCH may set."""
    parts = ((*part.rstrip("*").partition(":"), part.endswith("*")) for part in spec.split())
    return tuple(Column(name, _LETTERS[letter], writable) for name, _, letter, writable in parts)


@dataclass(frozen=True)
class Module:
    """One record type.

    `word` is how links and fields name a single record; `open_sql` tells what should move with its owner, of what is
    not deleted; `filters` are the list's parameters, each with its condition; `nulls` are answered but never filled
    here; `linked` is the column by which activities and notes hang on it.
    """

    name: str
    label: str
    word: str
    title: str
    columns: tuple[Column, ...]
    open_sql: str
    owner: str = "owner_id"
    archived_sql: str = "0"
    filters: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ("id", "update_time", "add_time")
    list_words: tuple[str, ...] = ("updated_since", "updated_until", "ids", "include_fields", "custom_fields")
    extra_fields: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    linked: str | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def owned_sql(self) -> str:
        """Whether the user `:owner` owns the row."""
        if self.owner == "assignee_ids":
            return "EXISTS (SELECT 1 FROM json_each(assignee_ids) WHERE value = :owner)"
        return "owner_id = :owner"


_COUNTS: Final = (
    "activities_count", "done_activities_count", "undone_activities_count", "notes_count", "followers_count",
    "email_messages_count", "files_count",
)  # fmt: skip
_LABELLED: Final = ("include_labels", "include_option_labels")
_FULL: Final = ("updated_since", "updated_until", "ids", "include_fields", "custom_fields", "filter_id")
_TIMES: Final = "add_time:t update_time:t"
_OWNER: Final = {"owner_id": "owner_id = :owner_id"}

DEALS: Final = Module(
    "deals", "Deals", "deal", "title",
    _columns(
        "id:i title:s* creator_user_id:i owner_id:i* value:n* currency:s* person_id:i* org_id:i* stage_id:i*"
        " pipeline_id:i* status:s* is_archived:b* archive_time:t* is_deleted:b probability:n* lost_reason:s*"
        f" visible_to:i* {_TIMES} stage_change_time:t close_time:t* won_time:t* lost_time:t* expected_close_date:d*"
        " label_ids:I* origin:s custom_fields:o*"
    ),
    "status = 'open' AND is_archived = 0",
    archived_sql="is_archived = 1",
    filters={**_OWNER, **{name: f"{name} = :{name}" for name in ("person_id", "org_id", "pipeline_id", "stage_id")}},
    statuses=("open", "won", "lost", "deleted"),
    list_words=(*_FULL, *_LABELLED),
    extra_fields=_COUNTS,
    nulls=("origin_id", "channel", "channel_id", "source_lead_id", "acv", "arr", "mrr"),
    linked="deal_id",
)  # fmt: skip
PERSONS: Final = Module(
    "persons", "People", "person", "name",
    _columns(
        "id:i name:s* first_name:s last_name:s owner_id:i* org_id:i* emails:O* phones:O* is_deleted:b visible_to:i*"
        f" label_ids:I* {_TIMES} job_title:s* custom_fields:o*"
    ),
    "1",
    filters={
        **_OWNER,
        "org_id": "org_id = :org_id",
        "deal_id": "id = (SELECT person_id FROM deals WHERE deals.id = :deal_id)",
    },
    list_words=(*_FULL, *_LABELLED),
    extra_fields=_COUNTS,
    nulls=("picture_id",),
    linked="person_id",
)  # fmt: skip
ORGANIZATIONS: Final = Module(
    "organizations", "Organizations", "organization", "name",
    _columns(
        f"id:i name:s* owner_id:i* address:o* is_deleted:b visible_to:i* label_ids:I* {_TIMES} website:s*"
        " custom_fields:o*"
    ),
    "1",
    filters=_OWNER,
    list_words=(*_FULL, *_LABELLED),
    extra_fields=(*_COUNTS, "people_count"),
    nulls=("linkedin", "industry", "annual_revenue", "employee_count"),
    linked="org_id",
)  # fmt: skip
ACTIVITIES: Final = Module(
    "activities", "Activities", "activity", "subject",
    _columns(
        f"id:i subject:s* type:s* owner_id:i* creator_user_id:i is_deleted:b {_TIMES} deal_id:i* lead_id:s* person_id:i"
        " org_id:i* project_id:i* due_date:d* due_time:s* duration:s* busy:b* done:b* marked_as_done_time:t"
        " participants:O* attendees:O* public_description:s* priority:i* note:s*"
    ),
    "done = 0",
    filters={
        **_OWNER,
        "done": "done = :done",
        **{name: f"{name} = :{name}" for name in ("deal_id", "lead_id", "person_id", "org_id")},
    },
    sortable=("id", "update_time", "add_time", "due_date"),
    list_words=("updated_since", "updated_until", "ids", "include_fields", "filter_id"),
    extra_fields=("attendees",),
    nulls=("location", "conference_meeting_client", "conference_meeting_url", "conference_meeting_id"),
)  # fmt: skip
LEADS: Final = Module(
    "leads", "Leads", "lead", "title",
    _columns(
        "id:s title:s* owner_id:i* creator_id:i label_ids:S* person_id:i* organization_id:i* source_name:s origin:s"
        f" is_archived:b* was_seen:b* value:o* expected_close_date:d* {_TIMES} visible_to:s* is_deleted:b"
    ),
    "is_archived = 0",
    archived_sql="is_archived = 1",
    nulls=("origin_id", "channel", "channel_id", "source_deal_id", "next_activity_id"),
    linked="lead_id",
)  # fmt: skip
PRODUCTS: Final = Module(
    "products", "Products", "product", "name",
    _columns(
        "id:i name:s* code:s* description:s* unit:s* tax:n* category:i* owner_id:i* is_linkable:b* is_deleted:b"
        f" visible_to:i* {_TIMES} prices:O* billing_frequency:s* custom_fields:o*"
    ),
    "1",
    filters=_OWNER,
    sortable=("id", "name", "add_time", "update_time"),
    list_words=("updated_since", "ids", "custom_fields", "filter_id"),
)  # fmt: skip
PROJECTS: Final = Module(
    "projects", "Projects", "project", "title",
    _columns(
        "id:i title:s* description:s* status:s* board_id:i* phase_id:i* owner_id:i* start_date:d* end_date:d*"
        f" deal_ids:I* person_ids:I* org_ids:I* label_ids:I* health_status:i* {_TIMES} status_change_time:t"
        " archive_time:t is_deleted:b custom_fields:o*"
    ),
    "status = 'open' AND archive_time IS NULL",
    archived_sql="archive_time IS NOT NULL",
    filters={
        "phase_id": "phase_id = :phase_id",
        **{
            f"{word}_id": f"EXISTS (SELECT 1 FROM json_each({word}_ids) WHERE value = :{word}_id)"  # noqa: S608  # constants
            for word in ("deal", "person", "org")
        },
    },
    statuses=("open", "completed", "canceled", "deleted"),
    sortable=(),
    list_words=("filter_id",),
)  # fmt: skip
TASKS: Final = Module(
    "tasks", "Tasks", "task", "title",
    _columns(
        "id:i title:s* creator_id:i description:s* project_id:i* is_done:b is_milestone:b due_date:d* start_date:d*"
        f" parent_task_id:i* assignee_ids:I* priority:i* {_TIMES} marked_as_done_time:t is_deleted:b"
    ),
    "is_done = 0",
    owner="assignee_ids",
    filters={
        "is_done": "is_done = :is_done",
        "is_milestone": "is_milestone = :is_milestone",
        "assignee_id": "EXISTS (SELECT 1 FROM json_each(assignee_ids) WHERE value = :assignee_id)",
        "project_id": "project_id = :project_id",
        "parent_task_id": "parent_task_id = :parent_task_id",
    },
    sortable=(),
    list_words=(),
)  # fmt: skip

MODULES: Final = (DEALS, PERSONS, ORGANIZATIONS, ACTIVITIES, LEADS, PRODUCTS, PROJECTS, TASKS)
BY_NAME: Final = {module.name: module for module in MODULES}
V2_MODULES: Final = tuple(module for module in MODULES if module is not LEADS)
HIDDEN: Final = frozenset({("projects", "is_deleted"), ("tasks", "is_deleted"), ("leads", "is_deleted")})
