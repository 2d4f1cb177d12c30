from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import slack_rig
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What was logged, kept instead of printed."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def town() -> AsyncIterator[slack_rig.Town]:
    async with slack_rig.town() as found:
        yield found
