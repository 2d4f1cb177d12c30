"""What `policy.toml` says of its keys: the file explains itself, and the documents take it from there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.practice import default_text


@dataclass(frozen=True)
class Key:
    """A key with its section, its value in the file and the comment above it. `example`: one of many, or not in use."""

    name: str
    value: str
    meaning: str
    example: bool


def keys() -> list[Key]:
    """Each key where it comes first, which is where the file explains it."""
    found: dict[str, Key] = {}
    for key in _read(default_text()):
        found.setdefault(key.name, key)
    return list(found.values())


def _read(text: str) -> Iterator[Key]:
    section, comment, entry = "", list[str](), False
    for line in text.splitlines():
        if header := re.fullmatch(r'#?(\[+)((?:[\w.]|"[^"]+")+)\]+', line):
            section = re.sub(r'^modules\.(\w+|"[^"]+")', "modules.<name>", header[2]) + "."
            entry = header[1] == "[["
        elif key := re.fullmatch(r'(#?)((?:[\w.]|"[^"]+")+) = (.+)', line):
            yield Key(section + key[2], key[3], " ".join(comment), example=entry or bool(key[1]))
        comment = [*comment, line[2:]] if line.startswith("# ") else []


def rows() -> Iterator[tuple[str, ...]]:
    for key in keys():
        value = f"`{key.value}`"
        yield f"`{key.name}`", f"for example {value}" if key.example else value, key.meaning
