"""Before and after: that the mails were kept is measured, and what the successor should look at is noted."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fake_crm import LEAVER, FakeCrm
from run_cases import ADA, RETAINED, SYSTEM, TOMAS, Desk, desk_at, now

from connectors.base import AgendaItem, AgendaKind, MailboxKind, Rejected
from handlers.commands import ConfirmBackup, Retry, SignException
from handlers.departure import State
from handlers.events import Outcome
from handlers.mailbox import MailboxAnswers, Method, Sharing
from handlers.mails import mails
from handlers.playbooks import StepKey
from handlers.practice import Mail, Practice

ARCHIVED = MailboxAnswers(MailboxKind.IMAP, Sharing.PUBLIC, Method.ARCHIVE)


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """Three contacts with 1, 2 and 3 mails, and one without."""
    crm = FakeCrm()
    for count, each in enumerate(crm.give("Contacts", 4)):
        crm.rows["Contacts"][each].mails = count
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


async def _to_the_backup(desk: Desk) -> None:
    assert (await desk.run()).state is State.BACKUP
    await desk.says(ConfirmBackup("retained"), ADA)


async def test_the_sample_is_taken_before_anything_is_written(desk: Desk) -> None:
    meeting = AgendaItem(AgendaKind.MEETING, "Calls", "7", "Call", "https://crm.example/7", now() + timedelta(days=3))
    desk.crm.shown = (meeting,)
    await desk.approve()
    await desk.run_to(StepKey.TAP)
    assert desk.crm.writes == []
    departure = await desk.departure()
    assert sorted(each.count for each in departure.mails_before[SYSTEM]) == [1, 2, 3]
    assert departure.agenda == {SYSTEM: (meeting,)}
    assert await desk.evidence(StepKey.BASELINE) == {"records": 3, "mails": 6}


async def test_the_sample_is_as_large_as_the_house_wants_it(desk: Desk) -> None:
    desk.by(Practice(mail=Mail(sample=2)))
    await desk.approve()
    await desk.run_to(StepKey.TAP)
    assert (await desk.evidence(StepKey.BASELINE))["records"] == 2


async def test_mails_that_are_all_there_end_the_departure(desk: Desk) -> None:
    await desk.approve()
    await _to_the_backup(desk)
    departure = await desk.run()
    assert departure.state is State.CLOSED
    assert await desk.evidence(StepKey.MAILS) == {"records": 3, "mails": 6, "lost": 0}
    assert sum(departure.mails_after[SYSTEM].values()) == 6


async def test_more_mails_than_before_make_up_for_none_that_is_missing(desk: Desk) -> None:
    await desk.approve()
    await _to_the_backup(desk)
    _, first, _, third = desk.crm.rows["Contacts"].values()
    first.mails, third.mails = 0, 9
    departure = await desk.run()
    assert departure.problem
    assert departure.problem.count == 1


async def test_lost_mails_stop_it_until_they_are_back(desk: Desk) -> None:
    desk.crm.mails_lost = True
    await desk.approve()
    await _to_the_backup(desk)
    departure = await desk.run()
    assert departure.state is State.ATTENTION
    assert departure.problem
    assert (departure.problem.key, departure.problem.count) == ("problem.mails_lost", 6)
    assert sum(departure.mails_after[SYSTEM].values()) == 0, "and what was counted is kept"
    desk.crm.mails_lost = False
    await desk.says(Retry(), TOMAS)
    assert (await desk.run()).state is State.CLOSED
    assert sum((await desk.departure()).mails_after[SYSTEM].values()) == 6


async def test_lost_mails_can_be_signed_for(desk: Desk) -> None:
    desk.crm.mails_lost = True
    await desk.approve()
    await _to_the_backup(desk)
    await desk.run()
    await desk.says(SignException("They were spam."), TOMAS)
    assert (await desk.run()).state is State.CLOSED
    assert await desk.outcome(StepKey.MAILS) is Outcome.SKIPPED
    assert (await desk.evidence(StepKey.MAILS))["left"] == 6


@pytest.mark.parametrize(("answers", "state"), [(RETAINED, State.ATTENTION), (ARCHIVED, State.CLOSED)])
async def test_in_an_archive_mailbox_they_count_whoever_has_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answers: MailboxAnswers, state: State
) -> None:
    """The leaver's own are gone from the records; those of the archive's user stand there."""
    desk.crm.mails_lost = True
    monkeypatch.setattr("run_cases.RETAINED", answers)
    await desk.approve()
    await _to_the_backup(desk)
    assert not desk.crm.people[LEAVER.id].active
    assert (await desk.run()).state is state


async def test_mails_of_colleagues_do_not_make_up_for_those_that_never_reached_the_archive(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody's are counted before as after, without those that were written since: like with like."""
    rows = list(desk.crm.rows["Contacts"].values())
    for row in rows:
        row.others_mails = 7
    monkeypatch.setattr("run_cases.RETAINED", ARCHIVED)
    await desk.approve()
    await _to_the_backup(desk)
    for row in rows:
        row.mails, row.later_mails = 0, 9
    departure = await desk.run()
    assert departure.problem
    assert (departure.problem.key, departure.problem.count) == ("problem.mails_lost", 6)
    assert [each.lost for each in mails(departure)] == [1, 2, 3], "and the report says the same"


async def test_where_no_mails_can_be_read_a_person_signs_that_they_are_not_measured(desk: Desk) -> None:
    desk.crm.failures["mail_sample"] = [Rejected("no such call", system=SYSTEM, code="INVALID_URL_PATTERN")]
    await desk.approve()
    departure = await desk.run()
    assert departure.problem
    assert (departure.state, departure.problem.step) == (State.ATTENTION, StepKey.BASELINE)
    await desk.says(SignException("This edition shows no e-mails to programs."), TOMAS)
    await _to_the_backup(desk)
    assert (await desk.run()).state is State.CLOSED
    assert await desk.outcome(StepKey.BASELINE) is Outcome.SKIPPED
    assert await desk.outcome(StepKey.MAILS) is Outcome.NOTHING_TO_DO


async def test_where_the_house_wants_no_sample_there_is_nothing_to_compare(desk: Desk) -> None:
    desk.by(Practice(mail=Mail(sample=0)))
    await desk.approve()
    await _to_the_backup(desk)
    assert (await desk.run()).state is State.CLOSED
    assert await desk.outcome(StepKey.MAILS) is Outcome.NOTHING_TO_DO


async def test_a_mailbox_that_shows_nothing_is_not_believed_to_be_safe(desk: Desk) -> None:
    for row in desk.crm.rows["Contacts"].values():
        row.mails = 0
    await desk.approve()
    departure = await desk.run()
    assert departure.problem
    assert departure.problem.key == "problem.mails_unseen"
    assert desk.crm.writes == []
    next(iter(desk.crm.rows["Contacts"].values())).mails = 3
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP


async def test_where_there_are_none_somebody_signs_for_it(desk: Desk) -> None:
    desk.crm.shown = (AgendaItem(AgendaKind.SILENT, "Contacts", "1", "Quiet", "https://crm.example/1"),)
    for row in desk.crm.rows["Contacts"].values():
        row.mails = 0
    await desk.approve()
    await desk.run()
    await desk.says(SignException("They never wrote to customers."), TOMAS)
    departure = await desk.run()
    assert departure.state is State.BACKUP
    assert departure.agenda[SYSTEM], "what to look at first is noted all the same"


async def test_without_a_mailbox_none_is_expected(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("run_cases.RETAINED", MailboxAnswers(MailboxKind.NONE, Sharing.PUBLIC, Method.NOTHING))
    for row in desk.crm.rows["Contacts"].values():
        row.mails = 0
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
