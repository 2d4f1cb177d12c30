"""How the tests of the page build a town and its stand-in bot."""

import os
import sys
from pathlib import Path

from sandbox.supervisor import Service, free_port
from sandbox.town import Town, TownOptions

STAND_IN = str(Path(__file__).with_name("standin.py"))


def town_options(storage: Path, **changes: object) -> TownOptions:
    own, service = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    return TownOptions(**{"public_url": own, "service_url": service, "storage": storage, "records": 60} | changes)  # type: ignore[arg-type]


def stand_in(town: Town, log: Path) -> Service:
    workspace = town.workspace
    port = int(town.options.service_url.rpartition(":")[2])
    argv = [sys.executable, STAND_IN, str(port), f"{workspace.url}/api/", workspace.bot_token, workspace.signing_secret]
    return Service(argv, dict(os.environ), port, log=log)
