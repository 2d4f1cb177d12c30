"""Durable execution. The only file that knows the engine library (DBOS Transact).

A run is a loop of short steps, each of which calls the work for one bounded unit; what has been done stands in our own
tables, so a step that is cut off by a crash is simply called again after the restart. People wait as rows, never here.

    enqueue(connection, job) ── same transaction as the click ──▶ queue ──▶ plan | run | … ──▶ unit, unit, unit …
                                                                    ▲                         │
                                                                    └── watch: what the engine let go of
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, WorkflowStatus
from sqlalchemy import Connection, Engine

from handlers.ports import Job, JobName
from handlers.working import Advance

log = structlog.get_logger("offboard.engine")

# Bumping it would leave running work to nobody; the engine's default changes with every edit of a workflow's source.
# https://docs.dbos.dev/python/tutorials/upgrading-workflows
_APPLICATION_VERSION: Final = "1"
# What changes records shares one queue, so that a system has one writer at a time.
_QUEUES: Final = {JobName.PLAN: "plans", JobName.RUN: "runs", JobName.RETURN: "runs", JobName.RECHECK: "checks"}
# Units per run of the workflow: each stored step costs one query when a run is picked up after a crash.
_UNITS: Final = 200
# Waits up to this many seconds stay inside the step; longer ones end the run and come back as a delayed entry.
_SHORT_WAIT: Final = 5.0
_SHUTDOWN_SECONDS: Final = 15
# The engine keeps every finished run for ever unless it is told otherwise.
_KEEP_FINISHED: Final = timedelta(days=30)
_FORGET_AT_ONCE: Final = 10_000

# Of a departure, one serial number of its work, and in which system.
Work = Callable[[str, int, str], Awaitable[Advance]]


@dataclass(frozen=True)
class EngineSettings:
    """`worker` is the stable name under which this process finds its unfinished work again after a restart."""

    worker: str = "local"
    poll_seconds: float = 0.2
    watch_seconds: float = 30.0


class DurableEngine:
    """Runs jobs until their work says that it is at its end, across crashes and restarts."""

    def __init__(
        self, engine: Engine, url: str, *, work: Mapping[JobName, Work], daily: Callable[[], Awaitable[None]],
        settings: EngineSettings,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._url = url
        self._work = work
        self._daily = daily
        self._settings = settings
        self._client: DBOSClient | None = None
        self._leaving = False
        self._active: dict[asyncio.Task[Any], str] = {}

    async def start(self) -> None:
        """Take up unfinished work and serve the queues."""
        logging.getLogger("dbos").setLevel(logging.WARNING)
        DBOS(config=self._config())
        for name, work in self._work.items():
            _register(name, work, lambda: self._leaving, self._note)
        daily = DBOS.workflow(name="offboard.daily")(_daily_workflow(self._daily))
        DBOS.launch()
        self._client = DBOSClient(
            system_database_engine=self._engine,
            system_database_url=self._url,
            application_name="offboard",
            serializer=DBOSPortableJSONSerializer(),
        )
        for queue in sorted(set(_QUEUES.values())):
            await DBOS.register_queue_async(
                queue, partition_concurrency=1, worker_concurrency=8, polling_interval_sec=self._settings.poll_seconds
            )
        await DBOS.apply_schedules_async(
            [{"schedule_name": "daily", "workflow_fn": daily, "schedule": "17 3 * * *", "context": None}]
        )

    def enqueue(self, connection: Connection, job: Job) -> None:
        """Ask for a job in the caller's transaction. Asking twice for one id starts it once."""
        if self._client is None:
            raise RuntimeError("start() comes before the first job")
        self._client.enqueue_in_transaction(
            connection, _options(job.name, job.id, job.system, 0.0), job.departure_id, job.serial, job.system, 1
        )

    async def watch(self) -> None:
        """Look for ever for what the engine let go of, and have it taken up again.

        A fault of the database that it does not wait out (a full disk) reaches it where it stores a result: then the
        entry stays as if it ran, or ends with that fault. Both are safe to begin anew: units read from our own tables
        what has been done, and what they have to say is a result, never an error.
        """
        suspects: set[str] = set()
        while True:
            await asyncio.sleep(self._settings.watch_seconds)
            lost = await self._lost()
            # The queue marks an entry as running a moment before it runs: only what is idle in two looks was let go.
            found = [workflow for workflow in lost if workflow.workflow_id in suspects]
            suspects = {workflow.workflow_id for workflow in lost} - suspects
            for workflow in found:
                await self._take_up(workflow)

    async def _lost(self) -> list[WorkflowStatus]:
        """Entries of this process that should be at work, or should have ended well, and are not here."""
        listed = await DBOS.list_workflows_async(
            name=[_workflow_name(name) for name in _QUEUES], status=["PENDING", "ERROR"],
            executor_id=self._settings.worker, load_input=False, load_output=False,
        )  # fmt: skip
        active = set(self._active.values())
        return [workflow for workflow in listed if workflow.workflow_id not in active]

    async def _take_up(self, lost: WorkflowStatus) -> None:
        if lost.workflow_id in self._active.values():
            return
        log.warning("work.taken_up", workflow=lost.workflow_id, was=lost.status.lower())
        if lost.status == "PENDING":
            await DBOS.resume_workflow_async(lost.workflow_id, queue_name=lost.queue_name)
        else:
            await DBOS.rewind_workflow_async(
                lost.workflow_id, queue_name=lost.queue_name, queue_partition_key=lost.queue_partition_key
            )

    def _note(self) -> None:
        """Count the calling workflow as active until its task is over, which is when its outcome has been stored."""
        task, workflow_id = asyncio.current_task(), DBOS.workflow_id
        if task and workflow_id:
            self._active[task] = workflow_id
            task.add_done_callback(self._active.pop)

    async def stop(self) -> None:
        """Let running units end and go away; what is left goes on at the next start."""
        self._leaving = True
        if self._client is not None:
            self._client.destroy()
            self._client = None
        # On the loop it would freeze the very work that it waits for.
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=_SHUTDOWN_SECONDS, destroy_registry=True)

    def _config(self) -> DBOSConfig:
        return {
            "name": "offboard",
            "application_version": _APPLICATION_VERSION,
            "executor_id": self._settings.worker,
            "max_executor_threads": 32,
            "serializer": DBOSPortableJSONSerializer(),
            "system_database_url": self._url,
            "system_database_engine": self._engine,
            "console_log_level": "WARNING",
        }


def _workflow_name(name: JobName) -> str:
    return f"offboard.{name}"


def _options(name: JobName, workflow_id: str, partition: str, delay: float) -> Any:
    if not partition:
        raise ValueError("a job without a partition would wait for ever")
    return {
        "workflow_name": _workflow_name(name),
        "queue_name": _QUEUES[name],
        "workflow_id": workflow_id,
        "queue_partition_key": partition,
        **({"delay_seconds": delay} if delay else {}),
    }


def _register(name: JobName, work: Work, leaving: Callable[[], bool], note: Callable[[], None]) -> None:
    async def unit(departure_id: str, serial: int, system: str) -> dict[str, Any]:
        advance = await work(departure_id, serial, system)
        wait = advance.wait
        if not advance.ended and 0 < wait <= _SHORT_WAIT:
            await asyncio.sleep(wait)
            wait = 0.0
        # Part of the stored result: a workflow that is replayed must turn where it turned before.
        return {"ended": advance.ended, "wait": wait, "leaving": leaving()}

    # A unit raises only when the database is away: tried again each second at first, each hour at last.
    step = DBOS.step(
        name=f"offboard.{name}.unit", retries_allowed=True, max_attempts=200, interval_seconds=1.0, backoff_rate=1.1
    )(unit)

    async def workflow(departure_id: str, serial: int, system: str, part: int) -> str:
        note()
        wait = 0.0
        for _ in range(_UNITS):
            done = await step(departure_id, serial, system)
            if done["ended"]:
                return "ended"
            wait = done["wait"]
            if wait or done["leaving"]:
                break
        # People and steps find the same departure; only the engine's entry is a new one.
        following = f"{departure_id}:{name}:{serial}:{system}:{part + 1}"
        await DBOS.enqueue_workflow_with_options_async(
            _options(name, following, system, wait), departure_id, serial, system, part + 1
        )
        return "continued"

    DBOS.workflow(name=_workflow_name(name), max_recovery_attempts=1000)(workflow)


def _daily_workflow(daily: Callable[[], Awaitable[None]]) -> Callable[[datetime, Any], Coroutine[Any, Any, None]]:
    async def work() -> None:
        await daily()

    async def forget_finished() -> None:
        before = (datetime.now(UTC) - _KEEP_FINISHED).isoformat()
        finished = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"], end_time=before, limit=_FORGET_AT_ONCE, load_input=False,
            load_output=False,
        )  # fmt: skip
        await DBOS.delete_workflows_async([workflow.workflow_id for workflow in finished])

    step = DBOS.step(name="offboard.daily.work")(work)
    forget = DBOS.step(name="offboard.daily.forget")(forget_finished)

    async def workflow(_scheduled_at: datetime, _context: Any) -> None:
        await step()
        await forget()

    return workflow
