"""Cancelled means that nothing was changed. From the first write on, an undo takes back what there is instead."""

from collections.abc import AsyncIterator

import pytest
from fake_crm import LEAVER, FakeCrm
from run_cases import ADA, SYSTEM, Desk, desk_at, now

from connectors.base import ReferenceKind, Rejected
from handlers.cards.controls import cancellable
from handlers.commands import CancelDeparture, StartUndo
from handlers.departure import Departure, State
from handlers.playbooks import StepKey
from handlers.refusal import Refusal
from handlers.returning import Returner, preview
from handlers.steps.unit import RunSettings


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    crm = FakeCrm()
    crm.give("Contacts", 5)
    crm.named_in[ReferenceKind.ASSIGNMENT] = LEAVER.id
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


async def _stops_at(desk: Desk, method: str, *, emergency: bool) -> Departure:
    await desk.approve(emergency=emergency)
    desk.crm.stubborn = {ReferenceKind.ASSIGNMENT} if method == "handover_state" else set()
    desk.crm.failures[method] = [Rejected("no", system=SYSTEM, code="NOT_ALLOWED")]
    departure = await desk.run()
    assert departure.state is State.ATTENTION
    return departure


async def _undone(desk: Desk) -> Departure:
    await desk.says(StartUndo(), ADA)
    returner = Returner(
        store=desk.store, connectors={SYSTEM: desk.crm}, settings=RunSettings(desk.practice, patience=0.1), now=now
    )
    for _ in range(20):
        if (await returner.advance(desk.id, (await desk.departure()).run, SYSTEM)).ended:
            return await desk.departure()
    raise AssertionError("the undo never ends")


@pytest.mark.parametrize(
    ("method", "step", "emergency"),
    [
        ("owned", StepKey.SNAPSHOT, True),
        ("owned", StepKey.SNAPSHOT, False),
        ("handover_state", StepKey.TAP, True),
        ("handover_state", StepKey.TAP, False),
        ("deactivate", StepKey.DEACTIVATE, True),
    ],
)
async def test_after_the_first_write_it_is_undone_not_cancelled(
    desk: Desk, method: str, step: StepKey, emergency: bool
) -> None:
    departure = await _stops_at(desk, method, emergency=emergency)
    assert departure.problem
    assert departure.problem.step == step
    assert not cancellable(departure)
    with pytest.raises(Refusal, match=r"cancel\.too_late"):
        await desk.says(CancelDeparture(), ADA)
    departure = await _undone(desk)
    assert departure.state is State.UNDONE
    assert desk.crm.people[LEAVER.id].active, "also where the log-in was taken first"


@pytest.mark.parametrize("method", ["owned", "handover_state"])
async def test_rules_that_may_name_the_successor_are_listed_for_people_to_set_back(desk: Desk, method: str) -> None:
    departure = await _stops_at(desk, method, emergency=False)
    seen = await preview(desk.store, {SYSTEM: desk.crm}, departure)
    assert seen.lasting == ("undo.lasting.configuration",)


@pytest.mark.parametrize("method", ["fitness", "agenda"])
async def test_before_the_first_write_it_is_cancelled_and_all_is_as_it_was(desk: Desk, method: str) -> None:
    departure = await _stops_at(desk, method, emergency=True)
    with pytest.raises(Refusal, match=r"undo\.nothing"):
        await desk.says(StartUndo(), ADA)
    assert cancellable(departure)
    await desk.says(CancelDeparture(), ADA)
    assert (await desk.departure()).state is State.CANCELLED
    assert desk.crm.people[LEAVER.id].active
    assert desk.crm.named_in == {ReferenceKind.ASSIGNMENT: LEAVER.id}
