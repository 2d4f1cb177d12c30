"""The count of ghosts: kept, made anew, and never lost by a failure."""

from collections.abc import MutableMapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_crm import COLLEAGUE, LEAVER, SUCCESSOR, FakeCrm

from connectors.base import Account, NotAuthorised, Unavailable
from handlers.departure import Departure, open_departure
from handlers.events import Opened
from handlers.ghosts import Counted, GhostWatch, left_alone
from handlers.people import Person

NOW = datetime(2026, 5, 9, 8, 0, tzinfo=UTC)
ADA = Person("Ada Brandt", "ada@brightwater.example")
AWAY = Unavailable("away", system="zoho_crm", code="NO_ANSWER")
DEAD = NotAuthorised("dead", system="zoho_crm", code="invalid_code")

Logs = list[MutableMapping[str, Any]]


def departure_of(account: Account) -> Departure:
    person = Person(account.name, account.email)
    opened = Opened(at=NOW, by=ADA, leaver=person, accounts={account.system: account}, admin=ADA)
    return open_departure("dep-1", opened)


def crm_of(*former: tuple[Account, int]) -> FakeCrm:
    crm = FakeCrm()
    for account, deals in former:
        crm.people[account.id] = replace(account, active=False)
        crm.give("Deals", deals, to=account)
    return crm


class Watched:
    """A watch over one CRM, with a clock that goes on by an hour a look."""

    def __init__(self, crm: FakeCrm) -> None:
        self.crm, self.time = crm, NOW
        self.watch = GhostWatch({crm.system: crm}, now=lambda: self.time)

    async def count(self, *failures: Exception) -> Counted | None:
        self.crm.failures["ghosts"] = list(failures)
        self.time += timedelta(hours=1)
        await self.watch.count()
        return self.watch.counted


async def test_a_failure_keeps_the_last_count_and_its_time_and_is_logged_once(logs: Logs) -> None:
    watched = Watched(crm_of((LEAVER, 3)))
    assert watched.watch.counted is None
    first = await watched.count()
    assert first
    assert (first.at, [each.total for each in first.ghosts]) == (watched.time, [3])

    watched.crm.give("Deals", 2, to=LEAVER)
    for failure in (AWAY, DEAD):
        assert await watched.count(failure) == replace(first, missing=("zoho_crm",)), "and it is said who was silent"
    again = await watched.count()

    assert again
    assert (again.at, [each.total for each in again.ghosts]) == (watched.time, [5])
    await watched.count(AWAY)
    assert [(entry["event"], entry.get("code")) for entry in logs] == [
        ("ghosts.not_counted", "NO_ANSWER"),
        ("ghosts.counted_again", None),
        ("ghosts.not_counted", "NO_ANSWER"),
    ]


async def test_half_a_picture_is_shown_as_half() -> None:
    good, bad = crm_of((LEAVER, 3)), FakeCrm()
    bad.failures["ghosts"] = [AWAY]
    watch = GhostWatch({"one": good, "other": bad}, now=lambda: NOW)

    assert not await watch.count()
    assert watch.counted
    assert (watch.counted.missing, [each.total for each in watch.counted.ghosts]) == (("other",), [3])
    assert await watch.count()
    assert watch.counted.missing == ()


async def test_it_counts_soon_after_the_start_then_every_hour_and_sooner_after_a_failure() -> None:
    crm = crm_of((LEAVER, 1))
    crm.failures["ghosts"] = [AWAY, RuntimeError("a fault of ours")]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    watch = GhostWatch({crm.system: crm}, now=lambda: NOW, sleep=sleep)
    await watch.run()
    with pytest.raises(RuntimeError):
        await watch.run()
    for _ in range(3):
        await watch.run()

    assert slept == [5, 300, 300, 3600, 3600]
    assert watch.counted


async def test_whoever_left_most_behind_comes_first_and_open_departures_are_left_out() -> None:
    counted = await Watched(crm_of((LEAVER, 2), (SUCCESSOR, 9), (COLLEAGUE, 4))).count()
    assert counted

    assert [each.account.id for each in left_alone(counted, [])] == [SUCCESSOR.id, COLLEAGUE.id, LEAVER.id]
    assert [each.account.id for each in left_alone(counted, [departure_of(SUCCESSOR)])] == [COLLEAGUE.id, LEAVER.id]
    other_system = departure_of(replace(SUCCESSOR, system="pipedrive"))
    assert len(left_alone(counted, [other_system])) == 3, "ids of two systems may be equal"
