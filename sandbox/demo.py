"""`offboard demo`: the town, the service as a child process in it, and a page for people or a script that plays."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox.cliq.hall import LOG_CHANNEL_NAME, REFRESH_TOKEN
from sandbox.cliq.model import BOT_UNIQUE_NAME
from sandbox.faults import Fault, known_to, part_of
from sandbox.people import ADMINS, BY_KEY, LEAVERS, LOG_CHANNEL, PIPEDRIVE_IDS, ROSTER, SANGAM_IDS, SUITECRM_IDS
from sandbox.script import play
from sandbox.supervisor import Service, ServiceFailed, free_port
from sandbox.town import SYSTEMS, ZOHO, Town, TownOptions

SURFACES = ("slack", "cliq", "both")
# Who has an account in each system, by key.
_WHO_IS_IN: Final[Mapping[str, Collection[str]]] = {
    ZOHO: [person.key for person in ROSTER if person.crm_id],
    "pipedrive": PIPEDRIVE_IDS,
    "suitecrm": SUITECRM_IDS,
    "sangam": SANGAM_IDS,
}
_OTHER_PORT = 'make demo ARGS="--port 8585", or offboard demo --port 8585'
_POLICY = Path(__file__).with_name("policy.toml")
# What the service inherits from whoever starts the demo; everything else it gets from the town.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "SYSTEMROOT", "COVERAGE_PROCESS_START")


@dataclass(frozen=True)
class DemoOptions:
    """`argv` starts the service; `environment` turns the town's addresses and credentials into its settings.

    `systems` are the connected CRMs. A fault is a name ("latency"), for every vendor that knows it, or a vendor and a
    name ("pipedrive:latency"). Raises `ValueError` for a leaver, system or fault that does not exist.
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
    systems: tuple[str, ...] = (ZOHO,)
    storage: Path | None = field(default=None)

    def __post_init__(self) -> None:
        if self.leaver not in LEAVERS:
            raise ValueError(f"No leaver is called {self.leaver}. Choose one of: {', '.join(LEAVERS)}.")
        if self.surface not in SURFACES:
            raise ValueError(f"There is no surface {self.surface}. Choose one of: {', '.join(SURFACES)}.")
        if not self.systems:
            raise ValueError(f"Name at least one system: {', '.join(SYSTEMS)}.")
        for system in self.systems:
            if system not in SYSTEMS:
                raise ValueError(f"There is no system {system}. Choose among: {', '.join(SYSTEMS)}.")
        if len(set(self.systems)) < len(self.systems):
            raise ValueError("Name each system once.")
        if not any(self.leaver in _WHO_IS_IN[system] for system in self.systems):
            raise ValueError(f"{BY_KEY[self.leaver].name} has no account in {' or '.join(self.systems)}.")
        for name in self.faults:
            self._check_fault(name)

    def _check_fault(self, name: str) -> None:
        vendor, _, fault = name.rpartition(":")
        if vendor and part_of(vendor) not in self._vendors:
            there = ", ".join((*self.systems, *self._apps))
            raise ValueError(f"There is no {vendor} in this town. Choose among: {there}.")
        known = [*known_to(part_of(vendor))] if vendor else [*Fault, "kill"]
        if fault not in known:
            raise ValueError(f"No fault is called {name}. Choose among: {', '.join(known)}.")
        if self.script and fault == Fault.USED_UP:
            raise ValueError(f"{name} ends when somebody switches it off, on the page: leave out --script.")

    @property
    def _apps(self) -> tuple[str, ...]:
        return ("slack", "cliq") if self.surface == "both" else (self.surface,)

    @property
    def _vendors(self) -> tuple[str, ...]:
        return (*map(part_of, self.systems), *self._apps)

    def faults_at(self, vendor: str) -> frozenset[Fault]:
        """What a vendor of the town (by the town's name for it) is to do wrong."""
        named = (name.rpartition(":") for name in self.faults if name != "kill")
        wanted = {Fault(fault) for at, _, fault in named if not at or part_of(at) == vendor}
        return frozenset(wanted & {*known_to(vendor)} if vendor in self._vendors else ())

    @property
    def revoked(self) -> tuple[str, ...]:
        """The systems whose grant the script takes back once their records have begun to move; it mends that too."""
        return tuple(each for each in self.systems if self.script and Fault.REVOKED in self.faults_at(part_of(each)))


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
                    kill, surface = "kill" in options.faults, options.surface
                    return await play(town, options.leaver, surface=surface, kill=kill, revoked=options.revoked)
                await _until_interrupted(options)
        except ServiceFailed as error:
            print(error)  # noqa: T201
            return 1
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            print(f"Port {options.port} cannot be used: {reason}. Choose another: {_OTHER_PORT}")  # noqa: T201
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
            systems=options.systems,
        )
    )
    for vendor, faults in town.faults.items():
        for fault in options.faults_at(vendor):
            faults.switch(fault, on=not (fault is Fault.REVOKED and options.script))
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
        **{name: value for vendor in town.systems.values() for name, value in vendor.settings.items()},
        **{name: value for each in town.systems.values() for name, value in each.address_settings(public_url).items()},
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
        # Zoho's accounts server gives out Cliq's tokens too, whether or not its CRM is connected.
        "cliq_accounts_url": f"{town.options.public_url}/zoho/accounts",
        "cliq_client_id": town.crm.client_id,
        "cliq_client_secret": town.crm.client_secret,
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
