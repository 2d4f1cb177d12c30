"""From `filter`, `fields` and `sort` to SQL, with the texts of the vendor where they are wrong.

https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/JsonApi/Repository/Filter.php
"""
# identifiers are taken from the schema alone

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.suitecrm.api import DatabaseFailure, Json, Refused
from sandbox.suitecrm.params import as_object
from sandbox.suitecrm.parts import Field, Module
from sandbox.suitecrm.schema import ALIASES, BY_NAME

_OPERATORS: Final = {"EQ": "=", "NEQ": "<>", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<=", "LIKE": "LIKE",
              "AND": "AND", "OR": "OR"}  # fmt: skip
_WITH_ADDRESSES: Final = ("email1", "email2")


@dataclass(frozen=True)
class Selection:
    """A FROM with its WHERE and what is bound in it. Joined rows may name a record more than once."""

    source: str
    where: str
    values: tuple[Any, ...]
    deleted: bool = False


def selection(module: Module, fields: Mapping[str, Field], query: Mapping[str, Any]) -> Selection:
    """What the `filter` of a call asks for. Raises Refused."""
    given = dict(as_object(query, "filter"))
    if "filter" in query and not given:
        raise Refused('The option "filter" with value array is invalid.')
    join = _operator(given.pop("operator", "and"))
    deleted = _wants_deleted(given.pop("deleted", {}))
    conditions: list[str] = []
    values: list[Any] = []
    for name, expressions in given.items():
        if name not in fields:
            raise Refused(f"Filter field {name} in {module.object_name} module is not found")
        if not isinstance(expressions, dict):
            raise Refused(f"Filter field {name} must be an array")
        for operator, value in expressions.items():
            conditions.append(f"{_column(fields[name])} {_operator(operator)} ?")
            values.append(value)
    flag = f"t.deleted = {int(deleted)}"
    where = f"({f' {join} '.join(conditions)}) AND {flag}" if conditions else flag
    return Selection(_source(module, given), where, tuple(values), deleted)


def _operator(name: str) -> str:
    """The operator in SQL. The vendor lets each of them stand between conditions as well as in one."""
    found = _OPERATORS.get(name.upper())
    if found is None:
        raise Refused(f"Filter operator {name} is invalid")
    return found


def _wants_deleted(expressions: Any) -> bool:
    return isinstance(expressions, dict) and str(expressions.get("eq", "0")) == "1"


def _column(field: Field) -> str:
    if field.name in _WITH_ADDRESSES:
        return "a.address"
    if field.source == "non-db":
        raise DatabaseFailure
    return f't."{field.name}"'


def _source(module: Module, given: Json) -> str:
    """A filter by e-mail joins the address table: links of old addresses count, and each link makes a row."""
    if not any(name in given for name in _WITH_ADDRESSES):
        return f'"{module.table}" t'
    return f'addresses a JOIN "{module.table}" t ON t.id = a.bean_id'


def chosen_fields(fields_of: Mapping[str, Mapping[str, Field]], query: Mapping[str, Any]) -> list[str] | None:
    """The names in `fields[Module]`, None for all; `fields_of` has the fields of each module. Raises Refused."""
    given = as_object(query, "fields")
    if not given:
        return None
    name, listed = next(iter(given.items()))
    module = BY_NAME.get(ALIASES.get(name, name))
    if module is None:
        raise Refused(f"Module {name} does not exist")
    wanted = str(listed).split(",")
    unknown = [each for each in wanted if each not in fields_of[module.name]]
    if unknown:
        subject = f"The following field{'s' * (len(unknown) > 1)} in {module.object_name} module"
        raise Refused(f"{subject} {'are' if len(unknown) > 1 else 'is'} not found: {', '.join(unknown)}")
    return wanted


def order(module: Module, fields: Mapping[str, Field], query: Mapping[str, Any]) -> str:
    """ORDER BY for a single `sort` field; without one by id, as the database keeps its rows. Raises Refused."""
    given = query.get("sort")
    if given is None:
        return "t.id"
    name = str(given).removeprefix("-")
    if name not in fields:
        raise Refused(f"Sort field {name} in {module.object_name} module is not found")
    if fields[name].source == "non-db":
        raise DatabaseFailure
    return f't."{name}" {"DESC" if str(given).startswith("-") else "ASC"}, t.id'
