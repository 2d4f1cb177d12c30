"""What is looked at before the first write, and in which order an emergency goes."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_crm import COLLEAGUE, LEAVER, SUCCESSOR, FakeCrm
from run_cases import ADA, TOMAS, Desk, desk_at, now

from connectors.base import Fitness
from handlers.commands import Approve, Retry
from handlers.departure import State, open_departure
from handlers.events import MailboxConfirmed, Opened
from handlers.people import Person
from handlers.plan import Handover
from handlers.playbooks import StepKey
from handlers.routes import Route

SHARED = Handover(SUCCESSOR, (Route(COLLEAGUE, ("Deals",), share=50),))


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    crm = FakeCrm()
    crm.give("Contacts", 10)
    crm.give("Deals", 6)
    crm.give("Deals", 4, opened=False)
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


async def _stopped(desk: Desk) -> str:
    departure = await desk.run()
    assert departure.problem
    assert departure.problem.step == StepKey.COMPARE
    assert desk.crm.writes == []
    assert desk.crm.people[LEAVER.id].active
    return departure.problem.key


async def test_a_run_that_would_end_in_the_middle_for_want_of_calls_does_not_begin(desk: Desk) -> None:
    await desk.approve()
    plan = (await desk.departure()).plan
    assert plan
    forecast = plan.systems[0].forecast
    assert forecast
    desk.crm.credits = forecast.credits - 1
    assert await _stopped(desk) == "problem.credits"
    desk.crm.credits = forecast.credits
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP, "tomorrow there are calls again"


async def test_what_was_too_little_when_it_was_planned_is_not_held_against_it(desk: Desk) -> None:
    desk.crm.credits = 1
    await desk.approve()
    plan = (await desk.departure()).plan
    assert plan
    assert plan.systems[0].forecast
    assert not plan.systems[0].forecast.affordable
    desk.crm.credits = None
    assert (await desk.run()).state is State.BACKUP


@pytest.mark.parametrize("who", [SUCCESSOR, COLLEAGUE])
@pytest.mark.parametrize(
    ("fitness", "problem"),
    [
        (Fitness(absent_until=now() + timedelta(days=9)), "problem.successor.absent"),
        (Fitness(forbidden=("Deals",)), "problem.successor.forbidden"),
    ],
)
async def test_any_receiver_who_is_away_or_barred_stops_it(
    desk: Desk, who: object, fitness: Fitness, problem: str
) -> None:
    await desk.approve(SHARED)
    desk.crm.fit[who.id] = fitness  # type: ignore[attr-defined]
    assert await _stopped(desk) == problem
    del desk.crm.fit[who.id]  # type: ignore[attr-defined]
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP


async def test_a_receiver_of_a_share_who_left_stops_it_too(desk: Desk) -> None:
    await desk.approve(SHARED)
    desk.crm.people[COLLEAGUE.id] = replace(COLLEAGUE, active=False)
    assert await _stopped(desk) == "problem.successor.inactive"


# Drift


def _closes(desk: Desk, count: int) -> Callable[[], None]:
    def close() -> None:
        for row in list(desk.crm.rows["Deals"].values())[:count]:
            row.open = False

    return close


async def _confirmed(desk: Desk) -> list[MailboxConfirmed]:
    return [event for event in await desk.events() if isinstance(event, MailboxConfirmed)]


def _gives_away(desk: Desk, count: int) -> Callable[[], None]:
    def give() -> None:
        for row in list(desk.crm.rows["Contacts"].values())[:count]:
            row.owner = COLLEAGUE.id

    return give


@pytest.mark.parametrize(
    ("edit", "difference"),
    [
        (lambda desk: _closes(desk, 6), ("Deals", 6, 0)),
        (lambda desk: _gives_away(desk, 7), ("Contacts", 10, 3)),
        (lambda desk: lambda: desk.crm.give("Calls", 6), ("Calls", 0, 6)),
        (lambda desk: lambda: desk.crm.give("Deals", 6), ("Deals", 6, 12)),
    ],
)
async def test_what_colleagues_do_between_approval_and_run_voids_it_beyond_the_tolerance(
    desk: Desk, edit: Callable[[Desk], Callable[[], object]], difference: tuple[str, int, int]
) -> None:
    await desk.approve()
    approved = (await desk.departure()).digest
    desk.crm.before["count"] = edit(desk)
    departure = await desk.run()
    assert departure.state is State.APPROVAL
    assert [(d.module, d.planned, d.now) for d in departure.differences] == [difference]
    assert departure.approved is None
    assert departure.digest != approved
    assert desk.crm.writes == []

    await desk.says(Approve(str(departure.digest)), TOMAS)
    again = await desk.departure()
    assert departure.mailbox
    assert again.mailbox == departure.mailbox, "nobody has confirmed anything since"
    assert [event.by for event in await _confirmed(desk)] == [ADA.person, None]
    assert (await _confirmed(desk))[1].first == departure.mailbox.at
    after = await desk.run()
    assert after.state is State.BACKUP, "approved anew, and the mailbox is still as it was"
    assert not any(row.owner == LEAVER.id and row.open for rows in desk.crm.rows.values() for row in rows.values())


@pytest.mark.parametrize(
    ("edit", "moved"),
    [
        (lambda desk: _closes(desk, 5), 11),
        (lambda desk: _gives_away(desk, 5), 11),
        (lambda desk: lambda: desk.crm.give("Calls", 5), 21),
    ],
)
async def test_within_the_tolerance_it_moves_what_there_is(
    desk: Desk, edit: Callable[[Desk], Callable[[], object]], moved: int
) -> None:
    await desk.approve()
    desk.crm.before["count"] = edit(desk)
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": moved}


async def test_the_old_approval_is_worth_nothing_for_the_new_plan(desk: Desk) -> None:
    await desk.approve()
    signed = str((await desk.departure()).digest)
    desk.crm.give("Deals", 9)
    assert (await desk.run()).state is State.APPROVAL
    with pytest.raises(Exception, match=r"approve\.changed"):
        await desk.says(Approve(signed), TOMAS)


# Emergency


async def test_in_an_emergency_the_log_in_is_gone_before_the_first_write_and_all_the_rest_is_the_same(
    desk: Desk,
) -> None:
    await desk.approve(emergency=True)
    await desk.run_to(StepKey.TAP)
    assert not desk.crm.people[LEAVER.id].active
    assert desk.crm.writes == []
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcomes() == {"moved": 16}
    assert (await desk.evidence(StepKey.RECOUNT))["ghosts"] == 0


async def test_a_successor_who_is_leaving_themselves_by_now_gets_nothing(desk: Desk) -> None:
    await desk.approve()
    accounts = {"zoho_crm": SUCCESSOR}
    person = Person(SUCCESSOR.name, SUCCESSOR.email)
    opened = Opened(at=now(), by=ADA.person, leaver=person, accounts=accounts, admin=ADA.person)
    await desk.store.write(lambda tx: tx.create(open_departure("another", opened), opened))
    assert await _stopped(desk) == "problem.successor.leaving"
