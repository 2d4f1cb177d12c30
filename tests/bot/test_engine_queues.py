"""Which kinds of work wait for each other, and which go on side by side."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.engine import DurableEngine, EngineSettings
from bot.store.database import Database
from handlers.ports import Job, JobName
from handlers.working import Advance

SYSTEM = "zoho_crm"


class Desk:
    """Work that goes on until it may end; notes what is going on at the same time."""

    def __init__(self) -> None:
        self.at_work: set[JobName] = set()
        self.together: list[frozenset[JobName]] = []
        self.begun = asyncio.Condition()
        self.may_end = asyncio.Event()

    def work(self, name: JobName) -> "Work":
        return Work(self, name)


class Work:
    def __init__(self, desk: Desk, name: JobName) -> None:
        self._desk, self._name = desk, name

    async def __call__(self, departure_id: str, serial: int, system: str) -> Advance:
        assert (departure_id, serial, system) == ("d1", 3, SYSTEM)
        desk = self._desk
        async with desk.begun:
            desk.at_work.add(self._name)
            desk.together.append(frozenset(desk.at_work))
            desk.begun.notify_all()
        await desk.may_end.wait()
        desk.at_work.discard(self._name)
        return Advance(ended=True)


async def begun(desk: Desk, number: int) -> None:
    async with asyncio.timeout(20), desk.begun:
        await desk.begun.wait_for(lambda: len(desk.together) >= number)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def engine(database: Database, database_url: str, desk: Desk) -> AsyncIterator[DurableEngine]:
    engine = DurableEngine(
        database.engine, database_url, work={name: desk.work(name) for name in JobName}, daily=_nothing,
        settings=EngineSettings(poll_seconds=0.05),
    )  # fmt: skip
    await engine.start()
    yield engine
    desk.may_end.set()
    await engine.stop()


async def _nothing() -> None:
    pass


async def test_a_system_has_one_writer_at_a_time_and_looks_go_on_beside_it(
    engine: DurableEngine, database: Database, desk: Desk
) -> None:
    for name in (JobName.RUN, JobName.RETURN, JobName.RECHECK, JobName.PLAN):
        await database.write(engine.enqueue, Job(name, "d1", 3, SYSTEM))
    await begun(desk, 3)
    assert desk.at_work > {JobName.RECHECK, JobName.PLAN}
    desk.may_end.set()
    await begun(desk, 4)
    assert set().union(*desk.together) == set(JobName)
    assert not any(together >= {JobName.RUN, JobName.RETURN} for together in desk.together)
