"""What is wrong with a file, in words for whoever wrote it: one line for each fault, with where and what is allowed."""

from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

# What the library calls by Python's names.
_WORDS: Final = {
    "missing": "is missing",
    "tuple_type": "must be a list in square brackets",
    "frozen_set_type": "must be a list in square brackets",
    "model_type": "must be a section of its own",
    "dict_type": "must be a section of its own",
    "time_type": "must be a time with seconds and without quotation marks, such as 09:00:00",
}


def faults(error: ValidationError, file: type[BaseModel]) -> list[str]:
    """Such as "stale.action: must be 'move', 'close' or 'allocate', not 'delete'"."""
    return [f"{_where(each)}: {_what(each, file)}" for each in error.errors()]


def _where(error: ErrorDetails) -> str:
    """As the file has it; entries of a list are counted from 1."""
    path = ""
    for part in error["loc"]:
        if isinstance(part, int):
            path += f"#{part + 1}"
        elif part != "[key]":
            path += f'."{part}"' if "." in part else f".{part}"
    return path.removeprefix(".")


def _what(error: ErrorDetails, file: type[BaseModel]) -> str:
    match error["type"]:
        case kind if kind in _WORDS:
            return _WORDS[kind]
        case "extra_forbidden":
            return f"is not known; known here: {', '.join(_section(file, error['loc']).model_fields)}"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case _:
            given = error["input"]
            wrong = f", not {given!r}" if isinstance(given, str | int | float) else ""
            return error["msg"].replace("Input should be", "must be") + wrong


def _section(file: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """The section in which a key is written; numbers and names of entries lead no deeper."""
    section = file
    for part in location[:-1]:
        field = section.model_fields.get(str(part))
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        section = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), section)
    return section
