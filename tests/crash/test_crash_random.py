"""kill -9 at random instants of a run, told by a seed and not by the clock."""

import random
from pathlib import Path

import pytest
from crash_run import Run, check, play
from crash_service import Nursery
from crash_town import random_instants

from sandbox.faults import Fault

pytestmark = pytest.mark.crash

# Fourteen instants; seven in a run, since every start asks Zoho for a token and Zoho grants ten in ten minutes.
RUNS, KILLS = 2, 7
SEED = 20261122


# One of the runs also has vendors that falter by themselves.
FALTERING = {
    "zoho": [Fault.SERVER_ERROR, Fault.LOST_RESPONSE],
    "slack": [Fault.SERVER_ERROR, Fault.LOST_RESPONSE],
}


@pytest.mark.parametrize("number", range(RUNS))
async def test_dying_at_random_instants_changes_nothing(
    number: int, tmp_path: Path, nursery: Nursery, undisturbed: Run
) -> None:
    seed = SEED + number
    rng = random.Random(seed)  # noqa: S311 - instants that can be met again, not secrets
    instants = random_instants(rng, KILLS, calls=undisturbed.calls)
    faults = FALTERING if number == RUNS - 1 else {}
    check(await play(tmp_path, instants, nursery=nursery, faults=faults), undisturbed, seed=seed)
