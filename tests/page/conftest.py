"""A town to look at, without the bot. Tests of one module share it; each starts with an empty workspace."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from page_town import town_options

from sandbox.town import Town


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def built(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    made = Town(town_options(tmp_path_factory.mktemp("town")))
    yield made
    await made.close()


@pytest.fixture
def town(built: Town) -> Town:
    """A town whose bot does not run."""
    for channel in built.workspace.channels.values():
        channel.messages.clear()
        channel.ephemerals.clear()
    return built


@pytest_asyncio.fixture(loop_scope="module")
async def http(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's view of the town, without a socket."""
    transport = httpx.ASGITransport(town.app)
    async with httpx.AsyncClient(transport=transport, base_url=town.options.public_url) as client:
        yield client
