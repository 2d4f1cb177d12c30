"""One stage for the dialogues of a module; a small company, and no waiting."""

from collections.abc import AsyncIterator, Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from cliq_stage import CliqDesk
from dialogue_setting import SIMPLE_POLICY
from dialogue_setting import stage as made
from dialogue_stage import Stage
from structlog.testing import capture_logs

import bot.chat.cliq.pace
import bot.chat.receiver
import bot.chat.slack.edge
import sandbox.company
import sandbox.slack.tickets
from bot.chat.cliq.surface import CliqSurface
from bot.chat.slack.surface import SlackSurface
from sandbox.people import ROSTER


@pytest.fixture(scope="module", autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the service logs; on a terminal an error would be painted with all its locals, which takes seconds."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture(scope="module", autouse=True)
def _small_and_quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        small = tuple(replace(person, records=person.records // 20) for person in ROSTER)
        patch.setattr(sandbox.company, "ROSTER", small)
        # On a machine with much else to do, moments that Slack allows are long enough for no answer at all.
        patch.setattr(sandbox.slack.tickets, "TRIGGER_SECONDS", 60.0)
        patch.setattr(bot.chat.receiver, "_FORM_SECONDS", 60.0)
        patch.setattr(bot.chat.slack.edge, "_SUGGEST_SECONDS", 60.0)
        patch.setattr(SlackSurface, "edit_every", 0.0)  # Slack's allowance of edits is a real workspace's
        patch.setattr(CliqSurface, "edit_every", 0.0)
        patch.setattr(bot.chat.cliq.pace, "_SHARE", 100.0)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """In Slack and with simple rules, unless the module says otherwise with constants `SURFACE` and `POLICY`."""
    storage = tmp_path_factory.mktemp("stage")
    surface = getattr(request.module, "SURFACE", "slack")
    policy = getattr(request.module, "POLICY", SIMPLE_POLICY)
    async with made(storage, f"sqlite:///{storage}/offboard.sqlite3", surface, policy=policy) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def stage(module_stage: Stage) -> AsyncIterator[Stage]:
    """The module's stage without faults and without windows. Departures that others left open may be there."""
    module_stage.mark()
    yield module_stage
    await module_stage.settled()
    await module_stage.close_windows()
    for faults in module_stage.town.faults.values():
        faults.active.clear()


@pytest.fixture
def cliq(stage: Stage) -> CliqDesk:
    """Where people sit at their Cliq; for modules that say so in `SURFACE`."""
    return CliqDesk(stage)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_server").fresh())
