"""API credits and concurrency: https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.zoho.api import ApiError

_DAY = 86_400
_SLOT = 60  # seconds that are counted together, so that a day of calls stays a short list


@dataclass
class Limits:
    """What the edition allows; Enterprise with 25 users by default. Tests lower these."""

    credits_per_day: int = 75_000
    concurrent_calls: int = 20
    concurrent_heavy_calls: int = 10
    refreshes: int = 10  # access tokens for one refresh token in `refresh_window`
    refresh_window: int = 600  # seconds
    running_jobs: int = 10
    job_polls: int = 2  # how often a transfer job answers "in_progress"
    tags_per_module: int = 100


def _too_many(message: str) -> ApiError:
    return ApiError(429, "TOO_MANY_REQUESTS", message)


def too_concurrent() -> ApiError:
    return _too_many("You have reached the maximum concurrency limit of API calls. Please try again later.")


@dataclass
class Meter:
    """Counts credits over a rolling 24 hours and the calls in flight."""

    clock: Clock
    limits: Limits
    _spent: deque[list[int]] = field(default_factory=deque)  # [slot, credits]
    _used: int = 0
    _running: int = 0
    _heavy: int = 0

    @property
    def used(self) -> int:
        """Credits spent in the last 24 hours."""
        oldest = int(self.clock.time()) - _DAY
        while self._spent and self._spent[0][0] * _SLOT <= oldest:
            self._used -= self._spent.popleft()[1]
        return self._used

    def remaining_header(self) -> dict[str, str]:
        """Zoho tells what is left only when half of the day's credits are gone."""
        used = self.used
        if used * 2 < self.limits.credits_per_day:
            return {}
        return {"X-API-CREDITS-REMAINING": str(max(0, self.limits.credits_per_day - used))}

    def spend(self, credits_: int) -> None:
        """Raises TOO_MANY_REQUESTS in the wording of the daily limit."""
        if self.used + credits_ > self.limits.credits_per_day:
            raise _too_many("Many requests fired than the allowed limit for the past 24 hours.")
        slot = int(self.clock.time()) // _SLOT
        if not self._spent or self._spent[-1][0] != slot:
            self._spent.append([slot, 0])
        self._spent[-1][1] += credits_
        self._used += credits_

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Raises TOO_MANY_REQUESTS when the organisation's calls in flight are at their ceiling."""
        if self._running >= self.limits.concurrent_calls:
            raise too_concurrent()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    @contextmanager
    def heavy(self, applies: bool) -> Iterator[None]:
        """The smaller ceiling for queries, sorted lists and writes of more than ten rows."""
        if not applies:
            yield
            return
        if self._heavy >= self.limits.concurrent_heavy_calls:
            raise _too_many("You have reached the maximum sub-concurrency limit for this API. Please try again later.")
        self._heavy += 1
        try:
            yield
        finally:
            self._heavy -= 1
