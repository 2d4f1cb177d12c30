"""How the tests of the page build a town."""

from pathlib import Path

from sandbox.supervisor import free_port
from sandbox.town import TownOptions


def town_options(storage: Path, **changes: object) -> TownOptions:
    own, service = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    return TownOptions(**{"public_url": own, "service_url": service, "storage": storage, "records": 60} | changes)  # type: ignore[arg-type]
