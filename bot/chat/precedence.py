"""Acknowledgements go first.

A chat product waits for its acknowledgement, at most some seconds; nobody waits for a card to the tenth of a second.
So work begins, piece by piece, when no delivery has come for a moment; under a flood of them, twice a second.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

CALM: Final = 0.03  # seconds without a delivery
PATIENCE: Final = 0.5  # seconds after which the next piece of work begins though deliveries keep coming


class Precedence:
    """Knows when the last delivery came. `clock` is monotonic, in seconds; `sleep` waits by it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._calm_at = 0.0

    def delivery(self) -> None:
        """A delivery is here and wants to be acknowledged."""
        self._calm_at = self._clock() + CALM

    async def calm(self) -> None:
        """Wait for calm, but not for long."""
        latest = self._clock() + PATIENCE
        while (wait := min(self._calm_at, latest) - self._clock()) > 0:  # each delivery would wake an event
            await self._sleep(wait)


class Line:
    """Work of one kind: its pieces begin one after the other."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._first = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until the next piece may begin."""
        async with self._first:
            await self._precedence.calm()
