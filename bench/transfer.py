"""A departure with 200,000 records: the service's memory, its calls to Zoho against the fewest possible, its speed.

    .venv/bin/python bench/transfer.py [--records 200000]

The town (Zoho, Slack, and the people at their clients) lives in this process, the service in a child of its own. The
conversation is played from the command to the confirmed backup. `--records` is what the leaver owns; the rules say how
many of them move. At the end the town's own tables are asked whether anything is left.

**The fewest calls** are those that no correct run can do without, counted from the town's tables, not from what the
service did. n is what has to move of a module; "module" is one whose records have an owner that the API can change.

token           1: nothing works without one, and it lives an hour
metadata        organisation, grant user, list of modules, the fields of each, layouts of deals, each pipeline: which
                modules have owners and what "closed" means differs between organisations; workflow and assignment
                rules; the successor's profile and absences
accounts        users and deleted users, once: the leaver, the successor and the lead are found among them
inventory       the leaver; 2 counts for each module, of all records and of those that nobody followed up; 1 count for
                each other field that names users; samples of the 3 modules that are shown; where the configuration
                names the user; the mailbox: all that the lead is shown and approves
comparison      the successor, with rights and absences once more; 1 count for each module: no write while the world
                is not what was approved
mails           1 for a list of contacts; 2 for each of the 10 whose mails are counted, before and after
work-list       4: deals, tasks, meetings, accounts that nobody has spoken to
configuration   2 jobs, the first for assignment rules, each: begun, its end seen, and looked whether anything is left
snapshot        ceil(n / 2,000) for each module: the ids; COQL gives 2,000 rows
tags made       1 for each module that has records to move: a tag belongs to a module
tagging         ceil(n / 500) for each module: add_tags takes 500 ids; what is locked for a moment counts twice
guard           1 for each module that has records to move: whom did a colleague give a record since the snapshot?
owner changes   ceil(n / 500) for each module: change_owner takes 500 ids
other fields    n names the leaver in such a field: ceil(n / 2,000) for the ids; 2 * ceil(n / 100), as 100 are looked at
                right before they are changed
verification    1 count for each module: nothing is left, even of what had nothing before
deactivation    2: the change, and a look whether it holds
second path     1 search for each module: nothing is left, read another way

Not among the fewest, though the service makes them: the sample of contacts that tells the kind of mailbox, the second
count that a module needs whose open and closed records no single query can tell apart, a guard for each 10,000 records,
a fresh list of users when the successor is chosen, how often a job of Zoho's is asked for its end, looks again where
Zoho's search lags behind. They are the difference.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bot.__main__ import _town_settings
from sandbox.demo import DemoOptions, build
from sandbox.people import BY_KEY
from sandbox.script import play
from sandbox.supervisor import free_port
from sandbox.town import Town
from sandbox.zoho.schema import OWNED, Kind
from sandbox.zoho.store import LOCK_FOR_NOW

CEILING_MB: Final = 250
RATIO: Final = 1.05
LEAVER: Final = "amit"
_READ: Final = 2000
_WRITE: Final = 500
_UPDATE: Final = 100
_SAMPLED: Final = 3
_MAILS: Final = 10
# A page of records that name the leaver elsewhere than as their owner.
_NAMED: Final = re.compile(r" where (?!\(*Owner )\w+ = ")
_KINDS: Final = (
    "token", "metadata", "accounts", "inventory", "comparison", "mails", "work-list", "configuration", "snapshot",
    "tags made", "tagging", "guard", "owner changes", "other fields", "verification", "deactivation", "second path",
)  # fmt: skip


# The Home page counts, once an hour, what people who left before still own: no call of this departure.
_OTHERS: Final = "former employees"


@dataclass(frozen=True)
class Call:
    """One exchange on the wire, without what is not needed here."""

    method: str
    path: str
    query: str
    at: float
    ended: float
    to_town: bool


@dataclass(frozen=True)
class Measured:
    moved: int
    peak_mb: float
    cpu_seconds: float
    seconds: float  # from the command to the last message
    ghosts: int
    closed: bool
    calls: Mapping[str, int]
    fewest: Mapping[str, int]
    run_seconds: float  # from the first comparison to the last count


def fewest(town: Town) -> dict[str, int]:
    """See the table above. Asked before the departure begins."""
    modules = [each for each in town.crm.modules() if each.api_supported and each.movable]
    owned = [each for each in modules if each.has_owner]
    owned_by_leaver = town.crm.open_owned(BY_KEY[LEAVER].crm_id or "")
    moving = [n for n in owned_by_leaver.values() if n]
    pipelines = 2  # one for each layout of deals
    named = _named(town)
    return {
        "token": 1,
        "metadata": 2 + 1 + len(modules) + 1 + pipelines + 1 + 1 + len(town.crm.assignment_rules) + 2,
        "accounts": 2,
        "inventory": 1 + 2 * len(owned) + len(named) + min(_SAMPLED, len(moving)) + 2,
        "comparison": 3 + len(owned),
        "mails": 1 + 2 * _MAILS,
        "work-list": 4,
        "configuration": 2 * 3,
        "snapshot": sum(math.ceil(n / _READ) for n in moving),
        "tags made": len(moving),
        "tagging": sum(_tagging(town, module, n) for module, n in owned_by_leaver.items() if n),
        "guard": len(moving),
        "owner changes": sum(math.ceil(n / _WRITE) for n in moving),
        "other fields": sum(math.ceil(n / _READ) + 2 * math.ceil(n / _UPDATE) for n in named),
        "verification": len(owned),
        "deactivation": 2,
        "second path": len(owned),
    }


def _named(town: Town) -> list[int]:
    """For each field besides the owner that names users: how many records name the leaver there."""
    owner = int(BY_KEY[LEAVER].crm_id or 0)
    fields = [(m.api_name, f) for m in OWNED for f in m.fields.values() if f.kind in (Kind.USER, Kind.USERS)]
    count = 'SELECT COUNT(*) AS n FROM "{}" WHERE "{}" = ?'
    return [
        town.crm.store.query(count.format(module, field.api_name), (owner,))[0]["n"] if field.kind is Kind.USER else 0
        for module, field in fields
    ]


def _tagging(town: Town, module: str, records: int) -> int:
    """How many calls tag what has to move of a module. Zoho refuses once what is locked for the moment: it has to be
    in a later call again."""
    leaver = BY_KEY[LEAVER].crm_id or ""
    asked = f'SELECT id FROM "{module}" WHERE Owner = ? AND _lock = ?'  # noqa: S608 - of the schema
    rows = town.crm.store.query(asked, (int(leaver), LOCK_FOR_NOW))
    moving = {*town.zoho.open_ids(leaver, module)} if rows else set[str]()
    locked = sum(str(row["id"]) in moving for row in rows)
    return max(math.ceil((records + locked) / _WRITE), 2 if locked else 1)


def read_wire(file: Path) -> Iterator[Call]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            exchange: dict[str, Any] = json.loads(line)
            path, _, query = exchange["url"].partition("?")
            if path.endswith("/coql"):
                query = json.loads(exchange["body"])["select_query"]
            at = datetime.fromisoformat(exchange["at"]).timestamp()
            ended = at + exchange["milliseconds"] / 1000
            yield Call(exchange["method"], path, query, at, ended, to_town=exchange["direction"] == "to_town")


class Sorter:
    """Tells what each call to Zoho was for. What looks alike is told apart by when it was made."""

    def __init__(self, calls: list[Call]) -> None:
        self._first_page = next(call.at for call in calls if _is_page(call))
        # The run begins with the click that confirms the mailbox: the last one before the snapshot.
        self.begun = max(call.at for call in calls if not call.to_town and call.at < self._first_page)

    def kind(self, call: Call) -> str:
        if "/oauth/" in call.path:
            return "token"
        if call.path.endswith("/coql"):
            return self._query(call)
        if call.path.endswith("/settings/tags"):
            return "tags made"
        if call.path.endswith("/Emails"):
            return "mails"
        if call.at > self.begun and _is_configuration(call):
            return "configuration"
        if "/settings/" in call.path or call.path.endswith("/org") or "CurrentUser" in call.query:
            return "metadata"
        if call.path.endswith("/users"):
            return "accounts"
        if call.method == "PUT" and not re.search(r"/users/\d+$", call.path):
            return "other fields"
        if re.search(r"/users/\d+$", call.path):
            return "deactivation" if call.at > self._first_page else self._before(call)
        endings = {"/add_tags": "tagging", "/change_owner": "owner changes", "/search": "second path"}
        return next((kind for ending, kind in endings.items() if call.path.endswith(ending)), self._before(call))

    def _query(self, call: Call) -> str:
        if _is_page(call):
            return "other fields" if _NAMED.search(call.query) else "snapshot"
        if "Owner not in" in call.query:
            return "guard"
        if "group by Owner" in call.query:
            return _OTHERS
        if call.at > self.begun and "COUNT(" not in call.query:
            return self._listed(call)
        return "verification" if call.at > self._first_page else self._before(call)

    def _listed(self, call: Call) -> str:
        if " id in " in call.query:
            return "other fields"
        return "mails" if " from Contacts " in call.query else "work-list"

    def _before(self, call: Call) -> str:
        return "inventory" if call.at < self.begun else "comparison"


def _is_configuration(call: Call) -> bool:
    """A look at what names the leaver, after the run has begun: the pre-check, rules by name, people by manager."""
    looks = ("validate_before_transfer", "/actions/transfer", "/users")
    return call.path.endswith(looks) or "/settings/automation/assignment_rules" in call.path


def _is_page(call: Call) -> bool:
    return call.path.endswith("/coql") and call.query.endswith(f"limit {_READ}") and "Owner not in" not in call.query


def _status(pid: int, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[0])


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(records: int, storage: Path) -> Measured:
    wire = storage / "wire.jsonl"
    options = DemoOptions(
        argv=(sys.executable, "-m", "bot", "serve"),
        environment=_town_settings,
        port=free_port(),
        leaver=LEAVER,
        records=records,
        wire=wire,
    )
    town, service = build(options, storage)
    least = fewest(town)
    leaver = BY_KEY[LEAVER].crm_id or ""
    before = sum(town.crm.open_owned(leaver).values())
    async with town.serve():
        await service.start()
        pid, began = service.pid or 0, time.monotonic()
        with (storage / "play.log").open("w", encoding="utf-8") as said, contextlib.redirect_stdout(said):
            closed = await play(town, LEAVER) == 0
        seconds = time.monotonic() - began
        peak, cpu = _status(pid, "VmHWM") / 1024, _cpu_seconds(pid)
        ghosts = sum(n for (owner, _), n in town.crm.ghosts().items() if owner == leaver)
        left = sum(town.crm.open_owned(leaver).values())
    calls = list(read_wire(wire))
    sorter = Sorter(calls)
    zoho = [call for call in calls if call.to_town and call.path.startswith("/zoho/")]
    counted = Counter(sorter.kind(call) for call in zoho)
    ended = max(call.ended for call in zoho)
    return Measured(before - left, peak, cpu, seconds, ghosts, closed, counted, least, ended - sorter.begun)


def report(records: int, got: Measured) -> bool:
    """Print the figures; whether all limits are kept."""
    others = got.calls.get(_OTHERS, 0)
    made, least = sum(got.calls.values()) - others, sum(got.fewest.values())
    kinds = (*_KINDS, *(kind for kind in got.calls if kind not in (*_KINDS, _OTHERS)))
    print("| Calls to Zoho | made | fewest |\n|---|---:|---:|")
    for kind in kinds:
        print(f"| {kind} | {got.calls.get(kind, 0):,} | {got.fewest.get(kind, 0):,} |")
    print(f"| **all** | **{made:,}** | **{least:,}** |")
    print(f"| not of this departure: {_OTHERS} | {others} | |\n")
    limits = (
        ("peak memory of the service (VmHWM)", f"{got.peak_mb:.0f} MB", f"{CEILING_MB} MB", got.peak_mb <= CEILING_MB),
        ("calls / fewest", f"{made / least:.3f}", f"{RATIO}", made <= RATIO * least),
        ("ghosts, counted in the town's tables", f"{got.ghosts}", "0", got.ghosts == 0),
        ("departure closed, account inactive, no message twice", "yes" if got.closed else "no", "yes", got.closed),
    )
    print("| | measured | limit | kept |\n|---|---:|---:|---|")
    for name, value, limit, kept in limits:
        print(f"| {name} | {value} | {limit} | {'yes' if kept else 'NO'} |")
    print(f"| records owned / moved | {records:,} / {got.moved:,} | | |")
    print(f"| the run, from the last click to the last count | {got.run_seconds:.0f} s | | |")
    print(f"| records moved per second of it | {got.moved / got.run_seconds:,.0f} | | |")
    print(f"| the whole departure, people included | {got.seconds:.0f} s | | |")
    print(f"| processor time of the service | {got.cpu_seconds:.0f} s | | |\n")
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end")
    return all(kept for *_, kept in limits)


def main() -> None:
    arguments = argparse.ArgumentParser(description="A departure with many records: memory, calls, speed.")
    arguments.add_argument("--records", type=int, default=200_000, help="how many records the leaver owns")
    records: int = arguments.parse_args().records
    with tempfile.TemporaryDirectory(prefix="offboard-bench-") as kept:
        good = report(records, asyncio.run(measure(records, Path(kept))))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
