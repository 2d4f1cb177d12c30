"""A nursery of services, and what a departure leaves behind when nobody dies."""

import asyncio
import fcntl
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crash_run import Run, play
from crash_service import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(scope="session")
def undisturbed(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Run:
    """A run without a death, played once for all test processes of this test run."""
    mine = tmp_path_factory.mktemp("undisturbed")
    shared = mine if worker_id == "master" else mine.parents[1]
    with (shared / "undisturbed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = shared / "undisturbed.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_played(mine, nursery)))
        run: Run = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this test run
        return run


def _played(storage: Path, nursery: Nursery) -> Run:
    """In a thread, as a fixture for the session has no loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, play(storage, nursery=nursery)).result()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A database with nothing in it."""
    return str(request.getfixturevalue("postgres_server").fresh())
