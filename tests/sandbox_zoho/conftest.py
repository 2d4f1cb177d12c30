"""The town's CRM: the whole one that tests only read, and a fresh, smaller one for tests that write."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crm_client import Api

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import ROSTER
from sandbox.zoho import Crm


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The whole company, shared: for tests that change nothing."""
    crm = Crm(clock=Clock(), faults=Faults(), storage=tmp_path_factory.mktemp("company"))
    yield Api(crm, crm.refresh_token)
    crm.close()


@pytest.fixture
def fewer_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody owns a fifth of the usual number."""
    roster = tuple(replace(person, records=person.records // 5) for person in ROSTER)
    monkeypatch.setattr("sandbox.company.ROSTER", roster)


@pytest.fixture
def api(tmp_path: Path, fewer_records: None) -> Iterator[Api]:  # noqa: ARG001  # set up before the CRM is
    """A CRM of one's own, in which Amit owns 600 records."""
    crm = Crm(clock=Clock(), faults=Faults(latency_seconds=0.05), storage=tmp_path, records=600)
    yield Api(crm, crm.refresh_token)
    crm.close()
