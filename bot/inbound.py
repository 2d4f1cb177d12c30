"""What the readers of inbound payloads share: their outcomes, and how they look into a body. No I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.intents import Actor, Intent, InvalidToken, Misunderstood, Press, Submit, Token

Payload = Mapping[str, Any]


class Malformed(ValueError):
    """The body is nothing that the vendor sends to us, or lacks a part that it must have. The text says which."""


@dataclass(frozen=True)
class Ignored:
    """Understood, and nothing to do."""

    reason: str


@dataclass(frozen=True)
class Search:
    """Somebody types into a `PersonField`."""

    actor: Actor
    token: Token
    field: str
    query: str


def whole(value: Any) -> Any:
    """The same parsed JSON. Raises `Malformed` for one that cannot be stored or answered: half a character in it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise Malformed("the body must be text that can be written down, not nested too deeply") from error
    return value


def part(payload: Any, *path: str) -> Any:
    """What stands at `path`; None where there is nothing."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, Mapping) else None
    return payload


def text(payload: Any, *path: str, needed: bool = True) -> str:
    """The text at `path`, or "" where it is not `needed` and not there. Raises `Malformed`."""
    found = part(payload, *path)
    if isinstance(found, str) and (found or not needed):
        return found
    if found is None and not needed:
        return ""
    raise Malformed(f"{'.'.join(path)} must be a text")


def pressed(token: str) -> Intent:
    """A button of ours that was pressed, or one that can no longer be read."""
    try:
        return Press(Token.decode(token))
    except InvalidToken:
        return Misunderstood(token)


def filled(token: str, fields: Mapping[str, str]) -> Intent:
    """A form of ours that was sent, or one that can no longer be read."""
    try:
        return Submit(Token.decode(token), fields)
    except InvalidToken:
        return Misunderstood(token)
