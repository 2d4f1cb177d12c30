"""One departure over several systems: calls per moved record against each vendor's minimum, and the forecast.

    .venv/bin/python bench/systems.py [--systems zoho_crm,pipedrive,suitecrm] [--records 1500]

The town (the CRMs, Slack, the people at their clients) lives in this process, the service in a child of its own. The
departure of `amit`, who owns `--records` records in each system, is played from the command to the confirmed backup.
What each call on the wire was for is told by the step that was at work; the fewest calls are counted from the town's
own tables (`systems_fewest.py`); the forecast is that of the plan which was approved, as it is stored.

Exit code 1 when a record is left behind, when owner changes are more than 1.05 times the fewest, when all calls are
more than 1.05 times the fewest and thirty, or when the forecast is off by more than 10 %. The thirty are for what no
run can know beforehand: which contacts carry mails, how long a job of the vendor's takes.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from systems_calls import KINDS, OWNER_CHANGES, Call, Made, of_run, read_wire
from systems_fewest import LEAVER, fewest

from bot.__main__ import _town_settings
from bot.export import reading
from bot.settings import PREFIX
from bot.store import cases
from connectors.pipedrive.budget import tokens_of
from handlers.forecast import Forecast
from handlers.playbooks import StepKey
from handlers.report import Case
from handlers.working import plan_of
from sandbox.demo import DemoOptions, build
from sandbox.outcome import accounts_of
from sandbox.people import BY_KEY
from sandbox.pipedrive import Pipedrive
from sandbox.script import play
from sandbox.supervisor import free_port
from sandbox.town import ZOHO, Town

RATIO: Final = 1.05
SPARE: Final = 30  # calls
FORECAST: Final = 0.10
_SYSTEMS: Final = (ZOHO, "pipedrive", "suitecrm")
_DECISIONS: Final = ("approved", "mailbox_confirmed", "mailbox_waived")
_QUIET: Final = 3.0  # seconds
_FIRST_COUNT: Final = 8.0  # seconds after its start the service has begun to count for the Home page


@dataclass(frozen=True)
class Measured:
    """Of one system. `tokens` are those that Pipedrive charged for the run; None elsewhere."""

    label: str
    moved: int
    left: int
    made: Made
    fewest: Mapping[str, int]
    forecast: Forecast
    tokens: int | None

    @property
    def per_record(self) -> float:
        return self.made.calls / self.moved

    @property
    def least(self) -> int:
        return sum(self.fewest.values())

    @property
    def most(self) -> int:
        """How many calls the limit allows."""
        return int(RATIO * self.least) + SPARE

    @property
    def error(self) -> float:
        """By which part of the calls made the forecast was too high."""
        return self.forecast.calls / self.made.calls - 1

    @property
    def error_of_tokens(self) -> float:
        """The same of Pipedrive's tokens; 0 elsewhere."""
        return self.forecast.credits / self.tokens - 1 if self.tokens else 0.0

    @property
    def ratio_of_changes(self) -> float:
        return self.made.kinds[OWNER_CHANGES] / self.fewest[OWNER_CHANGES]


def _settings(addresses: dict[str, str]) -> dict[str, str]:
    """Those of the demo, at the pace that the town's plan of Pipedrive allows."""
    return {**_town_settings(addresses), f"{PREFIX}PIPEDRIVE_REQUESTS": "120"}


async def measure(systems: Sequence[str], records: int, storage: Path) -> list[Measured]:
    """Raises `RuntimeError` where the departure did not come to its end."""
    wire = storage / "wire.jsonl"
    options = DemoOptions(
        argv=(sys.executable, "-m", "bot", "serve"),
        environment=_settings,
        port=free_port(),
        leaver=LEAVER,
        records=records,
        wire=wire,
        systems=tuple(systems),
    )
    town, service = build(options, storage)
    leaver = BY_KEY[LEAVER]
    least = {system: fewest(town, system) for system in systems}
    before = accounts_of(town, leaver)
    async with town.serve():
        await service.start()
        await _counted_for_home(town)
        with (storage / "play.log").open("w", encoding="utf-8") as said, contextlib.redirect_stdout(said):
            closed = await play(town, LEAVER) == 0
        after = accounts_of(town, leaver)
    if not closed:
        raise RuntimeError((storage / "play.log").read_text(encoding="utf-8")[-2000:])
    case = await _stored(storage)
    calls = list(read_wire(wire, {("zoho" if system == ZOHO else system): system for system in systems}))
    found = []
    for system in systems:
        made = of_run(calls, system, case.departure.steps, _begun(case))
        left = after[system].left
        found.append(
            Measured(
                label=before[system].vendor.label,
                moved=before[system].left - left,
                left=left,
                made=made,
                fewest=least[system],
                forecast=_forecast(case, system),
                tokens=_charged(town, calls, made) if system == "pipedrive" else None,
            )
        )
    return found


async def _counted_for_home(town: Town) -> None:
    """Wait until the service has counted what former employees still own: no call of this departure."""
    began = quiet = time.monotonic()
    count = town.wire.count
    while time.monotonic() - began < _FIRST_COUNT or time.monotonic() - quiet < _QUIET:
        await asyncio.sleep(0.2)
        if town.wire.count != count:
            count, quiet = town.wire.count, time.monotonic()


async def _stored(storage: Path) -> Case:
    """The departure as the service has stored it."""
    async with reading(f"sqlite:///{storage}/offboard.sqlite3") as database:
        return await database.read(_case)


def _case(connection: Connection) -> Case:
    (listed,) = cases.every(connection)
    case = cases.load(connection, listed.id)
    if case is None:
        raise LookupError(listed.id)
    return case


def _forecast(case: Case, system: str) -> Forecast:
    found = plan_of(case.departure).system(system).forecast
    if found is None:
        raise LookupError(system)
    return found


def _begun(case: Case) -> datetime:
    """When the last decision was made that the run waited for."""
    first = min(each.at for each in case.departure.steps if each.step is StepKey.COMPARE)
    return max(entry.at for entry in case.trail if entry.type in _DECISIONS and entry.at < first)


def _charged(town: Town, calls: Sequence[Call], made: Made) -> int:
    """The tokens of the run. What each call costs is proven by the town's meter, which has counted all of them."""
    vendor = town.vendors["pipedrive"]
    all_calls = _tokens(call for call in calls if call.system == "pipedrive")
    if isinstance(vendor, Pipedrive) and vendor.meter.used != all_calls:
        raise RuntimeError(f"the town has charged {vendor.meter.used} tokens, and the calls come to {all_calls}")
    return _tokens(made.charged)


def _tokens(calls: Iterator[Call] | Sequence[Call]) -> int:
    paths = ((call.method, call.path.removeprefix("/pipedrive")) for call in calls if call.status != 429)
    return sum(tokens_of(method, path) for method, path in paths)


def report(got: Sequence[Measured]) -> bool:
    """Print the figures; whether all limits are kept."""
    for each in got:
        print(f"| Calls to {each.label} | made | fewest |\n|---|---:|---:|")
        for kind in dict.fromkeys((*KINDS, *each.made.kinds)):
            if each.made.kinds[kind] or each.fewest.get(kind):
                print(f"| {kind} | {each.made.kinds[kind]:,} | {each.fewest.get(kind, 0):,} |")
        print(f"| **all** | **{each.made.calls:,}** | **{each.least:,}** |\n")
    print("| | " + " | ".join(each.label for each in got) + " | limit |\n|---|" + "---:|" * (len(got) + 1))
    for name, value_of, limit in _ROWS:
        print(f"| {name} | " + " | ".join(value_of(each) for each in got) + f" | {limit} |")
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end")
    broken = [f"{each.label}: {what}" for each in got for what in _broken(each)]
    for line in broken:
        print(f"NOT KEPT: {line}")
    return not broken


_ROWS: Final[tuple[tuple[str, Callable[[Measured], str], str], ...]] = (
    ("records moved", lambda each: f"{each.moved:,}", ""),
    ("ghosts, counted in the town's tables", lambda each: f"{each.left}", "0"),
    ("calls per moved record", lambda each: f"{each.per_record:.3f}", ""),
    ("calls / fewest", lambda each: f"{each.made.calls / each.least:.3f}", ""),
    ("calls made / allowed", lambda each: f"{each.made.calls:,} / {each.most:,}", f"{RATIO} * fewest + {SPARE}"),
    ("owner changes / fewest", lambda each: f"{each.ratio_of_changes:.3f}", f"{RATIO}"),
    ("calls forecast / made", lambda each: f"{each.forecast.calls:,} / {each.made.calls:,}", ""),
    ("the forecast is off by", lambda each: f"{each.error:+.1%}", f"±{FORECAST:.0%}"),
    (
        "tokens forecast / charged",
        lambda each: f"{each.forecast.credits:,} / {each.tokens:,}" if each.tokens else "",
        "",
    ),
    ("that forecast is off by", lambda each: f"{each.error_of_tokens:+.1%}" if each.tokens else "", f"±{FORECAST:.0%}"),
)


def _broken(each: Measured) -> Iterator[str]:
    """The limits that are not kept."""
    limits = (
        ("records left behind", each.left, 0),
        ("calls", each.made.calls, each.most),
        ("owner changes against the fewest", each.ratio_of_changes, RATIO),
        ("calls forecast", abs(each.error), FORECAST),
        ("tokens forecast", abs(each.error_of_tokens), FORECAST),
    )
    yield from (f"{name}: {value:,.2f} instead of {limit:g} at most" for name, value, limit in limits if value > limit)


def _systems(text: str) -> tuple[str, ...]:
    found = tuple(text.split(","))
    if not set(found) <= set(_SYSTEMS):
        raise argparse.ArgumentTypeError(f"choose among {', '.join(_SYSTEMS)}")
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description="Calls per moved record, and the forecast, for each system.")
    arguments.add_argument("--systems", type=_systems, default=_SYSTEMS, help="one or more, with commas in between")
    arguments.add_argument("--records", type=int, default=1_500, help="how many records the leaver owns in each")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="offboard-bench-") as kept:
        good = report(asyncio.run(measure(chosen.systems, chosen.records, Path(kept))))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
