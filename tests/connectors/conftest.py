"""Fixtures around the scripted vendor."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pipedrive_rigs import InTown
from scripted_vendor import IMPATIENT, LEAVER, ME, ORG, TOKEN, Clock, Vendor, fields_of, make_crm, module, refusal

from connectors.zoho.crm import ZohoCrm
from sandbox.clock import Clock as TownClock
from sandbox.faults import Faults
from sandbox.pipedrive import Pipedrive as Town


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor() -> Vendor:
    """Zoho CRM with one custom module; tests add and replace what they are about."""
    return Vendor(
        {
            "/oauth/v2/token": TOKEN,
            "/org": {"org": [ORG]},
            "/users": {"users": [ME], "info": {"more_records": False}},
            "/settings/modules": {"modules": [module("Projects1", "CustomModule4", generated_type="custom")]},
            "/settings/fields": lambda request: fields_of(request.url.params["module"]),
            "/settings/layouts": None,
            "/coql": None,
            "/users/11": {"users": [LEAVER]},
            "/users/11/actions/validate_before_transfer": refusal(404, "INVALID_URL_PATTERN"),
            "/settings/profiles": {"profiles": []},
            "/settings/users_unavailability": None,
            "/settings/automation/assignment_rules": None,
            "/settings/automation/workflow_rules": None,
        }
    )


@pytest.fixture
async def crm(vendor: Vendor, clock: Clock) -> AsyncIterator[ZohoCrm]:
    connector = make_crm(vendor, clock)
    yield connector
    await connector.aclose()


@pytest.fixture
async def impatient_crm(vendor: Vendor, clock: Clock) -> AsyncIterator[ZohoCrm]:
    """For faults that do not pass: it gives up soon."""
    connector = make_crm(vendor, clock, timings=IMPATIENT)
    yield connector
    await connector.aclose()


@pytest.fixture
async def in_town(tmp_path: Path) -> AsyncIterator[InTown]:
    """The Pipedrive connector with a small town behind it."""
    town = Town(clock=TownClock(), faults=Faults(), storage=tmp_path, records=90)
    made = InTown(town)
    yield made
    await made.crm.aclose()
    town.close()
