"""What fields each record type has in this company.

https://developers.pipedrive.com/docs/api/v1/DealFields and its counterparts
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Module
from connectors.pipedrive.api import Api, Row, if_offered
from connectors.pipedrive.modules import Spec

_FRESH_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Field:
    """`kind` is Pipedrive's word for its type; `label` is what people call it."""

    code: str
    label: str
    kind: str
    custom: bool

    @property
    def names_user(self) -> bool:
        """Whether it is a field with a user in it that the company added; the others are owners and authors."""
        return self.custom and self.kind == "user"


class Fields:
    """Read once for each record type, and kept for ten minutes."""

    def __init__(self, api: Api, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._read: dict[str, tuple[tuple[Field, ...], datetime]] = {}

    async def of(self, spec: Spec) -> tuple[Field, ...]:
        """None where the fields cannot be read, or where the record type has none of its own."""
        if spec.fields is None:
            return ()
        known = self._read.get(spec.fields)
        if known is None or self._clock() - known[1] > _FRESH_FOR:
            rows = await if_offered(self._all(spec.fields)) or []
            known = self._read[spec.fields] = tuple(_field(row) for row in rows), self._clock()
        return known[0]

    async def kinds(self, spec: Spec) -> Mapping[str, str]:
        """The types of the fields that the company added, by their keys."""
        return {field.code: field.kind for field in await self.of(spec) if field.custom}

    async def module(self, spec: Spec) -> Module:
        """The module with the names of all its fields."""
        added = {field.code for field in await self.of(spec)}
        return replace(spec.module, fields=tuple(sorted(added.union(spec.columns))))

    async def _all(self, path: str) -> list[Row]:
        return [row async for page in self._api.pages(path, {}) for row in page]


def _field(row: Row) -> Field:
    code = str(row.get("field_code"))
    kind, custom = str(row.get("field_type")), bool(row.get("is_custom_field"))
    return Field(code, str(row.get("field_name") or code), kind, custom)
