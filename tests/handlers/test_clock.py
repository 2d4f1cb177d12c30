"""The clock on a real store: what has fallen due happens once, with its messages and its work, whatever goes wrong."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from due_cases import ADA, AMIT, AMIT_CRM, NOOR, SOFIA, START, TOMAS, Wait
from sqlalchemy import select

from bot.store import departures
from bot.store.database import Database
from bot.store.tables import outbox
from bot.store.transaction import SqlStore
from handlers.clock import Clock
from handlers.consequences import HouseRules
from handlers.departure import Departure, State
from handlers.due import next_due
from handlers.events import Announced, Closed, Opened, Rechecked, RunStarted
from handlers.people import Person
from handlers.ports import Job, JobName, StoreUnavailable, Transaction
from handlers.practice import Announcement, Practice, Release

ADMINS = {str(each.email): each for each in (ADA, NOOR, AMIT)}


class Office:
    """Implements `handlers.ports.People`: whom the chat knows, until it breaks down."""

    broken = False

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        raise NotImplementedError

    async def by_email(self, email: str) -> Person | None:
        if self.broken:
            raise ConnectionError("the chat is away")
        return ADMINS.get(email)


class Tower:
    """A clock, what it is set to, and what it brought about."""

    def __init__(self, database: Database) -> None:
        self.database, self.practice = database, Practice()
        self.now, self.office, self.pauses = START, Office(), list[float]()
        self.jobs: list[Job] = []
        self.store = SqlStore(
            database, lambda _, job: self.jobs.append(job), lambda: self.now,
            next_due=partial(next_due, practice=self.practice),
        )  # fmt: skip
        self.clock = self.another()

    def another(self) -> Clock:
        """The clock of one more service on the same store."""
        return Clock(
            store=self.store, people=self.office, rules=HouseRules(frozenset(ADMINS)), practice=self.practice,
            now=lambda: self.now, sleep=self._sleep,
        )  # fmt: skip

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def holds(self, wait: Wait, departure_id: str = "dep-1") -> None:
        """Keep a departure as it is by now."""
        accounts = {"zoho_crm": replace(AMIT_CRM, id=departure_id)}
        departure = replace(wait.departure, id=departure_id, accounts=accounts)
        opened = Opened(at=START, by=ADA, leaver=AMIT, accounts=accounts, admin=ADA)
        await self.database.write(departures.create, departure, (opened,), next_due=next_due(departure, self.practice))

    async def ticks(self, **later: float) -> Departure:
        self.now += timedelta(**later)
        await self.clock.tick()
        return await self.departure()

    async def departure(self, departure_id: str = "dep-1") -> Departure:
        found = await self.store.read(lambda tx: tx.departure(departure_id))
        assert found
        return found

    async def messages(self) -> set[str]:
        """Keys of what is to be posted, without the departure and the chat product."""
        keys = await self.database.read(lambda connection: connection.scalars(select(outbox.c.key)).all())
        return {key.removeprefix("dep-1:").removesuffix("@slack") for key in keys}

    async def next_look(self) -> datetime | None:
        return await self.store.read(lambda tx: tx.earliest_due())


@pytest.fixture
async def tower(sqlite_url: str) -> AsyncIterator[Tower]:
    database = Database(sqlite_url)
    await database.upgrade()
    yield Tower(database)
    await database.close()


async def test_who_is_silent_is_reminded_then_others_are_asked_then_it_ends(tower: Tower) -> None:
    await tower.holds(Wait().until(State.APPROVAL))
    assert (await tower.ticks(hours=23)).reminders == ()
    await tower.ticks(hours=1)
    assert "remind:3:approval:1:tomas@brightwater.example" in await tower.messages()
    asked = await tower.ticks(days=1)
    assert asked.asked_besides == (NOOR,)
    assert {"prompt:approval:3:noor@brightwater.example", "remind:3:escalated:1:noor@brightwater.example"} <= (
        await tower.messages()
    )
    ended = await tower.ticks(days=29)
    assert (ended.state, tower.jobs) == (State.CANCELLED, [])
    assert {"expired:ada@brightwater.example", "expired:tomas@brightwater.example"} <= await tower.messages()
    assert await tower.next_look() is None


async def test_a_run_starts_by_itself_with_its_work(tower: Tower) -> None:
    at_once = Practice(announcement=Announcement(release=Release.AT_ONCE))
    await tower.holds(Wait(due=START + timedelta(days=1), practice=at_once).until(State.SCHEDULED))
    started = await tower.ticks(days=1)
    assert (started.state, bool(started.announced)) == (State.RUNNING, True)
    assert tower.jobs == [Job(JobName.RUN, "dep-1", 1, "zoho_crm")]
    assert "run:1:ada@brightwater.example" in await tower.messages()
    history = await tower.database.read(departures.history, "dep-1")
    assert [type(entry.event) for entry in history[-2:]] == [RunStarted, Announced]


async def test_a_recheck_is_asked_for_until_it_reports(tower: Tower) -> None:
    wait = Wait().until(State.CLOSED)
    await tower.holds(wait)
    before = await tower.ticks(hours=1)
    assert tower.jobs == [Job(JobName.RECHECK, "dep-1", 1, "zoho_crm")]
    await tower.ticks(minutes=5)
    assert len(tower.jobs) == 1
    await tower.ticks(minutes=15)
    assert {job.id for job in tower.jobs} == {"dep-1:recheck:1:zoho_crm"}
    report = Rechecked(at=tower.now, number=1, moved=0, left=0)
    await tower.store.write(lambda tx: tx.append(before, [report]))
    assert await tower.next_look() == START + timedelta(hours=24)


async def test_two_services_that_look_at_once_do_it_once(tower: Tower) -> None:
    await tower.holds(Wait(due=START + timedelta(days=1)).until(State.SCHEDULED))
    tower.now += timedelta(days=1)
    await asyncio.gather(*(tower.another().tick() for _ in range(5)))
    assert len(tower.jobs) == 1
    history = await tower.database.read(departures.history, "dep-1")
    assert [type(entry.event) for entry in history].count(RunStarted) == 1


async def test_what_fell_due_at_night_waits_for_the_morning_and_is_left_alone_till_then(tower: Tower) -> None:
    await tower.holds(Wait().until(State.APPROVAL))
    night = datetime(2026, 5, 5, 22, 0, tzinfo=UTC)
    assert (await tower.ticks(days=1, hours=14)).reminders == ()
    assert tower.now == night
    morning = datetime(2026, 5, 6, 7, 0, tzinfo=UTC)
    assert await tower.next_look() == morning
    tower.now = morning
    assert [reminder.about for reminder in (await tower.ticks()).reminders] == ["approval"]


async def test_one_bad_departure_does_not_stop_the_others(tower: Tower, logs: list[MutableMapping[str, Any]]) -> None:
    await tower.holds(Wait().until(State.MAILBOX), "dep-1")
    await tower.holds(Wait(due=START + timedelta(days=2)).until(State.SCHEDULED), "dep-2")
    tower.office.broken = True
    await tower.ticks(days=2)
    assert (await tower.departure("dep-2")).state is State.RUNNING
    assert [entry["departure"] for entry in logs if entry["event"] == "clock.failed"] == ["dep-1"]
    assert next(entry for entry in logs if entry["event"] == "clock.failed")["reference"]
    tower.office.broken = False
    assert (await tower.ticks(minutes=15)).asked_besides == (TOMAS, NOOR)


async def test_a_look_for_which_there_is_no_reason_any_more_is_the_last(tower: Tower) -> None:
    await tower.holds(Wait().until(State.RUNNING))
    seen = await tower.departure()
    await tower.store.write(lambda tx: tx.look_again(seen, tower.now))
    assert await tower.ticks() == seen
    assert (await tower.next_look(), tower.jobs, await tower.messages()) == (None, [], set())


async def test_what_people_do_in_the_same_moment_stands(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody decides after the clock has read and before it writes."""
    await tower.holds(Wait(receivers=(SOFIA,)).until(State.CHECKLIST))
    seen = await tower.departure()
    write = tower.store.write

    async def late(work: Any) -> Any:
        monkeypatch.setattr(tower.store, "write", write)
        await write(lambda tx: tx.append(seen, [Closed(at=tower.now, by=ADA)]))
        return await write(work)

    monkeypatch.setattr(tower.store, "write", late)
    closed = await tower.ticks(days=1)
    assert (closed.state, closed.reminders) == (State.CLOSED, ())
    assert [reminder.about for reminder in (await tower.ticks()).reminders] == ["handover"]


async def test_a_store_that_is_away_loses_nothing(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    await tower.holds(Wait().until(State.APPROVAL))

    async def away(_: Any) -> Any:
        raise StoreUnavailable("OperationalError")

    with monkeypatch.context() as patched:
        patched.setattr(tower.store, "write", away)
        with pytest.raises(StoreUnavailable):
            await tower.ticks(days=1)
    assert len((await tower.ticks()).reminders) == 1


async def test_events_messages_and_work_come_together_or_not_at_all(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tower.holds(Wait(due=START + timedelta(days=1)).until(State.SCHEDULED))
    write = tower.store.write

    async def cut_off(work: Any) -> Any:
        def until_the_end(tx: Transaction) -> None:
            work(tx)
            raise ConnectionAbortedError

        return await write(until_the_end)

    with monkeypatch.context() as patched:
        patched.setattr(tower.store, "write", cut_off)
        with pytest.raises(ConnectionAbortedError):
            await tower.ticks(days=1)
    assert (await tower.departure()).state is State.SCHEDULED
    assert await tower.messages() == set()
    assert (await tower.ticks()).state is State.RUNNING


async def test_it_sleeps_until_something_falls_due_but_never_long(tower: Tower) -> None:
    await tower.clock.run()
    await tower.holds(Wait(due=START + timedelta(seconds=12)).until(State.SCHEDULED))
    await tower.clock.run()
    tower.now += timedelta(seconds=11.8)
    await tower.clock.run()
    assert tower.pauses == [20.0, 12.0, 1.0]
