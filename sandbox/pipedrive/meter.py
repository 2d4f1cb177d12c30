"""The burst limit of each token and the day's budget of the company.

https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from sandbox.clock import Clock
from sandbox.pipedrive.api import Answer, ApiError

_DAY: Final = 86_400
_BASE_TOKENS: Final = 30_000  # a day, for each seat of the smallest plan
_FACTORS: Final = {"Lite": 1, "Growth": 2, "Premium": 5, "Ultimate": 7}
_BURSTS: Final = {"Lite": 20, "Growth": 40, "Premium": 100, "Ultimate": 120}  # requests of an API token per window
_OAUTH: Final = 4  # times as many with an OAuth token
_BLOCK_PAGE: Final = "<!DOCTYPE html><html><head><title>Attention Required!</title></head><body><h1>Sorry, you have been blocked</h1></body></html>"  # noqa: E501


@dataclass
class Limits:
    """What the company's plan allows. Tests lower these; None is what the plan says."""

    plan: str = "Ultimate"
    burst: int | None = None  # requests of one API token in `window`
    daily_tokens: int | None = None
    window: float = 2.0  # seconds
    daily_writes: int = 100_000  # what `x-daily-requests-left` counts down from; never refused
    ignored: int = 20  # calls refused in a row, after which a token gets pages of HTML
    block_seconds: float = 900
    daily_headers: bool = True  # those of the day's tokens are seen live, but not documented


@dataclass
class _Account:
    """What one token has done lately."""

    times: deque[float] = field(default_factory=deque)
    refused: int = 0  # 429 in a row
    blocked_until: float = 0.0


@dataclass
class Meter:
    """Counts requests per token and tokens per UTC day."""

    clock: Clock
    limits: Limits
    seats: int  # paid
    _day: int = 0
    _used: int = 0
    _writes: int = 0
    _accounts: dict[str, _Account] = field(default_factory=dict)

    @property
    def budget(self) -> int:
        """Tokens that all integrations of the company may use together in a day."""
        if self.limits.daily_tokens is not None:
            return self.limits.daily_tokens
        return _BASE_TOKENS * _FACTORS[self.limits.plan] * self.seats

    @property
    def used(self) -> int:
        """Tokens used since midnight, UTC."""
        self._turn()
        return self._used

    @property
    def remaining(self) -> int:
        return max(0, self.budget - self.used)

    def spend(self, token: str, cost: int, *, oauth: bool = False, writes: bool = False) -> dict[str, str]:
        """Count one call; the headers of its answer. Raises 429, or 403 with a page for who does not heed it."""
        now, account = self.clock.time(), self._accounts.setdefault(token, _Account())
        if now < account.blocked_until:
            raise Blocked
        while account.times and account.times[0] <= now - self.limits.window:
            account.times.popleft()
        burst = (self.limits.burst or _BURSTS[self.limits.plan]) * (_OAUTH if oauth else 1)
        if len(account.times) >= burst or not self.remaining:
            self._refuse(account, now, burst)
        account.refused = 0
        account.times.append(now)
        self._used += cost
        self._writes += writes
        return self._headers(account, now, burst)

    def use_up(self, tokens: int) -> None:
        """Another integration of the company spends tokens."""
        self._turn()
        self._used += tokens

    def nothing_left(self) -> "OverLimit":
        """The refusal of a day whose tokens are gone, whatever this meter says; with a pause that is short, because a
        person at the page does not wait for midnight."""
        headers = {
            "x-daily-ratelimit-token-limit": str(self.budget),
            "x-daily-ratelimit-token-remaining": "0",
            "retry-after": "5",
        }
        return OverLimit(headers)

    def _refuse(self, account: _Account, now: float, burst: int) -> None:
        account.refused += 1
        if account.refused > self.limits.ignored:
            account.blocked_until = now + self.limits.block_seconds
            account.refused = 0
            raise Blocked
        raise OverLimit(self._headers(account, now, burst))

    def _headers(self, account: _Account, now: float, burst: int) -> dict[str, str]:
        rest = account.times[0] + self.limits.window - now if account.times else self.limits.window
        headers = {
            "x-ratelimit-limit": str(burst),
            "x-ratelimit-remaining": str(burst - len(account.times)),
            "x-ratelimit-reset": str(math.ceil(rest)),
            "x-daily-requests-left": str(max(0, self.limits.daily_writes - self._writes)),
        }
        if self.limits.daily_headers:
            headers["x-daily-ratelimit-token-limit"] = str(self.budget)
            headers["x-daily-ratelimit-token-remaining"] = str(self.remaining)
        return headers

    def _turn(self) -> None:
        """Forget the counts of yesterday."""
        today = int(self.clock.time()) // _DAY
        if today != self._day:
            self._day, self._used, self._writes = today, 0, 0


class OverLimit(ApiError):
    """The text is that of Pipedrive's status page for its proxy; the keys around it are not documented."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(429, "Request over limit", data=None, additional_data=None)
        self._headers = headers

    def answer(self) -> Answer:
        return Answer(self.body, self.status, self._headers)


class Blocked(ApiError):
    """The page of the network in front of Pipedrive."""

    def __init__(self) -> None:
        super().__init__(403, "blocked")

    def answer(self) -> Answer:
        return Answer(_BLOCK_PAGE, self.status)
