"""The service as a child process that can be killed at any instant: started the usual way, or forked from a nursery."""

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import httpx

from sandbox.supervisor import ServiceFailed

_NURSERY: Final = Path(__file__).with_name("crash_nursery.py")
_PATIENCE: Final = 60.0
_POLL: Final = 0.02


class Mortal(Protocol):
    """What a crash test does with a service; `sandbox.supervisor.Service` can do it as well."""

    @property
    def pid(self) -> int | None: ...

    async def start(self) -> None: ...

    async def kill(self) -> None: ...

    async def stop(self) -> None: ...


class Nursery:
    """Forks services from a process that has imported all their code already. `close` ends it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_NURSERY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._births: queue.Queue[int] = queue.Queue()
        self._gone: set[int] = set()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    async def birth(self, environment: Mapping[str, str], log: Path) -> int:
        """Fork a service; its process id."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"environment": dict(environment), "log": str(log)}) + "\n")
        return await asyncio.to_thread(self._births.get, timeout=_PATIENCE)

    def is_gone(self, pid: int) -> bool:
        return pid in self._gone

    def close(self) -> None:
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()
            self._listener.join()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            word, _, number = line.partition(" ")
            if word == "born":
                self._births.put(int(number))
            else:
                self._gone.add(int(number))


class NurseryService:
    """Does what `sandbox.supervisor.Service` does, several times as fast: the whole service, in a real process."""

    def __init__(self, nursery: Nursery, environment: Mapping[str, str], port: int, *, log: Path) -> None:
        self.log = log
        self.pid: int | None = None
        self._nursery = nursery
        self._environment = environment
        self._url = f"http://127.0.0.1:{port}/health/live"

    async def start(self) -> None:
        """Returns when the service answers. Raises `ServiceFailed` when it ends before."""
        self.pid = pid = await self._nursery.birth(self._environment, self.log)
        deadline = time.monotonic() + _PATIENCE
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            while time.monotonic() < deadline and not self._nursery.is_gone(pid):
                with suppress(httpx.TransportError):
                    if (await client.get(self._url)).status_code == 200:
                        return
                await asyncio.sleep(_POLL)
        raise ServiceFailed(self.log.read_text()[-2000:])

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, sign: signal.Signals) -> None:
        if self.pid is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, sign)
        deadline = time.monotonic() + _PATIENCE
        while not self._nursery.is_gone(self.pid):
            if time.monotonic() > deadline:
                raise ServiceFailed(f"still there {_PATIENCE:.0f} s after {sign.name}")
            await asyncio.sleep(_POLL / 4)
        self.pid = None
