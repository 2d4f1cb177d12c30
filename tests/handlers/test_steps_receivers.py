"""Runs that give records to several people, close old ones, or follow other rules of the house."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fake_crm import COLLEAGUE, DEAD, LEAD, LEAVER, MODULES, SUCCESSOR, FakeCrm
from run_cases import FOREVER, SYSTEM, TOMAS, Desk, desk_at, now

from connectors.base import Category, RowReason
from handlers.commands import Announce, SignException
from handlers.departure import State
from handlers.events import Outcome
from handlers.plan import Handover
from handlers.playbooks import StepKey
from handlers.practice import Mail, ModuleRule, Move, Practice, StaleAction, Tagging
from handlers.routes import Route

CLOSES = Practice(modules={"Deals": ModuleRule(status="Status", closed=frozenset({DEAD}), dead=DEAD)})


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """Twenty contacts, of which four have a deal each, and six deals more."""
    crm = FakeCrm()
    contacts = crm.give("Contacts", 20)
    deals = crm.give("Deals", 10)
    for contact, deal in zip(contacts[:4], deals[:4], strict=True):
        crm.rows["Deals"][deal].fields["Contact"] = contact
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


def _writes(desk: Desk, module: str) -> list[tuple[str, ...]]:
    return [ids for name, ids in desk.crm.writes if name == module]


async def test_shares_move_in_batches_for_each_receiver(desk: Desk) -> None:
    await desk.approve(Handover(SUCCESSOR, (Route(COLLEAGUE, share=40),)))
    assert (await desk.run()).state is State.BACKUP
    assert desk.owners("Contacts") == {"Sofia": 12, "Ben": 8}
    for batch in _writes(desk, "Contacts"):
        assert len({desk.crm.owner(each) for each in batch}) == 1
        assert len(batch) <= desk.crm.limits.write
    assert len(_writes(desk, "Contacts")) <= 6, "batches are filled, though receivers take turns"


async def test_a_deal_goes_where_its_contact_goes(desk: Desk) -> None:
    first, second = list(desk.crm.rows["Contacts"])[:2]
    for each in (first, second):
        desk.crm.rows["Contacts"][each].fields["City"] = "Rome"
    roman = Route(COLLEAGUE, ("Contacts",), field="City", values=("Rome",))
    await desk.approve(Handover(SUCCESSOR, (roman,)))
    assert (await desk.run()).state is State.BACKUP
    assert (desk.owners("Contacts"), desk.owners("Deals")) == ({"Ben": 2, "Sofia": 18}, {"Ben": 2, "Sofia": 8})
    theirs = [row.fields["Contact"] for row in desk.crm.rows["Deals"].values() if row.owner == COLLEAGUE.id]
    assert theirs == [first, second]


async def test_late_arrivals_go_by_the_same_routes(desk: Desk) -> None:
    await desk.approve(Handover(SUCCESSOR, (Route(COLLEAGUE, ("Calls",)),)))
    desk.crm.before["deactivate"] = lambda: None
    desk.crm.before["change_owner"] = lambda: desk.crm.give("Calls", 2)
    assert (await desk.run()).state is State.BACKUP
    assert desk.owners("Calls") == {"Ben": 2}


async def test_notices_name_the_real_owners(desk: Desk) -> None:
    await desk.approve(Handover(SUCCESSOR, (Route(COLLEAGUE, ("Deals",), share=30),)))
    await desk.says(Announce(), TOMAS)
    await desk.run()
    told = await desk.announced()
    deals = {key: text for key, text in told.items() if "Deals" in key}
    assert len(deals) == 11, "one for the module, and one for each of ten records"
    for key, text in deals.items():
        record = key.partition("Deals")[2].strip(":").partition("@")[0]
        new = desk.crm.people[desk.crm.owner(record)].name if record else "Ben Carter"
        assert new in text, key
        other = COLLEAGUE.name if new == SUCCESSOR.name else SUCCESSOR.name
        assert not record or other not in text
    (contacts,) = [text for key, text in told.items() if "Contacts" in key]
    assert SUCCESSOR.name in contacts
    assert COLLEAGUE.name not in contacts


async def test_a_record_that_a_colleague_gave_to_the_other_receiver_stays_with_them(desk: Desk) -> None:
    await desk.approve(Handover(SUCCESSOR, (Route(COLLEAGUE, ("Calls",)),)))
    first = next(iter(desk.crm.rows["Contacts"]))

    def gives_away() -> None:
        desk.crm.rows["Contacts"][first].owner = COLLEAGUE.id

    desk.crm.before["moved_away"] = gives_away
    assert (await desk.run()).state is State.BACKUP
    assert desk.crm.owner(first) == COLLEAGUE.id
    assert (await desk.outcomes(module="Contacts")) == {"moved": 19, "others": 1}


async def test_what_a_colleague_closes_meanwhile_keeps_its_owner(desk: Desk) -> None:
    await desk.approve()
    won = list(desk.crm.rows["Deals"])[:3]

    def wins_three() -> None:
        for each in won:
            desk.crm.rows["Deals"][each].open = False

    await desk.run_to(StepKey.TRANSFER)
    wins_three()
    assert (await desk.run()).state is State.BACKUP
    assert {desk.crm.owner(each) for each in won} == {LEAVER.id}
    assert await desk.outcomes(module="Deals") == {"moved": 7, "others": 3}


async def test_one_look_guards_a_stretch_whatever_the_number_of_its_receivers(desk: Desk) -> None:
    looks: list[tuple[str, str]] = []
    look = desk.crm.moved_away

    async def counting(account_id: str, module: str, part: object, **bounds: object) -> object:
        looks.append((module, str(bounds["ids"])))
        return await look(account_id, module, part, **bounds)  # type: ignore[arg-type]

    desk.crm.moved_away = counting  # type: ignore[method-assign,assignment]
    await desk.approve(Handover(SUCCESSOR, (Route(COLLEAGUE, share=30), Route(LEAD, share=30))))
    assert (await desk.run()).state is State.BACKUP
    assert [module for module, _ in looks] == ["Contacts", "Deals"]


# Old records


def _idle(desk: Desk, count: int) -> list[str]:
    """The last of the deals; nobody has worked on them."""
    found = list(desk.crm.rows["Deals"])[-count:]
    for each in found:
        desk.crm.rows["Deals"][each].idle = True
        desk.crm.rows["Deals"][each].fields["Status"] = "Contacted"
    return found


def _handover(stale: StaleAction, **values: object) -> Handover:
    return replace(Handover(SUCCESSOR, stale=stale, idle_since=now()), **values)  # type: ignore[arg-type]


async def test_old_records_are_closed_as_dead_and_stay(desk: Desk) -> None:
    old = _idle(desk, 6)
    desk.by(CLOSES)
    await desk.approve(_handover(StaleAction.CLOSE))
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert {desk.crm.rows["Deals"][each].fields["Status"] for each in old} == {DEAD}
    assert {desk.crm.owner(each) for each in old} == {LEAVER.id}
    assert await desk.outcomes(module="Deals") == {"moved": 4}
    place = next(p for p in await desk.store.read(lambda tx: tx.totals(desk.id)) if p.module == "Deals.Status")
    before = await desk.store.read(lambda tx: tx.planned(place, old))
    assert [(row.record_id, row.owner_before, row.owner_after) for row in before] == [
        (each, "Contacted", DEAD) for each in old
    ], "what an undo restores"
    assert await desk.evidence(StepKey.VERIFY) == {"ghosts": 0, "modules": 3}
    assert (await desk.evidence(StepKey.FIELDS))["changed"] == 6


async def test_an_old_record_that_somebody_took_or_worked_on_is_not_closed(desk: Desk) -> None:
    taken, revived, gone, closed, *_ = _idle(desk, 6)
    desk.by(CLOSES)
    await desk.approve(_handover(StaleAction.CLOSE))
    await desk.run_to(StepKey.FIELDS)
    rows = desk.crm.rows["Deals"]
    rows[taken].owner = COLLEAGUE.id
    rows[revived].fields["Status"] = "Negotiation"
    rows[revived].idle = False
    rows[closed].fields["Status"] = DEAD
    del rows[gone]
    assert (await desk.run()).state is State.BACKUP
    assert (rows[taken].owner, rows[taken].fields["Status"]) == (COLLEAGUE.id, "Contacted")
    assert (rows[revived].owner, rows[revived].fields["Status"]) == (SUCCESSOR.id, "Negotiation"), "it lives: it moves"
    assert await desk.outcomes(module="Deals.Status") == {"moved": 3, "others": 2, "gone": 1}


async def test_an_old_record_that_stays_open_though_nobody_works_on_it_is_told(desk: Desk) -> None:
    odd, *_ = _idle(desk, 6)
    desk.by(CLOSES)
    await desk.approve(_handover(StaleAction.CLOSE))
    await desk.run_to(StepKey.FIELDS)
    desk.crm.rows["Deals"][odd].fields["Status"] = "Parked"
    departure = await desk.run()
    assert departure.problem
    assert (departure.problem.key, departure.problem.count) == ("problem.ghosts_left", 1)


async def test_an_old_late_arrival_that_cannot_be_closed_is_signed_for_and_never_zero(desk: Desk) -> None:
    _idle(desk, 6)
    desk.by(CLOSES)
    await desk.approve(_handover(StaleAction.CLOSE))
    await desk.run_to(StepKey.VERIFY)
    (late,) = desk.crm.give("Deals", 1)
    desk.crm.rows["Deals"][late].idle = True
    desk.crm.refusals[late] = (RowReason.INVALID, FOREVER)
    departure = await desk.run()
    assert departure.problem
    assert (departure.problem.key, departure.problem.count) == ("problem.rows_refused", 1)
    await desk.says(SignException("The record is broken."), TOMAS)
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcome(StepKey.VERIFY) is Outcome.SKIPPED
    assert (await desk.evidence(StepKey.RECOUNT))["ghosts"] == 1


async def test_old_records_are_shared_out_evenly(desk: Desk) -> None:
    old = _idle(desk, 6)
    await desk.approve(_handover(StaleAction.ALLOCATE, allocate_to=(COLLEAGUE, LEAD)))
    assert (await desk.run()).state is State.BACKUP
    assert desk.owners("Deals") == {"Sofia": 4, "Ben": 3, "Tomás": 3}
    assert SUCCESSOR.id not in {desk.crm.owner(each) for each in old}


async def test_in_quiet_no_automation_is_set_off_and_batches_are_smaller(desk: Desk) -> None:
    await desk.approve(Handover(SUCCESSOR, quiet=True))
    assert (await desk.run()).state is State.BACKUP
    assert desk.owners("Contacts") == {"Sofia": 20}
    assert set(desk.crm.quiet) == {True}
    assert max(len(ids) for _, ids in desk.crm.writes) == desk.crm.limits.update


# Rules of the house


async def test_a_module_of_which_nothing_moves_is_no_ghost_and_one_of_which_all_moves_keeps_none(desk: Desk) -> None:
    desk.crm.give("Contacts", 2, opened=False)
    desk.crm.give("Deals", 3, opened=False)
    desk.crm.give("Calls", 4)
    none, everything = ModuleRule(move=Move.NONE), ModuleRule(move=Move.ALL)
    desk.by(Practice(modules={"Contacts": none, "Deals": everything}, activities=Move.NONE))
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
    assert desk.owners("Contacts") == {"Amit": 22}
    assert desk.owners("Calls") == {"Amit": 4}
    assert desk.owners("Deals") == {"Sofia": 13}
    assert await desk.evidence(StepKey.RECOUNT) == {"ghosts": 0, "modules": 1}


async def test_a_house_that_does_not_tag_or_count_mails(desk: Desk) -> None:
    desk.crm.failures["mail_sample"] = [AssertionError("not asked for")]
    desk.by(Practice(tagging=Tagging(enabled=False), mail=Mail(sample=0)))
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcome(StepKey.TAG) is Outcome.NOTHING_TO_DO
    assert not any(row.tags for row in desk.crm.rows["Contacts"].values())


def test_every_module_of_the_fake_has_its_kind() -> None:
    assert {module.category for module in MODULES.values()} == set(Category)
    assert FakeCrm.system == SYSTEM
