"""One plan and one approval over several systems: side by side, each by its own playbook, none held up by another."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from fake_crm import COLLEAGUE, LEAVER, SUCCESSOR
from several_cases import ADA, PIPEDRIVE, SANGAM, TOMAS, ZOHO, Office

from bot.store.database import Database
from connectors.base import NotAuthorised, RowReason, Unavailable
from handlers.checklist import ItemState
from handlers.commands import ConfirmBackup, ConfirmByHand, HandOn, Retry, SettleItem, SignException, StartUndo
from handlers.departure import Departure, State
from handlers.events import DoneByHand, Outcome
from handlers.handing_on import can_hand_on, held_by
from handlers.people import Person
from handlers.playbooks import StepKey
from handlers.ports import JobName, LedgerOutcome
from handlers.practice import load_practice
from handlers.refusal import Refusal
from handlers.returning import placed, preview, scope_of


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Zoho CRM and Pipedrive, with records in both."""
    async for made in _office(tmp_path, ZOHO, PIPEDRIVE):
        yield made


async def _office(tmp_path: Path, *systems: str) -> AsyncIterator[Office]:
    database = Database(f"sqlite:///{tmp_path}/office.sqlite3")
    await database.upgrade()
    office = Office(database, *systems)
    for crm in office.crms.values():
        crm.give("Contacts", 20)
        crm.give("Deals", 5)
        crm.give("Deals", 3, opened=False)
    yield office
    await database.close()


async def test_both_end_with_nothing_left_behind(office: Office) -> None:
    await office.approve()
    departure = await office.work()
    assert departure.state is State.BACKUP
    for system, crm in office.crms.items():
        assert office.owners(system) == {"Amit": 3, "Sofia": 25}, "what was won stays with who won it"
        assert not crm.people[LEAVER.id].active
    await office.says(ConfirmBackup("retained"), ADA)
    assert (await office.work()).state is State.CHECKLIST


async def test_they_run_side_by_side_each_in_its_own_order(office: Office) -> None:
    await office.approve()
    office.units.clear()
    departure = await office.work()
    runs = [system for name, system in office.units if name is JobName.RUN]
    assert runs[:6] == [ZOHO, PIPEDRIVE] * 3
    order = {system: [r.step for r in departure.steps if r.system == system] for system in office.crms}
    assert order[PIPEDRIVE].index(StepKey.DEACTIVATE) < order[PIPEDRIVE].index(StepKey.TRANSFER)
    assert order[ZOHO].index(StepKey.TRANSFER) < order[ZOHO].index(StepKey.DEACTIVATE)


async def test_a_tag_that_goes_along_is_no_step_of_its_own(office: Office) -> None:
    await office.approve()
    departure = await office.work()
    assert StepKey.TAG not in [r.step for r in departure.steps if r.system == PIPEDRIVE]
    rows = office.crms[PIPEDRIVE].rows["Contacts"].values()
    assert all(row.tags == {"AmitKumarRecords"} for row in rows)
    totals = await office.store.read(lambda tx: tx.totals(office.id))
    assert {place.system: total.tagged for place, total in totals.items() if place.module == "Contacts"} == {
        ZOHO: 20,
        PIPEDRIVE: 20,
    }


async def test_nothing_is_written_before_all_were_compared(office: Office) -> None:
    await office.approve()
    office.crms[PIPEDRIVE].give("Contacts", 30)
    departure = await office.work()
    assert departure.state is State.APPROVAL, "the approval of all is void"
    assert [(each.system, each.now) for each in departure.differences] == [(PIPEDRIVE, 50)]
    assert office.owners(ZOHO) == {"Amit": 28}


async def test_a_drift_found_late_stops_its_own_system_alone(office: Office) -> None:
    """The first system could not wait for ever for one that was away."""
    await office.approve()
    office.crms[PIPEDRIVE].give("Contacts", 30)
    await office.work(only=ZOHO)
    departure = await office.work(only=PIPEDRIVE)
    assert (departure.state, departure.problem and departure.problem.key) == (State.ATTENTION, "problem.drifted")
    assert departure.problem.system == PIPEDRIVE
    assert office.owners(ZOHO) == {"Amit": 3, "Sofia": 25}
    assert office.owners(PIPEDRIVE) == {"Amit": 58}
    await office.says(SignException("They came from the fair, all are his"), TOMAS)
    departure = await office.work()
    assert departure.state is State.BACKUP
    assert office.owners(PIPEDRIVE) == {"Amit": 3, "Sofia": 55}


async def test_a_fault_in_one_leaves_the_other_alone_and_is_told(office: Office) -> None:
    await office.approve()
    office.crms[PIPEDRIVE].failures["change_owner"] = [NotAuthorised("revoked", system=PIPEDRIVE, code="401")] * 2
    departure = await office.work()
    assert (departure.state, departure.stopped(PIPEDRIVE), departure.stopped(ZOHO)) == (State.ATTENTION, True, False)
    assert departure.problem
    assert (departure.problem.system, departure.problem.step) == (PIPEDRIVE, StepKey.TRANSFER)
    assert office.owners(ZOHO) == {"Amit": 3, "Sofia": 25}, "the other one is through"
    assert departure.next_step(ZOHO) is None
    await office.says(Retry(), ADA)
    assert (await office.work()).state is State.ATTENTION, "the fault is still there"
    await office.says(Retry(), ADA)
    assert (await office.work()).state is State.BACKUP
    assert office.owners(PIPEDRIVE) == {"Amit": 3, "Sofia": 25}


@pytest.mark.parametrize("method", ["inventory", "change_owner"])
async def test_a_server_behind_a_system_that_refuses_stops_that_system(office: Office, method: str) -> None:
    """Zoho's tokens come from a server of their own, which has another name."""
    office.crms[ZOHO].failures[method] = [NotAuthorised("dead", system="zoho_accounts", code="invalid_code")]
    if method == "inventory":
        await office.open()
    else:
        await office.approve()
    departure = await office.work()
    assert departure.state is State.ATTENTION
    assert [(problem.system, problem.code) for problem in departure.problems] == [(ZOHO, "invalid_code")]


async def test_what_is_away_holds_up_nobody(office: Office) -> None:
    await office.approve()
    away = Unavailable("away", system=PIPEDRIVE, code="503")
    office.crms[PIPEDRIVE].failures["account"] = [away] * 500
    await office.work(only=ZOHO)
    assert office.owners(ZOHO) == {"Amit": 3, "Sofia": 25}
    office.crms[PIPEDRIVE].failures.clear()
    assert (await office.work()).state is State.BACKUP


async def test_two_faults_are_asked_about_one_after_the_other(office: Office) -> None:
    await office.approve()
    for crm in office.crms.values():
        crm.refusals["1000"] = RowReason.FORBIDDEN, 99
    departure = await office.work()
    first, second = (problem.system for problem in departure.problems)
    assert {first, second} == {ZOHO, PIPEDRIVE}
    turn = departure.turn
    await office.says(SignException("agreed"), TOMAS)
    departure = await office.work()
    assert departure.state is State.ATTENTION
    assert departure.turn > turn, "a button of the first question no longer counts"
    assert departure.problem
    assert departure.problem.system == second
    assert departure.next_step(first) is None, "the one that was signed for has gone on meanwhile"
    await office.says(SignException("agreed as well"), TOMAS)
    assert (await office.work()).state is State.BACKUP


async def test_retry_goes_on_wherever_it_has_stopped_and_only_there(office: Office) -> None:
    await office.approve()
    for system, crm in office.crms.items():
        crm.failures["change_owner"] = [NotAuthorised("revoked", system=system, code="401")]
    assert len((await office.work()).problems) == 2
    await office.says(Retry(), ADA)
    assert (await office.work()).state is State.BACKUP


async def test_refused_records_of_the_other_system_are_not_tried_again(office: Office) -> None:
    await office.approve()
    office.crms[ZOHO].refusals["1000"] = RowReason.FORBIDDEN, 99
    await office.work()
    await office.says(SignException("agreed"), TOMAS)
    office.crms[PIPEDRIVE].refusals["1000"] = RowReason.FORBIDDEN, 1
    departure = await office.work()
    if departure.state is State.ATTENTION:
        await office.says(Retry(), ADA)
        await office.work()
    assert (await office.outcomes(ZOHO))[LedgerOutcome.FAILED] == 1


async def test_in_an_emergency_both_log_ins_go_first(office: Office) -> None:
    await office.approve(emergency=True)
    departure = await office.work()
    for system in office.crms:
        steps = [r.step for r in departure.steps if r.system == system]
        assert steps.index(StepKey.DEACTIVATE) < steps.index(StepKey.SNAPSHOT)


async def test_an_undo_goes_on_in_the_other_system_where_one_has_stopped(office: Office) -> None:
    await office.approve()
    await office.work()
    office.crms[PIPEDRIVE].failures["change_owner"] = [NotAuthorised("revoked", system=PIPEDRIVE, code="401")]
    await office.says(StartUndo(), ADA)
    departure = await office.work()
    assert departure.state is State.ATTENTION
    assert office.owners(ZOHO) == {"Amit": 28}
    assert office.crms[ZOHO].people[LEAVER.id].active
    assert departure.undoings[-1].through == (ZOHO,)
    await office.says(Retry(), ADA)
    departure = await office.work()
    assert departure.state is State.UNDONE
    assert departure.undoings[-1].result
    assert departure.undoings[-1].result.records == 50
    assert office.owners(PIPEDRIVE) == {"Amit": 28}


async def test_giving_up_in_one_system_leaves_the_undo_of_the_others_alone(office: Office) -> None:
    await office.approve()
    await office.work()
    office.crms[ZOHO].refusals["1000"] = RowReason.FORBIDDEN, 99
    office.crms[PIPEDRIVE].failures["change_owner"] = [NotAuthorised("revoked", system=PIPEDRIVE, code="401")]
    await office.says(StartUndo(), ADA)
    await office.work()
    departure = await office.departure()
    assert {problem.system for problem in departure.problems} == {ZOHO, PIPEDRIVE}
    while departure.problem and departure.problem.system != ZOHO:
        await office.says(Retry(), ADA)
        departure = await office.work()
    await office.says(SignException("one record is nothing"), TOMAS)
    departure = await office.work()
    assert departure.state is State.UNDONE
    assert office.owners(PIPEDRIVE) == {"Amit": 28}, "the other system went through to its end"
    assert office.crms[PIPEDRIVE].people[LEAVER.id].active
    assert office.owners(ZOHO) == {"Amit": 27, "Sofia": 1}
    assert departure.undoings[-1].result
    assert (departure.undoings[-1].result.records, departure.undoings[-1].result.failed) == (49, 1)


async def test_a_hand_over_given_up_in_one_system_has_not_gone_on_there(office: Office) -> None:
    await office.approve(interim=True)
    await office.work()
    await office.says(ConfirmBackup("retained"), ADA)
    departure = await office.work()
    for item in departure.checklist:
        await office.says(SettleItem(item.key, ItemState.DONE, "seen"), ADA)
    office.crms[PIPEDRIVE].failures["change_owner"] = [NotAuthorised("revoked", system=PIPEDRIVE, code="401")] * 9
    ben = {system: replace(COLLEAGUE, system=system) for system in office.crms}
    await office.says(HandOn(ben, Person("Ben Carter", COLLEAGUE.email), frozenset()), ADA)
    departure = await office.work()
    assert departure.problem
    assert departure.problem.system == PIPEDRIVE
    await office.says(SignException("he gets them next week"), TOMAS)
    departure = await office.work()
    assert departure.state is State.CLOSED
    sofia = departure.receivers[f"{ZOHO}/{SUCCESSOR.id}"]
    assert held_by(departure, sofia) == {PIPEDRIVE: SUCCESSOR.id}, "what did not go on is still hers"
    assert can_hand_on(departure), "so that it can go on later"


async def test_a_drift_after_the_other_system_has_begun_asks_nobody_to_approve_all_anew(tmp_path: Path) -> None:
    """A new approval could name somebody else for what is on its way already."""
    async for office in _office(tmp_path, ZOHO, SANGAM):
        await office.approve()
        office.crms[ZOHO].failures["account"] = [NotAuthorised("revoked", system=ZOHO, code="401")]
        for job in list(office.jobs):
            if job.system == ZOHO:
                await office.unit(job)
        for job in list(office.jobs):
            for _ in range(4):
                if job.system == SANGAM:
                    await office.unit(job)
        assert (await office.outcomes(SANGAM)).get(LedgerOutcome.PLANNED), "its records are listed"
        office.crms[ZOHO].give("Contacts", 40)
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.state is State.ATTENTION
        assert "problem.drifted" in {problem.key for problem in departure.problems}


async def test_part_of_an_undo_concerns_one_system_alone(office: Office) -> None:
    await office.approve()
    await office.work()
    await office.says(ConfirmBackup("retained"), ADA)
    departure = await office.work()
    for item in departure.checklist:
        await office.says(SettleItem(item.key, ItemState.DONE, "seen"), ADA)
    assert (await office.departure()).state is State.CLOSED
    await office.says(StartUndo(modules=(f"{PIPEDRIVE}/Deals",)), ADA)
    departure = await office.work()
    assert departure.state is State.CLOSED
    assert office.owners(PIPEDRIVE) == {"Amit": 8, "Sofia": 20}
    assert office.owners(ZOHO) == {"Amit": 3, "Sofia": 25}
    assert departure.undoings[-1].through == (PIPEDRIVE,)


async def _closed(office: Office) -> Departure:
    await office.approve()
    await office.work()
    await office.says(ConfirmBackup("retained"), ADA)
    for item in (await office.work()).checklist:
        await office.says(SettleItem(item.key, ItemState.DONE, "seen"), ADA)
    departure = await office.departure()
    assert departure.state is State.CLOSED
    return departure


async def test_an_id_alone_is_asked_back_where_several_records_have_it(office: Office) -> None:
    departure = await _closed(office)
    record = next(iter(office.crms[PIPEDRIVE].rows["Contacts"]))
    with pytest.raises(Refusal, match=r"undo\.several_records") as asked:
        await placed(office.store, departure, (record,))
    places = [f"{ZOHO}/Contacts/{record}", f"{PIPEDRIVE}/Contacts/{record}"]
    assert asked.value.values["places"] == ", ".join(places)
    with pytest.raises(Refusal, match=r"undo\.record_elsewhere"):
        await placed(office.store, departure, (record,), (f"{ZOHO}/Deals",))
    modules, records = scope_of(departure, f"pipedrive/contacts {record}")
    assert await placed(office.store, departure, records, modules) == (places[1],)
    assert await placed(office.store, departure, (f"Pipedrive/contacts/{record}",)) == (places[1],)


async def test_an_undo_of_one_record_leaves_its_namesake_in_the_other_system(office: Office) -> None:
    await _closed(office)
    record = next(iter(office.crms[PIPEDRIVE].rows["Contacts"]))
    await office.says(StartUndo(records=(f"{PIPEDRIVE}/Contacts/{record}",)), ADA)
    departure = await office.work()
    assert departure.state is State.CLOSED
    assert (office.owners(ZOHO)["Amit"], office.owners(PIPEDRIVE)["Amit"]) == (3, 4)
    assert not office.crms[ZOHO].people[LEAVER.id].active
    assert departure.undoings[-1].result
    assert departure.undoings[-1].result.records == 1


async def test_an_undo_that_was_stored_with_ids_alone_means_what_it_meant(office: Office) -> None:
    await _closed(office)
    record = next(iter(office.crms[PIPEDRIVE].rows["Contacts"]))
    await office.says(StartUndo(records=(record,)), ADA)
    await office.work()
    assert (office.owners(ZOHO)["Amit"], office.owners(PIPEDRIVE)["Amit"]) == (4, 4)


async def test_a_module_of_several_systems_is_meant_in_all_of_them(office: Office) -> None:
    departure = await _closed(office)
    both = (f"{ZOHO}/Deals", f"{PIPEDRIVE}/Deals")
    assert scope_of(departure, "deals") == (both, ())
    assert scope_of(departure, "pipedrive/deals") == (both[1:], ())
    shown = await preview(office.store, office.crms, departure, modules=both)
    assert [(place.system, place.ours) for place in shown.places] == [(ZOHO, 5), (PIPEDRIVE, 5)]


async def test_what_the_bot_does_in_a_connected_system_is_no_item_of_the_peoples_checklist(office: Office) -> None:
    house = load_practice(None).checklist
    await office.approve(template=house)
    keys = {item.key for item in (await office.departure()).checklist}
    assert "pipedrive" not in keys
    assert {"desk", "other_crm", "seat-pipedrive"} <= keys


async def test_without_a_mailbox_in_any_system_nobody_is_asked_about_one(tmp_path: Path) -> None:
    async for office in _office(tmp_path, PIPEDRIVE):
        await office.approve()
        departure = await office.departure()
        assert departure.state is State.RUNNING
        departure = await office.work()
        assert departure.state in (State.CHECKLIST, State.CLOSED), "and about no backup either"
        assert departure.moved_in == departure.run


class TestByHand:
    @pytest_asyncio.fixture
    async def office(self, tmp_path: Path) -> AsyncIterator[Office]:
        async for made in _office(tmp_path, ZOHO, SANGAM):
            yield made

    async def test_a_person_moves_the_records_and_the_system_is_asked_whether_they_did(self, office: Office) -> None:
        await office.approve()
        departure = await office.work()
        assert departure.problem
        assert (departure.problem.key, departure.problem.count) == ("guided.transfer", 25)
        assert office.owners(ZOHO) == {"Amit": 3, "Sofia": 25}
        crm = office.crms[SANGAM]
        contacts = crm.rows["Contacts"].values()
        for row in contacts:
            row.owner = SUCCESSOR.id
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert (departure.problem.key, departure.problem.count) == ("guided.transfer", 5)
        for row in crm.rows["Deals"].values():
            row.owner = SUCCESSOR.id if row.open else row.owner
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert departure.problem.key == "guided.deactivate"
        assert await office.outcomes(SANGAM) == {LedgerOutcome.MOVED: 25}

    async def test_what_the_system_does_not_tell_is_taken_at_a_named_persons_word(self, office: Office) -> None:
        await self._moved_by_hand(office)
        with pytest.raises(Refusal) as refused:
            await office.says(ConfirmByHand("  "), ADA)
        assert refused.value.field == "note"
        await office.says(ConfirmByHand("Made inactive under Admin > Users"), ADA)
        departure = await office.work()
        assert departure.problem
        assert departure.problem.key == "guided.recount"
        for left in (None, 3):
            with pytest.raises(Refusal) as refused:
                await office.says(ConfirmByHand("Filtered by owner", left=left), TOMAS)
            assert refused.value.field == "left", "what is still there keeps it open"
        await office.says(ConfirmByHand("Filtered by owner: 0 in every module", left=0), TOMAS)
        departure = await office.work()
        assert departure.state is State.BACKUP
        steps = {r.step: r for r in departure.steps if r.system == SANGAM}
        assert steps[StepKey.RECOUNT].outcome is Outcome.DONE
        assert steps[StepKey.RECOUNT].evidence == {"by_hand": "Filtered by owner: 0 in every module", "ghosts": 0}
        assert departure.prompts[-2].answer
        assert (departure.prompts[-2].answer.key, departure.prompts[-2].answer.by) == (DoneByHand.type, TOMAS.person)

    async def test_nobody_can_say_by_hand_what_the_system_tells(self, office: Office) -> None:
        await office.approve()
        await office.work()
        with pytest.raises(Refusal) as refused:
            await office.says(ConfirmByHand("moved"), ADA)
        assert refused.value.key == "by_hand.impossible"

    async def test_the_bot_writes_nothing_where_people_do_it(self, office: Office) -> None:
        await self._moved_by_hand(office)
        crm = office.crms[SANGAM]
        await office.says(ConfirmByHand("done"), ADA)
        await office.work()
        await office.says(ConfirmByHand("0 left", left=0), ADA)
        departure = await office.work()
        assert departure.state is State.BACKUP
        assert crm.writes == [], "nothing is ever written there"

    async def test_an_undo_is_done_by_hand_too_and_looked_at(self, office: Office) -> None:
        await self._moved_by_hand(office)
        await office.says(StartUndo(), ADA)
        departure = await office.work()
        assert departure.problem
        assert (departure.problem.key, departure.problem.count) == ("guided.undo", 25)
        assert departure.undoings[-1].through == (ZOHO,), "the other system is back already"
        rows = [row for rows in office.crms[SANGAM].rows.values() for row in rows.values()]
        for row in rows[:10]:
            row.owner = LEAVER.id
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert departure.problem.count == 15
        for row in rows:
            row.owner = LEAVER.id
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.state is State.UNDONE
        assert await office.outcomes(SANGAM) == {LedgerOutcome.RETURNED: 25}
        assert office.crms[SANGAM].writes == []

    async def test_whoever_has_enough_of_it_signs_for_the_rest(self, office: Office) -> None:
        await self._moved_by_hand(office)
        await office.says(StartUndo(), ADA)
        await office.work()
        await office.says(SignException("They stay with Sofia"), TOMAS)
        departure = await office.work()
        assert departure.state is State.UNDONE
        assert departure.undoings[-1].result
        assert departure.undoings[-1].result.failed == 25

    @staticmethod
    async def _moved_by_hand(office: Office) -> None:
        await office.approve()
        await office.work()
        for rows in office.crms[SANGAM].rows.values():
            for each, row in rows.items():
                rows[each] = replace(row, owner=SUCCESSOR.id) if row.open else row
        await office.says(Retry(), ADA)
        departure = await office.work()
        assert departure.problem
        assert departure.problem.key == "guided.deactivate"
