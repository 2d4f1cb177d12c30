"""What a departure costs before it begins."""

from dataclasses import replace
from typing import Final

import pytest
from fake_crm import FakeCrm
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Cost, Limits, Reaction
from handlers.forecast import Batches, Forecast, forecast, prices

LIMITS: Final = Limits(read=2000, write=500, tag=500, update=100)
COST: Final = Cost(read=3, write=1, tag=10, update=10, count=1)
MAILS, PRINTS = Reaction("Deals", "Tell the customer", mails=True), Reaction("Deals", "Print", mails=False)


def _of(*batches: Batches, quiet: bool = False, left: int | None = None) -> Forecast:
    return forecast(batches, LIMITS, COST, quiet=quiet, credits_left=left, reactions=(MAILS, PRINTS))


NOTHING: Final = _of()


def test_each_begun_batch_is_a_call_at_its_price() -> None:
    one = _of(Batches(read=2001, tag=501, move=501, update=101))
    assert one.calls - NOTHING.calls == 2 + 2 + 2 + 2 + 4
    assert one.credits - NOTHING.credits == 2 * 3 + 2 * 10 + 2 * 1 + 2 * 10 + 4 * 1


def test_a_quiet_run_takes_smaller_and_dearer_batches_and_sets_nothing_off() -> None:
    loud, quiet = _of(Batches(0, 0, 1000, 0)), _of(Batches(0, 0, 1000, 0), quiet=True)
    assert quiet.calls - loud.calls == 10 - 2
    assert quiet.credits - loud.credits == 10 * 10 - 2 * 1
    assert (loud.reactions, loud.mailing) == ((MAILS, PRINTS), (MAILS,))
    assert (quiet.reactions, quiet.mailing) == ((), ())


@pytest.mark.parametrize(("left", "affordable"), [(None, True), (0, False), (-1, False)])
def test_it_is_affordable_unless_the_vendor_says_otherwise(left: int | None, affordable: bool) -> None:
    needed = _of(Batches(10, 10, 10, 0)).credits
    found = replace(_of(Batches(10, 10, 10, 0)), credits_left=None if left is None else needed + left)
    assert found.affordable is (affordable or left == 0)
    assert not replace(found, credits_left=needed - 1).affordable


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_records_never_cost_less(some: int, more: int) -> None:
    few, many = (_of(Batches(n, n, n, n)) for n in (some, some + more))
    assert (few.calls, few.credits, few.seconds) <= (many.calls, many.credits, many.seconds)
    assert many.seconds > 0


def test_prices_are_those_of_each_system() -> None:
    crm = FakeCrm()
    assert prices({"one": crm}) == {"one": (crm.limits, crm.cost)}
