"""The printed policy explains every key that a house can set."""

import re
from collections.abc import Iterator
from typing import get_args

from policy_parts import keys
from pydantic import BaseModel

from handlers.practice import Practice

# A title has two languages, and the fields of a house are named by the house.
EXPLAINED = {re.sub(r'\.(en|de|"[^"]+")$', "", key.name) for key in keys() if key.meaning}


def test_every_key_is_there_with_a_comment() -> None:
    assert set(_keys(Practice, "")) == EXPLAINED


def _keys(section: type[BaseModel], path: str) -> Iterator[str]:
    """The name of each key, as the file's sections have it."""
    for name, field in section.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        here = f"{path}{name}.<name>." if name == "modules" and not path else f"{path}{name}."
        if inner:
            yield from _keys(inner[0], here)
        else:
            yield path + name
