"""How fast calls follow each other. Sangam CRM names no limit; two a second is what its own pages need."""

import asyncio
import time
from collections.abc import Callable


class Pace:
    """At most so many calls a second, one after the other."""

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap = 1 / per_second
        self._clock = clock
        self._free_at = 0.0

    async def turn(self) -> None:
        """Return when the next call may be sent."""
        now = self._clock()
        wait = max(0.0, self._free_at - now)
        self._free_at = now + wait + self._gap
        await asyncio.sleep(wait)
