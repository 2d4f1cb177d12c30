"""What each call of a run was for: by the step that was at work when it was made, as the service has noted down."""

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from handlers.events import StepResult
from handlers.playbooks import StepKey

OWNER_CHANGES: Final = "owner changes"
_BY_STEP: Final[Mapping[StepKey, str]] = {
    StepKey.COMPARE: "comparison",
    StepKey.BASELINE: "mails and work-list",
    StepKey.TAP: "configuration",
    StepKey.SNAPSHOT: "snapshot",
    StepKey.TAG: "tagging",
    StepKey.TRANSFER: "look",
    StepKey.FIELDS: "other fields",
    StepKey.VERIFY: "verification",
    StepKey.CONFIGURATION: "configuration",
    StepKey.DEACTIVATE: "deactivation",
    StepKey.RECOUNT: "second path",
    StepKey.RETENTION: "while people act",
    StepKey.MAILS: "mails and work-list",
}
# In this order a run makes them, more or less.
KINDS: Final = (
    "token", "metadata", "comparison", "mails and work-list", "configuration", "snapshot", "tags made", "tagging",
    "look", OWNER_CHANGES, "other fields", "verification", "deactivation", "second path", "while people act",
)  # fmt: skip
# What tells a call's purpose whatever the step: (in which steps, method, path with query).
_MOVING: Final = frozenset({StepKey.TRANSFER, StepKey.VERIFY})
_TAGGING: Final = frozenset({StepKey.TAG, *_MOVING})
_ALL: Final = frozenset(StepKey)
_BY_CALL: Final = (
    (_ALL, "POST", re.compile(r"oauth|access_token"), "token"),
    (_ALL, "GET", re.compile(r"/meta/|/settings/(modules|fields|layouts|pipeline)|/org$"), "metadata"),
    (_TAGGING, "GET|POST", re.compile(r"/settings/tags|/leadLabels|Fields(/label_ids/options)?(\?|$)"), "tags made"),
    (_MOVING, "GET", re.compile(r"filter\[previous_owner_c\]|filter%5Bprevious_owner_c%5D"), "tagging"),
    (_MOVING, "PATCH", re.compile(""), OWNER_CHANGES),
    (_MOVING, "POST", re.compile(r"/change_owner"), OWNER_CHANGES),
)


@dataclass(frozen=True)
class Call:
    """One call to a vendor, without what is not needed here. `path` begins behind the town's address."""

    system: str
    method: str
    path: str
    query: str
    status: int
    at: datetime


@dataclass(frozen=True)
class Made:
    """The calls of one run in one system, by kind, and those of its calls that count for the vendor's allowance."""

    kinds: Counter[str]
    charged: tuple[Call, ...]

    @property
    def calls(self) -> int:
        return self.kinds.total()


def read_wire(file: Path, systems: Mapping[str, str]) -> Iterator[Call]:
    """What the service asked of the vendors. `systems` has their keys, by the first part of the path."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            exchange: dict[str, Any] = json.loads(line)
            path, _, query = exchange["url"].partition("?")
            system = systems.get(path.split("/")[1])
            if system and exchange["direction"] == "to_town":
                at = datetime.fromisoformat(exchange["at"])
                yield Call(system, exchange["method"], path, query, exchange["status"], at)


def of_run(calls: Iterable[Call], system: str, ended: Iterable[StepResult], begun: datetime) -> Made:
    """Those between the decision that let the run begin and the end of its last step in the system."""
    steps = sorted((each for each in ended if each.system == system and each.at > begun), key=lambda each: each.at)
    ends = [each.at for each in steps]
    kinds, charged = Counter[str](), []
    for call in calls:
        number = bisect_left(ends, call.at)
        if call.system == system and call.at >= begun and number < len(steps):
            kinds[_kind(call, steps[number].step)] += 1
            charged.append(call)
    return Made(kinds, tuple(charged))


def _kind(call: Call, step: StepKey) -> str:
    asked = f"{call.path}?{call.query}" if call.query else call.path
    for steps, methods, pattern, kind in _BY_CALL:
        if step in steps and call.method in methods.split("|") and pattern.search(asked):
            return kind
    return _BY_STEP[step]
