"""kill -9 in the middle of a call: the vendor has done it, and the answer never comes."""

from pathlib import Path

import pytest
from crash_run import LEAVER, Run, check, play
from crash_service import Nursery
from crash_town import AtCall, Phase

from sandbox.people import BY_KEY

pytestmark = pytest.mark.crash

LOST, BEFORE = Phase.LOST, Phase.BEFORE
LEAVERS_USER = f"/users/{BY_KEY[LEAVER].crm_id}"


async def test_what_was_done_before_the_answer_was_lost_is_neither_lost_nor_done_twice(
    tmp_path: Path, nursery: Nursery, undisturbed: Run
) -> None:
    instants = [
        AtCall(LOST, path="/chat.postMessage"),  # the admin's card
        AtCall(LOST, path="/chat.postMessage"),  # the question about the successor
        AtCall(LOST, path="/views.open"),
        AtCall(LOST, path="/chat.update", nth=2),
        AtCall(BEFORE, path="/chat.postMessage"),  # the question to the lead
        AtCall(BEFORE, path="/Emails", nth=3),  # the sample, before anything is changed
        AtCall(LOST, method="POST", path="/actions/transfer"),  # assignment rules
        AtCall(LOST, path="/add_tags"),
        AtCall(LOST, path="/change_owner"),
        AtCall(BEFORE, path="/change_owner", nth=2),
        AtCall(LOST, method="PUT", path="/Accounts"),  # another field that names the leaver
        AtCall(LOST, method="POST", path="/actions/transfer"),  # views and reports
        AtCall(LOST, method="PUT", path=LEAVERS_USER),
        AtCall(LOST, path="/chat.postMessage", nth=2),  # in the log channel, or the question about the backup
    ]
    check(await play(tmp_path, instants, nursery=nursery), undisturbed)
