"""A run from the approved plan to its end, against a CRM with good and bad days, on a real store."""

import inspect
import json
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any

import pytest
from fake_crm import COLLEAGUE, LEAVER, SUCCESSOR, FakeCrm
from run_cases import ADA, FOREVER, SYSTEM, TOMAS, Desk, desk_at
from sqlalchemy import func, update

from bot.store.tables import departures as table
from connectors.base import Connector, NotAuthorised, QuotaExhausted, Rejected, RowReason, Unavailable
from handlers.commands import Retry, SignException
from handlers.departure import State
from handlers.events import Outcome
from handlers.playbooks import StepKey


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    crm = FakeCrm()
    crm.give("Contacts", 8)
    crm.give("Contacts", 2, opened=False)
    crm.give("Deals", 5)
    crm.give("Deals", 4, opened=False)
    crm.give("Deals", 3, to=SUCCESSOR)
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


def test_the_fake_is_held_to_the_protocol() -> None:
    fake: Connector = FakeCrm()
    for name, method in inspect.getmembers(Connector, inspect.isfunction):
        if not name.startswith("_"):
            assert _parameters(getattr(FakeCrm, name)) == _parameters(method), name
    assert fake.limits.write


def _parameters(method: Callable[..., object]) -> list[tuple[str, object]]:
    return [(each.name, each.kind) for each in inspect.signature(method).parameters.values()]


async def test_all_moves_by_rule_and_zero_is_proven(desk: Desk) -> None:
    await desk.approve()
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert await desk.outcomes() == {"moved": 15}
    assert {r.step: r.outcome for r in departure.steps}[StepKey.DEACTIVATE] is Outcome.DONE
    kept = [row for row in desk.crm.rows["Deals"].values() if row.owner == LEAVER.id]
    assert [row.open for row in kept] == [False] * 4, "closed deals keep their owner"
    moved = desk.crm.rows["Contacts"].values()
    assert all(row.tags == {"AmitKumarRecords"} for row in moved)


async def test_the_log_of_a_run_names_nobody(desk: Desk, logs: list[MutableMapping[str, Any]]) -> None:
    await desk.approve()
    await desk.run()
    ended = [entry for entry in logs if entry["event"] == "step.ended"]
    assert {entry["step"] for entry in ended} >= {StepKey.TAG, StepKey.TRANSFER, StepKey.DEACTIVATE}
    assert [entry for entry in ended if "Amit" in repr(entry)] == []


async def test_what_a_colleague_gave_away_meanwhile_is_left_alone(desk: Desk) -> None:
    await desk.approve()

    def gives_two_away() -> None:
        for each in list(desk.crm.rows["Contacts"])[:2]:
            desk.crm.rows["Contacts"][each].owner = COLLEAGUE.id

    desk.crm.before["moved_away"] = gives_two_away
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert await desk.outcomes() == {"moved": 13, "others": 2}
    assert (await desk.evidence(StepKey.TRANSFER))["others"] == 2
    assert sum(row.owner == COLLEAGUE.id for row in desk.crm.rows["Contacts"].values()) == 2


async def test_a_record_that_vanishes_counts_as_gone(desk: Desk) -> None:
    await desk.approve()
    desk.crm.before["change_owner"] = desk.crm.rows["Contacts"].popitem
    assert (await desk.run()).state is State.BACKUP
    assert (await desk.evidence(StepKey.TRANSFER))["gone"] == 1


async def test_late_arrivals_move_by_the_same_rule(desk: Desk) -> None:
    await desk.approve()

    def arrive() -> None:
        desk.crm.give("Contacts", 2)
        desk.crm.give("Deals", 1)
        desk.crm.give("Deals", 1, opened=False)
        desk.crm.give("Calls", 1)  # a module in which the leaver owned nothing before

    desk.crm.before["change_owner"] = arrive
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert await desk.outcomes() == {"moved": 19}
    assert await desk.evidence(StepKey.VERIFY) == {"ghosts": 0, "modules": 3}


async def test_more_late_arrivals_than_the_tolerance_stop_the_run(desk: Desk) -> None:
    await desk.approve()
    desk.crm.before["change_owner"] = lambda: desk.crm.give("Contacts", 6)
    departure = await desk.run()
    assert departure.problem
    assert departure.problem.key == "problem.late_arrivals"
    assert desk.crm.people[LEAVER.id].active, "nothing is deactivated before all is zero"


async def test_a_late_arrival_that_is_locked_for_a_moment_moves_after_all(desk: Desk) -> None:
    await desk.approve()

    def arrive() -> None:
        (late,) = desk.crm.give("Deals", 1)
        desk.crm.refusals[late] = (RowReason.LOCKED, 2)

    desk.crm.before["change_owner"] = arrive
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert await desk.outcomes() == {"moved": 16}


@pytest.mark.parametrize("reason", [RowReason.FORBIDDEN, RowReason.LOCKED])
async def test_a_late_arrival_that_is_refused_is_never_reported_as_zero(desk: Desk, reason: RowReason) -> None:
    await desk.approve()

    def arrive() -> None:
        (late,) = desk.crm.give("Deals", 1)
        desk.crm.refusals[late] = (reason, FOREVER)

    desk.crm.before["change_owner"] = arrive
    departure = await desk.run()
    assert departure.state is State.ATTENTION
    assert departure.problem
    assert (departure.problem.key, departure.problem.count) == ("problem.rows_refused", 1)
    await desk.says(SignException("Nobody may move it."), TOMAS)
    signed = await desk.run()
    assert signed.state is State.BACKUP
    assert {r.step: r.outcome for r in signed.steps}[StepKey.VERIFY] is Outcome.SKIPPED


async def test_rows_that_are_locked_for_now_come_again(desk: Desk) -> None:
    for each in list(desk.crm.rows["Contacts"])[:3]:
        desk.crm.refusals[each] = (RowReason.LOCKED, 2)
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": 15}
    assert 0.5 in desk.waits, "with a pause between two tries"


async def test_rows_that_stay_locked_are_told_and_signed_for_and_never_zero(desk: Desk) -> None:
    locked = list(desk.crm.rows["Contacts"])[:2]
    for each in locked:
        desk.crm.refusals[each] = (RowReason.LOCKED, FOREVER)
    await desk.approve()
    stopped = await desk.run()
    assert stopped.problem
    assert (stopped.problem.key, stopped.problem.count) == ("problem.rows_refused", 2)
    assert StepKey.TRANSFER not in {result.step for result in stopped.steps}
    assert await desk.outcomes() == {"moved": 13, "failed": 2}

    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.ATTENTION, "tried again, refused again"

    await desk.says(SignException("A blueprint holds them until June."), TOMAS)
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert departure.steps[-1].evidence["ghosts"] == 2
    assert (await desk.evidence(StepKey.TRANSFER))["left"] == 2
    assert {desk.crm.owner(each) for each in locked} == {LEAVER.id}


async def test_what_was_signed_for_stays_so_when_a_later_step_is_tried_again(desk: Desk) -> None:
    first = next(iter(desk.crm.rows["Contacts"]))
    desk.crm.refusals[first] = (RowReason.INVALID, FOREVER)
    await desk.approve()
    await desk.run()
    await desk.says(SignException("The record is broken."), TOMAS)
    desk.crm.failures["deactivate"] = [Rejected("no", system=SYSTEM, code="NOT_ALLOWED")]
    assert (await desk.run()).state is State.ATTENTION
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": 14, "failed": 1}
    assert (await desk.evidence(StepKey.RECOUNT))["ghosts"] == 1


async def test_after_a_retry_rows_that_were_repaired_move(desk: Desk) -> None:
    first = next(iter(desk.crm.rows["Contacts"]))
    desk.crm.refusals[first] = (RowReason.INVALID, 1)
    await desk.approve()
    assert (await desk.run()).state is State.ATTENTION
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": 15}


async def test_a_drift_voids_the_approval_before_anything_is_written(desk: Desk) -> None:
    await desk.approve()
    desk.crm.give("Contacts", 6)
    departure = await desk.run()
    assert departure.state is State.APPROVAL
    assert departure.approved is None
    (difference,) = departure.differences
    assert (difference.module, difference.planned, difference.now) == ("Contacts", 10, 16)
    assert desk.crm.writes == []
    assert all(not row.tags for row in desk.crm.rows["Contacts"].values())


async def test_a_drift_within_the_tolerance_does_not(desk: Desk) -> None:
    await desk.approve()
    desk.crm.give("Contacts", 5)
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": 20}


async def test_a_successor_who_was_deactivated_meanwhile_stops_the_run(desk: Desk) -> None:
    await desk.approve()
    await desk.crm.deactivate(SUCCESSOR.id)
    departure = await desk.run()
    assert departure.problem
    assert departure.problem.key == "problem.successor.inactive"
    assert desk.crm.writes == []


async def test_an_account_that_was_inactive_before_is_nothing_to_do(desk: Desk) -> None:
    await desk.approve()
    await desk.crm.deactivate(LEAVER.id)
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert {r.step: r.outcome for r in departure.steps}[StepKey.DEACTIVATE] is Outcome.NOTHING_TO_DO


async def test_nothing_owned_is_nothing_to_do(sqlite_url: str) -> None:
    async with desk_at(sqlite_url, FakeCrm()) as desk:
        await desk.approve()
        departure = await desk.run()
    outcomes = {r.step: r.outcome for r in departure.steps}
    for step in (StepKey.SNAPSHOT, StepKey.TAG, StepKey.TRANSFER):
        assert outcomes[step] is Outcome.NOTHING_TO_DO
    assert outcomes[StepKey.RECOUNT] is Outcome.DONE


async def test_a_second_count_that_lags_is_looked_at_again(desk: Desk) -> None:
    await desk.approve()
    desk.crm.lag = [3, 1]
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert desk.waits == [0.5, 0.5]
    assert departure.steps[-1].evidence["ghosts"] == 0


async def test_a_second_count_that_never_reaches_zero_stops_the_run(desk: Desk) -> None:
    await desk.approve()
    desk.crm.lag = [1] * 50
    departure = await desk.run()
    assert departure.problem
    assert (departure.problem.key, departure.problem.count) == ("problem.ghosts_left", 1)
    assert StepKey.RECOUNT not in {result.step for result in departure.steps}


async def test_an_outage_is_waited_for_wherever_it_strikes(desk: Desk) -> None:
    await desk.approve()
    methods = ("account", "owned", "tag", "moved_away", "change_owner", "count", "deactivate", "recount")
    for method in methods:
        away = Unavailable("away", system=SYSTEM, code="503", retry_after=7.0)
        desk.crm.failures[method] = [away, QuotaExhausted("spent", system=SYSTEM, code="LIMIT")]
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": 15}
    assert desk.waits.count(7.0) == len(methods)


async def test_what_waiting_does_not_help_stops_the_run_and_a_retry_goes_on(desk: Desk) -> None:
    await desk.approve()
    desk.crm.failures["change_owner"] = [
        NotAuthorised("dead", system=SYSTEM, code="INVALID_TOKEN"),
        Rejected("no", system=SYSTEM, code="NOT_ALLOWED"),
        KeyError("a bug of ours"),
    ]
    for key, code in (("not_authorised", "INVALID_TOKEN"), ("rejected", "NOT_ALLOWED"), ("unexpected", "")):
        departure = await desk.run()
        assert departure.problem
        assert (departure.problem.key, departure.problem.code) == (f"problem.{key}", code)
        await desk.says(Retry(), TOMAS)
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": 15}


async def test_a_plan_that_is_not_the_approved_one_is_never_run(desk: Desk) -> None:
    """Even if somebody changes the stored plan behind our back."""
    await desk.approve()
    signed = (await desk.departure()).signed or ""
    changed = signed.replace(f'"{SUCCESSOR.id}"', f'"{COLLEAGUE.id}"')
    assert changed != signed
    text = func.replace(table.c.data, json.dumps(signed), json.dumps(changed))
    await desk._database.write(lambda connection: connection.execute(update(table).values(data=text)))
    departure = await desk.run()
    assert departure.problem
    assert departure.problem.key == "problem.unexpected"
    assert desk.crm.writes == []
