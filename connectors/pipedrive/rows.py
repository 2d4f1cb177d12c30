"""Values of records as text, the same from either version of the API."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.base import joined
from connectors.pipedrive.api import Row

OWNER: Final = "owner_id"  # by this name every module's owner is asked for, of tasks too
ASSIGNEES: Final = "assignee_ids"
_CUSTOM: Final = re.compile(r"[0-9a-f]{40}")  # https://pipedrive.readme.io/docs/core-api-concepts-custom-fields


def is_custom(column: str) -> bool:
    """Whether it is the key of a field that the company added."""
    return _CUSTOM.fullmatch(column) is not None


def value_of(row: Row, column: str) -> Any:
    """What stands in a column: version 2 keeps custom fields apart, leads have them beside the others."""
    if column == OWNER and ASSIGNEES in row:
        return joined(owners_of(row))
    return row[column] if column in row else (row.get("custom_fields") or {}).get(column)


def owners_of(row: Row) -> tuple[str, ...]:
    """The ids of whoever owns the record: one, but for tasks, which several may be assigned to."""
    held = row[ASSIGNEES] or () if ASSIGNEES in row else (row.get(OWNER),)
    return tuple(owner for each in held if (owner := text_of(each)))


def is_archived(row: Row) -> bool:
    """Projects tell it by the time alone."""
    return bool(row["is_archived"] if "is_archived" in row else row.get("archive_time"))


def text_of(value: Any) -> str | None:
    """A value as text, the same in a record and as the name of a group; a link as the id it points to."""
    match value:
        case None | "":
            return None
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case Mapping():
            return next((text_of(value[key]) for key in ("id", "value", "amount") if key in value), None)
        case list():
            return "; ".join(text for each in value if (text := text_of(each))) or None
        case _:
            return str(value)


def moment(value: Any) -> datetime | None:
    """A time of either version: RFC 3339, or without a zone, which then is UTC."""
    if not value:
        return None
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)
