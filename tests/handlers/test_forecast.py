"""What a departure costs before it begins."""

from dataclasses import replace
from math import ceil
from typing import Final

import pytest
from fake_crm import FakeCrm
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Price, Reaction, Work
from handlers.forecast import Batches, Forecast, SystemTerms, forecast, systems_of

SIZES: Final = {Work.READ: (2000, 3), Work.TAG: (500, 10), Work.MOVE: (500, 1), Work.LOOK: (10_000, 1)}
MAILS, PRINTS = Reaction("Deals", "Tell the customer", mails=True), Reaction("Deals", "Print", mails=False)


def _price(work: Work, module: str, records: int) -> Price:
    """As many calls as it takes, at a price each; in leads it is twice as dear."""
    size, credits_ = SIZES.get(work, (100, 10))
    calls = 30 if work is Work.ONCE else max(1, ceil(records / size))
    return Price(calls, calls * credits_ * (2 if module == "leads" else 1))


def _of(*batches: Batches, quiet: bool = False, left: int | None = None) -> Forecast:
    return forecast(batches, _price, quiet=quiet, credits_left=left, reactions=(MAILS, PRINTS))


NOTHING: Final = _of()


def test_each_begun_batch_is_a_call_at_its_price() -> None:
    one = _of(Batches("deals", read=2001, tag=501, move=501, update=101))
    assert one.calls - NOTHING.calls == 2 + 2 + (1 + 2) + 2
    assert one.credits - NOTHING.credits == 2 * 3 + 2 * 10 + (1 * 1 + 2 * 1) + 2 * 10
    dearer = _of(Batches("leads", read=2001, tag=501, move=501, update=101))
    assert (dearer.calls, dearer.credits - NOTHING.credits) == (one.calls, 2 * (one.credits - NOTHING.credits))


def test_what_is_counted_is_counted_once_before_and_twice_afterwards() -> None:
    counted = _of(Batches("deals", counted=250))
    assert counted.calls - NOTHING.calls == 3 + 1 + 1, "a hundred each before, and nothing is left afterwards"
    assert _of(Batches("deals")) == NOTHING


def test_a_quiet_run_takes_smaller_and_dearer_batches_and_sets_nothing_off() -> None:
    loud, quiet = _of(Batches("deals", move=1000)), _of(Batches("deals", move=1000), quiet=True)
    assert quiet.calls - loud.calls == 10 - 2
    assert quiet.credits - loud.credits == 10 * 10 - 2 * 1
    assert (loud.reactions, loud.mailing) == ((MAILS, PRINTS), (MAILS,))
    assert (quiet.reactions, quiet.mailing) == ((), ())


@pytest.mark.parametrize(("left", "affordable"), [(None, True), (0, False), (-1, False)])
def test_it_is_affordable_unless_the_vendor_says_otherwise(left: int | None, affordable: bool) -> None:
    needed = _of(Batches("deals", 10, 10, 10)).credits
    found = replace(_of(Batches("deals", 10, 10, 10)), credits_left=None if left is None else needed + left)
    assert found.affordable is (affordable or left == 0)
    assert not replace(found, credits_left=needed - 1).affordable


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_records_never_cost_less(some: int, more: int) -> None:
    few, many = (_of(Batches("deals", n, n, n, n, counted=n)) for n in (some, some + more))
    assert (few.calls, few.credits, few.seconds) <= (many.calls, many.credits, many.seconds)
    assert many.seconds > 0


def test_each_system_has_its_own_prices_and_abilities() -> None:
    crm = FakeCrm()
    assert systems_of({"one": crm}) == {"one": SystemTerms(crm.price, tags_along=False, capabilities=crm.capabilities)}
