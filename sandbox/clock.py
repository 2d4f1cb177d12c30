"""The town's own time, so that expiries and limits can be tried without waiting."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """UTC time that runs with the machine's clock and can be moved forward."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def time(self) -> float:
        """Seconds since the epoch, in the town's time."""
        return time.time() + self._offset.total_seconds()

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)
