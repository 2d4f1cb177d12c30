"""One stage for the dialogues of a module; a small company, and no waiting."""

from collections.abc import AsyncIterator, Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from dialogue_stage import Stage
from dialogue_stage import stage as made
from structlog.testing import capture_logs

import bot.chat.poster
import sandbox.company


@pytest.fixture(scope="module", autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the service logs; on a terminal an error would be painted with all its locals, which takes seconds."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture(scope="module", autouse=True)
def _small_and_quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        small = tuple(replace(person, records=person.records // 20) for person in sandbox.company.ROSTER)
        patch.setattr(sandbox.company, "ROSTER", small)
        patch.setattr(bot.chat.poster, "_EDIT_EVERY", 0.0)  # Slack's allowance of edits is a real workspace's
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    storage = tmp_path_factory.mktemp("stage")
    async with made(storage, f"sqlite:///{storage}/offboard.sqlite3") as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def stage(module_stage: Stage) -> AsyncIterator[Stage]:
    """The module's stage without faults. Departures that others left open may be there."""
    module_stage.mark()
    yield module_stage
    for faults in module_stage.town.faults.values():
        faults.active.clear()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_server").fresh())
