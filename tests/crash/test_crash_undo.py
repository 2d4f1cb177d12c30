"""kill -9 while a departure is taken back: everything is as it was before."""

from pathlib import Path

import pytest
from crash_outcome import outcome, records_of
from crash_people import People
from crash_run import LEAVER
from crash_service import Nursery
from crash_town import AtCall, Phase, crash_town

from sandbox.people import BY_KEY

pytestmark = pytest.mark.crash

FIELDS = ("Owner", "Key_Account_Manager", "Lead_Status")
UNDO = [
    AtCall(Phase.LOST, method="PUT", path=f"/users/{BY_KEY[LEAVER].crm_id}"),  # the leaver is let in again
    AtCall(Phase.LOST, path="/change_owner"),
    AtCall(Phase.BEFORE, path="/change_owner", nth=2),
    AtCall(Phase.LOST, method="PUT", path="/Accounts"),
    AtCall(Phase.BEFORE, method="PUT", path="/Leads"),
    AtCall(Phase.LOST, path="/chat.postMessage"),  # what has been taken back
]


async def test_an_undo_that_dies_again_and_again_gives_everything_back_once(tmp_path: Path, nursery: Nursery) -> None:
    async with crash_town(tmp_path, nursery=nursery, leaver=LEAVER) as rig:
        before = records_of(rig, *FIELDS)
        people = People(rig, LEAVER)
        await people.play()
        assert records_of(rig, *FIELDS) != before
        rig.killer.instants.extend(UNDO)
        await people.undo()
        assert rig.killer.instants == []
        assert len(rig.killer.deaths) == len(UNDO)
        assert records_of(rig, *FIELDS) == before
        found = await outcome(rig, LEAVER)
    assert found.users[LEAVER] == "active"
    assert {row[4] for row in found.ledger} == {"returned"}
    assert set(found.changes_of_hands.values()) == {2}  # there and back
    assert found.audit[-1] == "undone by None"
    assert set(found.posts.values()) == set(found.files.values()) == {1}
    assert found.faults == ()
