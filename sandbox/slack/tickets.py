"""The two kinds of permission that a payload carries: trigger ids and response URLs.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

import secrets
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.slack.model import SlackError

TRIGGER_SECONDS: Final = 3.0
RESPONSE_SECONDS: Final = 30 * 60.0
RESPONSE_USES: Final = 5
_REMEMBERED: Final = 5_000


@dataclass
class Trigger:
    user: str
    made: float
    used: bool = False


@dataclass
class Origin:
    """Where a response URL leads: to a conversation as one person sees it, and to the message that was clicked."""

    user: str
    channel: str
    message_ts: str | None = None
    ephemeral: bool = False
    thread_ts: str | None = None
    made: float = 0.0
    uses: int = 0


class Tickets:
    """Hands out trigger ids (3 s, once) and response URLs (30 min, 5 posts) and takes them back."""

    def __init__(self, clock: Clock, *, hooks_url: str) -> None:
        self._clock = clock
        self._hooks_url = hooks_url
        self._numbers = count(1000)
        self._triggers: dict[str, Trigger] = {}
        self._origins: dict[str, Origin] = {}

    def trigger(self, user: str) -> str:
        now = self._clock.time()
        trigger_id = f"{next(self._numbers)}.{int(now * 1000)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, now)
        _forget_oldest(self._triggers)
        return trigger_id

    def redeem(self, trigger_id: str) -> str:
        """The user whose action made the trigger. Raises `SlackError` when it is unknown, late or used."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.time() - trigger.made > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def response_url(self, kind: str, origin: Origin) -> str:
        key = f"{next(self._numbers)}/{secrets.token_hex(12)}"
        origin.made = self._clock.time()
        self._origins[key] = origin
        _forget_oldest(self._origins)
        return f"{self._hooks_url}/{kind}/{key}"

    def origin(self, key: str) -> Origin:
        """Count one post to a response URL. Raises `SlackError` "expired_url" or "used_url".

        Slack documents the 404 of both, not their bodies.
        """
        origin = self._origins.get(key)
        if origin is None or self._clock.time() - origin.made > RESPONSE_SECONDS:
            raise SlackError("expired_url")
        if origin.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        origin.uses += 1
        return origin


def _forget_oldest(kept: dict[str, Any]) -> None:
    if len(kept) > _REMEMBERED:
        del kept[next(iter(kept))]
