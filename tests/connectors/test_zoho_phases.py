"""What has left the open records since a time: edited, or by the clock alone."""

from datetime import UTC, datetime
from typing import Final

import pytest

from connectors.base import Part
from connectors.zoho.phases import Endless, Phase, UntilClosed, UntilTime, WhileScheduled, left

SINCE: Final = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
NOW: Final = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOUR: Final = "(End >= '2026-05-04T08:00:00+00:00' and End <= '2026-05-04T09:00:00+00:00')"
PAST: Final = "(End <= '2026-05-04T09:00:00+00:00' or End is null)"
CHANGED: Final = "Modified_Time >= '2026-05-04T08:00:00+00:00'"


@pytest.mark.parametrize(
    ("phase", "part", "condition"),
    [
        (Endless(), Part.OPEN, f"(Owner not in ('7') and {CHANGED})"),
        (UntilClosed("Stage", frozenset({"Won"})), Part.ALL, f"(Owner not in ('7') and {CHANGED})"),
        (UntilClosed("Stage", frozenset({"Won"})), Part.OPEN,
         f"((Owner not in ('7') or Stage in ('Won')) and {CHANGED})"),
        (UntilClosed("Stage", frozenset()), Part.OPEN, f"(Owner not in ('7') and {CHANGED})"),
        (UntilClosed("Lead_Status", frozenset({"Lost"}), ("Converted_Deal",)), Part.OPEN,
         f"((Owner not in ('7') or (Lead_Status in ('Lost') or Converted_Deal is not null)) and {CHANGED})"),
        (WhileScheduled("Status", "Scheduled"), Part.OPEN,
         f"((Owner not in ('7') or (Status != 'Scheduled' or Status is null)) and {CHANGED})"),
        (UntilTime("End"), Part.OPEN, f"(((Owner not in ('7') or {PAST}) and {CHANGED}) or {HOUR})"),
        (UntilTime("End"), Part.ALL, f"(Owner not in ('7') and {CHANGED})"),
    ],
)  # fmt: skip
def test_the_condition_of_each_phase(phase: Phase, part: Part, condition: str) -> None:
    assert left(phase, "7", part, since=SINCE, now=NOW) == condition
