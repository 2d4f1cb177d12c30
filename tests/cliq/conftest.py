from collections.abc import AsyncIterator, Iterator
from typing import Any

import cliq_rig
import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What was logged, kept instead of printed."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def town() -> AsyncIterator[cliq_rig.Town]:
    made = cliq_rig.new_town()
    yield made
    await made.surface.aclose()
