"""Other ways to go away and come back: in order, while somebody clicks, with Postgres, from a cold start."""

import asyncio
import signal
from pathlib import Path

import pytest
from crash_people import People
from crash_run import LEAVER, Run, check, ended, play
from crash_service import Nursery
from crash_town import AtCall, Instant, Phase, at_event, crash_town

pytestmark = pytest.mark.crash


async def test_a_click_while_the_service_is_down_fails_visibly_and_works_the_second_time(
    tmp_path: Path, undisturbed: Run
) -> None:
    """With the real command: the other tests fork the service from a process that has its code in memory.

    Later it is told twice to end, in mid-run, and goes on after the restart.
    """
    instants = [
        AtCall(Phase.AFTER, path="/chat.postMessage", nth=3),  # the question to the lead
        AtCall(Phase.AFTER, path="/add_tags", sign=signal.SIGTERM),
        AtCall(Phase.AFTER, path="/change_owner", nth=3, sign=signal.SIGTERM),
    ]
    async with crash_town(tmp_path, instants, nursery=None, leaver=LEAVER) as rig:
        rig.may_start.clear()
        people = People(rig, LEAVER)
        playing = asyncio.create_task(people.play())
        while not people.failures and not playing.done():
            await rig.town.workspace.wait_for_change(rig.town.workspace.version, 0.1)
        lead = people.clients["tomas"]
        assert [notice.text for notice in lead.errors] == ["Oh no, something went wrong. Please try that again."]
        rig.may_start.set()
        await playing
        assert not lead.errors
        check(await ended(rig, people), undisturbed)


@pytest.mark.postgres
async def test_the_same_on_postgres(tmp_path: Path, nursery: Nursery, undisturbed: Run, postgres_url: str) -> None:
    instants: list[Instant] = [
        at_event(1),
        AtCall(Phase.LOST, path="/chat.postMessage"),
        at_event(7),
        AtCall(Phase.LOST, path="/change_owner", nth=3),
        at_event(16),
    ]
    check(await play(tmp_path, instants, nursery=nursery, database_url=postgres_url), undisturbed)
