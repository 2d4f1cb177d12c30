"""kill -9 at random instants of a run, told by a seed and not by the clock."""

import random
from pathlib import Path

import pytest
from crash_run import Run, check, play
from crash_service import Nursery
from crash_town import random_instants

from sandbox.faults import Fault

pytestmark = pytest.mark.crash

KILLS = 6  # in one run; `bench/kill.py` has more
SEED = 20261122

# The vendors falter by themselves as well.
FALTERING = {
    "zoho": [Fault.SERVER_ERROR, Fault.LOST_RESPONSE],
    "slack": [Fault.SERVER_ERROR, Fault.LOST_RESPONSE],
}


async def test_dying_at_random_instants_changes_nothing(tmp_path: Path, nursery: Nursery, undisturbed: Run) -> None:
    rng = random.Random(SEED)  # noqa: S311 - instants that can be met again, not secrets
    instants = random_instants(rng, KILLS, calls=undisturbed.calls)
    check(await play(tmp_path, instants, nursery=nursery, faults=FALTERING), undisturbed, seed=SEED)
