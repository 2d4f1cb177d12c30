"""What happens by itself, and when: as a table of times, and as what holds at any time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from due_cases import ADA, AMIT, GUS, LAPTOP, NOOR, SOFIA, START, TOMAS, Wait, person
from hypothesis import given
from hypothesis import strategies as st

from handlers.checklist import ItemState
from handlers.clock import fire, others_for
from handlers.departure import Departure, Prompt, State, evolved
from handlers.due import Due, DueKind, due, next_due, ripe
from handlers.events import (
    Announced,
    Cancelled,
    Escalated,
    HandoverAnswered,
    HandoverReply,
    ItemSettled,
    Rechecked,
    Reminded,
    Rescheduled,
    RunStarted,
    UndoStarted,
)
from handlers.people import Person
from handlers.practice import Announcement, Practice, Release, Reminders
from handlers.schedule import next_working

HOUSE = Practice()
ASKED = [State.SUCCESSOR, State.APPROVAL, State.MAILBOX, State.ATTENTION, State.BACKUP]


def times(departure: Departure, practice: Practice = HOUSE) -> list[tuple[str, str, str]]:
    """(kind, about, time in UTC), in order."""
    return [(d.kind.value, d.about, f"{d.at.astimezone(UTC):%m-%d %H:%M}") for d in due(departure, practice)]


def after(departure: Departure, now: datetime, *, others: tuple[Person, ...] = ()) -> Departure:
    """The departure once everything has happened that is due now."""
    events = [event for each in ripe(departure, HOUSE, now) for event in fire(departure, each, now, others=others)]
    return evolved(departure, events)


# Questions


@pytest.mark.parametrize("state", [State.SUCCESSOR, State.APPROVAL, State.MAILBOX])
def test_a_question_is_reminded_of_escalated_and_ends_by_itself(state: State) -> None:
    assert times(Wait().until(state).departure) == [
        ("remind", state, "05-05 08:00"),
        ("escalate", "", "05-06 08:00"),
        ("expire", "", "06-03 08:00"),
    ]


def test_where_records_have_changed_nothing_ends_by_itself() -> None:
    assert times(Wait().until(State.ATTENTION).departure) == [
        ("remind", "attention", "05-05 08:00"),
        ("escalate", "", "05-06 08:00"),
    ]


@pytest.mark.parametrize("state", [State.PLANNING, State.RUNNING])
def test_nothing_happens_by_itself_while_the_work_goes_on(state: State) -> None:
    departure = Wait(items=(LAPTOP,)).until(state).departure if state is State.RUNNING else Wait().departure
    assert times(departure) == []
    assert next_due(departure, HOUSE) is None


def test_reminders_wait_for_the_working_hours_of_whoever_is_asked() -> None:
    kiritimati = person("tomas", "Pacific/Kiritimati")  # fourteen hours ahead of UTC
    friday = Wait(lead=kiritimati).later(days=4).until(State.APPROVAL).departure
    assert times(friday)[0] == ("remind", "approval", "05-10 19:00")  # Monday, nine o'clock there
    assert times(Wait(lead=None).later(days=4).until(State.APPROVAL).departure)[0][2] == "05-11 07:00"


def test_reminders_come_again_and_again_counted_from_the_last() -> None:
    wait = Wait().until(State.SUCCESSOR).later(days=1, hours=5)
    wait.tell(Reminded, about="successor")
    assert times(wait.departure)[0] == ("escalate", "", "05-06 08:00")
    assert ("remind", "successor", "05-06 13:00") in times(wait.departure)
    wait.until(State.APPROVAL)
    assert times(wait.departure)[0] == ("remind", "approval", "05-06 13:00")


def test_others_are_asked_once_in_a_turn() -> None:
    wait = Wait().until(State.MAILBOX).later(days=2)
    asked_noor = after(wait.departure, wait.at, others=(NOOR,))
    assert asked_noor.asked_besides == (NOOR,)
    assert "escalate" not in {kind for kind, *_ in times(asked_noor)}


def test_where_nobody_else_can_be_asked_that_is_said_once() -> None:
    wait = Wait().until(State.MAILBOX).later(days=2)
    alone = after(wait.departure, wait.at)
    assert [reminder.about for reminder in alone.reminders] == ["mailbox", "alone"]
    assert "escalate" not in {kind for kind, *_ in times(alone)}


def test_a_departure_with_a_date_does_not_end_before_it() -> None:
    day = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert times(Wait(due=day).until(State.APPROVAL).departure)[-1] == ("expire", "", "12-31 17:00")


def test_when_it_ends_nobody_is_reminded_any_more() -> None:
    wait = Wait().until(State.APPROVAL).later(days=31)
    assert [each.kind for each in ripe(wait.departure, HOUSE, wait.at)] == [DueKind.EXPIRE]
    ended = after(wait.departure, wait.at)
    assert (ended.state, times(ended)) == (State.CANCELLED, [])


# The start


def test_a_scheduled_departure_starts_on_time_and_its_admin_hears_the_working_day_before() -> None:
    monday_night = datetime(2026, 5, 11, 21, 30, tzinfo=UTC)
    departure = Wait(due=monday_night).until(State.SCHEDULED).departure
    assert times(departure) == [("remind", "start", "05-08 07:00"), ("start", "", "05-11 21:30")]


def test_a_start_within_a_day_needs_no_reminder() -> None:
    assert times(Wait(due=START + timedelta(hours=9)).until(State.SCHEDULED).departure) == [
        ("start", "", "05-04 17:00")
    ]


def test_a_start_that_is_put_off_is_reminded_of_anew() -> None:
    wait = Wait(due=datetime(2026, 5, 11, 15, 0, tzinfo=UTC)).until(State.SCHEDULED).later(days=4)
    reminded = wait.tell(Reminded, about="start")
    assert times(reminded.departure) == [("start", "", "05-11 15:00")]
    put_off = reminded.later(hours=1).tell(Rescheduled, by=ADA, due=datetime(2026, 5, 20, 15, 0, tzinfo=UTC))
    assert times(put_off.departure) == [("remind", "start", "05-19 07:00"), ("start", "", "05-20 15:00")]


@pytest.mark.parametrize(("release", "announced"), [(Release.AT_ONCE, True), (Release.BY_HAND, False)])
def test_a_start_is_announced_where_the_house_wants_it_at_once(release: Release, announced: bool) -> None:
    house = Practice(announcement=Announcement(release=release))
    wait = Wait(due=START + timedelta(days=1), practice=house).until(State.SCHEDULED).later(days=1)
    started = after(wait.departure, wait.at)
    assert (started.state, started.run, bool(started.announced)) == (State.RUNNING, 1, announced)


# The e-mails


def test_the_retention_has_a_deadline_with_reminders_of_its_own() -> None:
    departure = Wait().until(State.BACKUP).departure
    retention = [row for row in times(departure) if row[1].startswith("retention")]
    assert retention == [
        ("remind", "retention:14", "10-19 07:00"),  # the 17th is a Saturday
        ("remind", "retention:7", "10-26 08:00"),  # the 24th as well, and the clocks have been put back
        ("remind", "retention:1", "10-30 08:00"),
    ]


def test_without_a_mailbox_there_is_no_deadline() -> None:
    assert {about for _, about, _ in times(Wait(mailbox=False).until(State.BACKUP).departure)} == {"backup", ""}


def test_of_reminders_that_were_missed_the_most_urgent_goes_out() -> None:
    departure = Wait().until(State.BACKUP).departure
    now = datetime(2026, 10, 28, 10, 0, tzinfo=UTC)
    reminded = after(departure, now)
    assert [reminder.about for reminder in reminded.reminders if reminder.about != "alone"] == ["retention:7"]
    assert [row for row in times(reminded) if row[0] == "remind"] == [
        ("remind", "backup", "10-29 10:00"),
        ("remind", "retention:1", "10-30 08:00"),
    ]


# The checklist


def test_an_item_is_reminded_of_when_it_is_due_and_every_third_day() -> None:
    wait = Wait(items=(LAPTOP,)).until(State.CHECKLIST)
    assert times(wait.departure) == [("remind", "item:laptop", "05-14 08:00"), ("escalate", "", "05-18 07:00")]
    wait.later(days=10).tell(Reminded, about="item:laptop")
    assert ("remind", "item:laptop", "05-18 07:00") in times(wait.departure)  # the 17th is a Sunday


def test_items_are_reminded_of_before_the_rest_is_done_and_not_once_they_are() -> None:
    wait = Wait(items=(LAPTOP,)).until(State.BACKUP)
    assert ("remind", "item:laptop", "05-14 08:00") in times(wait.departure)
    for state, open_still in ((ItemState.ERRORED, True), (ItemState.DONE, False)):
        wait.tell(ItemSettled, by=GUS, key="laptop", state=state, note="-")
        assert any(about == "item:laptop" for _, about, _ in times(wait.departure)) == open_still


# The hand-over


def test_a_successor_who_says_nothing_is_told_of_once() -> None:
    wait = Wait(receivers=(SOFIA, NOOR)).until(State.CLOSED)
    assert ("remind", "handover", "05-05 08:00") in times(wait.departure)
    for answers, silent in ((SOFIA, True), (NOOR, False)):
        wait.tell(HandoverAnswered, by=answers, reply=HandoverReply.ACCEPTED)
        assert any(about == "handover" for _, about, _ in times(wait.departure)) == silent
    told = Wait(receivers=(SOFIA,)).until(State.CLOSED).later(days=1).tell(Reminded, about="handover")
    assert not any(about == "handover" for _, about, _ in times(told.departure))


# After the end


def test_it_is_looked_at_again_after_an_hour_a_day_and_a_week() -> None:
    wait = Wait().until(State.CLOSED)
    for number, at in enumerate(["05-04 09:00", "05-05 08:00", "05-11 08:00"], 1):
        assert times(wait.departure) == [("recheck", "", at)]
        wait.tell(Rechecked, number=number, moved=0, left=0)
    assert times(wait.departure) == []


def test_what_was_taken_back_is_not_looked_at_again() -> None:
    wait = Wait(receivers=(SOFIA,)).until(State.CLOSED).tell(UndoStarted, by=ADA, modules=("zoho_crm/Deals",))
    assert times(wait.departure) == []
    returned = replace(wait.departure, state=State.CLOSED)
    assert times(returned) == []


# Who else is asked


@pytest.mark.parametrize(
    ("state", "others"),
    [
        (State.SUCCESSOR, (NOOR,)),  # the lead cannot choose
        (State.APPROVAL, (NOOR,)),  # the lead was asked, and who started it may not approve
        (State.MAILBOX, (TOMAS, NOOR)),
        (State.ATTENTION, (NOOR,)),
        (State.BACKUP, (TOMAS, NOOR)),
    ],
)
def test_only_who_may_decide_is_asked_as_well(state: State, others: tuple[Person, ...]) -> None:
    silent = replace(GUS, chat={})
    assert others_for(Wait().until(state).departure, [ADA, AMIT, NOOR, silent]) == others


def test_a_lead_who_is_an_admin_can_choose_the_successor() -> None:
    assert others_for(Wait().until(State.SUCCESSOR).departure, [ADA, TOMAS, NOOR]) == (TOMAS, NOOR)


@pytest.mark.parametrize(("lead", "admins"), [(None, [ADA, NOOR]), (TOMAS, [ADA, TOMAS])])
def test_who_is_needed_to_approve_is_not_asked_to_choose(lead: Person | None, admins: list[Person]) -> None:
    assert others_for(Wait(lead=lead).until(State.SUCCESSOR).departure, admins) == ()


def test_who_chose_besides_is_not_asked_to_approve_besides() -> None:
    chosen = Wait().until(State.APPROVAL).departure
    assert others_for(replace(chosen, prompts=_chosen_by(NOOR, chosen)), [ADA, NOOR]) == ()


def _chosen_by(person: Person, departure: Departure) -> tuple[Prompt, ...]:
    first, *later = departure.prompts
    assert first.answer
    return (replace(first, answer=replace(first.answer, by=person)), *later)


def test_the_lead_helps_with_the_checklist() -> None:
    assert others_for(Wait(items=(LAPTOP,)).until(State.CHECKLIST).departure, [ADA]) == (TOMAS,)


# At any time

PRACTICES = st.builds(
    lambda hours, escalate: Practice(
        reminders=Reminders(after_hours=hours, escalate_after_hours=escalate, expire_after_days=30)
    ),
    st.floats(0.1, 80),
    st.floats(0.1, 100),
)
WAITS = st.builds(
    lambda state, due_in, receivers, with_item: Wait(
        due=START + timedelta(hours=due_in) if due_in else None,
        receivers=receivers,
        items=(LAPTOP,) if with_item else (),
    ).until(state),
    st.sampled_from([state for state in State if state in (*ASKED, State.SCHEDULED, State.CHECKLIST, State.CLOSED)]),
    st.one_of(st.none(), st.integers(1, 1000)),
    st.sampled_from([(), (SOFIA,), (SOFIA, TOMAS)]),
    st.booleans(),
)
PAUSES = st.lists(st.timedeltas(timedelta(0), timedelta(days=40)), max_size=15)


@given(WAITS, PRACTICES, PAUSES, st.sampled_from([(), (NOOR,)]))
def test_whenever_it_is_looked_at_it_comes_to_rest(
    wait: Wait, practice: Practice, pauses: list[timedelta], others: tuple[Person, ...]
) -> None:
    """At once nothing happens twice, nobody is disturbed at night, and nothing ends that has begun to change."""
    departure, now = wait.departure, wait.at
    for pause in pauses:
        now += pause
        for _ in range(3):
            happening = ripe(departure, practice, now)
            departure = evolved(departure, _checked(departure, happening, now, practice, others))
            if any(each.kind is DueKind.RECHECK for each in happening):
                departure = evolved(departure, [Rechecked(at=now, number=1, moved=0, left=0)])
        assert [each for each in ripe(departure, practice, now) if each.kind is not DueKind.RECHECK] == []
        following = next_due(departure, practice)
        assert (following is None) == (due(departure, practice) == ())


def _checked(
    departure: Departure, happening: tuple[Due, ...], now: datetime, practice: Practice, others: tuple[Person, ...]
) -> list[Reminded | Escalated | Cancelled | RunStarted | Announced]:
    assert departure.state not in (State.CANCELLED, State.UNDONE) or not happening
    events = []
    for each in happening:
        if each.kind in (DueKind.REMIND, DueKind.ESCALATE):
            assert each.zone
            assert next_working(now, each.zone, practice.reminders.working) == now
        if departure.state is State.CLOSED:
            assert each.kind is DueKind.RECHECK or each.about == "handover"
        assert each.kind is not DueKind.EXPIRE or not departure.written
        assert each.at <= now
        events += fire(departure, each, now, others=others)
    return events  # type: ignore[return-value]


@given(WAITS, PAUSES)
def test_nobody_is_reminded_of_the_same_question_twice_within_the_time_that_the_house_gives(
    wait: Wait, pauses: list[timedelta]
) -> None:
    departure, now = wait.departure, wait.at
    for pause in pauses:
        now += pause
        departure = after(departure, now)
    asked = [each for each in departure.reminders if each.about in {*State} or each.about.startswith("retention")]
    for earlier, later in pairwise(asked):
        assert later.at - earlier.at >= timedelta(hours=24) or later.about.startswith("retention")
