"""Until when the e-mails can be retained, as the end of a run tells it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fake_crm import FakeCrm
from run_cases import ADA, SYSTEM, Desk, desk_at

from connectors.base import MailboxKind, Rejected
from handlers.commands import Retry, SignException
from handlers.departure import State, departure_from_json, departure_to_json
from handlers.mailbox import MailboxAnswers, Method, Sharing
from handlers.playbooks import StepKey
from handlers.practice import Practice, Retention

NO_MAILBOX = MailboxAnswers(MailboxKind.NONE, Sharing.PUBLIC, Method.NOTHING)


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    crm = FakeCrm()
    crm.give("Contacts", 2)
    async with desk_at(sqlite_url, crm) as desk:
        desk.by(Practice(retention=Retention(days=90)))
        yield desk


async def test_the_days_of_the_house_are_counted_from_the_deactivation(desk: Desk) -> None:
    await desk.approve()
    departure = await desk.run()
    assert departure.state is State.BACKUP
    deactivated = next(result.at for result in departure.steps if result.step is StepKey.DEACTIVATE)
    assert departure.retention_until == deactivated + timedelta(days=90)
    assert departure_from_json(departure_to_json(departure)).retention_until == departure.retention_until


async def test_a_day_outside_of_the_calendar_stops_the_run_with_a_word(desk: Desk) -> None:
    """Whatever goes wrong at the very end reaches a person too."""
    sane = desk.practice
    desk.by(Practice(retention=Retention.model_construct(days=10**8, remind_days_before=())))
    await desk.approve()
    departure = await desk.run()
    assert departure.problem
    assert (departure.state, departure.problem.key) == (State.ATTENTION, "problem.unexpected")
    desk.by(sane)
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP


async def test_without_a_mailbox_there_is_no_such_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("run_cases.RETAINED", NO_MAILBOX)
    await desk.approve()
    assert (await desk.run()).retention_until is None


async def test_while_the_log_in_is_left_open_there_is_no_such_day(desk: Desk) -> None:
    desk.crm.failures["deactivate"] = [Rejected("no", system=SYSTEM, code="NOT_ALLOWED")]
    await desk.approve()
    await desk.run()
    await desk.says(SignException("The account is shared"), ADA)
    departure = await desk.run()
    assert (departure.state, departure.retention_until) == (State.BACKUP, None)
