"""Cliq's limits, kept before Cliq has to: calls of a family in a minute, counted for the user of the grant.

One call too many locks the whole family for minutes, and no answer says for how long.
https://www.zoho.com/cliq/help/restapi/v3/ ("Threshold limit" and "Lock period" of each call)
"""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.chat.surface import TryLater

_WINDOW: Final = 60.0
_SHARE: Final = 0.8  # of the limit: others may use the same user's grant


@dataclass(frozen=True)
class Limit:
    """`calls` in a minute; `lock` is for how many seconds the family is closed after one more."""

    name: str
    calls: int
    lock: float


class Family(Enum):
    """Calls that Cliq counts together."""

    POST = Limit("post", 50, 600)
    EDIT = Limit("edit", 50, 600)
    MESSAGES = Limit("messages", 15, 300)  # reading a chat
    USERS = Limit("users", 30, 600)  # a page of the list
    USER = Limit("user", 20, 600)
    LIST = Limit("list", 20, 300)  # channels and bots


class Pace:
    """Says when a family's next call may be made. `clock` is monotonic, in seconds; `longest` bounds a lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, longest: float = math.inf) -> None:
        self._clock = clock
        self._longest = longest
        self._made: dict[Family, deque[float]] = {family: deque() for family in Family}
        self._closed: dict[Family, float] = {}

    def take(self, family: Family, *, leave: int = 0) -> None:
        """Count one call. Raises `TryLater` where it would be one too many, `leave` of them left for others."""
        now, made = self._clock(), self._made[family]
        if (wait := self._closed.get(family, 0.0) - now) > 0:
            raise TryLater("Cliq has closed this for some minutes", code="locked", retry_after=wait)
        while made and made[0] <= now - _WINDOW:
            made.popleft()
        if made and len(made) + leave >= int(family.value.calls * _SHARE):
            raise TryLater("Cliq allows no more calls now", code="paced", retry_after=made[0] + _WINDOW - now)
        made.append(now)

    def close(self, family: Family) -> float:
        """Cliq has refused a call of the family as one too many. Returns for how many seconds it is closed now."""
        lock = min(family.value.lock, self._longest)
        self._closed[family] = self._clock() + lock
        return lock
