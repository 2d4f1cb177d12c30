"""A town in which the service dies at chosen instants and is started again at once.

An instant is named by what has happened so far, not by the clock, so that it can be met again: the 57th call to a
vendor, the first change of owners, the event `approved` in the store.
"""

import asyncio
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import psycopg
from crash_service import Mortal, Nursery, NurseryService
from sqlalchemy import Engine, create_engine, text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.__main__ import _town_settings
from sandbox.demo import DemoOptions, build
from sandbox.faults import Fault
from sandbox.supervisor import ServiceFailed, free_port
from sandbox.town import Town

_LOOK_EVERY: Final = 0.002
# The bot's pauses: long enough to be pauses, short enough for a test.
_PAUSES: Final = {"OFFBOARD_PATIENCE_SECONDS": "0.2", "OFFBOARD_HTTP_PAUSE_SECONDS": "0.05", "OFFBOARD_TRIES": "40"}
_HOUSE: Final = {
    "OFFBOARD_POLICY_FILE": str(Path(__file__).with_name("crash_policy.toml")),
    "OFFBOARD_PER_RECORD_NOTICES": "3",
}
_SEARCH_LAG: Final = 0.3
_STARTS: Final = 100
_POLL: Final = 0.02


class Phase(StrEnum):
    """Where a call to a vendor is when the service dies."""

    BEFORE = "before the vendor did it"
    LOST = "done, the answer never left"
    AFTER = "answered"


@dataclass(frozen=True)
class Call:
    """One call of the service to a vendor. `number` counts from 1 over the whole town."""

    number: int
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.number} {self.method} {self.path}"


@dataclass(frozen=True)
class AtCall:
    """Dies at the first call from `number` on whose path ends with `path`, the `nth` such since the last death."""

    phase: Phase
    number: int = 0
    method: str = ""
    path: str = ""
    nth: int = 1
    sign: signal.Signals = signal.SIGKILL

    def __str__(self) -> str:
        which = f"{self.method} …{self.path} (nth={self.nth})" if self.path else f"call {self.number}"
        return f"{which}: {self.phase}"

    def meets(self, call: Call) -> bool:
        return call.number >= self.number and call.path.endswith(self.path) and self.method in ("", call.method)


@dataclass(frozen=True)
class AtRow:
    """Dies as soon as `query` finds `count` rows in the service's store."""

    query: str
    count: int
    sign: signal.Signals = signal.SIGKILL

    def __str__(self) -> str:
        return f"{self.query} = {self.count}"


def at_event(revision: int) -> AtRow:
    """As soon as the departure's event of this number is in the store."""
    return AtRow("SELECT count(*) FROM ob_events", revision)


Instant = AtCall | AtRow


def random_instants(rng: random.Random, count: int, *, calls: int) -> list[Instant]:
    """Instants somewhere in a run that takes so many calls, in order."""
    numbers = sorted(rng.sample(range(1, calls + 1), count))
    return [AtCall(rng.choice(list(Phase)), number=number) for number in numbers]


@dataclass(frozen=True)
class Death:
    """When the service died, and which calls to vendors were under way."""

    instant: Instant
    under_way: str

    def __str__(self) -> str:
        return f"{self.instant}; under way: {self.under_way}"


@dataclass
class Killer:
    """Kills the service at one instant after the other, as an ASGI application around the town."""

    app: ASGIApp
    database_url: str
    instants: list[Instant]
    deaths: list[Death] = field(default_factory=list)
    calls: int = 0
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    service: Mortal | None = None
    doomed: bool = False  # from just before a kill until the next instant is waited for
    _met: int = 0
    _under_way: dict[int, Call] = field(default_factory=dict)
    _watch: threading.Thread | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def arm(self) -> None:
        """Wait for the next instant."""
        self._met, self.doomed = 0, False
        if self.instants and isinstance(self.instants[0], AtRow):
            loop, instant = asyncio.get_running_loop(), self.instants[0]
            self._watch = threading.Thread(target=self._look_for, args=(instant, loop))
            self._watch.start()

    def disarm(self) -> None:
        self._over.set()
        if self._watch:
            self._watch.join()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/slack/", "/zoho/")):
            await self.app(scope, receive, send)
            return
        self.calls += 1
        call = Call(self.calls, scope["method"], scope["path"])
        phase = self._fate(call)
        if phase is Phase.BEFORE:
            self._strike(str(call))
            await _hung_up(receive)
            return
        self._under_way[call.number] = call
        try:
            await self.app(scope, receive, self._cutting(send, call) if phase is Phase.LOST else send)
        finally:
            del self._under_way[call.number]
        if phase is Phase.AFTER:
            self._strike(str(call))
        elif phase is Phase.LOST:
            await _hung_up(receive)

    def _fate(self, call: Call) -> Phase | None:
        """Where in this call the service is to die."""
        instant = self.instants[0] if self.instants else None
        if not isinstance(instant, AtCall) or self.struck.is_set() or not instant.meets(call):
            return None
        self._met += 1
        return instant.phase if self._met == instant.nth else None

    def _cutting(self, send: Send, call: Call) -> Send:
        async def cut(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._strike(str(call))
            if not self.struck.is_set():
                await send(message)

        return cut

    def _strike(self, under_way: str) -> None:
        if self.struck.is_set() or not self.service or not self.service.pid:
            return
        instant, self.doomed = self.instants.pop(0), True
        with suppress(ProcessLookupError):
            os.killpg(self.service.pid, instant.sign)
        self.deaths.append(Death(instant, under_way))
        self.struck.set()

    def _look_for(self, instant: AtRow, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own: the kill must not wait for the loop."""
        engine = _engine(self.database_url)
        connection = engine.raw_connection()
        look = connection.cursor()
        while not self._over.wait(_LOOK_EVERY):
            with suppress(sqlite3.OperationalError, psycopg.errors.UndefinedTable):  # nobody has made the table yet
                # All rows are fetched: an unfinished query would hold a lock that the service has to wait for.
                found = look.execute(instant.query).fetchall()
                pid = self.service.pid if self.service else None
                if found[0][0] >= instant.count and pid:
                    self.doomed = True
                    with suppress(ProcessLookupError):
                        os.killpg(pid, instant.sign)
                    loop.call_soon_threadsafe(
                        self._strike, ", ".join(map(str, [*self._under_way.values()])) or "nothing"
                    )
                    break
            connection.rollback()
        connection.close()
        engine.dispose()


@dataclass
class CrashTown:
    """A town with its service. `up` is cleared while that is dead; it stays dead while `may_start` is cleared."""

    town: Town
    service: Mortal
    killer: Killer
    database_url: str
    log: Path
    up: asyncio.Event = field(default_factory=asyncio.Event)
    may_start: asyncio.Event = field(default_factory=asyncio.Event)
    keeper: "asyncio.Task[None] | None" = None
    back_after: float = 0.0

    def check(self) -> None:
        """Raises what kept the service from starting again."""
        if self.keeper and self.keeper.done():
            self.keeper.result()

    async def wait_until_up(self) -> None:
        while not self.up.is_set():
            self.check()
            await asyncio.sleep(_POLL)

    def ask(self, query: str) -> int:
        """The number that a query finds in the service's store."""
        engine = _engine(self.database_url)
        with engine.connect() as connection:
            found: int = connection.scalar(text(query)) or 0
        engine.dispose()
        return found

    def calm(self) -> None:
        """The vendors falter no more: a file whose upload is in doubt is looked for only after 15 seconds."""
        for faults in self.town.faults.values():
            for fault in tuple(faults.active):
                faults.switch(fault, on=False)

    def unfinished(self) -> int:
        """Messages and files that still have to be posted, and deliveries that still have to be worked on."""
        return self.ask(
            "SELECT (SELECT count(*) FROM ob_outbox WHERE state IN ('waiting', 'posting'))"
            " + (SELECT count(*) FROM ob_inbox WHERE state IN ('new', 'decided'))"
            " + (SELECT count(*) FROM ob_attachments WHERE state IN ('waiting', 'sending'))"
        )

    async def keep_alive(self) -> None:
        """Start the service, and start it again whenever it was struck; for ever."""
        await self.start()
        while True:
            await self.killer.struck.wait()
            self.up.clear()
            died = time.monotonic()
            gently = self.killer.deaths[-1].instant.sign is signal.SIGTERM
            await (self.service.stop() if gently else self.service.kill())
            await self.may_start.wait()
            self.killer.struck.clear()
            self.killer.arm()
            await self.start()
            self.back_after = time.monotonic() - died

    async def start(self) -> None:
        try:
            await self.service.start()
        except ServiceFailed:
            if not self.killer.doomed:
                raise
            return  # struck while it was starting
        self.up.set()


@asynccontextmanager
async def crash_town(
    storage: Path,
    instants: Sequence[Instant] = (),
    *,
    nursery: Nursery | None,
    leaver: str,
    records: int = 60,
    faults: Mapping[str, Sequence[Fault]] | None = None,
    database_url: str | None = None,
) -> AsyncIterator[CrashTown]:
    """A town in which the service dies at the instants, one after the other. Without a nursery it starts cold."""
    settings: dict[str, str] = {}

    def environment(addresses: dict[str, str]) -> dict[str, str]:
        settings.update(_town_settings(addresses) | _PAUSES | _HOUSE)
        if database_url:
            settings["OFFBOARD_DATABASE_URL"] = database_url
        return settings

    options = DemoOptions(
        argv=(sys.executable, "-m", "bot", "serve"),
        environment=environment,
        port=free_port(),
        leaver=leaver,
        records=records,
    )
    town, cold = build(options, storage)
    town.crm.search_lag_seconds = _SEARCH_LAG
    town.crm.limits.refreshes = _STARTS  # each start asks for an access token
    for vendor, some in (faults or {}).items():
        for fault in some:
            town.faults[vendor].switch(fault, on=True)
    service: Mortal = cold
    if nursery:
        service = NurseryService(nursery, {**os.environ, **settings}, cold.port, log=cold.log)
        town.service = service  # type: ignore[assignment]  # a double with the same manners
    url = settings["OFFBOARD_DATABASE_URL"]
    killer = Killer(town.app, url, list(instants), service=service)
    town.app = killer  # type: ignore[assignment]  # the town serves whatever application it has
    rig = CrashTown(town, service, killer, url, cold.log)
    rig.may_start.set()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(town.serve())
        stack.callback(killer.disarm)
        killer.arm()
        rig.keeper = asyncio.create_task(rig.keep_alive())
        stack.push_async_callback(service.kill)  # quicker than to end in order
        stack.push_async_callback(_end, rig.keeper)
        yield rig


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(keeper: "asyncio.Task[None]") -> None:
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper


def _engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
