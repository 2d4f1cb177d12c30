"""A town to look at, without the bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from page_town import town_options

from sandbox.town import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town whose bot does not run."""
    made = Town(town_options(tmp_path))
    yield made
    await made.close()


@pytest.fixture
async def http(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's view of the town, without a socket."""
    transport = httpx.ASGITransport(town.app)
    async with httpx.AsyncClient(transport=transport, base_url=town.options.public_url) as client:
        yield client
