"""The faults that a person can switch on in the page, and when they strike.

Every fault strikes a fixed share of the calls it applies to, counted, not drawn: a run with a fault meets it for
certain and two runs meet it in the same places.
"""

import enum
from collections import Counter
from dataclasses import dataclass, field
from typing import Final


class Fault(enum.StrEnum):
    LATENCY = "latency"  # every answer of a vendor comes late
    RATE_LIMIT = "rate_limit"  # HTTP 429
    SERVER_ERROR = "server_error"  # HTTP 500, 502 or 503 and nothing done
    EXPIRED_TOKEN = "expired_token"  # the access token dies before its time
    PARTIAL_SUCCESS = "partial_success"  # a bulk write does most rows and refuses some for now
    LOST_RESPONSE = "lost_response"  # the write is done, the answer never arrives
    USED_UP = "used_up"  # the day's allowance of calls is gone, until a person buys more
    REVOKED = "revoked"  # the grant is refused for good, until a person mends it


# What a vendor of the town cannot do wrong: tokens that do not expire cannot die early, who writes one record a call
# has no partial success, and without the grant of a chat product nobody could be told. Only Pipedrive has an allowance
# so small that it matters.
_UNKNOWN: Final = {
    "zoho": {Fault.USED_UP},
    "slack": {Fault.EXPIRED_TOKEN, Fault.PARTIAL_SUCCESS, Fault.USED_UP, Fault.REVOKED},
    "cliq": {Fault.PARTIAL_SUCCESS, Fault.USED_UP, Fault.REVOKED},
    "pipedrive": {Fault.EXPIRED_TOKEN, Fault.PARTIAL_SUCCESS},
    "suitecrm": {Fault.PARTIAL_SUCCESS, Fault.USED_UP},
    "sangam": {Fault.PARTIAL_SUCCESS, Fault.USED_UP},
}


def part_of(system: str) -> str:
    """How the town calls the vendor of a connected CRM: the first word of its address here."""
    return "zoho" if system == "zoho_crm" else system


def known_to(vendor: str) -> tuple[Fault, ...]:
    """What a vendor of the town can do wrong."""
    return tuple(fault for fault in Fault if fault not in _UNKNOWN.get(vendor, ()))


# The first strike comes at call `first`, then every `every`-th call to which the fault applies.
STRIKES: Final[dict[Fault, tuple[int, int]]] = {
    Fault.LATENCY: (1, 1),
    Fault.RATE_LIMIT: (2, 6),
    Fault.SERVER_ERROR: (3, 7),
    Fault.EXPIRED_TOKEN: (2, 9),
    Fault.PARTIAL_SUCCESS: (1, 3),
    Fault.LOST_RESPONSE: (2, 5),
    Fault.USED_UP: (1, 1),
    Fault.REVOKED: (1, 1),
}


@dataclass
class Faults:
    """Which faults are on, and how often each has struck."""

    latency_seconds: float = 0.4
    active: set[Fault] = field(default_factory=set)
    struck: Counter[Fault] = field(default_factory=Counter)
    _seen: Counter[Fault] = field(default_factory=Counter)

    def switch(self, fault: Fault, *, on: bool) -> None:
        (self.active.add if on else self.active.discard)(fault)
        self._seen[fault] = 0

    def strikes(self, fault: Fault) -> bool:
        """Count one call to which `fault` applies; say whether it strikes this one."""
        if fault not in self.active:
            return False
        self._seen[fault] += 1
        first, every = STRIKES[fault]
        strike = self._seen[fault] >= first and (self._seen[fault] - first) % every == 0
        self.struck[fault] += strike
        return strike
