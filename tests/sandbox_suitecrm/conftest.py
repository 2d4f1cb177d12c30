"""The town's SuiteCRM: a whole one that tests only read, and a fresh, smaller one for tests that write."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from suite_client import Api

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.suitecrm import SuiteCrm
from sandbox.suitecrm.company import SIZES


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The whole company, shared: for tests that change nothing."""
    crm = SuiteCrm(clock=Clock(), faults=Faults(), storage=tmp_path_factory.mktemp("suitecrm"))
    yield Api(crm)
    crm.close()


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A SuiteCRM of one's own, in which Amit owns 60 records and everybody else 20."""
    monkeypatch.setattr("sandbox.suitecrm.company.SIZES", dict.fromkeys(SIZES, 20))
    crm = SuiteCrm(clock=Clock(), faults=Faults(latency_seconds=0.01), storage=tmp_path, records=60)
    yield Api(crm)
    crm.close()
