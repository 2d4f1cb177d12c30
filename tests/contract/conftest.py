"""Every connector that must pass the contract, against its simulated vendor. A new connector adds one line."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from contract_rig import Factory, Rig
from contract_zoho import zoho_crm

FACTORIES: Final[dict[str, Factory]] = {"zoho_crm": zoho_crm}
_RECORDS: Final = 300  # of the leaver


@pytest.fixture(params=sorted(FACTORIES), scope="module")
def factory(request: pytest.FixtureRequest) -> Factory:
    return FACTORIES[request.param]


@pytest_asyncio.fixture(loop_scope="module")
async def rig(factory: Factory, tmp_path: Path) -> AsyncIterator[Rig]:
    """A small company of the test's own."""
    async with factory(tmp_path, _RECORDS) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def still(factory: Factory, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """A company shared by the tests that only read."""
    async with factory(tmp_path_factory.mktemp("still"), _RECORDS) as made:
        yield made
