"""What an endpoint of the simulated Cliq takes and gives: a call, an answer, one page of a list."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sandbox.cliq.hall import Hall
from sandbox.cliq.model import CliqError, Component, Json, User
from sandbox.cliq.throttle import Family

Item = TypeVar("Item")


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body; `body` None sends no body at all."""

    body: Json | None
    status: int = 200


EMPTY: Final = Answer(None, status=204)


@dataclass(frozen=True)
class Call:
    """One authenticated call, parsed. `user` is whose token it carries."""

    hall: Hall
    user: User
    version: int
    url: str  # "/api/v3/bots/5371", as Cliq echoes it
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    def flag(self, name: str) -> bool:
        """A boolean of the body."""
        return isinstance(self.body, dict) and self.body.get(name) is True

    def number(self, name: str) -> int | None:
        """A whole number of the query string. Raises `CliqError` "invalid_parameters"."""
        given = self.query.get(name)
        if given is None:
            return None
        if not (given.isascii() and given.isdecimal()):
            raise invalid(name)
        return int(given)

    def page(self, found: Sequence[Item], *, default: int, most: int) -> tuple[list[Item], str | None]:
        """One page, and the token of the next one. Raises `CliqError` "invalid_parameters"."""
        limit = self.number("limit")
        limit = default if limit is None else limit
        if not 1 <= limit <= most:
            raise invalid("limit")
        start = _offset(self.query.get("next_token"))
        end = start + limit
        return list(found[start:end]), _token(end) if end < len(found) else None


@dataclass(frozen=True)
class Endpoint:
    """One line of the API's table. One of `scopes` is enough; `webhook` admits `?zapikey=` instead of OAuth."""

    method: str
    path: str
    handler: Callable[[Call], Answer]
    scopes: tuple[str, ...]
    family: Family
    versions: tuple[int, ...] = (2,)
    webhook: bool = False

    @property
    def writes(self) -> bool:
        return self.method != "GET"


def invalid(name: str) -> CliqError:
    return CliqError(400, "invalid_parameters", f"The value passed for the '{name}' parameter is not valid.")


def bot_named(hall: Hall, unique_name: str) -> Component:
    """Raises `CliqError` "bot_not_found"."""
    for component in hall.components.values():
        if component.kind == "bot" and component.unique_name == unique_name:
            return component
    raise CliqError(400, "bot_not_found", "The bot does not exist.")


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from "))
    except (binascii.Error, ValueError):
        raise invalid("next_token") from None
