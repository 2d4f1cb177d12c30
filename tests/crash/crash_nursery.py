"""A process that has read the whole service's code and forks services from itself, several times as fast.

Each line on stdin is a JSON object {"environment": {...}, "log": path}; the answer is `born <pid>`, and `gone <pid>`
once that service has ended. It takes its services with it when stdin ends.
"""

import json
import os
import selectors
import signal
import sys
from contextlib import suppress
from pathlib import Path

import alembic.command  # noqa: F401 - read here, once, and not again in every service
import uvicorn  # noqa: F401 - the service needs it

import bot.app  # noqa: F401 - what takes the time
from bot.__main__ import main
from bot.telemetry import configure_logging  # noqa: F401 - the service needs it


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _become_service(order: dict[str, object]) -> None:
    """In the forked process: what `python -m bot serve` finds, in a process group of its own."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.closerange(3, 64)
    environment = order["environment"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    try:
        main(["serve"])
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(int(ended.code or 0))  # what stands above this frame belongs to the nursery


def _reap(services: set[int]) -> None:
    for pid in list(services):
        if os.waitpid(pid, os.WNOHANG)[0]:
            services.discard(pid)
            _say(f"gone {pid}")


def serve() -> None:
    services: set[int] = set()
    heard, told = os.pipe()
    os.set_blocking(told, False)
    os.set_blocking(heard, False)
    signal.set_wakeup_fd(told)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as selector, Path("/dev/stdin").open("rb", buffering=0) as orders:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(heard, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if heard in ready:
                os.read(heard, 64)
                _reap(services)
            if orders in ready:
                line = orders.readline()
                if not line:
                    break
                pid = os.fork()
                if not pid:
                    _become_service(json.loads(line))
                with suppress(OSError):  # the child does the same: whoever comes first
                    os.setpgid(pid, pid)
                services.add(pid)
                _say(f"born {pid}")
    for pid in services:
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve()
