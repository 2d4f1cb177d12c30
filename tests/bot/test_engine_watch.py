"""Work that the engine let go of, because it could not write, comes to its end by itself."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from dbos import DBOS
from dbos._dbos import _get_dbos_instance
from sqlalchemy.exc import OperationalError

from bot.engine import DurableEngine, EngineSettings
from bot.store.database import Database
from handlers.ports import Job, JobName
from handlers.working import Advance

Logs = list[MutableMapping[str, Any]]

_UNITS = 3
# Which of the engine's own queries about an entry fail, how often, and how the entry is left by that.
_FAULTS = {
    "one result": ({"record_operation_result": 1}, "error"),
    "all from a result on": ({"record_operation_result": 2, "update_workflow_outcome": 1}, "pending"),
    "the end once": ({"update_workflow_outcome": 1}, "error"),
    "the end twice": ({"update_workflow_outcome": 2}, "pending"),
    "the beginning": ({"get_workflow_statuses": 1, "get_workflow_status": 1}, "pending"),
}


class Units:
    """A run's work: what has been done stands outside the engine, and each unit does what is next."""

    def __init__(self) -> None:
        self.done: dict[str, list[int]] = defaultdict(list)
        self.at_work: Counter[str] = Counter()
        self.most_at_work = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self, departure_id: str, _run: int, _system: str) -> Advance:
        self.at_work[departure_id] += 1
        self.most_at_work = max(self.most_at_work, self.at_work[departure_id])
        self.begun.set()
        await self.may_end.wait()
        done = self.done[departure_id]
        if len(done) < _UNITS:
            done.append(len(done))
        self.at_work[departure_id] -= 1
        return Advance(ended=len(done) == _UNITS)


async def _nothing() -> None:
    pass


@pytest.fixture
def units() -> Units:
    return Units()


@asynccontextmanager
async def _watched(engine: DurableEngine) -> AsyncIterator[None]:
    watch = asyncio.create_task(engine.watch())
    yield
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


@pytest.fixture
async def engine(database: Database, database_url: str, units: Units) -> AsyncIterator[DurableEngine]:
    engine = DurableEngine(
        database.engine, database_url, work=dict.fromkeys(JobName, units), daily=_nothing,
        settings=EngineSettings(poll_seconds=0.05, watch_seconds=0.3),
    )  # fmt: skip
    await engine.start()
    async with _watched(engine):
        yield engine
    units.may_end.set()
    await engine.stop()


def _job(departure_id: str) -> Job:
    return Job(JobName.RUN, departure_id, 1, f"system of {departure_id}")


def _break(patch: pytest.MonkeyPatch, job: Job, method: str, times: int) -> None:
    """The engine's next queries about this job, by this method, find the disk full."""
    database = _get_dbos_instance()._sys_db
    works: Callable[..., Any] = getattr(database, method)
    left = times

    def broken(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if left and repr(job.id) in repr(args):
            left -= 1
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return works(*args, **kwargs)

    patch.setattr(database, method, broken)


async def _succeed(*jobs: Job) -> None:
    async with asyncio.timeout(30):
        while True:
            found = await DBOS.list_workflows_async(workflow_ids=[job.id for job in jobs])
            if {workflow.status for workflow in found} == {"SUCCESS"}:
                return
            await asyncio.sleep(0.05)


async def test_work_that_the_engine_could_not_store_comes_to_its_end(
    engine: DurableEngine, database: Database, units: Units, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    for departure_id, (faults, _) in _FAULTS.items():
        for method, times in faults.items():
            _break(monkeypatch, _job(departure_id), method, times)
    units.may_end.set()
    for departure_id in _FAULTS:
        await database.write(engine.enqueue, _job(departure_id))
    await _succeed(*map(_job, _FAULTS))
    assert units.done == {departure_id: list(range(_UNITS)) for departure_id in _FAULTS}
    assert units.most_at_work == 1
    taken_up = {entry["workflow"]: entry["was"] for entry in logs if entry["event"] == "work.taken_up"}
    assert taken_up == {_job(departure_id).id: left_as for departure_id, (_, left_as) in _FAULTS.items()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_unit_that_takes_long_is_left_alone(
    engine: DurableEngine, database: Database, units: Units, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    looks, look = 0, engine._lost
    often = asyncio.Event()

    async def counted() -> Any:
        nonlocal looks
        looks += 1
        if looks == 3:
            often.set()
        return await look()

    job = _job("d1")
    await database.write(engine.enqueue, job)
    await units.begun.wait()
    monkeypatch.setattr(engine, "_lost", counted)
    await asyncio.wait_for(often.wait(), 30)
    assert units.done == {}
    units.may_end.set()
    await _succeed(job)
    assert units.most_at_work == 1
    assert "work.taken_up" not in {entry["event"] for entry in logs}


async def test_only_what_is_idle_in_two_looks_in_a_row_is_taken_up(
    sqlite_url: str, units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first look an entry may be on its way from the queue to its work."""
    database = Database(sqlite_url)
    engine = DurableEngine(
        database.engine, sqlite_url, work={JobName.RUN: units}, daily=_nothing,
        settings=EngineSettings(watch_seconds=0),
    )  # fmt: skip
    looks = iter(["a", "b", "", "b", "bc", "bc", "c"])
    taken: list[str] = []
    seen = asyncio.Event()

    async def lost() -> Any:
        ids = next(looks, None)
        if ids is None:
            seen.set()
        return [SimpleNamespace(workflow_id=name) for name in ids or ""]

    async def take_up(workflow: Any) -> None:
        taken.append(workflow.workflow_id)

    monkeypatch.setattr(engine, "_lost", lost)
    monkeypatch.setattr(engine, "_take_up", take_up)
    async with _watched(engine):
        await asyncio.wait_for(seen.wait(), 30)
    assert taken == ["b", "c"]
    await database.close()
