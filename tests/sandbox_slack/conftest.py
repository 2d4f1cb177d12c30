from collections.abc import AsyncIterator

import pytest
from workspace_rig import Rig, rig


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    """A workspace over HTTP whose app waits 0.3 s for nobody."""
    async with rig() as made:
        yield made
