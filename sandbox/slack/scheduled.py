"""Messages that wait for their time. https://docs.slack.dev/reference/methods/chat.scheduleMessage"""

from dataclasses import dataclass
from itertools import count
from typing import Final

from sandbox.clock import Clock
from sandbox.slack.content import Content
from sandbox.slack.model import SlackError

_FURTHEST: Final = 120 * 86_400


@dataclass(frozen=True)
class Waiting:
    id: str
    channel: str
    post_at: int  # seconds since the epoch
    content: Content
    thread_ts: str | None


class Scheduled:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._waiting: dict[str, Waiting] = {}

    def add(self, channel: str, content: Content, *, post_at: int, thread_ts: str | None) -> Waiting:
        """Raises `SlackError` "time_in_past" or "time_too_far" (120 days)."""
        ahead = post_at - self._clock.time()
        if ahead <= 0:
            raise SlackError("time_in_past")
        if ahead > _FURTHEST:
            raise SlackError("time_too_far")
        waiting = Waiting(f"Q{next(self._numbers):09d}", channel, post_at, content, thread_ts)
        self._waiting[waiting.id] = waiting
        return waiting

    def cancel(self, message_id: str, channel: str) -> None:
        """Raises `SlackError` "invalid_scheduled_message_id"."""
        waiting = self._waiting.get(message_id)
        if waiting is None or waiting.channel != channel:
            raise SlackError("invalid_scheduled_message_id")
        del self._waiting[message_id]

    def due(self) -> list[Waiting]:
        """Take out those whose time has come, the earliest first."""
        now = self._clock.time()
        due = sorted((w for w in self._waiting.values() if w.post_at <= now), key=lambda waiting: waiting.post_at)
        for waiting in due:
            del self._waiting[waiting.id]
        return due
