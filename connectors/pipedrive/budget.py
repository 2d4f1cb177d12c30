"""What calls cost in Pipedrive's tokens, and what is left of the company's for today.

https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting; the costs are those of the API's own description,
`x-token-cost` in https://developers.pipedrive.com/docs/api/v1/openapi.yaml and openapi-v2.yaml.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from connectors.http import Answer, Call, Problem
from connectors.pipedrive.errors import DAILY_BUDGET, api_problem

# Answered in practice, but in no document: it may be missing.
_LEFT_HEADER: Final = "x-daily-ratelimit-token-remaining"
_IN_A_ROW: Final = 3  # refusals, that far apart, before the day's tokens count as used up
_APART: Final = timedelta(seconds=2)


@dataclass(frozen=True)
class _Cost:
    method: str
    path: re.Pattern[str]
    tokens: int


def _cost(method: str, path: str, tokens: int) -> _Cost:
    return _Cost(method, re.compile(path), tokens)


_ITEM: Final = r"/[0-9a-f-]+"
# The first that matches the whole path decides.
_COSTS: Final = (
    _cost("GET", r"/api/v2/deals/archived", 20),
    _cost("GET", rf"/api/v2/(?!\w+Fields)\w+{_ITEM}", 1),
    _cost("GET", r"/api/v2/.*", 10),
    _cost("PATCH", r"/api/v2/.*", 5),
    _cost("POST", r"/api/v2/\w+Fields/\w+/options", 5),
    _cost("GET", r"/api/v1/leads/archived", 40),
    _cost("GET", r"/api/v1/deals/summary", 40),
    _cost("GET", r"/api/v1/deals/summary/archived", 80),
    _cost("GET", r"/api/v1/users/me", 2),
    _cost("GET", r"/api/v1/(leadLabels|webhooks)", 10),
    _cost("GET", r"/api/v1/users/\d+/permissions", 10),
    _cost("GET", rf"/api/v1/(leads|users|filters){_ITEM}", 2),
    _cost("GET", r"/api/v1/.*", 20),
)
_OTHERWISE: Final = 10  # every other write


def tokens_of(method: str, path: str) -> int:
    """What one call costs."""
    costs = (cost.tokens for cost in _COSTS if cost.method == method and cost.path.fullmatch(path))
    return next(costs, _OTHERWISE)


class Budget:
    """What is left for today: by the vendor's word, else counted down from `daily_tokens`, from midnight UTC on.

    The vendor's day begins at its servers' midnight, and other programs of the company use the same tokens: counted
    down, the rest is at most as much.
    """

    def __init__(self, daily_tokens: int | None, *, clock: Callable[[], datetime]) -> None:
        self._daily = daily_tokens
        self._clock = clock
        self._told: int | None = None
        self._spent = 0
        self._day: date | None = None
        self._refused = 0
        self._refused_at: datetime | None = None

    @property
    def left(self) -> int | None:
        """Tokens; None where the vendor does not tell and no allowance was set."""
        if self._told is not None or self._daily is None:
            return self._told
        return max(0, self._daily - (self._spent if self._day == self._today() else 0))

    def problem(self, call: Call, answer: Answer) -> Problem | None:
        """The error in an answer, which is counted. Too many calls at once and none left today are both 429."""
        self._count(call, answer)
        if answer.status == 429 and (self._told == 0 or self._refused >= _IN_A_ROW):
            return Problem(429, DAILY_BUDGET)
        return api_problem(call, answer)

    def _count(self, call: Call, answer: Answer) -> None:
        told = answer.headers.get(_LEFT_HEADER, "")
        self._told = int(told) if told.isdecimal() else None
        if answer.status == 429:
            now = self._clock()
            if self._refused_at is None or now - self._refused_at >= _APART:
                self._refused, self._refused_at = self._refused + 1, now
            return
        self._refused, self._refused_at = 0, None
        if self._day != self._today():
            self._day, self._spent = self._today(), 0
        self._spent += tokens_of(call.method, call.path)

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()
