"""How often a person may call, and for how long Cliq locks the endpoint for them after one call too many.

Counted per person, not per token: https://www.zoho.com/cliq/help/restapi/v3/
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from sandbox.cliq.model import CliqError
from sandbox.clock import Clock

_WINDOW: Final = 60.0
_MINUTE: Final = 60


@dataclass(frozen=True)
class Family:
    """Endpoints that are counted together: `calls` in any minute, then a lock of `lock` seconds."""

    name: str
    calls: int
    lock: int


POSTS: Final = Family("posts", 50, 10 * _MINUTE)
CARD_POSTS: Final = Family("posts with cards", 20, 10 * _MINUTE)  # v3 only
EDITS: Final = Family("edits", 50, 10 * _MINUTE)
DELETIONS: Final = Family("deletions", 20, 5 * _MINUTE)
MESSAGE_LISTS: Final = Family("lists of messages", 15, 10 * _MINUTE)
MESSAGE_GETS: Final = Family("single messages", 30, 5 * _MINUTE)
USER_LISTS: Final = Family("lists of users", 30, 10 * _MINUTE)
USER_GETS: Final = Family("single users", 20, 10 * _MINUTE)
CHANNEL_READS: Final = Family("channels", 30, 5 * _MINUTE)
ASSOCIATIONS: Final = Family("bots into channels", 5, 5 * _MINUTE)
SUBSCRIBERS: Final = Family("subscribers", 100, 5 * _MINUTE)


def component_writes(kind: str) -> Family:
    """Creating, changing, deleting, and every call about handlers, reading them included."""
    return Family(f"{kind} writes", 10, 5 * _MINUTE)


def component_reads(kind: str) -> Family:
    return Family(f"{kind} reads", 30, 5 * _MINUTE)


@dataclass
class Limits:
    """What the organisation allows: Cliq's numbers times `scale`."""

    scale: float = 1.0


class Throttle:
    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self._locked_until: dict[tuple[str, str], float] = {}

    def count(self, user_id: str, family: Family) -> None:
        """Raises `CliqError` "request_limit_exceeded" for a call too many, and then until the lock is over."""
        key = user_id, family.name
        now = self._clock.time()
        if now < self._locked_until.get(key, 0):
            raise limit_exceeded()
        calls = self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - _WINDOW:
            calls.popleft()
        if len(calls) >= max(1, round(family.calls * self._limits.scale)):
            self._locked_until[key] = now + family.lock
            raise limit_exceeded()
        calls.append(now)


def limit_exceeded() -> CliqError:
    """Cliq says this with status 400, and names no time to come back."""
    return CliqError(400, "request_limit_exceeded", "You have exceeded the URL throttle limits.")
