"""Looking again after the end: late arrivals move by the rule that was approved, everything else is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fake_crm import COLLEAGUE, LEAVER, FakeCrm
from run_cases import ADA, SYSTEM, Desk, desk_at, now

from connectors.base import NotAuthorised, RowReason, Unavailable
from handlers.commands import Command, ConfirmBackup, StartUndo
from handlers.departure import Departure, State
from handlers.events import Rechecked
from handlers.ports import Place
from handlers.rechecking import Rechecker
from handlers.returning import Returner
from handlers.steps.unit import RunSettings


class Watched(Desk):
    """A closed departure that is looked at again."""

    @property
    def work(self) -> dict[str, Any]:
        settings = RunSettings(self.practice, patience=0.5, tries=3)
        return {"store": self.store, "connectors": {SYSTEM: self.crm}, "settings": settings, "now": now}

    async def undo(self, command: Command) -> Departure:
        """The whole of it, by another worker."""
        await self.says(command, ADA)
        returner = Returner(**self.work)
        for _ in range(100):
            if (await returner.advance(self.id, (await self.departure()).run, SYSTEM)).ended:
                return await self.departure()
        raise AssertionError("it never ends")

    async def look(self, number: int = 1) -> Rechecked | None:
        """One whole re-check, by a worker that remembers nothing; the last result."""
        checker = Rechecker(**self.work)
        for _ in range(100):
            if (await checker.advance(self.id, number, SYSTEM)).ended:
                return next(reversed((await self.departure()).rechecks), None)
        raise AssertionError("it never ends")


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Watched]:
    crm = FakeCrm()
    crm.give("Contacts", 10)
    crm.give("Deals", 5)
    crm.give("Deals", 3, opened=False)
    async with desk_at(sqlite_url, crm, Watched) as desk:
        await desk.approve()
        await desk.run()
        await desk.says(ConfirmBackup("all retained"), ADA)
        assert (await desk.run()).state is State.CLOSED
        yield desk


async def test_where_all_is_well_nothing_is_written(desk: Watched) -> None:
    desk.crm.writes.clear()
    found = await desk.look()
    assert found
    assert (found.number, found.moved, found.left, found.problem) == (1, 0, 0, None)
    assert desk.crm.writes == []


async def test_late_arrivals_move_and_closed_ones_stay(desk: Watched) -> None:
    desk.crm.give("Contacts", 2)
    desk.crm.give("Deals", 1, opened=False)
    found = await desk.look()
    assert found
    assert (found.moved, found.left) == (2, 0)
    assert desk.owners("Contacts") == {"Sofia": 12}
    assert desk.owners("Deals") == {"Sofia": 5, "Amit": 4}
    again = await desk.look(2)
    assert again
    assert (again.number, again.moved) == (2, 0), "each is counted once"


async def test_an_outage_behind_the_move_does_not_hide_it(desk: Watched) -> None:
    desk.crm.give("Contacts", 2)
    desk.crm.failures["recount"] = [Unavailable("away", system=SYSTEM, code="503")]
    found = await desk.look()
    assert found
    assert (found.moved, found.left, found.problem) == (2, 0, None)


async def test_what_was_handed_on_since_is_no_late_arrival(desk: Watched) -> None:
    ids = list(desk.crm.rows["Contacts"])
    place = Place(desk.id, SYSTEM, "Contacts")
    await desk.store.write(lambda tx: tx.hand_on(place, ids, COLLEAGUE.id, now()))
    found = await desk.look()
    assert found
    assert found.moved == 0


async def test_each_number_is_looked_at_once(desk: Watched) -> None:
    await desk.look()
    desk.crm.give("Contacts", 2)
    await desk.look()
    assert len((await desk.departure()).rechecks) == 1
    assert desk.owners("Contacts") == {"Sofia": 10, "Amit": 2}


async def test_more_than_the_tolerance_is_told_and_left(desk: Watched) -> None:
    desk.crm.give("Contacts", 30)
    found = await desk.look()
    assert found
    assert (found.moved, found.left, found.problem) == (0, 30, "problem.late_arrivals")
    assert desk.owners("Contacts") == {"Sofia": 10, "Amit": 30}


@pytest.mark.parametrize("command", [StartUndo(), StartUndo(modules=(f"{SYSTEM}/Contacts",))], ids=["all", "a part"])
async def test_what_a_look_moves_behind_an_undo_goes_back_too(desk: Watched, command: StartUndo) -> None:
    """Its last call is under way while a whole undo comes and goes."""
    late = desk.crm.give("Contacts", 2)
    change_owner, undone = desk.crm.change_owner, []

    async def slow(*args: Any, **values: Any) -> Any:
        desk.crm.change_owner = change_owner  # type: ignore[method-assign]
        undone.append(await desk.undo(command))
        return await change_owner(*args, **values)

    desk.crm.change_owner = slow  # type: ignore[method-assign]
    assert await desk.look() is None, "a look that was overtaken tells nobody anything"
    assert undone[0].undoings[-1].result
    assert {desk.crm.owner(each) for each in late} == {LEAVER.id}
    assert desk.owners("Contacts") == {"Amit": 12}
    assert await desk.outcomes(module="Contacts") == {"returned": 12}
    assert (await desk.departure()).state is undone[0].state


async def test_a_look_waits_for_an_undo_that_is_under_way(desk: Watched) -> None:
    await desk.says(StartUndo(), ADA)
    advance = await Rechecker(**desk.work).advance(desk.id, 1, SYSTEM)
    assert (advance.ended, advance.wait) == (False, 0.5)


async def test_a_fault_behind_an_undo_leaves_the_departure_as_it_is(desk: Watched) -> None:
    desk.crm.give("Contacts", 2)
    undone = await desk.undo(StartUndo())
    desk.crm.failures["activate"] = [KeyError("a bug of ours")]
    assert await desk.look() is None
    assert await desk.departure() == undone


async def test_what_is_refused_is_told_and_the_departure_stays_closed(desk: Watched) -> None:
    (late,) = desk.crm.give("Contacts", 1)
    desk.crm.refusals[late] = (RowReason.FORBIDDEN, 9)
    found = await desk.look()
    assert found
    assert (found.left, found.problem) == (1, "problem.rows_refused")
    assert (await desk.departure()).state is State.CLOSED


async def test_an_outage_is_waited_for_and_a_dead_grant_is_told(desk: Watched) -> None:
    desk.crm.failures["count"] = [Unavailable("away", system=SYSTEM, code="503")]
    found = await desk.look()
    assert found
    assert found.problem is None
    desk.crm.failures["count"] = [NotAuthorised("dead", system=SYSTEM, code="INVALID_TOKEN")]
    told = await desk.look(2)
    assert told
    assert told.problem == "problem.not_authorised"


async def test_a_fault_of_ours_is_told_too(desk: Watched) -> None:
    desk.crm.failures["count"] = [KeyError("a bug of ours")]
    found = await desk.look()
    assert found
    assert found.problem == "problem.unexpected"
