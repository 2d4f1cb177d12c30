"""The composition root: settings → store, surfaces, connectors → conversation, runner, engine → FastAPI.

The only place that knows all the parts. Nothing opens a connection before the app starts; all is closed in reverse.
"""

import asyncio
import gc
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI, Response
from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.chat.attacher import Attacher
from bot.chat.cliq.checks import check_cliq
from bot.chat.cliq.client import CliqApi, cliq_http
from bot.chat.cliq.edge import CliqEdge
from bot.chat.cliq.pace import Pace
from bot.chat.cliq.surface import CliqSurface
from bot.chat.cliq.verify import Verifier
from bot.chat.people import ChatPeople
from bot.chat.poster import Poster
from bot.chat.precedence import Line, Precedence
from bot.chat.receiver import Receiver, acknowledgement
from bot.chat.slack.checks import check_slack
from bot.chat.slack.client import web_client
from bot.chat.slack.edge import SlackEdge
from bot.chat.slack.selfclick import check_click
from bot.chat.slack.socket import SocketConnection
from bot.chat.slack.surface import SlackSurface
from bot.chat.surface import Surface, TakesFiles
from bot.engine import DurableEngine, EngineSettings, Work
from bot.relay.announcer import Announcer
from bot.relay.edge import RelayEdge
from bot.reports import Reports
from bot.settings import Settings, connected
from bot.store import departures, inbox
from bot.store.database import Database
from bot.store.purge import purge
from bot.store.transaction import SqlStore
from connectors.base import Check, Connector, ConnectorError
from connectors.http import Timings, hurried
from connectors.pipedrive.crm import Pipedrive
from connectors.sangam.crm import SangamCrm
from connectors.suitecrm.crm import SuiteCrm
from connectors.zoho.auth import ZohoAuthority
from connectors.zoho.crm import ZohoCrm
from handlers.cards import Channel
from handlers.clock import Clock
from handlers.consequences import HouseRules
from handlers.conversation import Conversation
from handlers.due import next_due
from handlers.ghosts import GhostWatch
from handlers.plan import Tolerance
from handlers.ports import Job, JobName
from handlers.practice import Practice, load_practice
from handlers.practice.checks import check_practice
from handlers.rechecking import Rechecker
from handlers.returning import Returner
from handlers.run import Runner
from handlers.steps.unit import RunSettings
from handlers.sweeping import Sweeper
from handlers.texts import Texts
from handlers.working import Advance

log = structlog.get_logger("offboard.app")

# Seconds for which a thread keeps the interpreter while another wants it. At Python's five milliseconds each look into
# the store from the loop, and each way back, would wait that long for threads that write cards.
_SWITCH: Final = 0.0005
_ALLOCATIONS: Final = 10_000  # between two passes of the garbage collector; Python's 700 suit programs that hold less
_CHECK_EVERY: Final = 60.0  # seconds for which readiness trusts its last look at the connected systems
_CHECK_SECONDS: Final = 8.0  # how long a connected system may take to answer all checks of readiness
_DOCTOR_SECONDS: Final = 60.0  # and of `doctor`: Sangam CRM is asked twice a second, module by module


def utc_now() -> datetime:
    return datetime.now(UTC)


def build_connectors(settings: Settings, practice: Practice) -> dict[str, Connector]:
    """The connected systems by key, in the order in which people see them."""
    build: dict[str, Callable[[Settings, Practice], Connector]] = {
        "zoho_crm": _zoho_crm, "pipedrive": _pipedrive, "suitecrm": _suitecrm, "sangam": _sangam,
    }  # fmt: skip
    return {system: build[system](settings, practice.of(system)) for system in connected(settings)}


def _timings(settings: Settings) -> Timings:
    return Timings(base=settings.http_pause_seconds, cap=settings.http_pause_seconds * 30)


def _zoho_crm(settings: Settings, practice: Practice) -> Connector:
    return ZohoCrm(
        accounts_url=settings.zoho_accounts_url,
        api_url=settings.zoho_api_url,
        web_url=settings.zoho_web_url,
        client_id=settings.zoho_client_id or "",
        client_secret=_open(settings.zoho_client_secret),
        refresh_token=_open(settings.zoho_refresh_token),
        closed=practice.closed,
        timings=_timings(settings),
    )


def _pipedrive(settings: Settings, practice: Practice) -> Connector:
    return Pipedrive(
        url=settings.pipedrive_url or "",
        api_token=_open(settings.pipedrive_api_token),
        closed=practice.closed,
        requests_per_two_seconds=settings.pipedrive_requests,
        daily_tokens=settings.pipedrive_daily_tokens,
        timings=_timings(settings),
    )


def _suitecrm(settings: Settings, practice: Practice) -> Connector:
    return SuiteCrm(
        url=settings.suitecrm_url or "",
        client_id=settings.suitecrm_client_id or "",
        client_secret=_open(settings.suitecrm_client_secret),
        closed=practice.closed,
        timings=_timings(settings),
    )


def _sangam(settings: Settings, _: Practice) -> Connector:
    return SangamCrm(
        url=settings.sangam_url or "",
        user=settings.sangam_user or "",
        password=_open(settings.sangam_password),
        push_key=_open(settings.sangam_push_key),
        writes=settings.sangam_writes,
        requests_per_second=settings.sangam_requests_per_second,
        timings=_timings(settings),
    )


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _slack(settings: Settings) -> SlackSurface | None:
    if settings.slack_bot_token is None:
        return None
    return SlackSurface(web_client(settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url))


def cliq_authority(settings: Settings, refresh_token: str, *, clock: Callable[[], datetime]) -> ZohoAuthority:
    """The grant that posts in Cliq, whose host no token answer names."""
    secret = settings.cliq_client_secret or settings.zoho_client_secret
    return ZohoAuthority(
        accounts_url=settings.cliq_accounts_url or settings.zoho_accounts_url,
        api_url=settings.cliq_api_url,
        own_host=True,
        client_id=settings.cliq_client_id or settings.zoho_client_id or "",
        client_secret=_open(secret),
        refresh_token=refresh_token,
        clock=clock,
        timings=Timings(base=settings.http_pause_seconds, cap=settings.http_pause_seconds * 30, total=10.0),
    )


def _cliq(settings: Settings, clock: Callable[[], datetime]) -> CliqSurface | None:
    if settings.cliq_refresh_token is None:
        return None
    http = cliq_http(cliq_authority(settings, settings.cliq_refresh_token.get_secret_value(), clock=clock))
    pace = Pace(longest=settings.cliq_lock_seconds)
    token = settings.cliq_webhook_token.get_secret_value() if settings.cliq_webhook_token else None
    api = CliqApi(http, pace)
    return CliqSurface(api, bot=settings.cliq_bot, url=settings.cliq_api_url, webhook_token=token)


class Service:
    """The parts of a running service, built once from the settings."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.practice = load_practice(settings.policy_file)
        self.now = now
        self.database = Database(settings.database_url)
        self.connectors = build_connectors(settings, self.practice)
        self.slack = _slack(settings)
        self.cliq = _cliq(settings, now)
        self.surfaces: dict[str, Surface] = {part.name: part for part in (self.slack, self.cliq) if part}
        precedence = Precedence()
        takers: dict[str, TakesFiles] = {self.slack.name: self.slack} if self.slack else {}
        self.attacher = Attacher(self.database, takers, language=settings.language, now=now)
        self.reports = Reports(
            self.database, public_url=settings.public_url, surfaces=set(self.surfaces) - set(takers), now=now
        )
        self.poster = Poster(self.database, self.surfaces, now=now, precedence=precedence, dress=self.reports.dressed)
        self.next_due = partial(next_due, practice=self.practice)
        store = SqlStore(
            self.database, self._enqueue, now, on_messages=self.poster.wake, attaching=takers.keys(),
            next_due=self.next_due,
        )  # fmt: skip
        people = ChatPeople(self.surfaces)
        rules = HouseRules(settings.admins, self._channels(), settings.language)
        self.ghosts = GhostWatch(self.connectors, now=now)
        self.sweeper = Sweeper(
            store=store, people=people, rules=rules, ghosts=self.ghosts, sweep=self.practice.sweep,
            zone=settings.time_zone, now=now,
        )  # fmt: skip
        self.clock = Clock(store=store, people=people, rules=rules, practice=self.practice, now=now)
        self.conversation = Conversation(
            store=store, people=people, connectors=self.connectors, rules=rules, ghosts=self.ghosts,
            settings=self._run_settings(), now=now,
        )  # fmt: skip
        self.runner = Runner(
            store=store, people=people, connectors=self.connectors, rules=rules, settings=self._run_settings(), now=now
        )
        self.returner = Returner(store=store, connectors=self.connectors, settings=self._run_settings(), now=now)
        self.rechecker = Rechecker(store=store, connectors=self.connectors, settings=self._run_settings(), now=now)
        self.engine = DurableEngine(
            self.database.engine, settings.database_url, work=self._work(), daily=self.purge,
            settings=EngineSettings(worker=settings.worker),
        )  # fmt: skip
        self.receiver = Receiver(
            database=self.database, conversation=self.conversation, surfaces=self.surfaces,
            language=settings.language, now=now, precedence=precedence,
        )  # fmt: skip
        self._runs = Line(precedence)
        self.slack_edge = self._slack_edge()
        self.cliq_edge = self._cliq_edge()
        self.relay_edge = self._relay_edge()
        self.readiness = Readiness(self)

    def _slack_edge(self) -> SlackEdge | None:
        if self.slack is None:
            return None
        texts, secret = Texts(self.settings.language), self.settings.slack_signing_secret
        return SlackEdge(
            self.receiver,
            acknowledge=lambda delivery: acknowledgement(texts, delivery),
            signing_secret=secret.get_secret_value() if secret and not self.settings.slack_socket_mode else None,
        )

    def _relay_edge(self) -> RelayEdge | None:
        secret, channels = self.settings.relay_secret, self._channels()
        zoho = self.connectors.get(ZohoCrm.system)
        if secret is None or not channels or zoho is None:
            return None
        announcer = Announcer(self.database, zoho, channels=channels, now=self.now, on_messages=self.poster.wake)
        return RelayEdge(announcer, secret=secret.get_secret_value())

    def _cliq_edge(self) -> CliqEdge | None:
        if self.cliq is None:
            return None
        texts, secret = Texts(self.settings.language), self.settings.cliq_url_secret
        return CliqEdge(
            self.receiver,
            self.cliq,
            Verifier(self.settings.cliq_public_key, secret.get_secret_value() if secret else None, clock=time.time),
            late=texts.t("command.received"),
            saved=texts.t("form.saved"),
        )

    def _work(self) -> dict[JobName, Work]:
        """Who does each kind of durable work."""
        return {
            JobName.PLAN: self.runner.plan,
            JobName.RUN: self._in_line(self.runner.advance),
            JobName.RETURN: self._in_line(self.returner.advance),
            JobName.RECHECK: self._in_line(self.rechecker.advance),
        }

    def _in_line(self, work: Work) -> Work:
        """Long work lets what people wait for go first."""

        async def unit(departure_id: str, serial: int, system: str) -> Advance:
            await self._runs.turn()
            return await work(departure_id, serial, system)

        return unit

    def _enqueue(self, connection: Connection, job: Job) -> None:
        self.engine.enqueue(connection, job)

    def _channels(self) -> tuple[Channel, ...]:
        """Where owner changes are announced."""
        named = {"slack": self.settings.slack_log_channel, "cliq": self.settings.cliq_log_channel}
        return tuple(
            Channel(channel, surface, self.settings.language, self.settings.time_zone)
            for surface, channel in named.items()
            if channel and surface in self.surfaces
        )

    def _run_settings(self) -> RunSettings:
        return RunSettings(
            practice=self.practice,
            tolerance=Tolerance(self.settings.drift_records, self.settings.drift_percent),
            per_record_notices=self.settings.per_record_notices,
            channels=self._channels(),
            patience=self.settings.patience_seconds,
            tries=self.settings.tries,
        )

    async def purge(self) -> None:
        """Delete the personal data of departures that closed long enough ago."""
        before = self.now() - timedelta(days=self.settings.retention_days)
        log.info("purge.done", departures=await self.database.write(purge, before, at=self.now()))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything up, in order; everything down, in reverse."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            await self.database.upgrade()
            await self.database.write(departures.look_at_all, self.next_due)
            for connector in self.connectors.values():
                stack.push_async_callback(connector.aclose)
            for surface in self.surfaces.values():
                stack.push_async_callback(surface.aclose)
            stack.push_async_callback(self.engine.stop)
            await self.engine.start()
            await self.reports.start()
            for work in (
                self.poster.run, self.attacher.run, self.receiver.run, self.ghosts.run, self.sweeper.run,
                self.clock.run, self.engine.watch,
            ):  # fmt: skip
                stack.push_async_callback(_cancel, asyncio.create_task(_for_ever(work)))
            stack.push_async_callback(self.receiver.drain)
            if self.slack and self.slack_edge and self.settings.slack_socket_mode and self.settings.slack_app_token:
                token = self.settings.slack_app_token.get_secret_value()
                socket = SocketConnection(self.slack_edge, self.slack.client, app_token=token)
                stack.push_async_callback(socket.aclose)
                socket.start()
            log.info("service.up")
            yield
        log.info("service.down")


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Keep a background loop alive: a fault in one round (the database away for a moment) must not end it."""
    while True:
        try:
            await work()
        except Exception:  # the outermost edge of the background work
            log.exception("background.failed")
            await asyncio.sleep(1.0)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Readiness:
    """Whether the service could do its work now; looks at the connected systems at most once a minute."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._looked = -_CHECK_EVERY
        self._checks: tuple[Check, ...] = ()

    async def checks(self, patience: float | None = None) -> tuple[Check, ...]:
        """Each connected system may take `patience` seconds; where there are several, names begin with the system."""
        if time.monotonic() - self._looked >= _CHECK_EVERY:
            found: list[Check] = []
            if self._service.database.upgraded:
                found.append(await _check_store(self._service.database))
            if self._service.slack:
                found.extend(await check_slack(self._service.slack.client))
            if self._service.cliq:
                found.extend(await check_cliq(self._service.cliq, self._service.settings.cliq_log_channel))
            connectors = tuple(self._service.connectors.values())
            looks = (_checks_of(connector, patience or _CHECK_SECONDS) for connector in connectors)
            for connector, checks in zip(connectors, await asyncio.gather(*looks), strict=True):
                found.extend(_told_apart(connector, each) if len(connectors) > 1 else each for each in checks)
            self._checks, self._looked = tuple(found), time.monotonic()
        return self._checks


async def _check_store(database: Database) -> Check:
    """Whether what comes in could be stored: a full disk or a database that is away lets nothing in."""
    try:
        await database.write(inbox.probe)
    except OperationalError as error:
        advice = "Is the disk full, the file read-only, or Postgres away? Nothing that comes in can be stored now."
        return Check("store", passed=False, found=type(error.orig).__name__, advice=advice)
    return Check("store", passed=True, found="takes writes")


async def _checks_of(connector: Connector, patience: float) -> tuple[Check, ...]:
    """A system that cannot be reached is one fault with an advice, told while somebody still waits for it."""
    try:
        with hurried():
            return await asyncio.wait_for(connector.check(), patience)
    except ConnectorError as error:
        found = error.code
    except TimeoutError:
        found = f"no answer within {patience:.0f} seconds"
    except Exception:  # the edge of the look at one system: an answer nobody expected must not hide the others
        log.exception("check.failed", system=connector.system)
        found = "an answer that was not expected; the log has it"
    advice = f"See that {connector.label} can be reached from this machine, and that the settings name its server."
    return (Check(connector.system, passed=False, found=found, advice=advice),)


def _told_apart(connector: Connector, check: Check) -> Check:
    name = check.name if check.name == connector.system else f"{connector.system}.{check.name}"
    return replace(check, name=name)


def build_app(service: Service) -> FastAPI:
    """The service's way in as an ASGI app; it answers while the service is `running`."""
    app = FastAPI(title="Offboard", openapi_url=None, docs_url=None, redoc_url=None)
    for edge in (service.slack_edge, service.cliq_edge, service.relay_edge):
        if edge:
            app.include_router(edge.router())
    app.include_router(service.reports.router())

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready(response: Response) -> dict[str, object]:
        checks = await service.readiness.checks()
        passed = all(check.passed for check in checks)
        response.status_code = 200 if passed else 503
        return {"ready": passed, "checks": {check.name: check.passed for check in checks}}

    return app


class _Server(uvicorn.Server):
    """Ends in order at Ctrl-C and SIGTERM. uvicorn raises the signal again at its end, before the service is down."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop, signs = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
        for sign in signs:
            loop.add_signal_handler(sign, self.handle_exit, sign, None)
        yield
        for sign in signs:
            loop.remove_signal_handler(sign)


def _calm_the_collector() -> None:
    """Spare people the pauses: a full pass over all that was loaded at the start took a fifth of a second."""
    gc.collect()
    gc.freeze()  # what is here by now stays
    gc.set_threshold(_ALLOCATIONS, 10, 10)


async def serve(settings: Settings, listener: socket.socket) -> None:
    """Run the service until a signal ends it. Raises `DatabaseInUse`."""
    sys.setswitchinterval(_SWITCH)
    service = Service(settings)
    # Not in uvicorn's lifespan, which turns whatever keeps the service from starting into a line of its own log.
    app = build_app(service)
    way_in = service.slack_edge.before(app) if service.slack_edge else app
    config = uvicorn.Config(way_in, lifespan="off", log_config=None, access_log=False)
    async with service.running():
        _calm_the_collector()
        await _Server(config).serve(sockets=[listener])


async def _way_in(settings: Settings) -> tuple[Check, ...]:
    secret = settings.slack_signing_secret
    if settings.slack_bot_token is None or settings.slack_socket_mode or settings.public_url is None or secret is None:
        return ()
    return (await check_click(settings.public_url, secret.get_secret_value()),)


async def _policy(service: Service, found: tuple[Check, ...]) -> tuple[Check, ...]:
    """Only systems in which all is well can tell what they do not have."""
    if not all(check.passed for check in found):
        return ()
    return await check_practice(service.practice, service.connectors.values(), ChatPeople(service.surfaces))


async def run_checks(settings: Settings) -> tuple[Check, ...]:
    """What `doctor` looks at: readiness with advice, the policy and the way in; without starting the service."""
    service = Service(settings)
    try:
        found = await service.readiness.checks(_DOCTOR_SECONDS)
        return (*found, *await _policy(service, found), *await _way_in(settings))
    finally:
        for surface in service.surfaces.values():
            await surface.aclose()
        for connector in service.connectors.values():
            await connector.aclose()
        await service.database.close()
