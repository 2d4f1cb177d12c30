"""What a module of the simulated SuiteCRM is made of: fields, links, and the rule that tells open from closed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

TAG_FIELD: Final = "previous_owner_c"
_CHOICES: Final = {"status", "sales_stage", "state", "stage", "priority", "lead_source"}


@dataclass(frozen=True)
class Field:
    """`source` is "non-db" for what is no column of the table and "custom_fields" for what Studio has added.

    A hidden field can be filtered by but is never answered. `kept` non-db fields stand for a join table.
    """

    name: str
    type: str = "varchar"
    source: str = "db"
    hidden: bool = False
    kept: bool = False

    @property
    def is_stored(self) -> bool:
        return self.source != "non-db" or self.kept

    @property
    def column_type(self) -> str:
        """Text compares without regard to case, as in the vendor's database."""
        return {"bool": "INTEGER", "int": "INTEGER", "currency": "REAL"}.get(self.type, "TEXT COLLATE NOCASE")

    @property
    def db_type(self) -> str:
        return {"relate": "id", "currency": "double", "name": "varchar", "link": "link"}.get(self.type, self.type)


@dataclass(frozen=True)
class Link:
    """A relationship to `target`: by a column of the target (with its `parent_type`, where `typed`), by a column of
    the own record (`own`), or, without a column, by a table in between."""

    target: str
    column: str = ""
    own: bool = False
    typed: bool = False


def fields_of(kind: str, *names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "enum" if kind == "varchar" and name in _CHOICES else kind) for name in names)


NAME: Final = (Field("name", "name"),)
_PERSON: Final = (
    *fields_of("varchar", "first_name", "last_name"),
    Field("name", "fullname", "non-db"),
    Field("full_name", "fullname", "non-db"),
    *fields_of("varchar", "title", "phone_work"),
    Field("email1", "varchar", "non-db"),
)
_STAMPS: Final = (
    *fields_of("datetime", "date_entered", "date_modified"),
    *fields_of("id", "modified_user_id", "created_by"),
    Field("description", "text"),
    Field("deleted", "bool"),
)
_OWNER: Final = (
    Field("assigned_user_id", "relate"),
    Field("assigned_user_name", "relate", "non-db"),
    Field("assigned_user_link", "link", "non-db"),
)


@dataclass(frozen=True)
class Module:
    """`open_sql` is true for a record that has to move with its owner, `closing` is what ends one.

    People work in the `owned` modules, whose records somebody is assigned to. The vendor's own lists leave some out:
    only `listed` ones stand in `meta/modules`, and only `described` ones have `meta/fields`.
    https://github.com/salesagility/SuiteCRM/blob/v7.14.6/include/modules.php
    """

    name: str
    object_name: str
    own: tuple[Field, ...] = ()
    links: tuple[tuple[str, Link], ...] = ()
    label: str = ""
    person: bool = False
    open_sql: str = "1"
    closing: tuple[tuple[str, str], ...] = ()
    state: str = ""
    tagged: bool = False
    owned: bool = True
    listed: bool = True
    described: bool = True

    @property
    def table(self) -> str:
        return self.name.lower()

    @property
    def plural(self) -> str:
        return self.label or self.name

    @property
    def label_field(self) -> str:
        return "last_name" if self.person else self.own[0].name

    @cached_property
    def fields(self) -> dict[str, Field]:
        named = any(field.name == "name" for field in self.own)
        head = (Field("id", "id", hidden=self.name == "OAuth2Tokens"),)
        middle = _PERSON if self.person else () if named else NAME
        tail = (Field(TAG_FIELD, "varchar", "custom_fields"),) if self.tagged else ()
        links = tuple(Field(name, "link", "non-db") for name, _ in self.links)
        return {field.name: field for field in (*head, *self.own, *middle, *_STAMPS, *_OWNER, *links, *tail)}

    @cached_property
    def link_of(self) -> dict[str, Link]:
        return dict(self.links)

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields.values() if field.is_stored)
