"""kill -9 at twenty random instants of a departure, one run for each: python bench/kill.py [--runs 20] [--seed 7]

Each run starts the real service as `offboard serve` in a town of its own, kills it at one call to a vendor (before the
vendor did it, after it was done but before the answer left, or after the answer), starts it again, and plays the
departure to its end. Ledger, CRM and messages must equal those of an undisturbed run. One line for each instant; the
exit code is 0 only when all are equal.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

# The machinery is that of the crash tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "crash"))

from crash_run import Run, play
from crash_town import AtCall, Phase


async def _one(number: int, instant: AtCall, undisturbed: Run) -> bool:
    began = time.monotonic()
    try:
        run = await _fresh(instant)
    except TimeoutError as error:
        print(f"{number:2}  {instant}: DID NOT END: {error}", flush=True)
        return False
    differences = undisturbed.outcome.differences(run.outcome)
    asked_again = f", {run.failures} click(s) repeated" if run.failures else ""
    verdict = "NOT EQUAL" if differences else "equal"
    seconds = f"{run.back_after:.1f} s until it was back, {time.monotonic() - began:.1f} s in all"
    print(f"{number:2}  {run.deaths[0]}: went on by itself, {seconds}{asked_again}: {verdict}", flush=True)
    for difference in differences:
        print(f"      {difference}", flush=True)
    return not differences


async def _fresh(*instants: AtCall) -> Run:
    with tempfile.TemporaryDirectory(prefix="offboard-kill-") as storage:
        return await play(Path(storage), instants, nursery=None)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    undisturbed = await _fresh()
    print(f"undisturbed: {undisturbed.calls} calls to vendors, {len(undisturbed.outcome.ledger)} records moved,")
    print(f"{len(undisturbed.outcome.messages)} messages. Seed {arguments.seed}.", flush=True)
    rng = random.Random(arguments.seed)  # noqa: S311 - instants that can be met again, not secrets
    equal = 0
    for number in range(1, arguments.runs + 1):
        instant = AtCall(rng.choice(list(Phase)), number=rng.randint(1, undisturbed.calls))
        equal += await _one(number, instant, undisturbed)
    print(f"{equal} of {arguments.runs} runs left the same behind as the undisturbed one.")
    return 0 if equal == arguments.runs else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
