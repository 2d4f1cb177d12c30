"""The tests of the contract run for each connector of `contract_systems.FACTORIES` (register a new one there)."""

from collections.abc import AsyncIterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from contract_grades import Grade, grade, lines, tables
from contract_rig import Factory, Rig
from contract_systems import FACTORIES
from plain_connectors import CONNECTORS

from connectors.base import Ability, Capability

_RECORDS: Final = 300  # of the leaver
_FEWER: Final = 150  # where each test has a company of its own


@pytest.fixture(params=list(FACTORIES), scope="module")
def system(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def factory(system: str) -> Factory:
    return FACTORIES[system]


@pytest_asyncio.fixture(loop_scope="module")
async def rig(factory: Factory, tmp_path: Path) -> AsyncIterator[Rig]:
    """A small company of the test's own."""
    async with factory(tmp_path, _FEWER) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def still(factory: Factory, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """A company shared by the tests that only read."""
    async with factory(tmp_path_factory.mktemp("still"), _RECORDS) as made:
        yield made


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a vendor cannot have is not run for it; what its connector still lacks must fail."""
    exempt = [item for item in items if _grade(item)[0] is Grade.EXEMPT]
    items[:] = [item for item in items if item not in exempt]
    config.hook.pytest_deselected(items=exempt)
    for item in items:
        graded, reason = _grade(item)
        if graded is Grade.TODO:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def _grade(item: pytest.Item) -> tuple[Grade, str]:
    """Of a line of the contract for one connector; any other test is simply run."""
    line = _LINES.get(item.nodeid.partition("::")[2].partition("[")[0].replace("::", "."))
    system = item.callspec.params.get("system") if isinstance(item, pytest.Function) and line else None
    return grade(line, _capabilities(system), tables()[system]) if line and system else (Grade.DONE, "")


@cache
def _capabilities(system: str) -> Mapping[Ability, Capability]:
    return CONNECTORS[system]().capabilities


_LINES: Final = {line.name: line for line in lines()}
