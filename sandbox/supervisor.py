"""Runs the service as a child process, so that a person can kill it and see what it makes of that."""

import asyncio
import enum
import os
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

# A parent that is killed cannot clean up. This shell reads from a pipe that only the parent holds open; when the pipe
# ends, it kills the child's process group. POSIX only, like process groups themselves.
_WATCHDOG: Final = 'cat >/dev/null; kill -s KILL -- "-$1"'
_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05


class State(enum.StrEnum):
    STOPPED = "stopped"  # not started yet, or stopped in order
    STARTING = "starting"
    RUNNING = "running"
    KILLED = "killed"  # by `kill`
    CRASHED = "crashed"  # ended by itself


class ServiceFailed(Exception):
    """The child ended, or did not become live in time. The text ends with the tail of its log."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """The bot as a child process on 127.0.0.1:`port`, in a process group of its own; its output goes to the file `log`.

    `environment` is the child's whole environment.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], port: int, *, log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.state = State.STOPPED
        self.starts = 0
        self._argv = list(argv)
        self._environment = dict(environment)
        self._child: asyncio.subprocess.Process | None = None
        self._watchdog: asyncio.subprocess.Process | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._live_since: float | None = None

    @property
    def running(self) -> bool:
        return self.state is State.RUNNING

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def uptime(self) -> float:
        """Seconds since the child became live; 0 when it is not running."""
        return time.monotonic() - self._live_since if self.running and self._live_since else 0.0

    async def start(self, *, timeout: float = 60.0) -> None:  # noqa: ASYNC109 - the caller's patience, not a cancellation
        """Start the child and wait until it answers `GET /health/live` with 200; no-op when it lives already.

        Raises `ServiceFailed` when it ends before or is not live within `timeout` seconds.
        """
        if self._child is not None:
            return
        self.state = State.STARTING
        self.starts += 1
        with self.log.open("ab") as output:
            self._child = await asyncio.create_subprocess_exec(
                *self._argv, env=self._environment, stdout=output, stderr=output, start_new_session=True
            )
        self._watchdog = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            _WATCHDOG,
            "watchdog",
            str(self._child.pid),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._waiting = asyncio.create_task(self._wait(self._child, self._watchdog))
        await self._become_live(timeout)

    async def kill(self) -> None:
        """SIGKILL to the child and all that it started; returns when it is gone."""
        await self._end(signal.SIGKILL, State.KILLED)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL after five seconds."""
        await self._end(signal.SIGTERM, State.STOPPED)

    async def restart(self) -> None:
        """Kill and start. Raises `ServiceFailed` as `start` does."""
        await self.kill()
        await self.start()

    def tail(self, lines: int = 40) -> list[str]:
        """The last lines of the child's output."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 400 * lines))
            return file.read().decode(errors="replace").splitlines()[-lines:]

    async def _become_live(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            while self.state is State.STARTING:
                if await _answers(client, f"{self.url}/health/live"):
                    self.state, self._live_since = State.RUNNING, time.monotonic()
                    return
                if time.monotonic() > deadline:
                    await self.kill()
                    raise ServiceFailed(self._story(f"not live after {patience:.0f} s"))
                await asyncio.sleep(_POLL_SECONDS)
        if self.state is State.CRASHED:
            raise ServiceFailed(self._story("the service ended before it was live"))

    def _story(self, what: str) -> str:
        return "\n".join([what, *self.tail(15)])

    async def _end(self, sign: signal.Signals, state: State) -> None:
        if self._child is None or self._waiting is None:
            return
        self.state = state
        waiting = self._waiting
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, sign)
        if not (await asyncio.wait([waiting], timeout=_STOP_SECONDS))[0]:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            await waiting

    async def _wait(self, child: asyncio.subprocess.Process, watchdog: asyncio.subprocess.Process) -> None:
        """See the child off, and its watchdog: the process id may soon be somebody else's."""
        await child.wait()
        watchdog.kill()
        await watchdog.wait()
        if self.state in (State.STARTING, State.RUNNING):
            self.state = State.CRASHED
        self._child = self._watchdog = None


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False
