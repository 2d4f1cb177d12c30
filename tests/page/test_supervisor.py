"""The bot's process can be killed and started, and never outlives the demo."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sandbox.supervisor import Service, ServiceFailed, State, free_port

# A child that answers its health check, and says so in its log.
LIVE = """
import sys, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/health/live' else 404)
        self.end_headers()
    def log_message(self, *_): pass
print('up', flush=True)
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
"""
PARENT = """
import asyncio, os, sys
from pathlib import Path
from sandbox.supervisor import Service
async def main():
    service = Service(sys.argv[3:], dict(os.environ), int(sys.argv[1]), log=Path(sys.argv[2]))
    await service.start()
    print(service.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def service(tmp_path: Path, code: str = LIVE) -> Service:
    port = free_port()
    return Service([sys.executable, "-c", code, str(port)], dict(os.environ), port, log=tmp_path / "log")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def test_it_is_running_once_started_and_gone_once_killed(tmp_path: Path) -> None:
    bot = service(tmp_path)
    await bot.start()
    pid = bot.pid
    assert pid
    assert bot.running
    assert bot.uptime > 0
    assert bot.tail() == ["up"]

    await bot.kill()
    assert bot.state is State.KILLED
    assert bot.pid is None
    assert not alive(pid)


async def test_a_restart_is_a_new_process_on_the_same_port(tmp_path: Path) -> None:
    bot = service(tmp_path)
    await bot.start()
    first = bot.pid
    await bot.restart()
    assert bot.running
    assert bot.pid not in (None, first)
    assert bot.starts == 2
    await bot.stop()
    assert bot.state is State.STOPPED


async def test_starting_twice_starts_once(tmp_path: Path) -> None:
    bot = service(tmp_path)
    await bot.start()
    pid = bot.pid
    await bot.start()
    assert bot.pid == pid
    await bot.stop()


async def test_a_child_that_ends_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    bot = service(tmp_path, "import sys; sys.exit('no database')")
    with pytest.raises(ServiceFailed, match="no database"):
        await bot.start()
    assert bot.state is State.CRASHED


async def test_a_child_that_never_answers_is_given_up(tmp_path: Path) -> None:
    bot = service(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(ServiceFailed, match="not live after"):
        await bot.start(timeout=0.2)
    assert bot.pid is None


async def test_a_child_that_dies_by_itself_is_noticed(tmp_path: Path) -> None:
    bot = service(tmp_path)
    await bot.start()
    os.kill(bot.pid or 0, signal.SIGSEGV)
    async with asyncio.timeout(5):
        while bot.running:  # noqa: ASYNC110 - the supervisor offers a state, as the page reads it
            await asyncio.sleep(0.01)
    assert bot.state is State.CRASHED


async def test_the_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    port = free_port()
    argv = ["-c", PARENT, str(port), str(tmp_path / "log"), sys.executable, "-c", LIVE, str(port)]
    parent = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    child = int(await parent.stdout.readline())
    assert alive(child)
    parent.kill()
    await parent.wait()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:  # noqa: ASYNC110 - a process table has no events
        await asyncio.sleep(0.02)
    assert not alive(child)
