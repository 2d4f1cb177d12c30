"""Deliveries go first, and nothing waits for ever behind them."""

import asyncio
import time

from bot.chat.precedence import CALM, PATIENCE, Line, Precedence


async def _seconds(line: Line) -> float:
    began = time.monotonic()
    await line.turn()
    return time.monotonic() - began


async def test_work_begins_at_once_where_nobody_calls() -> None:
    assert await _seconds(Line(Precedence())) < CALM


async def test_work_waits_until_the_delivery_is_acknowledged() -> None:
    precedence = Precedence()
    precedence.delivery()
    waited = await _seconds(Line(precedence))
    assert waited >= CALM * 0.9
    assert waited < PATIENCE


async def test_under_a_flood_one_piece_of_work_begins_after_the_other() -> None:
    precedence = Precedence()
    line = Line(precedence)

    async def flood() -> None:
        while True:
            precedence.delivery()
            await asyncio.sleep(CALM / 10)

    flooding = asyncio.create_task(flood())
    await asyncio.sleep(0)
    first, second = await asyncio.gather(_seconds(line), _seconds(line))
    flooding.cancel()
    assert PATIENCE * 0.9 <= first < PATIENCE * 1.8
    assert second >= 2 * PATIENCE * 0.9
