"""`offboard demo`: the town, the service as a child process in it, and a page for people or a script that plays."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cliq.hall import LOG_CHANNEL_NAME, REFRESH_TOKEN
from sandbox.cliq.model import BOT_UNIQUE_NAME
from sandbox.faults import ZOHO_ONLY, Fault
from sandbox.people import ADMINS, BY_KEY, LEAVERS, LOG_CHANNEL
from sandbox.script import play
from sandbox.supervisor import Service, ServiceFailed, free_port
from sandbox.town import Town, TownOptions

SURFACES = ("slack", "cliq", "both")
_POLICY = Path(__file__).with_name("policy.toml")
# What the service inherits from whoever starts the demo; everything else it gets from the town.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "SYSTEMROOT", "COVERAGE_PROCESS_START")


@dataclass(frozen=True)
class DemoOptions:
    """`argv` starts the service; `environment` turns the town's addresses and credentials into its settings.

    Raises `ValueError` for a leaver or fault that does not exist.
    """

    argv: tuple[str, ...]
    environment: Callable[[dict[str, str]], Mapping[str, str]]
    port: int = 8484
    leaver: str = "amit"
    records: int | None = None
    seed: int = 7
    faults: tuple[str, ...] = ()
    wire: Path | None = None
    script: bool = False
    socket_mode: bool = False
    surface: str = "slack"
    storage: Path | None = field(default=None)

    def __post_init__(self) -> None:
        if self.leaver not in LEAVERS:
            raise ValueError(f"No leaver is called {self.leaver}. Choose one of: {', '.join(LEAVERS)}.")
        if self.surface not in SURFACES:
            raise ValueError(f"There is no surface {self.surface}. Choose one of: {', '.join(SURFACES)}.")
        known = [fault.value for fault in Fault]
        for name in self.faults:
            if name not in known and name != "kill":
                raise ValueError(f"No fault is called {name}. Choose among: {', '.join([*known, 'kill'])}.")


async def run_demo(options: DemoOptions) -> int:
    """Run until the script has ended or somebody presses Ctrl-C. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="offboard-") as kept:
        storage = options.storage or Path(kept)
        town, service = build(options, storage)
        try:
            async with town.serve():
                if not options.script:
                    print(f"Starting the service ... its log: {service.log}", flush=True)  # noqa: T201
                await service.start()
                if options.script:
                    return await play(town, options.leaver, surface=options.surface, kill="kill" in options.faults)
                await _until_interrupted(options)
        except ServiceFailed as error:
            print(error)  # noqa: T201
            return 1
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            print(f"Port {options.port} cannot be used: {reason}. Choose another with --port 8585")  # noqa: T201
            return 1
        return 0


def build(options: DemoOptions, storage: Path) -> tuple[Town, Service]:
    """The town with the service in it; nothing runs yet."""
    public_url = f"http://127.0.0.1:{options.port}"
    service_port = free_port()
    town = Town(
        TownOptions(
            public_url=public_url,
            service_url=f"http://127.0.0.1:{service_port}",
            storage=storage,
            seed=options.seed,
            records=options.records,
            leaver=options.leaver,
            wire_file=options.wire,
            socket_mode=options.socket_mode,
            surface=options.surface,
        )
    )
    for name in options.faults:
        if name != "kill":
            for vendor, faults in town.faults.items():
                if vendor == "zoho" or Fault(name) not in ZOHO_ONLY:
                    faults.switch(Fault(name), on=True)
    chat = _slack(town, public_url) if options.surface != "cliq" else {}
    chat |= _cliq(town) if options.surface != "slack" else {}
    settings = options.environment(_addresses(town, public_url, service_port, storage) | chat)
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    service = Service(options.argv, {**inherited, **settings}, service_port, log=storage / "service.log")
    town.service = service
    return town, service


def _addresses(town: Town, public_url: str, service_port: int, storage: Path) -> dict[str, str]:
    return {
        "admins": ",".join(BY_KEY[key].email for key in ADMINS),
        "storage": str(storage),
        "port": str(service_port),
        "public_url": public_url,
        "policy_file": str(_POLICY),
        "zoho_accounts_url": f"{public_url}/zoho/accounts",
        "zoho_client_id": town.crm.client_id,
        "zoho_client_secret": town.crm.client_secret,
        "zoho_refresh_token": town.crm.refresh_token,
    }


def _slack(town: Town, public_url: str) -> dict[str, str]:
    return {
        "slack_log_channel": next(c.id for c in town.workspace.channels.values() if c.name == LOG_CHANNEL),
        "slack_socket_mode": str(town.options.socket_mode).lower(),
        "slack_api_url": f"{public_url}/slack/api/",
        "slack_bot_token": town.workspace.bot_token,
        "slack_app_token": town.workspace.app_token,
        "slack_signing_secret": town.workspace.signing_secret,
    }


def _cliq(town: Town) -> dict[str, str]:
    return {
        "cliq_log_channel": LOG_CHANNEL_NAME,
        "cliq_api_url": town.hall.url,
        "cliq_bot": BOT_UNIQUE_NAME,
        "cliq_refresh_token": REFRESH_TOKEN,
        "cliq_public_key": town.hall.public_key,
        "cliq_url_secret": town.cliq_secret,
    }


async def _until_interrupted(options: DemoOptions) -> None:
    leaver = BY_KEY[options.leaver]
    typed = f"/offboard @{leaver.name}" if leaver.slack_id else f"/offboard {leaver.email}"
    print(  # noqa: T201
        f"\n  Open  http://127.0.0.1:{options.port}\n\n  You are Ada, the CRM administrator. Type  {typed}\n"
        "  Stop with Ctrl-C.\n",
        flush=True,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    await stop.wait()
