"""The tap and the places of the configuration: given to the successor, before and behind the records."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fake_crm import LEAD, LEAVER, SUCCESSOR, FakeCrm
from run_cases import ADA, SYSTEM, TOMAS, Desk, desk_at

from connectors.base import HandoverState, Reference, ReferenceKind
from handlers.commands import Approve, Retry, SignException
from handlers.departure import State
from handlers.events import Outcome
from handlers.plan import Handover
from handlers.playbooks import StepKey
from handlers.practice import Configuration, Practice
from handlers.practice.house import OWN_ITEMS

GIVEN = Handover(SUCCESSOR, manager=LEAD)
KNOWN = [ReferenceKind.ASSIGNMENT, ReferenceKind.CRITERIA, ReferenceKind.SUBORDINATES]
BOTH = pytest.mark.parametrize(
    ("step", "kind"),
    [(StepKey.TAP, ReferenceKind.ASSIGNMENT), (StepKey.CONFIGURATION, ReferenceKind.CRITERIA)],
)


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    crm = FakeCrm()
    crm.give("Contacts", 3)
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


def _named_everywhere(desk: Desk) -> None:
    desk.crm.named_in = dict.fromkeys(KNOWN, LEAVER.id)


async def test_the_tap_is_closed_before_the_records_are_listed_and_the_rest_when_they_are_elsewhere(desk: Desk) -> None:
    _named_everywhere(desk)
    await desk.approve(GIVEN)
    await desk.run_to(StepKey.SNAPSHOT)
    assert desk.crm.named_in == {
        ReferenceKind.ASSIGNMENT: SUCCESSOR.id,
        ReferenceKind.CRITERIA: LEAVER.id,
        ReferenceKind.SUBORDINATES: LEAVER.id,
    }
    await desk.run_to(StepKey.DEACTIVATE)
    assert set(desk.crm.named_in.values()) == {SUCCESSOR.id}
    assert desk.owners("Contacts") == {"Sofia": 3}
    assert desk.crm.managers == [LEAD.id, LEAD.id]
    assert await desk.outcome(StepKey.TAP) is await desk.outcome(StepKey.CONFIGURATION) is Outcome.DONE


async def test_a_job_that_runs_is_waited_for_and_begun_once(desk: Desk) -> None:
    _named_everywhere(desk)
    desk.crm.stubborn = {ReferenceKind.ASSIGNMENT}
    await desk.approve(GIVEN)
    await desk.run_to(StepKey.TAP)
    for _ in range(2):
        assert await desk.unit()
    desk.crm.named_in[ReferenceKind.ASSIGNMENT] = SUCCESSOR.id  # slow, but done
    await desk.run_to(StepKey.SNAPSHOT)
    assert list(desk.crm.handovers) == ["job 0"]
    assert desk.waits == [0.5, 0.5]
    progress = await desk.store.read(lambda tx: tx.progress(desk.id))
    assert progress
    assert await desk.outcome(StepKey.TAP) is Outcome.DONE


async def test_a_job_that_never_ends_is_given_up_after_an_hour_of_ever_longer_pauses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def running(_handover: str) -> HandoverState:
        return HandoverState.RUNNING

    _named_everywhere(desk)
    desk.crm.stubborn = {ReferenceKind.ASSIGNMENT}
    await desk.approve(GIVEN)
    with monkeypatch.context() as patched:
        patched.setattr(desk.crm, "handover_state", running)
        departure = await desk.run()
    assert departure.problem
    assert (departure.problem.step, departure.problem.key) == (StepKey.TAP, "problem.configuration_slow")
    assert desk.waits == sorted(desk.waits)
    assert max(desk.waits) == 300
    assert 3600 <= sum(desk.waits) <= 3901
    desk.crm.stubborn = set()
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP


async def test_what_could_not_be_read_is_left_to_people(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(_account_id: str) -> tuple[Reference, ...]:
        return (Reference(ReferenceKind.UNKNOWN, movable=False),)

    monkeypatch.setattr(desk.crm, "references", unknown)
    await desk.approve(GIVEN)
    assert (await desk.run()).state is State.BACKUP
    assert desk.crm.handovers == {}
    assert await desk.evidence(StepKey.CONFIGURATION) == {"by_hand": 1}


async def test_people_are_told_what_is_waited_for(desk: Desk) -> None:
    _named_everywhere(desk)
    await desk.approve(GIVEN)
    await desk.run_to(StepKey.TAP)
    await desk.unit()
    progress = await desk.store.read(lambda tx: tx.progress(desk.id))
    assert progress
    assert progress.at[SYSTEM].waiting == "waiting.configuration"


@BOTH
async def test_what_stays_though_the_job_is_through_stops_the_run_and_can_be_signed_for(
    desk: Desk, step: StepKey, kind: ReferenceKind
) -> None:
    _named_everywhere(desk)
    desk.crm.stubborn = {kind}
    await desk.approve(GIVEN)
    departure = await desk.run()
    assert departure.problem
    assert (departure.problem.step, departure.problem.key, departure.problem.count) == (
        step, "problem.configuration_left", 1,
    )  # fmt: skip
    await desk.says(SignException("The rule is replaced next week."), TOMAS)
    assert (await desk.run()).state is State.BACKUP
    assert await desk.outcome(step) is Outcome.SKIPPED


async def test_a_job_that_failed_stops_the_run_and_a_retry_begins_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failed(_handover: str) -> HandoverState:
        return HandoverState.FAILED

    _named_everywhere(desk)
    desk.crm.stubborn = {ReferenceKind.ASSIGNMENT}
    await desk.approve(GIVEN)
    with monkeypatch.context() as patched:
        patched.setattr(desk.crm, "handover_state", failed)
        departure = await desk.run()
    assert departure.problem
    assert departure.problem.key == "problem.configuration_failed"
    desk.crm.stubborn = set()
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP
    assert len(desk.crm.handovers) == 3


@BOTH
async def test_a_system_without_such_a_call_leaves_it_to_a_person(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: StepKey, kind: ReferenceKind
) -> None:
    async def none(*_: object, **__: object) -> None:
        return None

    desk.crm.named_in = {kind: LEAVER.id}
    monkeypatch.setattr(desk.crm, "begin_handover", none)
    await desk.approve(GIVEN)
    departure = await desk.run()
    assert departure.problem
    assert (departure.problem.step, departure.problem.key) == (step, "problem.configuration_left")


async def test_a_house_that_gives_nothing_away_leaves_it_to_people(desk: Desk) -> None:
    _named_everywhere(desk)
    desk.by(Practice(configuration=Configuration(hand_over=False)))
    await desk.approve(GIVEN)
    assert (await desk.run()).state is State.BACKUP
    assert set(desk.crm.named_in.values()) == {LEAVER.id}
    assert await desk.evidence(StepKey.TAP) == {"by_hand": 1}
    assert await desk.evidence(StepKey.CONFIGURATION) == {"by_hand": 3}
    assert await desk.outcome(StepKey.TAP) is Outcome.NOTHING_TO_DO


async def test_fixed_references_are_left_to_people(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _named_everywhere(desk)
    references = desk.crm.references

    async def fixed(account_id: str) -> object:
        return tuple(replace(each, movable=False) for each in await references(account_id))

    monkeypatch.setattr(desk.crm, "references", fixed)
    await desk.approve(GIVEN)
    assert (await desk.run()).state is State.BACKUP
    assert desk.crm.handovers == {}
    assert await desk.evidence(StepKey.TAP) == {"by_hand": 1}


async def test_what_a_drift_leaves_to_people_is_on_their_checklist(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule came after the first approval: with the next one, somebody has to see to it."""
    await desk.approve(GIVEN)
    desk.crm.give("Contacts", 200)

    async def fixed(_: str) -> tuple[Reference, ...]:
        return (Reference(ReferenceKind.ASSIGNMENT, ("Web enquiries",), movable=False),)

    monkeypatch.setattr(desk.crm, "references", fixed)
    drifted = await desk.run()
    assert (drifted.state, drifted.checklist) == (State.APPROVAL, ())
    await desk.says(Approve(str(drifted.digest)), TOMAS)
    (item,) = (await desk.run()).checklist
    assert (item.key, item.assignee, item.settled) == (f"configuration-{SYSTEM}", ADA.person, False)
    assert "Web enquiries" in item.named("en")
    assert item.key.startswith(OWN_ITEMS)


async def test_direct_reports_without_a_new_manager_are_left_to_people(desk: Desk) -> None:
    """The successor reports to the leaver: nobody becomes their own manager."""
    _named_everywhere(desk)
    await desk.approve(Handover(SUCCESSOR, manager=None))
    assert (await desk.run()).state is State.BACKUP
    assert desk.crm.named_in[ReferenceKind.SUBORDINATES] == LEAVER.id
    assert set(desk.crm.managers) == {None}
    assert await desk.evidence(StepKey.CONFIGURATION) == {"by_hand": 1}
