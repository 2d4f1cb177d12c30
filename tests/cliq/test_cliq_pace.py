"""Cliq's limits, kept before Cliq has to."""

import pytest
from cliq_rig import Ticks

from bot.chat.cliq.pace import Family, Pace
from bot.chat.surface import TryLater


def taken(pace: Pace, family: Family, *, leave: int = 0) -> int:
    """How many calls may be made at once."""
    for made in range(1000):
        try:
            pace.take(family, leave=leave)
        except TryLater:
            return made
    raise AssertionError("there is no limit")


@pytest.mark.parametrize("family", Family)
def test_a_family_keeps_below_its_limit_in_any_minute(family: Family) -> None:
    ticks = Ticks()
    pace = Pace(ticks)
    at_once = taken(pace, family)
    assert 0 < at_once <= family.value.calls * 0.8
    ticks.now += 59.9
    assert taken(pace, family) == 0
    ticks.now += 0.2
    assert taken(pace, family) == at_once


def test_who_is_put_off_is_told_when_the_oldest_call_leaves_the_window() -> None:
    ticks = Ticks()
    pace = Pace(ticks)
    pace.take(Family.MESSAGES)
    ticks.now += 20
    taken(pace, Family.MESSAGES)
    with pytest.raises(TryLater) as raised:
        pace.take(Family.MESSAGES)
    assert (raised.value.code, raised.value.retry_after) == ("paced", 40)
    ticks.now += 40
    assert taken(pace, Family.MESSAGES) == 1, "the window slides"


def test_what_matters_less_leaves_calls_to_others() -> None:
    pace = Pace(Ticks())
    assert taken(pace, Family.POST, leave=15) == 25
    assert taken(pace, Family.POST) == 15


def test_what_leaves_more_than_there_is_still_gets_through() -> None:
    assert taken(Pace(Ticks()), Family.LIST, leave=100) == 1


def test_a_closed_family_opens_again_after_its_lock_and_the_others_stay_open() -> None:
    ticks = Ticks()
    pace = Pace(ticks)
    assert pace.close(Family.POST) == 600
    ticks.now += 100
    with pytest.raises(TryLater) as raised:
        pace.take(Family.POST)
    assert (raised.value.code, raised.value.retry_after) == ("locked", 500)
    pace.take(Family.EDIT)
    ticks.now += 500
    pace.take(Family.POST)
