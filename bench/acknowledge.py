"""How soon Slack has its acknowledgement: our service, which stores first, against a bare slack-bolt app.

    .venv/bin/python bench/acknowledge.py [--rounds 4] [--requests 500] [--records 400000] [--idle]

Four processes: the town with this script, our service, the bare app (`acknowledge_bare.py`: Bolt in its default mode
behind FastAPI, listeners that only acknowledge, the same uvicorn settings), and the load (`acknowledge_load.py`). Both
servers get the same requests, signed beforehand, over connections that stay open: `/offboard status …` typed by an
admin, and clicks on Approve by the lead, each on a departure of its own. Ours and the bare app take turns, and who is
first changes with each round, so that both meet the same machine; between turns the service finishes what it took in.

Measured is the time until the whole answer was there: with 1 user, and with 50 users who each send the next request as
soon as the last is answered; all of it twice: while the service has nothing else to do, and while it moves the records
of a big departure. Then, at the pace of a person, how long a click takes until the approval is committed. At the end
every delivery has to be in the store as done, every click an approval, every command an answer in the town.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from acknowledge_seed import CHANNEL, SUCCESSOR, Slack, World, ready_to_run, store, waiting

from bot.__main__ import _town_settings
from bot.app import build_connectors
from bot.settings import PREFIX, Settings
from bot.telemetry import configure_logging
from handlers.departure import Departure
from handlers.practice import Practice
from sandbox.demo import DemoOptions, build
from sandbox.people import BY_KEY
from sandbox.supervisor import free_port
from sandbox.town import Town

HERE: Final = Path(__file__).parent
LEAVER: Final = BY_KEY["amit"]
KINDS: Final = ("command", "click")
BESIDE: Final = ("idle", "transfer")
ONE_USER: Final = 0.5  # of the bare app's median
MANY_USERS: Final = 1.5  # of the bare app's 99th percentile
MANY: Final = 50
_ALONE: Final = 60  # requests of one user in a turn
_BY_HAND: Final = 12  # clicks at the pace of a person
_PATIENCE: Final = 300.0


@dataclass(frozen=True)
class Size:
    rounds: int
    requests: int  # of fifty users in a turn
    records: int  # of the departure that runs beside
    idle: bool  # without a transfer beside

    @property
    def clicks(self) -> int:
        """How many departures are wanted, those for the warm-up included."""
        return (len(BESIDE) * self.rounds + 1) * (self.requests + _ALONE) + len(BESIDE) * _BY_HAND


@dataclass(frozen=True)
class Cell:
    """What a figure is about. `server` is "ours" or "bare"."""

    beside: str
    users: int
    kind: str
    server: str


class Database:
    """The service's file, as somebody beside it reads it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()

    def state(self, departure_id: str) -> str:
        return str(self.ask(f"SELECT state FROM ob_departures WHERE id = '{departure_id}'")[0][0])  # noqa: S608 - ours

    def unfinished(self) -> int:
        """Deliveries and messages that are still to be done; the cards of the big departure never rest."""
        deliveries = "SELECT COUNT(*) FROM ob_inbox WHERE state IN ('new', 'decided')"
        messages = "SELECT COUNT(*) FROM ob_outbox WHERE state IN ('waiting', 'posting') AND departure_id <> 'transfer'"
        return sum(int(self.ask(query)[0][0]) for query in (deliveries, messages))

    async def finished(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while left := self.unfinished():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{left} deliveries and messages are not done")
            await asyncio.sleep(0.2)


class Load:
    """The process that sends the requests."""

    def __init__(self, process: asyncio.subprocess.Process, ports: dict[str, int], job: Path) -> None:
        if process.stdin is None or process.stdout is None:
            raise TypeError("the load is started with pipes")
        self._lines, self._answers = process.stdin, process.stdout
        self._ports = ports
        self._job = job

    async def fire(self, server: str, users: int, requests: list[bytes]) -> list[float]:
        """Seconds of each. Raises `RuntimeError` where an answer was not 200."""
        texts = [request.decode("latin-1") for request in requests]
        job = {"port": self._ports[server], "users": users, "requests": texts}
        self._job.write_text(json.dumps(job), encoding="latin-1")
        self._lines.write(f"{self._job}\n".encode())
        answer = json.loads(await self._answers.readline())
        if answer["failed"]:
            raise RuntimeError(f"{server} refused {answer['failed']} of {len(requests)} requests")
        seconds: list[float] = answer["seconds"]
        return seconds


class Bench:
    """One whole measurement; see the top of this file."""

    def __init__(
        self, size: Size, slack: Slack, departures: list[Departure], *, load: Load, database: Database
    ) -> None:
        self._size = size
        self._slack = slack
        self._click = slack.approvals(departures[0])
        self._example, self._fresh = departures[0], iter(departures)
        self._load = load
        self._database = database
        self.seconds: defaultdict[Cell, list[float]] = defaultdict(list)
        self.effects: defaultdict[str, list[float]] = defaultdict(list)
        self.clicked: list[str] = []
        self.commands = self.forms = 0

    async def warm_up(self) -> None:
        await self._round("warm-up", 0)

    async def idle(self) -> None:
        await self._by_hand("idle")
        for number in range(self._size.rounds):
            self._keep(await self._round("idle", number))

    async def beside_transfer(self, transfer: Departure) -> None:
        """The same while records move. A round that the transfer did not outlast does not count."""
        await self._load.fire("ours", 1, [self._slack.mailbox_is_safe(transfer)])
        self.forms += 1
        while not self._database.ask("SELECT 1 FROM ob_ledger LIMIT 1"):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.2)
        await self._by_hand("transfer")
        for number in range(self._size.rounds):
            found = await self._round("transfer", number)
            if self._database.state(transfer.id) != "running":
                print(f"the transfer was over after {number} rounds; more --records make it last\n")
                return
            self._keep(found)

    def _keep(self, found: dict[Cell, list[float]]) -> None:
        for cell, seconds in found.items():
            self.seconds[cell] += seconds

    async def _round(self, beside: str, number: int) -> dict[Cell, list[float]]:
        found = {}
        for users, requests in ((1, _ALONE), (MANY, self._size.requests)):
            for kind in KINDS:
                for server in ("ours", "bare") if number % 2 == 0 else ("bare", "ours"):
                    made = self._commands(requests, server) if kind == "command" else self._clicks(requests, server)
                    cell = Cell(beside, users, kind, server)
                    found[cell] = await self._load.fire(server, users, made)
                    _say(cell, found[cell])
                    await self._database.finished()
        return found

    def _commands(self, count: int, server: str) -> list[bytes]:
        self.commands += count if server == "ours" else 0
        return [self._slack.command(f"status {LEAVER.email}") for _ in range(count)]

    def _clicks(self, count: int, server: str) -> list[bytes]:
        """The bare app looks at nothing: any departure will do."""
        if server == "bare":
            return [self._click(self._example) for _ in range(count)]
        found = [next(self._fresh) for _ in range(count)]
        self.clicked += [departure.id for departure in found]
        return [self._click(departure) for departure in found]

    async def _by_hand(self, beside: str) -> None:
        """One click, and time to think: how long until the approval is committed?"""
        for _ in range(_BY_HAND):
            request = self._clicks(1, "ours")
            began = time.perf_counter()
            await self._load.fire("ours", 1, request)
            while self._database.state(self.clicked[-1]) != "mailbox":  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.005)
            self.effects[beside].append(time.perf_counter() - began)
            await asyncio.sleep(0.5)
        await self._database.finished()


def _say(cell: Cell, seconds: list[float]) -> None:
    """One turn as it ended, beside the result: it shows how steady the machine is."""
    median, tail = 1000 * statistics.median(seconds), 1000 * statistics.quantiles(seconds, n=100)[98]
    what = f"{cell.beside:8} {cell.users:2} {cell.kind:7} {cell.server}"
    print(f"{what}  median {median:6.1f}  p99 {tail:7.1f} ms  load {os.getloadavg()[0]:.1f}", file=sys.stderr)


@asynccontextmanager
async def _child(*argv: str, pipes: bool = False) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE if pipes else asyncio.subprocess.DEVNULL
    # A result is one line of JSON with some thousand numbers.
    child = await asyncio.create_subprocess_exec(sys.executable, *argv, stdin=pipe, stdout=pipe, limit=2**24)
    try:
        yield child
    finally:
        child.terminate()
        await child.wait()


async def _listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError("the bare app does not listen")


async def _world(settings: Settings) -> World:
    (connector,) = build_connectors(settings, Practice()).values()
    account = {account.email: account for account in await connector.accounts()}
    inventory = await connector.inventory(account[LEAVER.email].id)
    await connector.aclose()
    return World(inventory, account[BY_KEY[SUCCESSOR].email])


def _answers(town: Town) -> int:
    return len(town.workspace.channels[CHANNEL].ephemerals)


def _lost(bench: Bench, database: Database, town: Town) -> dict[str, int]:
    """Deliveries without their effect, by kind; all zero when nothing was lost."""
    done = Counts(database)
    return {
        "deliveries stored and done": len(bench.clicked) + bench.commands + bench.forms - done.inbox,
        "clicks that approved": len(bench.clicked) - done.approved(bench.clicked),
        "commands that were answered": bench.commands - _answers(town),
    }


class Counts:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.inbox = int(database.ask("SELECT COUNT(*) FROM ob_inbox WHERE state = 'done'")[0][0])

    def approved(self, clicked: list[str]) -> int:
        lead = BY_KEY["tomas"].email
        query = f"SELECT departure_id FROM ob_events WHERE type = 'approved' AND actor = '{lead}'"  # noqa: S608 - ours
        by_lead = {row[0] for row in self._database.ask(query)}
        return len(by_lead & set(clicked))


async def run(size: Size, storage: Path) -> bool:
    environment: dict[str, str] = {}

    def settings_of(addresses: dict[str, str]) -> dict[str, str]:
        environment.update(_town_settings(addresses))
        return environment

    argv = (sys.executable, "-m", "bot", "serve")
    town, service = build(
        DemoOptions(argv=argv, environment=settings_of, port=free_port(), leaver=LEAVER.key, records=size.records),
        storage,
    )
    values: dict[str, Any] = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    settings = Settings(_env_file=None, **values)
    workspace, bare = town.workspace, free_port()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(town.serve())
        world = await _world(settings)
        seeded = [waiting(world, number) for number in range(size.clicks)]
        transfer = ready_to_run(world)
        await store(settings.database_url, [*seeded, transfer])
        await service.start()
        addresses = (workspace.signing_secret, workspace.bot_token, settings.slack_api_url)
        await stack.enter_async_context(_child(str(HERE / "acknowledge_bare.py"), str(bare), *addresses))
        sender = await stack.enter_async_context(_child(str(HERE / "acknowledge_load.py"), pipes=True))
        await _listening(bare)
        database = Database(Path(settings.database_url.removeprefix("sqlite:///")))
        bench = Bench(
            size,
            Slack(workspace),
            [departure for departure, _ in seeded],
            load=Load(sender, {"ours": service.port, "bare": bare}, storage / "job.json"),
            database=database,
        )
        await bench.warm_up()
        await bench.idle()
        if not size.idle:
            await bench.beside_transfer(transfer[0])
        await database.finished()
        return report(bench, _lost(bench, database, town))


def report(bench: Bench, lost: dict[str, int]) -> bool:
    """Print the figures; whether all limits are kept."""
    verdicts = [kept for row in _rows(bench) for kept in row]
    print("\n| effect of a click at a person's pace | median | longest |\n|---|---:|---:|")
    for beside, seconds in bench.effects.items():
        print(f"| {beside} | {1000 * statistics.median(seconds):.0f} ms | {1000 * max(seconds):.0f} ms |")
    print(f"\n{bench.commands:,} commands and {len(bench.clicked):,} clicks; lost:")
    for what, number in lost.items():
        print(f"  {what}: {'all' if number == 0 else f'{number} MISSING'}")
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end")
    return all(verdicts) and not any(lost.values())


def _rows(bench: Bench) -> Iterator[tuple[bool, bool]]:
    print("| beside | | 1 user, median: ours / bare | ratio | 50 users, p99: ours / bare | ratio | to bare, idle |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for beside, kind in product(BESIDE, KINDS):
        if not bench.seconds[Cell(beside, 1, kind, "ours")]:
            continue
        ours, bare = (_milliseconds(bench, beside, kind, server) for server in ("ours", "bare"))
        ratios = ours[0] / bare[0], ours[1] / bare[1], ours[1] / _milliseconds(bench, "idle", kind, "bare")[1]
        print(
            f"| {beside} | {kind} | {ours[0]:.1f} / {bare[0]:.1f} ms | {ratios[0]:.2f} "
            f"| {ours[1]:.0f} / {bare[1]:.0f} ms | {ratios[1]:.2f} | {ratios[2]:.2f} |"
        )
        yield ratios[0] <= ONE_USER, ratios[1] <= MANY_USERS
    print(f"| | limit | | {ONE_USER} | | {MANY_USERS} | |")


def _milliseconds(bench: Bench, beside: str, kind: str, server: str) -> tuple[float, float]:
    """The median of one user, the 99th percentile of many."""
    alone, many = (bench.seconds[Cell(beside, users, kind, server)] for users in (1, MANY))
    return 1000 * statistics.median(alone), 1000 * statistics.quantiles(many, n=100)[98]


def main() -> None:
    arguments = argparse.ArgumentParser(description="Acknowledgement times of our service and of a bare app.")
    arguments.add_argument("--rounds", type=int, default=4)
    arguments.add_argument("--requests", type=int, default=500, help="of fifty users in one turn")
    arguments.add_argument("--records", type=int, default=400_000, help="of the departure that runs beside")
    arguments.add_argument("--idle", action="store_true", help="without a transfer beside")
    configure_logging("warning")
    size = Size(**vars(arguments.parse_args()))
    with tempfile.TemporaryDirectory(prefix="offboard-bench-") as kept:
        good = asyncio.run(run(size, Path(kept)))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
