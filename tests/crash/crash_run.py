"""One departure from the command to the closed report, in a town where the service dies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crash_outcome import Outcome, outcome
from crash_people import People
from crash_service import Nursery
from crash_town import CrashTown, Death, Instant, crash_town

from sandbox.faults import Fault

LEAVER: Final = "amit"


@dataclass(frozen=True)
class Run:
    """`calls` is how many calls to vendors it took; `failures` how often Slack told somebody that it failed."""

    outcome: Outcome
    deaths: tuple[Death, ...]
    calls: int
    failures: int
    back_after: float  # seconds from the last death until the service answered again


async def play(
    storage: Path,
    instants: Sequence[Instant] = (),
    *,
    nursery: Nursery | None,
    faults: Mapping[str, Sequence[Fault]] | None = None,
    database_url: str | None = None,
) -> Run:
    """Play a departure. Raises `TimeoutError` when it comes to no end, `AssertionError` when an instant never came."""
    town = crash_town(storage, instants, nursery=nursery, leaver=LEAVER, faults=faults, database_url=database_url)
    async with town as rig:
        people = People(rig, LEAVER)
        await people.play()
        return await ended(rig, people)


async def ended(rig: CrashTown, people: People) -> Run:
    killer = rig.killer
    assert not killer.instants, f"these instants never came: {[str(instant) for instant in killer.instants]}"
    return Run(await outcome(rig, LEAVER), tuple(killer.deaths), killer.calls, people.failures, rig.back_after)


def check(run: Run, undisturbed: Run, *, seed: int | None = None) -> None:
    """Both runs left the same behind."""
    differences = undisturbed.outcome.differences(run.outcome)
    story = [f"seed {seed}"] if seed is not None else []
    story += [f"died at {death}" for death in run.deaths]
    assert not differences, "\n".join([*differences, *story])
    assert set(undisturbed.outcome.posts.values()) == set(undisturbed.outcome.files.values()) == {1}
    assert set(undisturbed.outcome.changes_of_hands.values()) == {1}
    assert not undisturbed.outcome.faults
