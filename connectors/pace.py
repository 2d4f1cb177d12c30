"""A vendor's limit of calls in a rolling window, kept before the vendor has to.

A leaky bucket lets a whole window's calls through at once and refills while they are still counted, so that a vendor
who counts the last seconds sees up to twice as many; hence a memory of the last calls.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable


class Pace:
    """At most `calls` in any `seconds`, in the order in which they ask. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        *,
        calls: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._made: deque[float] = deque(maxlen=calls)
        self._lock = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until one more call is allowed, and count it."""
        async with self._lock:
            if len(self._made) == self._made.maxlen:
                wait = self._made[0] + self._seconds - self._clock()
                if wait > 0:
                    await self._sleep(wait)
            self._made.append(self._clock())
