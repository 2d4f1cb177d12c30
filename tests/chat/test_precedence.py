"""Deliveries go first, and nothing waits for ever behind them."""

import asyncio
from collections.abc import Callable

import pytest

from bot.chat.precedence import CALM, PATIENCE, Line, Precedence


class Time:
    """A clock that only sleeping moves; `meanwhile` happens during each sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.meanwhile: Callable[[], None] = lambda: None

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def precedence(time: Time) -> Precedence:
    return Precedence(lambda: time.now, time.sleep)


async def _seconds(line: Line, time: Time) -> float:
    began = time.now
    await line.turn()
    return time.now - began


async def test_work_begins_at_once_where_nobody_calls(time: Time, precedence: Precedence) -> None:
    assert await _seconds(Line(precedence), time) == 0


async def test_work_waits_until_the_delivery_is_acknowledged(time: Time, precedence: Precedence) -> None:
    precedence.delivery()
    assert await _seconds(Line(precedence), time) == pytest.approx(CALM)


async def test_under_a_flood_one_piece_of_work_begins_after_the_other(time: Time, precedence: Precedence) -> None:
    line = Line(precedence)
    time.meanwhile = precedence.delivery
    precedence.delivery()
    first, second = await asyncio.gather(_seconds(line, time), _seconds(line, time))
    assert first == pytest.approx(PATIENCE)
    assert second == pytest.approx(2 * PATIENCE)
