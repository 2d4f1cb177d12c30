"""Other fields that name the leaver: moved, listed, and left alone where somebody has changed them."""

from collections.abc import AsyncIterator

import pytest
from fake_crm import COLLEAGUE, LEAVER, SUCCESSOR, FakeCrm
from run_cases import ADA, FOREVER, TOMAS, Desk, desk_at

from connectors.base import RowReason, Unavailable
from handlers.commands import Retry, SignException
from handlers.departure import State
from handlers.events import Outcome
from handlers.playbooks import StepKey
from handlers.practice import FieldAction, Practice, UserFields

ENGINEER = "Engineer"


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """Nine deals of a colleague and two closed ones of the leaver name the leaver; more than a page."""
    crm = FakeCrm()
    crm.user_fields["Deals"] = (ENGINEER,)
    for each in (*crm.give("Deals", 9, to=COLLEAGUE), *crm.give("Deals", 2, opened=False)):
        crm.rows["Deals"][each].fields[ENGINEER] = LEAVER.id
    crm.give("Contacts", 3)
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


def _named(desk: Desk) -> list[str | None]:
    return [row.fields[ENGINEER] for row in desk.crm.rows["Deals"].values()]


async def test_the_field_names_the_successor_whoever_owns_the_record(desk: Desk) -> None:
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
    assert _named(desk) == [SUCCESSOR.id] * 11
    assert desk.owners("Deals") == {"Ben": 9, "Amit": 2}, "and nobody else changes"
    assert await desk.evidence(StepKey.FIELDS) == {"changed": 11, "others": 0, "by_hand": 0}
    assert await desk.outcomes(module=f"Deals.{ENGINEER}") == {"moved": 11}
    assert max(len(ids) for module, ids in desk.crm.writes if module == "Deals") == desk.crm.limits.update


async def test_a_house_that_lists_them_leaves_them_to_people(desk: Desk) -> None:
    desk.by(Practice(user_fields=UserFields(default=FieldAction.LIST)))
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
    assert _named(desk) == [LEAVER.id] * 11
    assert await desk.outcome(StepKey.FIELDS) is Outcome.NOTHING_TO_DO
    assert (await desk.evidence(StepKey.FIELDS))["by_hand"] == 1


async def test_what_somebody_changed_meanwhile_stays_as_they_want_it(desk: Desk) -> None:
    await desk.approve()
    first, second, third, *_ = list(desk.crm.rows["Deals"])

    def change() -> None:
        desk.crm.rows["Deals"][first].fields[ENGINEER] = COLLEAGUE.id
        desk.crm.rows["Deals"][second].fields[ENGINEER] = None
        del desk.crm.rows["Deals"][third]

    desk.crm.before["values"] = change
    assert (await desk.run()).state is State.BACKUP
    assert desk.crm.rows["Deals"][first].fields[ENGINEER] == COLLEAGUE.id
    assert desk.crm.rows["Deals"][second].fields[ENGINEER] is None
    assert await desk.outcomes(module=f"Deals.{ENGINEER}") == {"moved": 8, "others": 2, "gone": 1}


async def test_an_answer_that_was_lost_is_found_out_and_nothing_is_written_twice(desk: Desk) -> None:
    await desk.approve()
    await desk.run_to(StepKey.FIELDS)
    update = desk.crm.update

    async def lost(module: str, ids: tuple[str, ...], values: dict[str, str | None]) -> object:
        await update(module, ids, values)
        desk.crm.update = update  # type: ignore[method-assign]
        raise Unavailable("no answer", system=desk.crm.system, code="TIMEOUT", unsure=True)

    desk.crm.update = lost  # type: ignore[method-assign,assignment]
    assert (await desk.run()).state is State.BACKUP
    sent = [each for module, ids in desk.crm.writes if module == "Deals" for each in ids]
    assert sorted(sent) == sorted(desk.crm.rows["Deals"]), "each once"
    assert await desk.outcomes(module=f"Deals.{ENGINEER}") == {"moved": 11}


async def test_one_that_is_locked_for_a_moment_comes_again(desk: Desk) -> None:
    desk.crm.refusals[next(iter(desk.crm.rows["Deals"]))] = (RowReason.LOCKED, 2)
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
    assert desk.waits == [0.5, 0.5]
    assert _named(desk) == [SUCCESSOR.id] * 11


@pytest.mark.parametrize("reason", [RowReason.FORBIDDEN, RowReason.LOCKED])
async def test_what_is_refused_stops_the_run_and_can_be_tried_again_or_signed_for(
    desk: Desk, reason: RowReason
) -> None:
    first = next(iter(desk.crm.rows["Deals"]))
    desk.crm.refusals[first] = (reason, FOREVER)
    await desk.approve()
    stopped = await desk.run()
    assert stopped.problem
    assert (stopped.problem.key, stopped.problem.count) == ("problem.fields_refused", 1)
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.ATTENTION
    await desk.says(SignException("The layout forbids it."), TOMAS)
    assert (await desk.run()).state is State.BACKUP
    assert desk.crm.rows["Deals"][first].fields[ENGINEER] == LEAVER.id
    assert await desk.outcome(StepKey.FIELDS) is Outcome.SKIPPED
    assert (await desk.evidence(StepKey.VERIFY))["ghosts"] == 0, "a field makes no ghost"
