"""The bodies of writes, held against their schema: types are strict, unknown names are refused."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.pipedrive.api import LARGEST, Json, invalid, not_allowed
from sandbox.pipedrive.labels import FieldDef
from sandbox.pipedrive.schema import Column, Kind

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and seconds(value) is not None


_FITS: Final[Mapping[Kind, Callable[[Any], bool]]] = {
    Kind.WHOLE: _is_whole,
    Kind.NUMBER: _is_number,
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.FLAG: lambda value: isinstance(value, bool),
    Kind.TIME: _is_time,
    Kind.DAY: lambda value: isinstance(value, str) and _DAY.fullmatch(value) is not None,
    Kind.WHOLES: lambda value: isinstance(value, list) and all(map(_is_whole, value)),
    Kind.TEXTS: lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    Kind.OBJECT: lambda value: isinstance(value, dict),
    Kind.OBJECTS: lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
}
_NOT_NULL: Final = frozenset(
    {"owner_id", "status", "is_archived", "done", "label_ids", "custom_fields", "title", "name", "subject"}
)
# What the fields that a company adds may hold. https://pipedrive.readme.io/docs/core-api-concepts-custom-fields
_CUSTOM: Final = {"user": Kind.WHOLE, "int": Kind.WHOLE, "enum": Kind.WHOLE, "double": Kind.NUMBER, "set": Kind.WHOLES}


def seconds(text: str) -> int | None:
    """A time as v2 writes it, or as v1 does; None for neither."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def checked(body: Json, columns: Mapping[str, Column]) -> dict[str, Any]:
    """The columns to set, as the store keeps them; `custom_fields` stays an object. Raises a validation error."""
    values: dict[str, Any] = {}
    for name, value in body.items():
        column = columns.get(name)
        if column is None or not column.writable:
            raise not_allowed(name)
        if value is None and name not in _NOT_NULL:
            values[name] = None
        elif not _FITS[column.kind](value):
            raise invalid(name, f"Expected {column.kind}, received {_type_of(value)}")
        elif column.kind is Kind.TIME:
            values[name] = seconds(value)
        elif column.kind.is_json and name != "custom_fields":
            values[name] = json.dumps(value)
        else:
            values[name] = value
    return values


def check_custom(given: Json, fields: Mapping[str, FieldDef]) -> None:
    """Raises a validation error for a custom field that there is not, or a value that does not fit it."""
    for code, value in given.items():
        known = fields.get(code)
        if known is None:
            raise not_allowed(f"custom_fields.{code}")
        kind = _CUSTOM.get(known.type, Kind.TEXT)
        if value is not None and not _FITS[kind](value):
            raise invalid(f"custom_fields.{code}", f"Expected {kind}, received {_type_of(value)}")


def _type_of(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")
