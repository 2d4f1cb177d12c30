"""The town's Pipedrive: one that tests only read, and a fresh one for tests that write."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pipedrive_client import Api

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.pipedrive import Pipedrive
from sandbox.pipedrive.store import Store


@pytest.fixture(scope="session")
def company_pipedrive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The company as it comes, shared: for tests that change nothing."""
    crm = Pipedrive(clock=Clock(), faults=Faults(), storage=tmp_path_factory.mktemp("pipedrive"))
    crm.limits.burst = 100_000
    yield Api(crm)
    crm.close()


@pytest.fixture
def pipedrive(tmp_path: Path, company_pipedrive: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A Pipedrive of one's own; its records are copied, which is faster than to make them up again."""

    def copy(store: Store, *_: object, **__: object) -> None:
        company_pipedrive.crm.store.db.backup(store.db)

    monkeypatch.setattr("sandbox.pipedrive.company.fill", copy)
    crm = Pipedrive(clock=Clock(), faults=Faults(latency_seconds=0.05), storage=tmp_path)
    crm.limits.burst = 100_000
    yield Api(crm)
    crm.close()
