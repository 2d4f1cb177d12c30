"""A departure that stands in the store."""

import pytest
from stored_cases import Case, opened

from bot.store import departures
from bot.store.database import Database


@pytest.fixture
async def case(database: Database) -> Case:
    """A departure that stands in the store, as number 1."""
    first = opened()
    return Case(await database.write(departures.create, first.departure, first.events), ())
