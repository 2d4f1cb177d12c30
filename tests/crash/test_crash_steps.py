"""kill -9 as soon as an event is stored: at each change of the conversation's state and at each step's boundary."""

from collections import Counter
from pathlib import Path

import pytest
from crash_run import LEAVER, Run, check, play
from crash_service import Nursery
from crash_town import AtRow, at_event

pytestmark = pytest.mark.crash

# While the tables are made, the engine library's and ours.
AT_BIRTH = [AtRow("SELECT count(*) FROM sqlite_master", count) for count in (1, 10, 40)]
# opened, planned, successor confirmed, run started; then where a step has just ended whose successor writes; the end
# of the run, and the mails counted.
EVENTS = (1, 2, 3, 7, 10, 11, 13, 14, 16, 17, 20, 23)


async def test_an_undisturbed_run_is_what_the_others_are_measured_by(undisturbed: Run) -> None:
    found = undisturbed.outcome
    assert len(found.audit) == 25
    assert Counter(found.audit)["step_ended by None"] == 12
    assert {step[1] for step in found.steps} == {"done"}  # each has something to do
    assert {row[4] for row in found.ledger} == {"moved"}
    fields = Counter(str(row[0]).partition(".")[2] for row in found.ledger)
    assert set(fields) == {"", "Key_Account_Manager", "Lead_Status"}
    assert len(found.changes_of_hands) == fields[""] == 43
    assert found.users[LEAVER] == "disabled"
    assert set(found.posts.values()) == set(found.files.values()) == {1}
    assert found.faults == ()


async def test_dying_at_each_event_changes_nothing(tmp_path: Path, nursery: Nursery, undisturbed: Run) -> None:
    instants = [*AT_BIRTH, *map(at_event, EVENTS)]
    check(await play(tmp_path, instants, nursery=nursery), undisturbed)
