"""kill -9 as soon as an event is stored: at each change of the conversation's state and at each step's boundary."""

from collections import Counter
from pathlib import Path

import pytest
from crash_run import Run, check, play
from crash_service import Nursery
from crash_town import AtRow, at_event

pytestmark = pytest.mark.crash

# opened, planned, successor confirmed, approved, mailbox confirmed, seven steps, run ended, backup confirmed
EVENTS = 14
# While the tables are made, the engine library's and ours.
AT_BIRTH = [AtRow("SELECT count(*) FROM sqlite_master", count) for count in (1, 10, 24, 40)]


async def test_an_undisturbed_run_is_what_the_others_are_measured_by(undisturbed: Run) -> None:
    found = undisturbed.outcome
    assert len(found.audit) == EVENTS
    assert Counter(found.audit)["step_ended by None"] == 7
    assert len(found.ledger) == len(found.changes_of_hands) == 45
    assert {row[4] for row in found.ledger} == {"moved"}
    assert found.users["bianca"] == "disabled"
    assert set(found.posts.values()) == {1}
    assert found.faults == ()


@pytest.mark.parametrize("first", [1, 2], ids=["odd", "even"])
async def test_dying_at_each_event_changes_nothing(
    first: int, tmp_path: Path, nursery: Nursery, undisturbed: Run
) -> None:
    instants = [at_event(number) for number in range(first, EVENTS + 1, 2)]
    disturbed = await play(tmp_path, [*AT_BIRTH, *instants] if first == 1 else instants, nursery=nursery)
    check(disturbed, undisturbed)
