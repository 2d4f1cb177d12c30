"""Cliq allows few calls and locks for minutes after one too many: a departure comes to its end all the same."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cliq_stage import CliqDesk
from dialogue_setting import stage as made
from dialogue_sight import en, shown
from dialogue_stage import Stage

import bot.chat.cliq.pace
import bot.chat.poster
import bot.chat.receiver
import sandbox.cliq.throttle
from bot.app import Service
from bot.chat.cliq.pace import Family
from bot.chat.surface import TryLater
from handlers.departure import State
from sandbox.clock import Clock
from sandbox.faults import Fault
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="function")
_FAST = 1000.0  # seconds of the service's time in one of ours: Cliq's ten minutes pass in one, a grant lives four


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.chat.poster, "_LOOK_EVERY", 0.05)
    monkeypatch.setattr(bot.chat.receiver, "_LOOK_EVERY", 0.05)
    monkeypatch.setattr(bot.chat.poster, "_LONGEST_PAUSE", 0.05)


class FastClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self._began, self._start = time.monotonic(), super().now()

    def passed(self) -> float:
        return (time.monotonic() - self._began) * _FAST

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed())

    def time(self) -> float:
        return self.now().timestamp()


@asynccontextmanager
async def quick_stage(storage: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """For the service, which waits for Cliq, and for Cliq itself time runs fast."""
    clock, build = FastClock(), Service.__init__

    def building(service: Service, settings: Any, _: Any) -> None:
        build(service, settings, clock.now)
        assert service.cliq
        service.cliq._api._pace._clock = clock.passed
        service.cliq._api._pace._longest = 0.5  # a run waits by the engine's clock, which is not fast

    monkeypatch.setattr(Service, "__init__", building)
    async with made(storage, f"sqlite:///{storage}/offboard.sqlite3", "cliq") as stage:
        stage.town.hall.clock = clock
        yield stage


def locked(stage: Stage) -> list[str]:
    """What Cliq has locked for the user of the grant."""
    return [family for _, family in stage.town.hall.throttle._locked_until]


async def test_limits_far_too_small_delay_a_departure_and_lock_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cliq's windows in miniature: a handful of calls in each, which last a sixth of a second instead of a minute."""
    monkeypatch.setattr(bot.chat.cliq.pace, "_SHARE", 0.08)
    monkeypatch.setattr(bot.chat.cliq.pace, "_WINDOW", 0.15)
    monkeypatch.setattr(sandbox.cliq.throttle, "_WINDOW", 0.15)
    paced: list[Family] = []
    async with made(tmp_path, f"sqlite:///{tmp_path}/offboard.sqlite3", "cliq") as stage:
        assert stage.service.cliq
        pace, cliq = stage.service.cliq._api._pace, CliqDesk(stage)
        take = pace.take

        def counted(family: Family, *, leave: int = 0) -> None:
            try:
                take(family, leave=leave)
            except TryLater:
                paced.append(family)
                raise

        monkeypatch.setattr(pace, "take", counted)
        stage.town.hall.limits.scale = 0.1
        await cliq.brings("bianca", State.CLOSED)
        assert Family.POST in paced, "the limits were in the way"
        assert locked(stage) == []
        assert stage.crm.ghosts("bianca") == {}
        assert cliq.posted_twice() == []


async def test_refusals_delay_a_departure_and_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are refused and fail; after one too many Cliq is left alone for a while."""
    async with quick_stage(tmp_path, monkeypatch) as stage:
        cliq, faults = CliqDesk(stage), stage.town.faults["cliq"]
        for fault in (Fault.RATE_LIMIT, Fault.SERVER_ERROR):
            faults.switch(fault, on=True)
        await cliq.brings("bianca", State.CLOSED)
        assert all(faults.struck[fault] for fault in faults.active)
        assert stage.crm.ghosts("bianca") == {}
        assert cliq.posted_twice() == []
        (closed,) = [m for m in cliq.log() if en("closed.title", leaver=BY_KEY["bianca"].name) in shown(m)]
        assert closed.by_bot
