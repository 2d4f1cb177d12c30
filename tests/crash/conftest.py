"""A nursery of services, and what a departure leaves behind when nobody dies, once for each test process."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from crash_run import Run, play
from crash_service import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(scope="session")
def undisturbed(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run without a death. In a thread, as a fixture for the session has no loop of its own."""
    storage = tmp_path_factory.mktemp("undisturbed")
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, play(storage, nursery=nursery)).result()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A database with nothing in it."""
    return str(request.getfixturevalue("postgres_server").fresh())
