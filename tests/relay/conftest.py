from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from relay_cases import Rig, transport
from structlog.testing import capture_logs

from bot.store.database import Database


@pytest.fixture(autouse=True)
def relay_log() -> Iterator[list[Any]]:
    """What was logged, kept instead of printed."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def rig(database: Database) -> AsyncIterator[Rig]:
    async with httpx.AsyncClient(base_url="http://127.0.0.1") as http:
        rig = Rig(database, http)
        await http._transport.aclose()
        http._transport = transport(rig.edge)
        yield rig
