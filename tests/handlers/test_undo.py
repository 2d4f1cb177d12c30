"""What goes back, what stays, and what is told about it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_crm import COLLEAGUE, DEAD, LEAVER, SUCCESSOR, FakeCrm
from undo_cases import ADA, FIELD, NEWCOMER, OUTSIDER, RECEIVERS, STATUS, SYSTEM, UndoDesk, now

from bot.store.database import Database
from bot.store.purge import anonymous
from bot.store.transaction import SqlStore
from connectors.base import NotAuthorised, RowReason, Unavailable
from handlers.commands import AnswerHandover, HandOn, Retry, SignException, StartUndo
from handlers.decide import decide
from handlers.departure import State, open_departure
from handlers.events import HandoverReply, Opened, Returned, Undone
from handlers.handing_on import can_hand_on
from handlers.people import Party, Person
from handlers.ports import AlreadyOpen, LedgerOutcome
from handlers.refusal import Refusal
from handlers.returning import placed, preview, scope_of
from handlers.undoing import PlacePreview

UNDO = StartUndo()
NOOR = Person(NEWCOMER.name, NEWCOMER.email)
TOMAS = Person(OUTSIDER.name, OUTSIDER.email)
HAND_ON = HandOn({SYSTEM: NEWCOMER}, NOOR, frozenset())


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[UndoDesk]:
    """Ten contacts and five deals with the successor, three calls with a colleague."""
    database = Database(sqlite_url)
    await database.upgrade()
    crm = FakeCrm()
    crm.people[NEWCOMER.id] = NEWCOMER
    contacts, deals, calls = (crm.give(name, n) for name, n in (("Contacts", 10), ("Deals", 5), ("Calls", 3)))
    desk = UndoDesk(SqlStore(database, lambda *_: None, now), crm)
    await desk.open()
    await desk.moved("Contacts", contacts)
    await desk.moved("Deals", deals)
    await desk.moved("Calls", calls, to=COLLEAGUE)
    await crm.deactivate(LEAVER.id)
    yield desk
    await database.close()


async def test_all_goes_back_and_the_leaver_is_let_in_again(desk: UndoDesk) -> None:
    await desk.says(UNDO)
    departure = await desk.work()
    assert departure.state is State.UNDONE
    result = departure.undoings[-1].result
    assert isinstance(result, Undone)
    assert (result.records, result.others, result.failed) == (18, 0, 0)
    assert {row.owner for rows in desk.crm.rows.values() for row in rows.values()} == {LEAVER.id}
    assert desk.crm.people[LEAVER.id].active
    assert await desk.outcomes() == {"returned": 18}
    assert departure.open_key is None, "the same person can leave again"


async def test_what_colleagues_gave_away_since_stays_where_it_is(desk: UndoDesk) -> None:
    """A deal that went to the other receiver was given by a colleague too."""
    contacts, deals = list(desk.crm.rows["Contacts"]), list(desk.crm.rows["Deals"])
    desk.crm.rows["Contacts"][contacts[0]].owner = OUTSIDER.id
    desk.crm.rows["Deals"][deals[0]].owner = COLLEAGUE.id
    del desk.crm.rows["Deals"][deals[1]]
    await desk.says(UNDO)
    departure = await desk.work()
    result = departure.undoings[-1].result
    assert result
    assert (result.records, result.others, result.failed) == (15, 3, 0)
    assert desk.crm.owner(contacts[0]) == OUTSIDER.id
    assert desk.crm.owner(deals[0]) == COLLEAGUE.id
    assert await desk.outcomes() == {"returned": 15, "kept": 3}


async def test_what_the_leaver_has_already_needs_no_write(desk: UndoDesk) -> None:
    for row in desk.crm.rows["Contacts"].values():
        row.owner = LEAVER.id
    await desk.says(UNDO)
    result = (await desk.work()).undoings[-1].result
    assert result
    assert result.records == 18
    assert "Contacts" not in {module for module, _ in desk.crm.writes}


async def test_fields_and_states_go_back_where_they_say_what_we_wrote(desk: UndoDesk) -> None:
    deals = list(desk.crm.rows["Deals"])
    await desk.named(deals)
    await desk.closed_as_dead({deals[0]: "Qualified", deals[1]: "", deals[2]: "Contacted"})
    desk.crm.rows["Deals"][deals[3]].fields[FIELD] = OUTSIDER.id
    desk.crm.rows["Deals"][deals[2]].fields[STATUS] = "Revived"
    await desk.says(UNDO)
    result = (await desk.work()).undoings[-1].result
    assert result
    assert (result.records, result.others) == (18 + 2, 1), "a state is what became of the record"
    assert result.fields == {"records": 4, "others": 1}
    rows = desk.crm.rows["Deals"]
    assert [rows[each].fields[FIELD] for each in deals] == [LEAVER.id] * 3 + [OUTSIDER.id, LEAVER.id]
    assert [rows[each].fields.get(STATUS) for each in deals[:3]] == ["Qualified", None, "Revived"]


async def test_a_module_goes_back_with_the_other_fields_of_its_records(desk: UndoDesk) -> None:
    await desk.named(list(desk.crm.rows["Deals"])[:2])
    await desk.says(StartUndo(modules=(f"{SYSTEM}/Deals",)))
    departure = await desk.work()
    assert departure.state is State.CLOSED
    result = departure.undoings[-1].result
    assert isinstance(result, Returned)
    assert (result.records, result.others, result.failed, result.fields) == (5, 0, 0, {"records": 2})
    assert set(desk.owners("Contacts")) == {SUCCESSOR.id}
    assert set(desk.owners("Deals")) == {LEAVER.id}
    assert desk.crm.people[LEAVER.id].active, "nobody inactive can own records"


async def test_single_records_go_back(desk: UndoDesk) -> None:
    wanted = list(desk.crm.rows["Contacts"])[-2:]
    await desk.says(StartUndo(modules=(f"{SYSTEM}/Contacts",), records=tuple(wanted)))
    departure = await desk.work()
    assert departure.state is State.CLOSED
    assert [each for each, row in desk.crm.rows["Contacts"].items() if row.owner == LEAVER.id] == wanted
    assert await desk.outcomes() == {"moved": 16, "returned": 2}


async def test_parts_and_then_all_add_up(desk: UndoDesk) -> None:
    await desk.says(StartUndo(modules=(f"{SYSTEM}/Deals",)))
    await desk.work()
    await desk.says(UNDO)
    departure = await desk.work()
    results = [undoing.result for undoing in departure.undoings]
    assert [result.records for result in results if result] == [5, 13]
    assert await desk.outcomes() == {"returned": 18}


async def test_no_free_licence_stops_it_and_a_retry_goes_on(desk: UndoDesk) -> None:
    desk.crm.licences = 0
    await desk.says(UNDO)
    departure = await desk.work()
    assert departure.state is State.ATTENTION
    assert departure.problem
    assert (departure.problem.key, departure.problem.step) == ("problem.no_licence", "undoing")
    assert desk.crm.writes == []
    desk.crm.licences = 9
    await desk.says(Retry())
    assert (await desk.work()).state is State.UNDONE
    assert await desk.outcomes() == {"returned": 18}


async def test_an_undo_cannot_be_undone_or_begun_twice(desk: UndoDesk) -> None:
    await desk.says(UNDO)
    with pytest.raises(Refusal, match=r"undo\.not_now"):
        decide(await desk.departure(), UNDO, ADA, now=now())
    await desk.work()
    with pytest.raises(Refusal, match=r"undo\.not_now"):
        decide(await desk.departure(), UNDO, ADA, now=now())


async def test_an_undo_comes_too_late_after_its_days(desk: UndoDesk) -> None:
    with pytest.raises(Refusal, match=r"undo\.too_late"):
        decide(await desk.departure(), UNDO, ADA, now=now() + timedelta(days=31))


async def test_what_is_refused_for_now_comes_again_and_for_good_stays(desk: UndoDesk) -> None:
    locked, stubborn, forbidden = list(desk.crm.rows["Contacts"])[:3]
    desk.crm.refusals = {
        locked: (RowReason.LOCKED, 2),
        stubborn: (RowReason.LOCKED, 99),
        forbidden: (RowReason.FORBIDDEN, 99),
    }
    await desk.says(UNDO)
    departure = await desk.work()
    assert departure.state is State.ATTENTION, "an end would be for ever"
    assert departure.problem
    assert (departure.problem.key, departure.problem.count) == ("problem.undo_refused", 2)
    assert desk.crm.refusals[stubborn] == (RowReason.LOCKED, 96), "three tries"
    assert desk.crm.refusals[forbidden] == (RowReason.FORBIDDEN, 98), "one try"
    assert desk.waits == [0.5]
    assert await desk.outcomes() == {"returned": 16, "moved": 2}


async def test_what_was_refused_goes_back_with_the_next_try(desk: UndoDesk) -> None:
    locked = next(iter(desk.crm.rows["Contacts"]))
    desk.crm.refusals[locked] = (RowReason.LOCKED, 99)
    await desk.says(UNDO)
    await desk.work()
    desk.crm.refusals.clear()
    await desk.says(Retry())
    departure = await desk.work()
    assert departure.state is State.UNDONE
    result = departure.undoings[-1].result
    assert result
    assert (result.records, result.others, result.failed) == (18, 0, 0), "both tries are one undo"
    assert desk.crm.owner(locked) == LEAVER.id


async def test_a_named_person_can_have_it_end_with_what_was_refused(desk: UndoDesk) -> None:
    locked = next(iter(desk.crm.rows["Contacts"]))
    desk.crm.refusals[locked] = (RowReason.FORBIDDEN, 99)
    await desk.says(UNDO)
    await desk.work()
    with pytest.raises(Refusal, match=r"reason\.missing"):
        await desk.says(SignException(" "))
    await desk.says(SignException("It is locked for the audit."))
    departure = await desk.work()
    assert departure.state is State.UNDONE
    result = departure.undoings[-1].result
    assert result
    assert (result.records, result.others, result.failed) == (17, 0, 1)
    assert desk.crm.refusals[locked] == (RowReason.FORBIDDEN, 98), "it is not tried again"
    assert departure.prompts[-1].reason == "It is locked for the audit."
    assert departure.prompts[-1].answer
    assert departure.prompts[-1].answer.by == ADA.person


async def test_a_refused_record_is_tried_anew_when_asked_again(desk: UndoDesk) -> None:
    part = StartUndo(modules=(f"{SYSTEM}/Contacts",))
    stubborn = next(iter(desk.crm.rows["Contacts"]))
    desk.crm.refusals[stubborn] = (RowReason.LOCKED, 5)
    for failed in (1, 0):
        await desk.says(part)
        result = (await desk.work()).undoings[-1].result
        assert result
        assert result.failed == failed
    assert desk.crm.owner(stubborn) == LEAVER.id


async def test_a_record_that_is_merged_during_the_write_is_left_alone(desk: UndoDesk) -> None:
    contacts = desk.crm.rows["Contacts"]
    desk.crm.before["change_owner"] = lambda: contacts.pop(min(contacts))
    await desk.says(UNDO)
    result = (await desk.work()).undoings[-1].result
    assert result
    assert (result.records, result.others) == (17, 1)


async def test_what_a_colleague_gave_away_after_it_went_back_is_theirs(desk: UndoDesk) -> None:
    """Each undo counts what it did itself; what an earlier one gave back is looked at once more."""
    part = StartUndo(modules=(f"{SYSTEM}/Contacts",))
    await desk.says(part)
    await desk.work()
    again, taken = list(desk.crm.rows["Contacts"])[:4], list(desk.crm.rows["Contacts"])[4]
    for each in again:
        desk.crm.rows["Contacts"][each].owner = SUCCESSOR.id
    desk.crm.rows["Contacts"][taken].owner = OUTSIDER.id
    for command in (part, UNDO):
        await desk.says(command)
        await desk.work()
    counts = [(u.result.records, u.result.others) for u in (await desk.departure()).undoings if u.result]
    assert counts == [(10, 0), (0, 5), (8, 0)]
    assert {desk.crm.owner(each) for each in again} == {SUCCESSOR.id}, "a colleague's decision"
    assert await desk.outcomes() == {"returned": 13, "kept": 5}


async def test_a_part_in_which_nothing_is_ours_lets_nobody_in(desk: UndoDesk) -> None:
    for row in desk.crm.rows["Calls"].values():
        row.owner = OUTSIDER.id
    await desk.says(StartUndo(modules=(f"{SYSTEM}/Calls",)))
    departure = await desk.work()
    assert departure.state is State.CLOSED
    assert not desk.crm.people[LEAVER.id].active
    await desk.says(StartUndo(records=("999999",)))
    await desk.work()
    assert not desk.crm.people[LEAVER.id].active


async def test_all_that_is_left_of_a_whole_undo_may_be_the_log_in(desk: UndoDesk) -> None:
    for rows in desk.crm.rows.values():
        for row in rows.values():
            row.owner = OUTSIDER.id
    await desk.says(UNDO)
    assert (await desk.work()).state is State.UNDONE
    assert desk.crm.people[LEAVER.id].active


async def test_a_record_that_did_not_move_is_refused_by_its_id(desk: UndoDesk) -> None:
    departure = await desk.departure()
    ours = next(iter(desk.crm.rows["Deals"]))
    assert await placed(desk.store, departure, (ours,)) == (f"{SYSTEM}/Deals/{ours}",)
    with pytest.raises(Refusal, match=r"undo\.unknown_record") as refused:
        await placed(desk.store, departure, (ours, "4711"))
    assert refused.value.values == {"record": "4711"}


async def test_a_part_without_a_licence_can_be_given_up(desk: UndoDesk) -> None:
    """The departure is closed as before, and what was not reached is told."""
    desk.crm.licences = 0
    await desk.says(StartUndo(modules=(f"{SYSTEM}/Deals",)))
    assert (await desk.work()).state is State.ATTENTION
    await desk.says(SignException("No licence this year."))
    departure = await desk.work()
    assert departure.state is State.CLOSED
    assert departure.undoings[-1].given_up == "problem.no_licence"
    result = departure.undoings[-1].result
    assert result
    assert (result.records, result.others, result.failed) == (0, 0, 5)
    assert desk.crm.writes == []
    desk.crm.licences = 9
    await desk.says(StartUndo(modules=(f"{SYSTEM}/Deals",)))
    assert (await desk.work()).state is State.CLOSED
    assert set(desk.owners("Deals")) == {LEAVER.id}


async def test_a_whole_undo_that_could_not_begin_leaves_the_departure_closed(desk: UndoDesk) -> None:
    desk.crm.licences = 0
    await desk.says(UNDO)
    await desk.work()
    await desk.says(SignException("No licence this year."))
    departure = await desk.work()
    assert departure.state is State.CLOSED, "it is not as if it had not been"
    assert isinstance(departure.undoings[-1].result, Returned)


async def test_before_the_end_a_blocked_undo_cannot_be_given_up(sqlite_url: str) -> None:
    """There is nothing that it could go back to."""
    database = Database(sqlite_url)
    await database.upgrade()
    crm = FakeCrm()
    contacts = crm.give("Contacts", 3)
    desk = UndoDesk(SqlStore(database, lambda *_: None, now), crm)
    await desk.open(closed=False)
    await desk.moved("Contacts", contacts)
    await crm.deactivate(LEAVER.id)
    crm.licences = 0
    await desk.says(UNDO)
    await desk.work()
    with pytest.raises(Refusal, match=r"exception\.impossible"):
        await desk.says(SignException("No licence this year."))
    await database.close()


async def test_an_old_departure_is_not_undone_while_another_one_is_open(desk: UndoDesk) -> None:
    opened = Opened(
        at=now(), by=ADA.person, leaver=Person(LEAVER.name, LEAVER.email), accounts={SYSTEM: LEAVER}, admin=ADA.person
    )
    await desk.store.write(lambda tx: tx.create(open_departure("dep-2", opened), opened))
    for command in (UNDO, HAND_ON):
        with pytest.raises(AlreadyOpen) as refused:
            await desk.says(command)
        assert refused.value.departure_id == "dep-2"
    assert (await desk.departure()).undoings == ()


async def test_a_quiet_hand_over_goes_back_quietly(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.upgrade()
    crm = FakeCrm()
    contacts = crm.give("Contacts", 6)
    desk = UndoDesk(SqlStore(database, lambda *_: None, now), crm)
    await desk.open(quiet=True)
    await desk.moved("Contacts", contacts)
    await desk.says(UNDO)
    await desk.work()
    await database.close()
    assert set(desk.owners("Contacts")) == {LEAVER.id}
    assert crm.quiet == [True, True], "in batches of four"


async def test_work_that_was_cut_off_is_taken_back_too(sqlite_url: str) -> None:
    """A run that stopped in the middle: what it had given away without having noted it goes back, the rest stays."""
    database = Database(sqlite_url)
    await database.upgrade()
    crm = FakeCrm()
    contacts = crm.give("Contacts", 12)
    desk = UndoDesk(SqlStore(database, lambda *_: None, now), crm)
    await desk.open(closed=False)
    await desk.moved("Contacts", contacts[:4])
    await desk.moved("Contacts", contacts[4:8], outcome=LedgerOutcome.PLANNED)
    await desk.moved("Contacts", contacts[8:10], outcome=LedgerOutcome.PLANNED, given=False)
    await desk.moved("Contacts", contacts[10:], outcome=LedgerOutcome.OTHERS, given=False)
    await desk.says(UNDO)
    departure = await desk.work()
    await database.close()
    assert departure.state is State.UNDONE
    result = departure.undoings[-1].result
    assert result
    assert result.records == 8
    assert set(desk.owners("Contacts")) == {LEAVER.id}


async def test_an_outage_is_waited_for_and_a_dead_grant_asks_a_person(desk: UndoDesk) -> None:
    away = Unavailable("away", system=SYSTEM, code="503", retry_after=7.0)
    for method in ("activate", "values", "change_owner"):
        desk.crm.failures[method] = [away]
    await desk.says(UNDO)
    desk.crm.failures["change_owner"].append(NotAuthorised("dead", system=SYSTEM, code="INVALID_TOKEN"))
    departure = await desk.work()
    assert departure.problem
    assert departure.problem.key == "problem.not_authorised"
    assert desk.waits == [7.0] * 3
    await desk.says(Retry())
    assert (await desk.work()).state is State.UNDONE


async def test_an_interim_successor_hands_on_to_the_real_one(desk: UndoDesk) -> None:
    deals, contacts = list(desk.crm.rows["Deals"]), list(desk.crm.rows["Contacts"])
    await desk.named(deals)
    await desk.closed_as_dead({deals[0]: "Qualified"})
    desk.crm.rows["Contacts"][contacts[0]].owner = OUTSIDER.id
    desk.crm.rows["Contacts"][contacts[1]].owner = NEWCOMER.id
    await desk.says(HAND_ON)
    departure = await desk.work()
    assert departure.state is State.CLOSED
    assert departure.successor == NOOR
    result = departure.undoings[-1].result
    assert isinstance(result, Returned)
    assert (result.records, result.others, result.failed, result.fields) == (9 + 5, 1, 0, {"records": 5})
    assert set(desk.owners("Deals")) == {NEWCOMER.id}
    assert set(desk.owners("Calls")) == {COLLEAGUE.id}, "not the interim successor's"
    assert [desk.crm.rows["Deals"][each].fields[FIELD] for each in deals] == [NEWCOMER.id] * 5
    assert desk.crm.rows["Deals"][deals[0]].fields[STATUS] == DEAD
    assert not desk.crm.people[LEAVER.id].active


async def test_what_was_handed_on_can_still_be_undone(desk: UndoDesk) -> None:
    await desk.says(HAND_ON)
    await desk.work()
    await desk.says(UNDO)
    result = (await desk.work()).undoings[-1].result
    assert result
    assert (result.records, result.others, result.failed) == (18, 0, 0)
    assert {row.owner for rows in desk.crm.rows.values() for row in rows.values()} == {LEAVER.id}


async def test_what_went_back_before_is_not_counted_as_handed_on(desk: UndoDesk) -> None:
    await desk.says(StartUndo(modules=(f"{SYSTEM}/Deals",)))
    await desk.work()
    await desk.says(HAND_ON)
    result = (await desk.work()).undoings[-1].result
    assert result
    assert (result.records, result.others, result.failed) == (10, 0, 0)
    assert set(desk.owners("Deals")) == {LEAVER.id}


async def test_nothing_is_handed_on_to_somebody_who_was_deactivated_meanwhile(desk: UndoDesk) -> None:
    await desk.says(HAND_ON)
    desk.crm.people[NEWCOMER.id] = replace(NEWCOMER, active=False)
    departure = await desk.work()
    assert departure.problem
    assert (departure.problem.key, departure.problem.step) == ("problem.successor.inactive", "handing_on")
    assert desk.crm.writes == []


async def test_a_hand_over_to_somebody_who_is_gone_can_be_given_up(desk: UndoDesk) -> None:
    await desk.says(HAND_ON)
    desk.crm.people[NEWCOMER.id] = replace(NEWCOMER, active=False)
    await desk.work()
    await desk.says(SignException("They never came."))
    departure = await desk.work()
    assert departure.state is State.CLOSED
    assert departure.successor == RECEIVERS[SUCCESSOR.id], "nothing went on"
    assert can_hand_on(departure), "to somebody else"


async def test_the_next_one_can_hand_on_what_they_got(desk: UndoDesk) -> None:
    """Whose records they are now counts, not whose they were in the plan."""
    await desk.says(HAND_ON)
    assert not can_hand_on(await desk.work()), "the real successor has them"
    await desk.says(AnswerHandover(HandoverReply.PROPOSED, "Tomás, please"), Party(NOOR, admin=False))
    await desk.says(HandOn({SYSTEM: OUTSIDER}, TOMAS, frozenset(), f"{SYSTEM}/{NEWCOMER.id}"))
    departure = await desk.work()
    result = departure.undoings[-1].result
    assert result
    assert (result.records, result.others) == (15, 0)
    assert departure.successor == TOMAS
    assert set(desk.owners("Contacts")) == {OUTSIDER.id}
    assert set(desk.owners("Calls")) == {COLLEAGUE.id}


async def test_a_proposal_is_about_what_its_author_has(desk: UndoDesk) -> None:
    """A colleague who got the calls gives on the calls, and the successor stays who they are."""
    calls = f"{SYSTEM}/{COLLEAGUE.id}"
    with pytest.raises(Refusal, match=r"hand_on\.nothing"):
        await desk.says(HandOn({SYSTEM: NEWCOMER}, NOOR, frozenset(), calls))
    await desk.says(AnswerHandover(HandoverReply.PROPOSED, "Noor"), Party(RECEIVERS[COLLEAGUE.id], admin=False))
    with pytest.raises(Refusal, match=r"hand_on\.same"):
        await desk.says(HandOn({SYSTEM: COLLEAGUE}, RECEIVERS[COLLEAGUE.id], frozenset(), calls))
    await desk.says(HandOn({SYSTEM: NEWCOMER}, NOOR, frozenset(), calls))
    departure = await desk.work()
    assert departure.successor == RECEIVERS[SUCCESSOR.id]
    assert departure.receivers[f"{SYSTEM}/{NEWCOMER.id}"] == NOOR
    assert set(desk.owners("Calls")) == {NEWCOMER.id}
    assert set(desk.owners("Deals")) == {SUCCESSOR.id}
    assert not can_hand_on(departure, calls), "they have nothing any more"
    assert can_hand_on(departure), "the interim successor still has theirs"


async def test_whoever_gets_no_more_than_fields_is_the_successor_too(desk: UndoDesk) -> None:
    deals = list(desk.crm.rows["Deals"])
    await desk.named(deals)
    for module in ("Contacts", "Deals"):
        for row in desk.crm.rows[module].values():
            row.owner = OUTSIDER.id
    await desk.says(HAND_ON)
    departure = await desk.work()
    result = departure.undoings[-1].result
    assert result
    assert (result.records, result.others, result.fields) == (0, 15, {"records": 5})
    assert departure.successor == NOOR


async def test_two_hand_overs_to_the_same_person_are_counted_apart(desk: UndoDesk) -> None:
    await desk.says(HAND_ON)
    await desk.work()
    await desk.says(AnswerHandover(HandoverReply.PROPOSED, "Noor"), Party(RECEIVERS[COLLEAGUE.id], admin=False))
    await desk.says(HandOn({SYSTEM: NEWCOMER}, NOOR, frozenset(), f"{SYSTEM}/{COLLEAGUE.id}"))
    departure = await desk.work()
    assert [undoing.result.records for undoing in departure.undoings if undoing.result] == [15, 3]


async def test_where_nothing_went_on_nobody_is_called_the_successor(desk: UndoDesk) -> None:
    for module in ("Contacts", "Deals"):
        for row in desk.crm.rows[module].values():
            row.owner = OUTSIDER.id
    await desk.says(HAND_ON)
    departure = await desk.work()
    result = departure.undoings[-1].result
    assert result
    assert (result.records, result.others) == (0, 15)
    assert departure.successor == RECEIVERS[SUCCESSOR.id]
    assert NOOR not in departure.receivers.values()


async def test_nobody_hands_on_what_nobody_holds_for_another(desk: UndoDesk) -> None:
    await desk.says(HAND_ON)
    await desk.work()
    with pytest.raises(Refusal, match=r"hand_on\.nothing"):
        await desk.says(HandOn({SYSTEM: OUTSIDER}, TOMAS, frozenset()))
    with pytest.raises(Refusal, match=r"hand_on\.nothing"):
        await desk.says(HandOn({SYSTEM: OUTSIDER}, TOMAS, frozenset(), f"{SYSTEM}/4711"))


async def test_the_preview_tells_what_an_undo_would_find_and_writes_nothing(desk: UndoDesk) -> None:
    contacts, deals = list(desk.crm.rows["Contacts"]), list(desk.crm.rows["Deals"])
    await desk.named(deals[:2])
    desk.crm.rows["Contacts"][contacts[0]].owner = OUTSIDER.id
    desk.crm.rows["Contacts"][contacts[1]].owner = LEAVER.id
    found = await preview(desk.store, {SYSTEM: desk.crm}, await desk.departure())
    assert found.places == (
        PlacePreview(SYSTEM, "Contacts", "Contacts", ours=8, back=1, others=1),
        PlacePreview(SYSTEM, "Deals", "Deals", ours=5, back=0, others=0),
        PlacePreview(SYSTEM, "Calls", "Calls", ours=3, back=0, others=0),
        PlacePreview(SYSTEM, f"Deals.{FIELD}", "Deals: Engineer", ours=2, back=0, others=0),
    )
    assert found.let_in
    assert found.lasting == ("undo.lasting.tags", "undo.lasting.mails")
    assert desk.crm.writes == []
    assert (await desk.departure()).undoings == ()
    part = await preview(desk.store, {SYSTEM: desk.crm}, await desk.departure(), modules=(f"{SYSTEM}/Deals",))
    assert part.total("moved") == 7
    one = await preview(desk.store, {SYSTEM: desk.crm}, await desk.departure(), records=(contacts[0],))
    assert [(place.module, place.ours, place.others) for place in one.places] == [("Contacts", 0, 1)]


async def test_the_scope_is_read_as_people_type_it(desk: UndoDesk) -> None:
    departure = await desk.departure()
    assert scope_of(departure, "") == ((), ())
    assert scope_of(departure, "deals, Contacts") == ((f"{SYSTEM}/Deals", f"{SYSTEM}/Contacts"), ())
    assert scope_of(departure, "Deals 1010 1011 deals") == ((f"{SYSTEM}/Deals",), ("1010", "1011"))
    assert scope_of(departure, "deals/1010 0f3c-aa") == ((), ("deals/1010", "0f3c-aa"))
    with pytest.raises(Refusal, match=r"undo\.scope"):
        scope_of(departure, "dreams/1010")
    with pytest.raises(Refusal, match=r"undo\.scope") as refused:
        scope_of(departure, "Deals, Dreams")
    assert refused.value.values == {"scope": "Dreams"}
    with pytest.raises(Refusal, match=r"undo\.too_many_records"):
        scope_of(departure, " ".join(map(str, range(1000, 1026))))


async def test_what_was_forgotten_by_date_is_not_undone(desk: UndoDesk) -> None:
    forgotten = anonymous(await desk.departure())
    assert forgotten.written
    with pytest.raises(Refusal, match=r"undo\.forgotten"):
        decide(forgotten, UNDO, ADA, now=now())
    with pytest.raises(Refusal, match=r"undo\.forgotten"):
        scope_of(forgotten, "")


async def test_an_old_job_does_nothing(desk: UndoDesk) -> None:
    await desk.says(UNDO)
    departure = await desk.departure()
    assert (await desk.returner.advance(desk.id, departure.run - 1, SYSTEM)).ended
    assert (await desk.returner.advance("unknown", 1, SYSTEM)).ended
    assert desk.crm.writes == []


async def test_a_thousand_records_take_few_looks(sqlite_url: str) -> None:
    """The preview looks at a page of records at once, and the ledger's pages do not run into one another."""
    database = Database(sqlite_url)
    await database.upgrade()
    crm = FakeCrm()
    contacts = crm.give("Contacts", 2500)
    desk = UndoDesk(SqlStore(database, lambda *_: None, now), crm)
    await desk.open()
    await desk.moved("Contacts", contacts)
    looks: list[int] = []
    values = crm.values

    async def counted(module: str, ids: list[str], name: str) -> dict[str, str | None]:
        looks.append(len(ids))
        return await values(module, ids, name)

    crm.values = counted  # type: ignore[method-assign, assignment]
    found = await preview(desk.store, {SYSTEM: crm}, await desk.departure())
    await database.close()
    assert found.total("ours") == 2500
    assert looks == [1000, 1000, 500]
